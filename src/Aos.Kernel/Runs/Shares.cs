namespace Aos.Kernel;

/// <summary>
/// Divides what is left of a run's budget among child runs. A child has its share to itself, so that children at the same time
/// never spend more than there is; what it leaves is free again when it is over.
/// </summary>
internal static class Shares
{
    private const decimal MicrosPerCent = 1_000_000m;

    /// <summary>
    /// The child's own limit (its plan's budget, its step's <c>max_cost_cents</c>), or, where it has none, the same part of what is
    /// left for it and for every other step that is open now; never more than is left. Null: the run has no budget.
    /// </summary>
    internal static Cents? Of(RunState state, PlanStep step)
    {
        if (state.Start!.Rule < KernelRule.Shares || state.Budget is not { } budget) return null;
        var left = budget - state.Spent - state.Reserved;
        if (left < Cents.Zero) left = Cents.Zero;
        var limit = Cents.Lower(step.MaxCost, step.Child!.Read?.Budget);
        return Cents.Lower(left, limit ?? Part(left, 1 + Others(state, step.Index)));
    }

    private static Cents Part(Cents left, int parts) => new(decimal.Floor(left.Value * MicrosPerCent / parts) / MicrosPerCent);

    /// <summary>Steps that may want money beside this one: at work, waiting or about to begin. One that only waits for its fallback is not.</summary>
    private static int Others(RunState state, int step) => Open.Sum(state).Sharing - StepSum.Of(state.Steps[step]).Sharing;
}
