using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>A plan that simulate has answered, for the model beside it.</summary>
/// <param name="Budget">That counted; null: unlimited.</param>
/// <param name="Estimate">The production model's.</param>
public sealed record SimulatedPlan(TenantId Tenant, Plan Plan, JsonElement Inputs, Cents? Budget, Cents Estimate);

/// <summary>What both models say of a question that was asked for their sake.</summary>
/// <param name="Second">Null: the second model was not asked, or failed.</param>
/// <param name="IsOn">The second model may be asked at all: the settings say so, and its breaker is not open.</param>
/// <param name="Problem">Why there is no second answer, or that this one opened the breaker; null: nothing.</param>
/// <param name="RuntimeMs">Of the second model.</param>
public sealed record ModelAnswers(CostEstimate First, CostEstimate? Second, CostComparison? Comparison, bool IsOn, string? Problem, int RuntimeMs);

/// <summary>How the second model stands.</summary>
/// <param name="IsOn">By the settings.</param>
/// <param name="Breaker">Null: there is none, or it cannot be reached, as <paramref name="IsBreakerKnown"/> tells.</param>
/// <param name="Waiting">Simulated plans that wait for the second model in this process.</param>
public sealed record ModelStanding(bool IsOn, BreakerState? Breaker, bool IsBreakerKnown, int Waiting)
{
    /// <summary>The second model is not asked; so it is, too, while nobody knows.</summary>
    public bool IsOpen => !IsBreakerKnown || Breaker?.Status == BreakerStatus.Open;
}

/// <summary>Door of the cost models: one that answers, and one beside it that is compared.</summary>
public interface ICostModels
{
    ICostModel Production { get; }

    ICostModel Shadow { get; }

    DriftLimits Limits { get; }

    /// <summary>Both answers to one question, whatever settings and breaker say. Throws what a model throws.</summary>
    (CostEstimate First, CostEstimate Second, CostComparison Comparison) Compare(CostQuestion question);

    /// <summary>Asks both now. The first answer is always there: neither the second model nor its breaker nor a database that is away fails it.</summary>
    Task<ModelAnswers> AskAsync(TenantId tenant, RunId? run, CostQuestion question, CancellationToken cancel);

    /// <summary>Hands a simulated plan on to be looked at later. Never waits and never throws; what has no room is counted and let go.</summary>
    void Offer(SimulatedPlan plan);

    /// <summary>Never throws for a database that is away.</summary>
    Task<ModelStanding> StandingAsync(CancellationToken cancel);
}
