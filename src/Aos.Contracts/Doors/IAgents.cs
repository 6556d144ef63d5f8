using System.Collections.Immutable;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Where an agent stands. Only an active one starts runs.</summary>
public enum AgentStatus { Active, Paused, Disabled }

/// <summary>What an agent may do and how it plans. Null members: no restriction of its own.</summary>
public sealed record AgentSettings
{
    /// <summary>Null: all skills.</summary>
    public ImmutableArray<string>? AllowedSkills { get; init; }

    /// <summary>Counts more than <see cref="AllowedSkills"/>.</summary>
    public ImmutableArray<string> BlockedSkills { get; init; } = [];

    /// <summary>Hosts its calls may go to, as <see cref="DomainRules.Normal"/> writes them, at most <see cref="DomainRules.DomainsMax"/>. Null: all.</summary>
    public ImmutableArray<string>? AllowedDomains { get; init; }

    /// <summary>Counts more than <see cref="AllowedDomains"/>. Null: none.</summary>
    public ImmutableArray<string>? BlockedDomains { get; init; }

    /// <summary>Hard limit of all its runs together, in cents. Null: unlimited; zero means zero.</summary>
    public decimal? BudgetCents { get; init; }

    /// <summary>Runs at work at once, 1 to 100. Null: the house's default.</summary>
    public int? ConcurrentRuns { get; init; }

    /// <summary>Goals a minute, 1 to 10,000, beside the tenant's limit. Null: none of its own.</summary>
    public int? GoalsPerMinute { get; init; }

    /// <summary>Planner: rules, anthropic, openai, scripted, or agent_loop: each goal is one agent step. Null: the house's default.</summary>
    public string? Planner { get; init; }

    /// <summary>Model of the planner. Null: the provider's default.</summary>
    public string? Model { get; init; }

    /// <summary>Tokens of one answer of the planner's model, 256 to 8192.</summary>
    public int? PlannerTokens { get; init; }

    /// <summary>Steps of a planned run, turns of an agent loop; 1 to the house's maximum.</summary>
    public int? StepsMax { get; init; }
}

/// <summary>An agent that the house knows. Other agent ids are mere labels of runs.</summary>
public sealed record Agent(
    TenantId Tenant, string Id, string Name, string? Description, AgentStatus Status, AgentSettings Settings, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>What it may call and reach.</summary>
    public AgentRules Rules() => new(Settings.AllowedSkills, Settings.BlockedSkills, new DomainRules(Settings.AllowedDomains, Settings.BlockedDomains ?? []));

    /// <summary>Whether the agent may use a skill.</summary>
    public bool May(string skill) => Rules().SkillWall(skill) is null;
}

/// <summary>What an agent's runs have cost, those under way counted with their whole budget.</summary>
/// <param name="Committed">Since the agent was made.</param>
/// <param name="Today">Of runs created since midnight, UTC.</param>
public sealed record AgentSpending(Cents Committed, Cents Today);

/// <summary>Door of the agents.</summary>
public interface IAgents
{
    /// <summary>A new active agent. Throws nothing for a full house: then the failure is set.</summary>
    Task<(Agent? Agent, Failure? Refusal)> CreateAsync(Caller caller, string name, string? description, AgentSettings settings, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<Agent>> ListAsync(Caller caller, CancellationToken cancel);

    /// <summary>The agent, or null: unknown to this tenant.</summary>
    Task<Agent?> FindAsync(TenantId tenant, string id, CancellationToken cancel);

    /// <summary>Changes name, description, status or settings; null: unknown to this tenant.</summary>
    Task<Agent?> ChangeAsync(Caller caller, string id, Func<Agent, Agent> change, CancellationToken cancel);

    Task<AgentSpending> SpendingAsync(Agent agent, CancellationToken cancel);
}

/// <summary>A goal to reach.</summary>
/// <param name="Key">Idempotency key, 1 to 255 characters, or null.</param>
/// <param name="ForceSkill">Skill of a one-step plan, or null: a planner plans.</param>
/// <param name="ForceParams">Parameters of that step, or null: made from the goal.</param>
public sealed record GoalRequest(string AgentId, string Goal, string? Key = null, string? ForceSkill = null, System.Text.Json.JsonElement? ForceParams = null)
{
    /// <summary>The caller's correlation id, see <see cref="Contracts.Correlation"/>; null: there is none.</summary>
    public string? Correlation { get; init; }
}

/// <summary>What became of a goal: a run, or a refusal.</summary>
/// <param name="Refusal">Its code tells the HTTP status, unless <paramref name="Status"/> does.</param>
/// <param name="Status">HTTP status of the refusal where it differs from the catalog's.</param>
public sealed record GoalReply(RunId Run, RunStatus RunStatus, bool Existing, ImmutableArray<string> Warnings, Failure? Refusal = null, int? Status = null)
{
    public static GoalReply Refused(Failure why, int? status = null) => new(default, default, false, [], why, status);
}

/// <summary>Door of goals: checks, plans, inspects, admits, starts.</summary>
public interface IGoals
{
    Task<GoalReply> PostAsync(Caller caller, GoalRequest request, CancellationToken cancel);

    /// <summary>What looks suspicious in a plan that a client made; it runs all the same.</summary>
    Task<IReadOnlyList<PlanProblem>> WarningsAsync(Plan plan, CancellationToken cancel);
}

/// <summary>A run with its row: what rows and journal say of it.</summary>
/// <param name="Attempt">Of a finished attempt; else the newest.</param>
public sealed record RunRecord(RunRow Row, RunState State, int Attempt);

/// <summary>A remembered result of a step.</summary>
public sealed record Recollection(string Id, string Text, string Skill, string StepId, RunId Run, DateTimeOffset At);

/// <summary>Door of what agents did: read from rows and journals.</summary>
public interface IRecords
{
    /// <summary>An agent's runs, newest first.</summary>
    Task<IReadOnlyList<RunRecord>> RunsAsync(Caller caller, string agent, int limit, CancellationToken cancel);

    /// <summary>A run of this agent, or null.</summary>
    Task<RunRecord?> RunAsync(Caller caller, string agent, RunId run, CancellationToken cancel);

    /// <summary>One record per ended attempt of the agent's runs, newest run first, its newest attempt first.</summary>
    Task<IReadOnlyList<RunRecord>> ProvenanceAsync(Caller caller, string agent, int limit, CancellationToken cancel);

    /// <summary>The record of one ended attempt, or null.</summary>
    Task<RunRecord?> ProvenanceAsync(Caller caller, string agent, RunId run, int attempt, CancellationToken cancel);

    /// <summary>Results of the agent's steps that hold the text, whatever its case; newest first.</summary>
    Task<IReadOnlyList<Recollection>> RecallAsync(Caller caller, string agent, string text, int k, CancellationToken cancel);

    /// <summary>Failed runs of the tenant, newest end first.</summary>
    Task<IReadOnlyList<RunRecord>> FailedAsync(Caller caller, int limit, CancellationToken cancel);

    /// <summary>Runs an ended run again: a new attempt, or for a succeeded one a new run of the same plan.</summary>
    Task<(RunId Run, RunRow? Before, Failure? Refusal)> AgainAsync(Caller caller, RunId run, string reason, CancellationToken cancel);
}
