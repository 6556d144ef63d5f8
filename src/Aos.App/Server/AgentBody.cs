using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>What a client says of an agent, checked. Members without a meaning are named in <see cref="Warnings"/>.</summary>
internal sealed class AgentBody
{
    private static readonly JsonSchema Schema = JsonSchema.Known(Json.Parse("""
        {"type":"object","properties":{
          "name":{"type":"string","pattern":"\\S","maxLength":200},
          "description":{"type":["string","null"],"maxLength":2000},
          "status":{"enum":["active","paused","disabled"]},
          "budget_cents":{"type":["number","null"],"minimum":0,"maximum":9000000000},
          "capabilities":{"type":["object","null"],"additionalProperties":false,"properties":{
            "allowed_skills":{"type":["array","null"],"maxItems":1000,"items":{"type":"string"}},
            "blocked_skills":{"type":["array","null"],"maxItems":1000,"items":{"type":"string"}},
            "allowed_domains":{"type":["array","null"],"maxItems":200,"items":{"type":"string"}},
            "blocked_domains":{"type":["array","null"],"maxItems":200,"items":{"type":"string"}}}},
          "rate_limits":{"type":["object","null"],"additionalProperties":false,"properties":{
            "requests_per_minute":{"type":["integer","null"],"minimum":1,"maximum":10000},
            "concurrent_runs":{"type":["integer","null"],"minimum":1,"maximum":100}}},
          "planner":{"type":["object","null"],"additionalProperties":false,"properties":{
            "planner_type":{"enum":["rules","stub","anthropic","openai","scripted","agent_loop",null]},
            "model":{"type":["string","null"],"minLength":1,"maxLength":200},
            "max_tokens":{"type":["integer","null"],"minimum":256,"maximum":8192},
            "max_steps":{"type":["integer","null"],"minimum":1,"maximum":50}}}}}
        """));

    private static readonly string[] Known = ["name", "description", "status", "budget_cents", "capabilities", "rate_limits", "planner"];

    private readonly JsonElement body;

    private AgentBody(JsonElement body)
    {
        this.body = body;
        Warnings = [.. body.EnumerateObject().Where(member => !Known.Contains(member.Name)).Select(member => $"{member.Name} has no meaning here and was ignored.")];
    }

    internal IReadOnlyList<string> Warnings { get; }

    internal AgentStatus? Status => Text("status") is { } status ? Enum.Parse<AgentStatus>(status, ignoreCase: true) : null;

    internal static AgentBody Read(JsonElement body, bool isNew)
    {
        if (Schema.Check(body) is { Count: > 0 } problems) throw new RefusedException(SchemaFailure.Of("INVALID_INPUT", problems), 422);
        return isNew && body.GetText("name") is null ? throw RefusedException.Wrong("name is missing: a text of 1 to 200 characters.") : new AgentBody(body);
    }

    internal string? Text(string name) => body.GetText(name);

    /// <summary>The settings with what the body says; null takes a restriction away.</summary>
    internal AgentSettings Settings(AgentSettings settings)
    {
        if (body.Get("budget_cents") is { } budget) settings = settings with { BudgetCents = budget.ValueKind == JsonValueKind.Null ? null : budget.GetDecimal() };
        if (body.Get("capabilities") is { } may)
        {
            // What is left out stays: whoever changes the skills and knows nothing of domains must not open the network.
            var isAll = may.ValueKind == JsonValueKind.Null;
            bool Names(string name) => isAll || may.Get(name) is not null;
            settings = settings with
            {
                AllowedSkills = Names("allowed_skills") ? List(may.Get("allowed_skills")) : settings.AllowedSkills,
                BlockedSkills = Names("blocked_skills") ? List(may.Get("blocked_skills")) ?? [] : settings.BlockedSkills,
                AllowedDomains = Names("allowed_domains") ? Domains(may, "allowed_domains") : settings.AllowedDomains,
                BlockedDomains = Names("blocked_domains") ? Domains(may, "blocked_domains") : settings.BlockedDomains,
            };
        }

        if (body.Get("rate_limits") is { } limits)
            settings = settings with { GoalsPerMinute = Number(limits.Get("requests_per_minute")), ConcurrentRuns = Number(limits.Get("concurrent_runs")) };
        if (body.Get("planner") is { } planner)
        {
            settings = settings with
            {
                Planner = planner.GetText("planner_type") is { } type ? type == "stub" ? "rules" : type : null,
                Model = planner.GetText("model"),
                PlannerTokens = Number(planner.Get("max_tokens")),
                StepsMax = Number(planner.Get("max_steps")),
            };
        }

        return settings;
    }

    private static ImmutableArray<string>? List(JsonElement? list) =>
        list is { ValueKind: JsonValueKind.Array } names ? [.. names.EnumerateArray().Select(name => name.GetString()!).Distinct(StringComparer.Ordinal)] : null;

    private static ImmutableArray<string>? Domains(JsonElement may, string name)
    {
        if (List(may.Get(name)) is not { } given) return null;
        var domains = ImmutableArray.CreateBuilder<string>(given.Length);
        foreach (var text in given)
        {
            var domain = DomainRules.Normal(text, out var problem)
                ?? throw new RefusedException(FailureCatalog.Fail("INVALID_INPUT", $"capabilities.{name}: '{Asked.Short(text)}' {problem}."), 422);
            if (!domains.Contains(domain)) domains.Add(domain);
        }

        return domains.DrainToImmutable();
    }

    private static int? Number(JsonElement? value) => value is { ValueKind: JsonValueKind.Number } number ? (int)number.GetDecimal() : null;
}
