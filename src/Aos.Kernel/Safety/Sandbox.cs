using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What the sandbox must know of a skill.</summary>
/// <param name="Capabilities">What it says it does: its tags.</param>
/// <param name="IsPure">It touches nothing, so whatever its parameters say is only text.</param>
/// <param name="FreeParams">Parameters whose texts nobody executes, or which the skill confines by itself.</param>
/// <param name="UrlParam">Parameter that holds a URL, or null: a path in there leads to no file here, and is taken apart before it leads anywhere.</param>
public readonly record struct SandboxTerms(ImmutableArray<string> Capabilities, bool IsPure, ImmutableArray<string> FreeParams, string? UrlParam = null);

/// <summary>What the house allows beside the built-in rules.</summary>
/// <param name="Forbidden">Names of skills, whatever case; a <c>skill.</c> in front does not matter.</param>
/// <param name="Capabilities">A skill needs one of these. Null: any skill that is registered may be called; empty: none.</param>
public sealed record SandboxRules(ImmutableArray<string> Forbidden, ImmutableArray<string>? Capabilities)
{
    public static SandboxRules Default { get; } = new([], null);
}

/// <summary>One thing that keeps a call from being made.</summary>
/// <param name="Type"><c>forbidden_skill</c>, <c>forbidden_capability</c> or <c>suspicious_input</c>.</param>
/// <param name="Path">For instance <c>params.headers.X-Name</c>; of a skill <c>skill</c>.</param>
/// <param name="Pattern">Which pattern was met, or null.</param>
public sealed record SandboxViolation(string Type, string Path, string? Pattern);

/// <summary>
/// The last look at a call before it is made, whoever planned it: templates are filled, models have chosen, so what is judged is what
/// would happen. A skill is judged by its name and capabilities, its parameters by what their texts and member names look like.
/// </summary>
public static class Sandbox
{
    /// <summary>Violations that one refusal lists.</summary>
    private const int ViolationsMax = 20;

    /// <summary>Characters of a path that a refusal shows.</summary>
    private const int PathMax = 200;

    private static readonly string[] Never =
    [
        "shell", "shell_lite", "shell_exec", "shell_execute", "os_command", "os_remove", "file_delete", "db_drop", "db_truncate", "system_reboot", "system_shutdown", "rm_rf", "format_disk",
        "eval_code", "network_raw", "system_call",
    ];

    /// <summary>Why the call is not made (<c>SANDBOX_REJECTION</c>), or null.</summary>
    /// <param name="parameters">As the skill would get them, secrets still references.</param>
    public static Failure? Refusal(SandboxRules rules, string skill, SandboxTerms terms, JsonElement parameters)
    {
        var violations = new List<SandboxViolation>(0);
        if (IsForbidden(rules, skill)) violations.Add(new SandboxViolation("forbidden_skill", "skill", null));
        else if (rules.Capabilities is { } allowed && !terms.Capabilities.Any(tag => allowed.Contains(tag, StringComparer.OrdinalIgnoreCase)))
            violations.Add(new SandboxViolation("forbidden_capability", "skill", null));
        if (!terms.IsPure && SandboxPatterns.MayHold(parameters)) Scan(parameters, terms, violations);
        return violations.Count == 0 ? null : Told(skill, violations);
    }

    private static bool IsForbidden(SandboxRules rules, string skill)
    {
        var name = SkillNames.Bare(skill.ToLowerInvariant());
        return Never.Contains(name, StringComparer.Ordinal) || rules.Forbidden.Any(other => SkillNames.Bare(other.ToLowerInvariant()) is var forbidden && (forbidden == name || forbidden == SkillNames.Whole(name)));
    }

    private static void Scan(JsonElement parameters, SandboxTerms terms, List<SandboxViolation> violations)
    {
        if (parameters.ValueKind != JsonValueKind.Object)
        {
            Scan(parameters, "params", violations);
            return;
        }

        foreach (var member in parameters.EnumerateObject())
        {
            Judge(member.Name, "params", violations);
            if (terms.FreeParams.Contains(member.Name)) continue;
            if (member.Name == terms.UrlParam && member.Value.ValueKind == JsonValueKind.String) Judge(member.Value.GetString()!, $"params.{member.Name}", violations, isUrl: true);
            else Scan(member.Value, $"params.{member.Name}", violations);
        }
    }

    private static void Scan(JsonElement value, string path, List<SandboxViolation> violations)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                Judge(value.GetString()!, path, violations);
                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in value.EnumerateArray()) Scan(item, $"{path}[{index++}]", violations);
                break;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    Judge(member.Name, path, violations);
                    Scan(member.Value, $"{path}.{member.Name}", violations);
                }

                break;
        }
    }

    private static void Judge(string text, string path, List<SandboxViolation> violations, bool isUrl = false)
    {
        if (violations.Count < ViolationsMax && SandboxPatterns.Find(text, isUrl) is { } pattern) violations.Add(new SandboxViolation("suspicious_input", path, pattern));
    }

    private static Failure Told(string skill, List<SandboxViolation> violations)
    {
        var first = violations[0];
        var why = first.Type switch
        {
            "forbidden_skill" => "the skill is forbidden",
            "forbidden_capability" => "the house allows no skill with its capabilities",
            _ => $"{Short(first.Path)} looks like {first.Pattern}",
        };
        return FailureCatalog.Fail("SANDBOX_REJECTION", $"{skill} was not called: {why}{(violations.Count > 1 ? $", and {violations.Count - 1} more" : "")}.", null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("skill", skill);
            writer.WriteStartArray("violations");
            foreach (var violation in violations)
            {
                writer.WriteStartObject();
                writer.WriteString("type", violation.Type);
                writer.WriteString("path", Short(violation.Path));
                if (violation.Pattern is { } pattern) writer.WriteString("pattern", pattern);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }));
    }

    private static string Short(string path) => path.Length <= PathMax ? path : path[..PathMax] + "…";
}
