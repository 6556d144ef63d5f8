namespace Aos.Kernel;

/// <summary>Duration of a plan when independent steps run at once.</summary>
internal static class CriticalPath
{
    /// <summary>Milliseconds from the first step to the end of the last. Steps that only run as a fallback are not on it.</summary>
    internal static long Of(Plan plan, ReadOnlySpan<StepEstimate> steps)
    {
        if (!plan.IsGraph)
        {
            var sum = 0L;
            for (var i = 0; i < steps.Length; i++) sum += Latency(plan, steps, i);
            return sum;
        }

        var ends = new long[steps.Length];
        var longest = 0L;
        if (IsInOrder(plan))
        {
            for (var i = 0; i < ends.Length; i++) longest = Math.Max(longest, End(plan, steps, ends, i));
            return longest;
        }

        foreach (var i in InOrder(plan)) longest = Math.Max(longest, End(plan, steps, ends, i));
        return longest;
    }

    private static long End(Plan plan, ReadOnlySpan<StepEstimate> steps, long[] ends, int index)
    {
        var start = 0L;
        foreach (var dependency in plan.Steps[index].DependsOn) start = Math.Max(start, ends[dependency]);
        return ends[index] = start + Latency(plan, steps, index);
    }

    /// <summary>Most plans are written in an order in which they can run.</summary>
    private static bool IsInOrder(Plan plan)
    {
        foreach (var step in plan.Steps)
        {
            foreach (var dependency in step.DependsOn)
            {
                if (dependency >= step.Index) return false;
            }
        }

        return true;
    }

    private static long Latency(Plan plan, ReadOnlySpan<StepEstimate> steps, int index) => plan.Steps[index].FallbackOnly ? 0 : steps[index].LatencyMs;

    /// <summary>Every step after those it depends on; a plan that was read has no cycle.</summary>
    private static List<int> InOrder(Plan plan)
    {
        var open = new int[plan.Steps.Length];
        var dependents = new List<int>?[plan.Steps.Length];
        var order = new List<int>(plan.Steps.Length);
        for (var i = 0; i < open.Length; i++)
        {
            open[i] = plan.Steps[i].DependsOn.Length;
            if (open[i] == 0) order.Add(i);
            foreach (var dependency in plan.Steps[i].DependsOn) (dependents[dependency] ??= []).Add(i);
        }

        for (var next = 0; next < order.Count; next++)
        {
            foreach (var dependent in dependents[order[next]] ?? [])
            {
                if (--open[dependent] == 0) order.Add(dependent);
            }
        }

        return order;
    }
}
