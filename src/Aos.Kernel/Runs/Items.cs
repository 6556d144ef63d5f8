namespace Aos.Kernel;

/// <summary>
/// The items of a <c>for_each</c>: so many at once, in their order, until all are over or more have failed than the step tolerates.
/// What happens next follows from how many stand where, so that an event costs the same however many there are.
/// </summary>
internal static class Items
{
    internal static void Continue(Turn turn, PlanStep step)
    {
        var s = turn.State.Steps[step.Index];
        var sum = s.Calls.Sum;
        var isOver = sum.Over(s.Calls.Length) == s.Calls.Length;
        if (HasFailed(turn.State, step) && (step.OnError != OnError.Continue || isOver))
        {
            turn.Fail(step.Index, Why(step, s));
            return;
        }

        if (isOver)
        {
            turn.Add(new StepEnded { At = turn.Now, Step = step.Index, Status = StepStatus.Succeeded });
            return;
        }

        if (Orders.IsPure(turn.State, step.Index)) return;
        var busy = sum.Started + sum.Unknown;
        for (var item = -1; busy < step.MaxParallel && (item = Next(s, item, turn.Now)) >= 0;)
        {
            Steps.Start(turn, step, item);
            if (turn.State.Steps[step.Index].Status.IsOver()) return;
            if (turn.State.Steps[step.Index].Calls[item].Status != CallStatus.Failed) busy++;
            else if (step.OnError != OnError.Continue && HasFailed(turn.State, step)) return;
        }
    }

    /// <summary>Items without effect whose parameters cannot be made fail at once: nobody else would ever say so.</summary>
    internal static void Check(Turn turn, PlanStep step)
    {
        if (!Template.HasExpressions(step.Params)) return;
        var count = turn.State.Steps[step.Index].Calls.Length;
        for (var item = 0; item < count; item++)
        {
            var call = turn.State.Steps[step.Index].Calls[item];
            if (call.Status != CallStatus.Ready || Template.Evaluate(step.Params, new RunScope(turn.State, step.Index, item)).Failure is not { } failure) continue;
            Fail(turn, new EffectId(step.Index, item, call.Generation), failure);
            if (step.OnError != OnError.Continue && HasFailed(turn.State, step)) return;
        }
    }

    internal static void Fail(Turn turn, EffectId effect, Failure failure) =>
        turn.Add(new CallFailed { At = turn.Now, Effect = effect, Outcome = StructuredOutcome.Failed(failure), InputHash = "" });

    /// <summary>Why a call could not go out lies with its item; where the money is short, no other could either.</summary>
    internal static bool IsItsOwn(RunState state, Failure failure) =>
        state.Start!.Rule >= KernelRule.Scale && failure.Code is not ("STEP_CEILING_EXCEEDED" or "RUN_BUDGET_EXCEEDED" or "ACCOUNT_BUDGET_EXCEEDED" or "AGENT_BUDGET_EXCEEDED");

    private static bool HasFailed(RunState state, PlanStep step)
    {
        var calls = state.Steps[step.Index].Calls;
        return calls.Sum.Failed > (state.Start!.Rule >= KernelRule.Scale ? step.Tolerate?.Of(calls.Length) ?? 0 : 0);
    }

    /// <summary>The next item that may be called: ready, or due for its next try.</summary>
    private static int Next(StepState s, int after, DateTimeOffset now) =>
        s.Calls.Next(after + 1, now, static (sum, now) => sum.Ready > 0 || sum.RetryAt <= now);

    private static Failure Why(PlanStep step, StepState s)
    {
        var item = s.Calls.Next(0, 0, static (sum, _) => sum.Failed > 0);
        var first = s.Calls[item].Outcome?.Failure ?? FailureCatalog.Fail("STEP_FAILED", $"Item {item} of step {step.Id} failed.");
        if (step.Tolerate is not { } tolerance) return first;
        return first with
        {
            Message = $"{s.Calls.Sum.Failed} of {s.Calls.Length} items of step {step.Id} failed, {tolerance.Of(s.Calls.Length)} are tolerated. The first, item {item}: {first.Message}",
        };
    }
}
