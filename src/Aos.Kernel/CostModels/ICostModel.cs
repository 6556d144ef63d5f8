using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Says what a list of calls will cost. Pure: equal questions give equal answers. A learned model joins by this port.</summary>
public interface ICostModel
{
    /// <summary>Short and stable, for instance <c>v1</c>.</summary>
    string Name { get; }

    /// <summary>Of its figures and rules.</summary>
    string Version { get; }

    /// <summary>Never throws for a question whose steps name unknown skills or carry odd parameters.</summary>
    CostEstimate Estimate(CostQuestion question);
}

/// <summary>One call of a skill as planned.</summary>
/// <param name="Params">An object.</param>
public sealed record CostStep(string Skill, JsonElement Params);

/// <summary>What a cost model is asked.</summary>
/// <param name="BudgetCents">Whole cents, 0 or more.</param>
/// <param name="AllowedSkills">Empty: all are allowed.</param>
/// <param name="RiskThreshold">Cumulative risk above which the plan is called infeasible, 0 to 1.</param>
public sealed record CostQuestion(ImmutableArray<CostStep> Steps, long BudgetCents, ImmutableArray<string> AllowedSkills, double RiskThreshold = 0.5);

/// <summary>One step's estimate.</summary>
/// <param name="CostCents">Not rounded.</param>
/// <param name="LatencyMs">Not rounded.</param>
/// <param name="Confidence">0 to 1; 1 from a model that has none.</param>
/// <param name="RiskType">Lower-case word of its most probable failure.</param>
public sealed record CostStepEstimate(int StepIndex, string Skill, decimal CostCents, decimal LatencyMs, double Confidence, double RiskProbability, string RiskType);

/// <summary>A risk that the model finds worth naming.</summary>
public sealed record CostRisk(int StepIndex, string Skill, string RiskType, double Probability, string Description, string Mitigation);

/// <summary>A model's answer.</summary>
/// <param name="Status">The model's own word, for instance <c>feasible</c> (v1) or <c>success</c> (v2).</param>
/// <param name="CostCents">Whole cents, as the model rounds.</param>
/// <param name="DurationMs">Whole milliseconds.</param>
/// <param name="BudgetRemainingCents">May be negative.</param>
/// <param name="Confidence">Product over the steps, 0 to 1; 1 from a model that has none.</param>
/// <param name="CumulativeRisk">1 − Π(1 − p) over the risks that the model counts.</param>
/// <param name="PermissionGaps">Skills of the plan that are not allowed.</param>
public sealed record CostEstimate(
    bool Feasible, string Status, long CostCents, long DurationMs, long BudgetRemainingCents, double Confidence, double CumulativeRisk, string ModelVersion,
    ImmutableArray<CostStepEstimate> Steps, ImmutableArray<CostRisk> Risks, ImmutableArray<string> PermissionGaps, ImmutableArray<string> Warnings);
