using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>A URL of a plan that leads where its agent may not go.</summary>
/// <param name="Path">Where the URL stands, for instance <c>steps[0].params.url</c>.</param>
/// <param name="Step">Index of the step of the plan in which it stands.</param>
/// <param name="Rule">See <see cref="DomainRules.Wall"/>.</param>
public readonly record struct DomainGap(string Path, int Step, WebTarget Target, string Rule);

/// <summary>What an agent may call and reach. Simulate, admission, the call itself and whoever explains them ask here.</summary>
/// <param name="AllowedSkills">Null: all; empty: none.</param>
/// <param name="BlockedSkills">Counts more than <paramref name="AllowedSkills"/>.</param>
public sealed record AgentRules(ImmutableArray<string>? AllowedSkills, ImmutableArray<string> BlockedSkills, DomainRules Domains)
{
    /// <summary>The rule that keeps the agent from a skill: <c>blocked_skills</c> or <c>allowed_skills</c>; null: it may use it.</summary>
    public string? SkillWall(string skill) =>
        !BlockedSkills.IsDefault && Names(BlockedSkills, skill) ? "blocked_skills"
        : AllowedSkills is { } allowed && !Names(allowed, skill) ? "allowed_skills"
        : null;

    private static bool Names(ImmutableArray<string> listed, string skill) => listed.Contains(skill) || listed.Contains(SkillNames.Whole(skill));

    /// <summary>Those that the agent may not use, in their order.</summary>
    public ImmutableArray<string> SkillGaps(IReadOnlyList<string> skills) => [.. skills.Where(skill => SkillWall(skill) is not null)];

    /// <summary>URLs written out in the plan that lead where the agent may not go, in plan order; a URL of a template is judged at the call.</summary>
    /// <param name="targetParam">Of a skill the parameter that holds the URL its call goes to, or null.</param>
    public ImmutableArray<DomainGap> DomainGaps(Plan plan, Func<string, string?> targetParam)
    {
        if (Domains.IsEmpty) return [];
        var gaps = ImmutableArray.CreateBuilder<DomainGap>();
        foreach (var (path, step, url) in PlanTargets.Of(plan, targetParam))
        {
            if (WebTarget.Of(url) is { } target && Domains.Wall(target) is { } rule) gaps.Add(new DomainGap(path, step, target, rule));
        }

        return gaps.DrainToImmutable();
    }

    /// <summary>Why the agent is refused the plan, or null.</summary>
    public Failure? Refusal(string? agent, Plan plan, Func<string, string?> targetParam)
    {
        if (SkillGaps(Admission.SkillsOf(plan)) is { IsEmpty: false } skills) return Admission.Denied(agent, skills);
        return DomainGaps(plan, targetParam) is { IsEmpty: false } domains ? Admission.Unreachable(agent, domains) : null;
    }
}

/// <summary>URLs that stand in a plan as its calls will ask for them.</summary>
internal static class PlanTargets
{
    internal static IEnumerable<(string Path, int Step, string Url)> Of(Plan plan, Func<string, string?> targetParam)
    {
        foreach (var step in plan.Steps)
        {
            var path = $"steps[{step.Index}]";
            if (Literal(step.Skill, step.Params, targetParam) is var (name, url)) yield return ($"{path}.params.{name}", step.Index, url);
            if (step.Compensate is { } undo && Literal(undo.Skill, undo.Params, targetParam) is var (undoing, there))
                yield return ($"{path}.compensate.params.{undoing}", step.Index, there);
            if (step.Child?.Read is not { } child) continue;
            foreach (var (inner, _, target) in Of(child, targetParam)) yield return ($"{path}.run.plan.{inner}", step.Index, target);
        }
    }

    /// <summary>The URL, or the part of it in front of a template, if scheme, host and port stand there whole.</summary>
    private static (string Name, string Url)? Literal(string? skill, System.Text.Json.JsonElement parameters, Func<string, string?> targetParam)
    {
        if (skill is null || targetParam(skill) is not { } name || parameters.GetText(name) is not { } url) return null;
        var template = url.IndexOf("${{", StringComparison.Ordinal);
        if (template < 0) return (name, url);
        var start = url.AsSpan(0, template);
        var scheme = start.IndexOf("://", StringComparison.Ordinal);
        return scheme > 0 && start[(scheme + 3)..].IndexOfAny("/?#") >= 0 ? (name, url[..template]) : null;
    }
}
