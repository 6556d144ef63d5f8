using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>Limits every run is held to, whatever its own budget is.</summary>
/// <param name="RunMax">Most a run may be estimated to cost; null: no limit.</param>
/// <param name="ModelMax">The same for the calls of one model, by its name.</param>
public sealed record BudgetLimits(Cents? RunMax, ImmutableSortedDictionary<string, Cents> ModelMax)
{
    public static BudgetLimits None { get; } = new(null, ImmutableSortedDictionary.Create<string, Cents>(StringComparer.Ordinal));
}

/// <summary>Whether an estimate fits.</summary>
/// <param name="BreachType">per_run, per_model or total_budget; null: allowed.</param>
/// <param name="Limit">That was breached; zero when allowed.</param>
/// <param name="Current">What was compared with it; zero when allowed.</param>
public sealed record PlanBudgetVerdict(bool Allowed, string? Reason, string? BreachType, Cents Limit, Cents Current)
{
    public static PlanBudgetVerdict Fits { get; } = new(true, null, null, Cents.Zero, Cents.Zero);

    /// <summary>The first breach, in the order: the limit of a run, of a model, the run's own budget.</summary>
    /// <param name="estimate">Of the whole plan.</param>
    /// <param name="byModel">Estimate per model that a step names, or null.</param>
    /// <param name="budget">Of the run; null: unlimited, zero means zero.</param>
    public static PlanBudgetVerdict Of(BudgetLimits limits, Cents estimate, IReadOnlyDictionary<string, Cents>? byModel, Cents? budget)
    {
        if (limits.RunMax is { } most && estimate > most)
            return Breach("per_run", $"The plan may cost {estimate} cents; the per-run limit is {most}.", most, estimate);
        foreach (var (model, max) in limits.ModelMax)
        {
            if (byModel is not null && byModel.TryGetValue(model, out var cost) && cost > max)
                return Breach("per_model", $"The calls of {model} may cost {cost} cents; the limit of that model is {max}.", max, cost);
        }

        return budget is { } own && estimate > own
            ? Breach("total_budget", $"The plan may cost {estimate} cents; the budget is {own}.", own, estimate)
            : Fits;
    }

    /// <summary>The refusal this verdict is; null when it allows.</summary>
    public Failure? Refusal() => Allowed ? null : FailureCatalog.Fail("BUDGET_EXCEEDED", Reason!, null, Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("breach_type", BreachType);
        writer.WriteNumber("limit_cents", Limit.Value);
        writer.WriteNumber("current_cents", Current.Value);
        writer.WriteEndObject();
    }));

    private static PlanBudgetVerdict Breach(string type, string reason, Cents limit, Cents current) => new(false, reason, type, limit, current);
}

/// <summary>How a run stands to its budget.</summary>
/// <param name="Total">Null: unlimited.</param>
/// <param name="Reserved">For calls in flight.</param>
/// <param name="Remaining">Not spent and not reserved, never negative; null: unlimited.</param>
/// <param name="UsagePercent">Spent of total, 0 to 100; null: unlimited.</param>
/// <param name="IsExhausted">Nothing remains.</param>
/// <param name="IsAlert">At least 80 % of the total is spent.</param>
public sealed record RunBudget(Cents? Total, Cents Spent, Cents Reserved, Cents? Remaining, decimal? UsagePercent, bool IsExhausted, bool IsAlert)
{
    private const decimal AlertShare = 0.8m;

    /// <summary>Of a run as folded.</summary>
    public static RunBudget Of(RunState state)
    {
        if (state.Budget is not { } total) return new RunBudget(null, state.Spent, state.Reserved, null, null, false, false);
        var left = total - state.Spent - state.Reserved;
        var remaining = left < Cents.Zero ? Cents.Zero : left;
        var share = total == Cents.Zero ? 1 : state.Spent.Value / total.Value;
        return new RunBudget(total, state.Spent, state.Reserved, remaining, Math.Round(share * 100, 2), remaining == Cents.Zero, share >= AlertShare);
    }
}
