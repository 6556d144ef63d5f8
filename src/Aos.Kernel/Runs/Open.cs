namespace Aos.Kernel;

/// <summary>Which steps can move: in a list plan the first open one and its fallbacks, in a graph all that are not over.</summary>
internal static class Open
{
    /// <summary>What the open steps, and of a graph those that are over too, add up to.</summary>
    internal static StepSum Sum(RunState state)
    {
        if (state.Plan.IsGraph) return state.Steps.Sum;
        var sum = default(StepSum);
        for (var i = First(state); i >= 0; i = After(state, i)) sum = StepSum.Add(sum, StepSum.Of(state.Steps[i]));
        return sum;
    }

    /// <summary>One pass over the open steps: the next of them that has what is asked for.</summary>
    /// <param name="before">The run when the pass began. A fallback that was asked for since then is left to the next pass.</param>
    /// <param name="now">The run as it stands by now.</param>
    /// <param name="after">Index of the step before; -1: the first.</param>
    /// <param name="has">True for a sum when it is true for any of its steps alone.</param>
    /// <returns>-1: none is left.</returns>
    internal static int Next(RunState before, RunState now, int after, Func<StepSum, bool> has)
    {
        if (!now.Plan.IsGraph)
        {
            for (var i = after < 0 ? First(before) : After(before, after); i >= 0; i = After(before, i))
            {
                if (has(StepSum.Of(now.Steps[i]))) return i;
            }

            return -1;
        }

        var at = after;
        do at = now.Steps.Next(at + 1, has, static (sum, ask) => sum.Open > 0 && ask(sum));
        while (at >= 0 && !before.Steps[at].IsOpen);
        return at;
    }

    /// <inheritdoc cref="Next(RunState, RunState, int, Func{StepSum, bool})"/>
    internal static int Next(RunState state, int after, Func<StepSum, bool> has) => Next(state, state, after, has);

    /// <summary>The failed step that ends the run, or -1.</summary>
    internal static int Aborting(RunState state)
    {
        if (state.Plan.IsGraph) return state.Steps.Next(0, 0, static (sum, _) => sum.Ending > 0);
        // A list plan stands still at a failed step: it is the one before the cursor.
        for (var i = Math.Min(state.Cursor, state.Steps.Length) - 1; i >= 0; i--)
        {
            if (state.Steps[i].EndsRun) return i;
            if (!state.Plan.Steps[i].FallbackOnly) return -1;
        }

        return -1;
    }

    private static int First(RunState state) => Opened(state, state.Cursor < state.Steps.Length ? state.Cursor : null);

    private static int After(RunState state, int step) => Opened(state, state.Steps[step].Fallback);

    private static int Opened(RunState state, int? step)
    {
        for (; step is { } at; step = state.Steps[at].Fallback)
        {
            if (!state.Steps[at].Status.IsOver()) return at;
        }

        return -1;
    }
}
