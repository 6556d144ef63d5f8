namespace Aos.Kernel;

/// <summary>A child that was under way when its run ended, and of which it is not known yet what it spent.</summary>
/// <param name="Effect">The order it was begun by.</param>
public sealed record UnsettledChild(EffectId Effect, RunId Run);

/// <summary>Children that outlive their run.</summary>
internal static class Children
{
    /// <summary>What they spend counts in this run, also after its end.</summary>
    internal static bool Settle(RunState state) => state.Start!.Rule >= KernelRule.Settles;

    internal static IReadOnlyList<UnsettledChild> Unsettled(RunState state)
    {
        if (state.End is null || !Settle(state)) return [];
        List<UnsettledChild>? found = null;
        for (var i = -1; (i = state.Steps.Next(i + 1, 0, static (sum, _) => sum.Busy > 0)) >= 0;)
        {
            if (state.Steps[i].Wait is { For: WaitKind.Child, Child: { } child })
                (found ??= []).Add(new UnsettledChild(new EffectId(i, -1, Generation(state.Steps[i])), child));
        }

        return found ?? (IReadOnlyList<UnsettledChild>)[];
    }

    /// <summary>The number of a child of this step that is begun now.</summary>
    internal static int Generation(StepState s) => s.Calls is [var one, ..] ? one.Generation : 0;
}
