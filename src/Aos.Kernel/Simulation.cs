using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>What simulate and admission ask.</summary>
/// <param name="Reading">The plan as read, with its problems.</param>
/// <param name="AllowedSkills">Null: all.</param>
/// <param name="Budget">Null: unlimited; zero means zero.</param>
/// <param name="Timestamp">Frozen time that enters <c>trace_id</c> and <c>root_hash</c>, or null.</param>
public sealed record SimulationRequest(
    PlanReading Reading,
    TenantId Tenant,
    string? AgentId,
    Cents? Budget,
    IReadOnlySet<string>? AllowedSkills,
    ulong Seed,
    string? Timestamp,
    System.Text.Json.JsonElement Inputs);

/// <summary>One step's estimate. A step with no skill costs nothing and takes its own time.</summary>
public sealed record StepEstimate(
    int StepIndex, string StepId, string SkillId, Cents Cost, Cents CostMax, int LatencyMs, double RiskProbability, string RiskType, bool Known);

/// <summary>A risk worth naming (probability above 0.05).</summary>
public sealed record SimulatedRisk(
    int StepIndex, string SkillId, string RiskType, double Probability, string Description, string Mitigation);

public sealed record Alternative(string Suggestion, Cents PotentialSavings);

/// <summary>What a plan will cost, how long it takes, and whether it can work.</summary>
/// <param name="Status">feasible, budget_insufficient, permission_denied, skill_unavailable, risk_too_high, invalid_plan.</param>
public sealed record Simulation(
    bool Feasible,
    string Status,
    Failure? Refusal,
    Cents EstimatedCost,
    Cents CostMax,
    int EstimatedDurationMs,
    Cents? BudgetRemaining,
    bool BudgetSufficient,
    ImmutableArray<string> PermissionGaps,
    ImmutableArray<SimulatedRisk> Risks,
    double CumulativeRisk,
    ImmutableArray<StepEstimate> Steps,
    ImmutableArray<Alternative> Alternatives,
    ImmutableArray<string> Warnings,
    string TraceId,
    string RootHash,
    ImmutableSortedDictionary<string, string> FactVersions);
