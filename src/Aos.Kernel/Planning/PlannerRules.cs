using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Maps keywords to steps. The highest priority wins, of equal ones the earlier.</summary>
/// <param name="Keywords">Lower case; any of them as part of the goal.</param>
/// <param name="Steps">Parameters may hold <c>{goal}</c>, <c>{url}</c>, <c>{data}</c>, <c>{operation}</c>, <c>{path}</c> as whole values.</param>
public sealed record PlannerRule(string Name, ImmutableArray<string> Keywords, int Priority, ImmutableArray<PlannedStep> Steps);

/// <summary>Plans by rules: pure, free, byte-identical for equal requests.</summary>
public static class PlannerRules
{
    public const string Version = "1.0.0";

    /// <summary>URL of a goal that names none.</summary>
    public const string UrlDefault = "https://example.com";

    /// <summary>The rules every rule planner starts with.</summary>
    public static ImmutableArray<PlannerRule> Default { get; } =
    [
        new("echo", ["echo", "say", "print", "output"], 1, [Step("s1", "skill.echo", """{"message":"{goal}"}""")]),
        new("http", ["fetch", "http", "api", "get", "request"], 2, [Step("s1", "skill.http_call", """{"url":"{url}","method":"GET"}""")]),
        new("analyse", ["analyze", "summarize", "explain"], 3,
        [
            Step("s1", "skill.http_call", """{"url":"{url}","method":"GET"}"""),
            Step("s2", "skill.json_transform", """{"data":"${s1.body}","operation":"extract","path":"$.data"}""") with { DependsOn = ["s1"] },
            Step("s3", "skill.llm_invoke", """{"prompt":"Analyze this data: ${s2.result}"}""") with { DependsOn = ["s2"] },
        ]),
        new("transform", ["transform", "extract", "filter", "pick"], 2,
            [Step("s1", "skill.json_transform", """{"data":"{data}","operation":"{operation}","path":"{path}"}""")]),
        new("llm", ["llm", "chat", "generate", "write", "compose"], 2, [Step("s1", "skill.llm_invoke", """{"prompt":"{goal}","model":"stub-model"}""")]),
    ];

    public static PlannerReply Plan(PlannerRequest request, IReadOnlyList<PlannerRule> rules, string planner)
    {
        var goal = request.Goal.Trim();
        if (goal.Length == 0) return PlannerReply.Failed(PlannerCodes.InvalidGoal, "The goal is empty.");
        if (Match(goal, rules) is not { } rule)
        {
            return PlannerReply.Failed(
                PlannerCodes.GenerationFailed, "No rule of the planner fits the goal.", Json.Write(writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("goal", goal);
                    writer.WriteEndObject();
                }));
        }

        var allowed = request.Manifest.Select(skill => SkillNames.Bare(skill.SkillId)).ToHashSet(StringComparer.Ordinal);
        var steps = rule.Steps.Where(step => allowed.Count == 0 || allowed.Contains(SkillNames.Bare(step.Skill))).ToList();
        if (steps.Count == 0) return NoSkills(rule);
        return PlannerReply.Planned(new PlannerOutput(
            [.. steps.Select(step => step with { Params = Fill(step.Params, goal, request.Extra) })],
            new PlannerMetadata(planner, Version) { Deterministic = true, CacheKey = request.InputHash() }));
    }

    private static PlannerRule? Match(string goal, IReadOnlyList<PlannerRule> rules) => rules
        .Where(rule => rule.Keywords.Any(keyword => goal.Contains(keyword, StringComparison.OrdinalIgnoreCase)))
        .MaxBy(rule => rule.Priority);

    private static PlannerReply NoSkills(PlannerRule rule) => PlannerReply.Failed(
        PlannerCodes.NoSkillsAvailable, "None of the skills that the plan needs may be used.", Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("required_skills");
            foreach (var step in rule.Steps) writer.WriteStringValue(step.Skill);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }));

    private static JsonElement Fill(JsonElement parameters, string goal, JsonElement extra) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in parameters.EnumerateObject())
        {
            writer.WritePropertyName(member.Name);
            Value(member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : null, member.Value).WriteTo(writer);
        }

        writer.WriteEndObject();

        JsonElement Value(string? placeholder, JsonElement otherwise) => placeholder switch
        {
            "{goal}" => Json.Of(goal),
            "{url}" => extra.Get("url") ?? Json.Of(UrlDefault),
            "{data}" => extra.Get("data") ?? Json.EmptyObject,
            "{operation}" => Json.Of("extract"),
            "{path}" => Json.Of("$.data"),
            _ => otherwise,
        };
    });

    private static PlannedStep Step(string id, string skill, string parameters) => new(id, skill, Json.Parse(parameters));
}
