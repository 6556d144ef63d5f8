using System.Text.Json;

namespace Aos.Client;

/// <summary>A plan to simulate.</summary>
public sealed record SimulationQuestion
{
    /// <summary>A plan in any shape of docs/plans.md.</summary>
    public required JsonElement Plan { get; init; }

    /// <summary>Cents. Default 1000.</summary>
    public decimal? BudgetCents { get; init; }

    public string? AgentId { get; init; }

    public ulong? Seed { get; init; }

    /// <summary>Frozen time that enters the trace, ISO 8601.</summary>
    public string? Timestamp { get; init; }

    /// <summary>Asks for <see cref="SimulationReply.Trace"/>.</summary>
    public bool? SaveTrace { get; init; }
}

/// <summary>What a plan will cost, how long it takes, and whether it can work.</summary>
/// <param name="Status">feasible, budget_insufficient, permission_denied, skill_unavailable, risk_too_high or invalid_plan.</param>
/// <param name="EstimatedCostCents">Rounded up.</param>
/// <param name="Trace">A trace of schema 1.1 (docs/traces.md), when asked for.</param>
public sealed record SimulationReply(
    bool Feasible, string Status, decimal EstimatedCostCents, long EstimatedDurationMs, decimal? BudgetRemainingCents, bool BudgetSufficient,
    IReadOnlyList<SimulatedStep>? StepEstimates, IReadOnlyList<SimulatedRiskReply>? Risks, IReadOnlyList<JsonElement>? PermissionGaps,
    IReadOnlyList<JsonElement>? Alternatives, IReadOnlyList<JsonElement>? Warnings, string? TraceId, string? RootHash, ulong? Seed,
    JsonElement? Trace = null);

/// <summary>One step's estimate.</summary>
public sealed record SimulatedStep(int StepIndex, string SkillId, decimal EstimatedCostCents, long EstimatedLatencyMs);

/// <summary>A risk worth naming.</summary>
/// <param name="Probability">0 to 1.</param>
public sealed record SimulatedRiskReply(int StepIndex, string? SkillId, string RiskType, double Probability, string? Description, string? Mitigation);

/// <summary>All skills: names, and what each says of itself.</summary>
public sealed record SkillList(IReadOnlyList<string> Skills, int Count, IReadOnlyDictionary<string, JsonElement>? Descriptors);

/// <summary>One skill's contract. <see cref="InputsSchema"/> and <see cref="OutputsSchema"/> are JSON Schema.</summary>
public sealed record Skill(
    string SkillId, string? Name, string Version, string Description, JsonElement? CostModel, IReadOnlyList<JsonElement>? FailureModes,
    JsonElement? Constraints, JsonElement? CompositionHints, JsonElement? InputsSchema, JsonElement? OutputsSchema);

/// <summary>An answer to a runtime query.</summary>
public sealed record QueryReply(string QueryType, JsonElement Result, IReadOnlyList<string>? SupportedQueries);

/// <summary>An agent.</summary>
public sealed record Agent(string AgentId, string Name, string Status, DateTimeOffset? CreatedAt);

/// <summary>A goal was taken on.</summary>
public sealed record GoalReply(string RunId, string Status, string? Message);

internal sealed record QueryRequest(string QueryType, JsonElement Params, string? AgentId, string? RunId);

internal sealed record AgentRequest(string Name);

internal sealed record GoalRequest(string Goal, string? IdempotencyKey);
