using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Limits of plans that a planner made.</summary>
/// <param name="LoopsMax">Rounds of one <c>repeat</c>.</param>
/// <param name="CostMax">Upper bound of the whole plan.</param>
/// <param name="Forbidden">Domains forbidden beside the inner ones.</param>
public sealed record InspectionLimits(int StepsMax = 25, int LoopsMax = 10, decimal CostMax = 10_000m, ImmutableArray<string> Forbidden = default)
{
    public IReadOnlyCollection<string> ForbiddenDomains => Forbidden.IsDefault ? [] : Forbidden;
}

/// <summary>What the inspector found.</summary>
/// <param name="Targets">URLs whose text is harmless, each once: their names still have to be resolved.</param>
public sealed record Inspection(ImmutableArray<PlanProblem> Errors, ImmutableArray<PlanProblem> Warnings, ImmutableArray<(string Path, string Url)> Targets)
{
    public bool Valid => Errors.IsEmpty;
}

/// <summary>
/// Looks at a valid plan with suspicion: too long, too dear, endless, aimed inwards, talking a model out of its instructions.
/// The registry's terms are the one list of skills. Values of templates are judged at the call.
/// </summary>
public static class PlanInspector
{
    private static readonly string[] TargetNames = ["url", "uri", "endpoint", "webhook_url", "callback_url", "base_url", "href"];

    /// <param name="budget">What the agent has left; null: unlimited, zero means zero.</param>
    public static Inspection Inspect(Plan plan, IReadOnlyDictionary<string, SkillTerms> terms, InspectionLimits limits, Cents? budget)
    {
        var errors = ImmutableArray.CreateBuilder<PlanProblem>();
        var warnings = ImmutableArray.CreateBuilder<PlanProblem>();
        var targets = ImmutableArray.CreateBuilder<(string, string)>();
        var steps = Steps(plan, terms, "").ToList();
        if (steps.Count > limits.StepsMax) errors.Add(new PlanProblem("steps", "TOO_MANY_STEPS", $"The plan has {steps.Count} steps, the maximum is {limits.StepsMax}."));
        var cost = Cost(plan, terms);
        if (cost.Value > limits.CostMax)
            errors.Add(new PlanProblem("", "BUDGET_EXCEEDED", $"The plan may cost {cost} cents, the limit of a planned run is {CanonicalJson.Number(limits.CostMax)}."));
        if (budget is { } left && cost > left)
            errors.Add(new PlanProblem("", "BUDGET_EXCEEDED", $"The plan may cost {cost} cents, the budget left is {left}."));
        foreach (var (path, step) in steps)
        {
            if (step.Skill is { } skill && !terms.ContainsKey(skill)) errors.Add(new PlanProblem($"{path}.skill", "SKILL_NOT_FOUND", $"There is no skill {skill}."));
            if (step.Repeat is { } repeat && repeat.Max > limits.LoopsMax)
                errors.Add(new PlanProblem($"{path}.repeat.max", "REPEAT_LIMIT", $"The step repeats up to {repeat.Max} times, the maximum is {limits.LoopsMax}."));
            Aim(step.Params, $"{path}.params", null);
            if (step.Compensate is { } undo) Aim(undo.Params, $"{path}.compensate.params", null);
            if (step.Skill == "llm_invoke") Talk(step.Params, $"{path}.params");
        }

        return new Inspection(errors.ToImmutable(), warnings.ToImmutable(), targets.ToImmutable());

        void Aim(JsonElement value, string path, string? name)
        {
            foreach (var (at, text, member) in Strings(value, path, name))
            {
                if (Target(text, member) is not { } url) continue;
                if (Targets.Refusal(url, limits.ForbiddenDomains) is { } why)
                    errors.Add(new PlanProblem(at, "EGRESS_BLOCKED", $"The target {url} is forbidden: {why}."));
                else targets.Add((at, url));
            }
        }

        void Talk(JsonElement value, string path)
        {
            foreach (var (at, text, _) in Strings(value, path, null))
            {
                var families = GoalSanitizer.Families(text).Select(family => family.Name).Where(name => name is "instruction_override" or "role_hijack");
                foreach (var name in families.Concat(InjectionScreen.Screen(text, TextOrigin.Goal) is { Verdict: not ScreenVerdict.Clean } found ? found.Rules : []).Distinct(StringComparer.Ordinal))
                    warnings.Add(new PlanProblem(at, "INJECTION_DETECTED", $"The prompt looks like {name}."));
            }
        }
    }

