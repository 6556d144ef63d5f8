namespace Aos.Kernel;

/// <summary>Which steps can move: in a list plan the first open one and its fallbacks, in a graph all that are not over.</summary>
internal static class Open
{
    internal static List<int> Steps(RunState state)
    {
        var open = new List<int>(state.Plan.IsGraph ? 8 : 2);
        if (state.Plan.IsGraph)
        {
            for (var i = 0; i < state.Steps.Length; i++)
            {
                if (!IsClosed(state, i)) open.Add(i);
            }

            return open;
        }

        for (int? i = state.Cursor < state.Steps.Length ? state.Cursor : null; i is { } at; i = state.Steps[at].Fallback)
        {
            if (!state.Steps[at].Status.IsOver()) open.Add(at);
        }

        return open;
    }

    /// <summary>Over, or a fallback that nobody asked for.</summary>
    internal static bool IsClosed(RunState state, int step) =>
        state.Steps[step].Status.IsOver() || (state.Plan.Steps[step].FallbackOnly && !state.Steps[step].Wanted);

    /// <summary>Pending, and everything it waits for is over.</summary>
    internal static bool IsReady(RunState state, int step)
    {
        var s = state.Steps[step];
        if (s.Status != StepStatus.Pending || IsClosed(state, step)) return false;
        if (s.Wanted) return true;
        foreach (var dependency in state.Plan.Steps[step].DependsOn)
        {
            if (!IsClosed(state, dependency)) return false;
        }

        return true;
    }

    /// <summary>The failed step that ends the run, or -1.</summary>
    internal static int Aborting(RunState state)
    {
        if (!state.Plan.IsGraph)
        {
            // A list plan stands still at a failed step: it is the one before the cursor.
            for (var i = Math.Min(state.Cursor, state.Steps.Length) - 1; i >= 0; i--)
            {
                if (Ends(state, i)) return i;
                if (!state.Plan.Steps[i].FallbackOnly) return -1;
            }

            return -1;
        }

        for (var i = 0; i < state.Steps.Length; i++)
        {
            if (Ends(state, i)) return i;
        }

        return -1;
    }

    private static bool Ends(RunState state, int step) =>
        state.Steps[step].Status == StepStatus.Failed
        && state.Plan.Steps[step].OnError != OnError.Continue
        && !state.Plan.Steps[step].FallbackOnly;
}
