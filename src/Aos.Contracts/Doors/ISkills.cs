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

    /// <summary>All versions of a skill that are here, newest first; none: there is no such skill. What stands in <see cref="All"/> is the newest that is no pre-release, if there is one.</summary>
    IReadOnlyList<SkillDescription> Versions(string skill) => All.TryGetValue(skill, out var only) ? [only] : [];

    /// <summary>
    /// The same skills, where each name means the newest version that fits everything asked for of it: a run has one version of each
    /// skill. And what cannot be given.
    /// </summary>
    (ISkills Skills, IReadOnlyList<PlanProblem> Problems) Choose(IReadOnlyCollection<SkillAsk> asks) => (this, []);

    /// <summary>Runs one skill, in the version that the call's run has: validates, guards, times out. Never throws but when cancelled by <paramref name="cancel"/>.</summary>
    Task<StructuredOutcome> InvokeAsync(string skill, System.Text.Json.JsonElement parameters, SkillCall call, CancellationToken cancel);

    /// <summary>
    /// Where a call with these parameters goes; null: nowhere outside, or it cannot be told: parameters alone do not tell of a call through
    /// a connection. Never throws.
    /// </summary>
    CallTarget? Target(string skill, System.Text.Json.JsonElement parameters) => null;

    /// <summary>Of a skill the parameter that holds the URL its call goes to; null: none does, or there is no such skill.</summary>
    string? TargetParam(string skill) => Contracts.TryGetValue(skill, out var contract) ? contract.TargetParam : null;

    /// <summary>
    /// Where a call goes, also through a connection; or why it cannot go out at all, since its connection is not there or not for it.
    /// Throws only when cancelled.
    /// </summary>
    ValueTask<(CallTarget? Target, Failure? Refusal)> TargetAsync(string skill, System.Text.Json.JsonElement parameters, SkillCall call, CancellationToken cancel) =>
        ValueTask.FromResult<(CallTarget?, Failure?)>((Target(skill, parameters), null));

    /// <summary>What is wrong with the connections that a plan names, as things are now: one a place, with the code and <c>reason</c> that the call would fail with.</summary>
    Task<IReadOnlyList<ConnectionProblem>> ConnectionProblemsAsync(Plan plan, TenantId tenant, string agentId, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<ConnectionProblem>>([]);

    /// <summary>Why this caller may not use the skill at all, or null. Says nothing about whether the skill exists.</summary>
    Failure? Refusal(string skill, TenantId tenant, string agentId);

    /// <summary>Problems of parameters against the skill's schema; values that still hold templates are not checked.</summary>
    IReadOnlyList<PlanProblem> Check(string skill, System.Text.Json.JsonElement parameters, string path);
}

/// <summary>A connection that a plan names and that its call would not get.</summary>
/// <param name="Path">Where the plan names it, such as <c>steps[0].params.connection</c>.</param>
/// <param name="Reason"><c>missing</c>, <c>agent</c>, <c>skill</c>, <c>kind</c> or <c>written</c>.</param>
public sealed record ConnectionProblem(string Path, string Code, string Reason, string Message);
