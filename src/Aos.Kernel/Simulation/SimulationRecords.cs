using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What simulate and admission ask.</summary>
/// <param name="Reading">The plan as read, with its problems; it may name skills that are not there.</param>
/// <param name="AgentId">Named in a refusal; what the agent may use and reach comes as <paramref name="Rules"/>.</param>
/// <param name="Budget">Beside the plan's own; the lower one counts. Null: unlimited; zero means zero.</param>
/// <param name="Rules">Of an agent that the house knows. Null: nothing holds it.</param>
/// <param name="Timestamp">Frozen time that enters <c>trace_id</c> and <c>root_hash</c>, or null.</param>
/// <param name="Inputs">Of the plan; lists among them tell how often a <c>for_each</c> over them runs.</param>
public sealed record SimulationRequest(
    PlanReading Reading,
    TenantId Tenant,
    string? AgentId,
    Cents? Budget,
    AgentRules? Rules,
    ulong Seed,
    string? Timestamp,
    JsonElement Inputs)
{
    /// <summary>What holds at this moment only, in the order in which a start asks for it.</summary>
    public ImmutableArray<MomentFact> Moment { get; init; } = [];

    /// <summary>How often calls of the tenant really failed.</summary>
    public MeasuredRisks Measured { get; init; } = MeasuredRisks.None;

    /// <summary>True: alternatives also of a plan that fits its budget.</summary>
    public bool WithAlternatives { get; init; }

    /// <summary>Stands for the plan's hash in <c>trace_id</c> when the plan could not be read.</summary>
    public string? SourceHash { get; init; }
}

/// <summary>Something that is so now and may be otherwise in a minute: an agent's standing, its money, a quota of its tenant.</summary>
/// <param name="Name">In the answer's <c>facts</c>.</param>
/// <param name="Value">All that the answer depends on of it.</param>
/// <param name="Warning">Said beside the verdict; or null.</param>
/// <param name="Refusal">What a start is refused with while it is so; or null.</param>
public sealed record MomentFact(string Name, string Value, string? Warning = null, Failure? Refusal = null);

/// <summary>One step's estimate. A step with no skill costs nothing and takes its own time.</summary>
/// <param name="SkillId">The skill; <c>wait</c>, <c>await</c>, <c>run</c> or <c>agent</c> for a step without one.</param>
/// <param name="Cost">Typical, for the fewest calls the step makes when it runs.</param>
/// <param name="CostMax">Never more than this, retries not counted: the bound the machine reserves, for the most calls.</param>
/// <param name="LatencyMs">Typical, milliseconds.</param>
/// <param name="RiskProbability">That the step fails, 0 to 1, by its most probable failure.</param>
/// <param name="RiskType">Lower-case word of that failure: timeout, rate_limit, not_found and so on.</param>
/// <param name="Known">False: no such skill can be called here.</param>
/// <param name="CallsMin">Fewest calls of the step.</param>
/// <param name="CallsMax">Most calls of the step.</param>
/// <param name="Failures">The ways its skill fails.</param>
public sealed record StepEstimate(
    int StepIndex,
    string StepId,
    string SkillId,
    Cents Cost,
    Cents CostMax,
    long LatencyMs,
    double RiskProbability,
    string RiskType,
    bool Known,
    int CallsMin,
    int CallsMax,
    ImmutableArray<SkillRisk> Failures);

/// <summary>A risk worth naming (probability above 0.05).</summary>
/// <param name="Code">The failure's code, upper case.</param>
/// <param name="RiskType">The same as a lower-case word.</param>
public sealed record SimulatedRisk(
    int StepIndex, string SkillId, string Code, string RiskType, double Probability, string Description, string Mitigation);

/// <summary>What a plan will cost, how long it takes, and whether it can work.</summary>
/// <param name="Status">feasible, budget_insufficient, permission_denied, skill_unavailable or invalid_plan.</param>
/// <param name="Refusal">Exactly what starting a run of this plan is refused with; null: it is admitted.</param>
/// <param name="CostMax">Worst case of all calls, retries not counted.</param>
/// <param name="EstimatedDurationMs">Along the critical path.</param>
/// <param name="Budget">That counted; null: unlimited.</param>
/// <param name="BudgetRemaining">Budget less estimate, may be negative; null: unlimited.</param>
/// <param name="CumulativeRisk">That at least one step fails: 1 − Π(1 − p).</param>
/// <param name="TraceId">A function of plan, seed, timestamp, tenant and model version.</param>
/// <param name="RootHash">64 hex digits; a function of the same.</param>
/// <param name="FactVersions">Name to version of everything else the answer depends on; <c>agent</c>: of what the agent may use, when that is restricted.</param>
public sealed record Simulation(
    bool Feasible,
    string Status,
    Failure? Refusal,
    Cents EstimatedCost,
    Cents CostMax,
    long EstimatedDurationMs,
    Cents? Budget,
    Cents? BudgetRemaining,
    bool BudgetSufficient,
    ImmutableArray<string> PermissionGaps,
    ImmutableArray<DomainGap> DomainGaps,
    ImmutableArray<SimulatedRisk> Risks,
    double CumulativeRisk,
    ImmutableArray<StepEstimate> Steps,
    ImmutableArray<Alternative> Alternatives,
    ImmutableArray<PlanProblem> Problems,
    ImmutableArray<string> Warnings,
    string TraceId,
    string RootHash,
    ImmutableSortedDictionary<string, string> FactVersions)
{
    /// <summary>Whose figures these are.</summary>
    public ProductionModel Model { get; } = ProductionModel.Shipped;
}

/// <summary>The cost model that answers.</summary>
public sealed record ProductionModel(string Name, string Version)
{
    public static ProductionModel Shipped { get; } = new("v1", TypicalFigures.Version);
}
