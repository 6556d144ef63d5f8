using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Door of the skills room.</summary>
public interface ISkills
{
    /// <summary>All skills, by name. A skill is built when it is first looked at.</summary>
    IReadOnlyDictionary<string, SkillDescription> All { get; }

    /// <summary>What each skill says of itself; unlike <see cref="All"/> this makes no schema.</summary>
    IReadOnlyDictionary<string, SkillContract> Contracts { get; }

    /// <summary>Terms by skill name, for the plan reader and the machine. The same instance until the registry changes.</summary>
    IReadOnlyDictionary<string, SkillTerms> Terms { get; }

    /// <summary>Runs one skill: validates, guards, times out. Never throws but when cancelled by <paramref name="cancel"/>.</summary>
    Task<StructuredOutcome> InvokeAsync(string skill, System.Text.Json.JsonElement parameters, SkillCall call, CancellationToken cancel);

    /// <summary>Where a call with these parameters goes; null: nowhere outside, or it cannot be told. Never throws.</summary>
    CallTarget? Target(string skill, System.Text.Json.JsonElement parameters) => null;

    /// <summary>Of a skill the parameter that holds the URL its call goes to; null: none does, or there is no such skill.</summary>
    string? TargetParam(string skill) => Contracts.TryGetValue(skill, out var contract) ? contract.TargetParam : null;

    /// <summary>Why this caller may not use the skill at all, or null. Says nothing about whether the skill exists.</summary>
    Failure? Refusal(string skill, TenantId tenant, string agentId);

    /// <summary>Problems of parameters against the skill's schema; values that still hold templates are not checked.</summary>
    IReadOnlyList<PlanProblem> Check(string skill, System.Text.Json.JsonElement parameters, string path);
}