    /// <summary>Upper bound of one try of every step; parameters of templates count as written. Of an agent step all turns count, and each tool once.</summary>
    public static Cents Cost(Plan plan, IReadOnlyDictionary<string, SkillTerms> terms) => Steps(plan, terms, "").Aggregate(Cents.Zero, (sum, at) =>
        at.Step.Agent is { } agent ? sum + Loop(agent, terms)
        : at.Step.Skill is { } skill && terms.TryGetValue(skill, out var term) ? sum + Lower(at.Step.MaxCost, term.Cost.UpperBound(at.Step.Params)) : sum);

    private static Cents Loop(AgentClause agent, IReadOnlyDictionary<string, SkillTerms> terms)
    {
        var turns = Pricing.Bound(terms.GetValueOrDefault(AgentClause.Model)?.Cost, agent, Cents.Zero);
        var tools = agent.Skills.Aggregate(Cents.Zero, (sum, skill) => terms.TryGetValue(skill, out var term) ? sum + term.Cost.UpperBound(Json.EmptyObject) : sum);
        return Lower(agent.MaxCost, turns + tools);
    }

    /// <summary>All steps, those of inline child plans included.</summary>
    private static IEnumerable<(string Path, PlanStep Step)> Steps(Plan plan, IReadOnlyDictionary<string, SkillTerms> terms, string prefix)
    {
        foreach (var step in plan.Steps)
        {
            var path = $"{prefix}steps[{step.Index}]";
            yield return (path, step);
            if (step.Child?.Read is not { } child) continue;
            foreach (var found in Steps(child, terms, $"{path}.run.plan.")) yield return found;
        }
    }

    private static Cents Lower(Cents? limit, Cents cost) => limit is { } most && most < cost ? most : cost;

    /// <summary>The URL a text is, or the fixed part of a template in front of which host and scheme stand; null: none.</summary>
    private static string? Target(string text, string? member)
    {
        var trimmed = text.Trim();
        var template = trimmed.IndexOf("${{", StringComparison.Ordinal);
        var literal = template < 0 ? trimmed : trimmed[..template];
        var scheme = literal.IndexOf("://", StringComparison.Ordinal);
        if (scheme is < 1 or > 20) return null;
        var isWeb = literal[..scheme].ToUpperInvariant() is "HTTP" or "HTTPS";
        if (!isWeb && !TargetNames.Contains(member, StringComparer.OrdinalIgnoreCase)) return null;
        if (literal.Any(char.IsWhiteSpace) && !TargetNames.Contains(member, StringComparer.OrdinalIgnoreCase)) return null;
        return template < 0 || literal.AsSpan(scheme + 3).IndexOfAny("/?#") >= 0 ? literal : null;
    }

    private static IEnumerable<(string Path, string Text, string? Member)> Strings(JsonElement value, string path, string? member)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                yield return (path, value.GetString()!, member);
                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in value.EnumerateArray())
                {
                    foreach (var found in Strings(item, $"{path}[{index}]", member)) yield return found;
                    index++;
                }

                break;
            case JsonValueKind.Object:
                foreach (var inner in value.EnumerateObject())
                {
                    foreach (var found in Strings(inner.Value, $"{path}.{inner.Name}", inner.Name)) yield return found;
                }

                break;
        }
    }
}
