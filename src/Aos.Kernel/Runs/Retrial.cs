namespace Aos.Kernel;

/// <summary>A run that is tried again: what is done stays, the rest begins anew.</summary>
internal static class Retrial
{
    internal static RunState Of(RunState state, RunRetried retried) => state with
    {
        Attempt = retried.Attempt,
        Raised = retried.Budget ?? state.Raised,
        StartedAt = retried.At,
        BegunAt = retried.Queued ? null : state.BegunAt,
        End = null,
        EndedAt = null,
        Compensating = null,
        OutputMemory = null,
        Cursor = 0,
        Steps = Anew(state),
        Spent = state.Spent + (Children.Settle(state) ? state.Reserved : Cents.Zero), // A child of the attempt before counts with its whole share.
        Reserved = Children.Settle(state) ? Cents.Zero : state.Reserved,
    };

    /// <summary>What is done stays; the rest begins again.</summary>
    private static Row<StepState, StepSum> Anew(RunState state)
    {
        var plan = state.Plan;
        var steps = state.Steps.Select(s => Of(state, s)).ToArray();
        for (var i = 0; i < steps.Length; i++)
        {
            steps[i].Of = plan.Steps[i];
            if (plan.IsGraph) steps[i] = steps[i] with { Blockers = plan.Steps[i].DependsOn.Count(on => steps[on].Status is not (StepStatus.Succeeded or StepStatus.Skipped) && (steps[on].Wanted || !plan.Steps[on].FallbackOnly)) };
        }

        return [.. steps];
    }

    private static StepState Of(RunState state, StepState s)
    {
        var again = s.Status is StepStatus.Succeeded or StepStatus.Skipped ? s
            : s.Of!.Kind == StepKind.Agent ? Anew(s)
            : Children.Settle(state) && s.Wait is { For: WaitKind.Child } wait ? Again(s, wait)
            : Again(s);
        if (state.Start!.Rule < KernelRule.Undoing || s.Compensation is not { } undo) return again;
        return again with { Compensation = new CallState { Generation = MayHaveHappened(undo) ? undo.Generation : undo.Generation + 1 } };
    }

    /// <summary>The next child has a number of its own, so that what comes of the one before is not taken for its outcome.</summary>
    private static StepState Again(StepState s, WaitStarted wait) => new()
    {
        Cost = s.Cost + (wait.Granted ?? Cents.Zero),
        Calls = [new CallState { Generation = Children.Generation(s) + 1 }],
    };

    private static StepState Again(StepState s) => new()
    {
        Items = null,
        Cost = s.Cost,
        Calls = [.. s.Calls.Select(call => call.Status == CallStatus.Succeeded && s.Items is not null && s.Status != StepStatus.Compensated
            ? call
            : new CallState { Generation = MayHaveHappened(call) ? call.Generation : call.Generation + 1, Rounds = 0 })],
    };

    /// <summary>
    /// A conversation goes on where it broke off; one that reached a limit begins anew, with keys of its own, since it would reach it again.
    /// </summary>
    private static StepState Anew(StepState s)
    {
        var generation = s.Calls.Aggregate(s.Generation, (most, call) => Math.Max(most, call.Generation + 1));
        if (s.Status == StepStatus.Compensated || s.Failure?.Code == "AGENT_LIMIT") return new StepState { Cost = s.Cost, CostBefore = s.Cost, Generation = generation };
        var kept = 0;
        while (kept < s.Calls.Length && (s.Calls[kept] is { Status: CallStatus.Succeeded } or { Status: CallStatus.Failed, Outcome: not null, Started: null or { Turn: null } })) kept++;
        Row<CallState, CallSum> calls = [.. s.Calls.Take(kept)];
        if (kept < s.Calls.Length && s.Calls[kept] is { } broken) calls = calls.Add(new CallState { Generation = MayHaveHappened(broken) ? broken.Generation : broken.Generation + 1 });
        return new StepState { Cost = s.Cost, CostBefore = s.CostBefore, Generation = s.Generation, Calls = calls, Memory = kept > 0 ? s.Memory : null };
    }

    /// <summary>Then a further try carries the same key, so that the other side can tell that it is the same.</summary>
    private static bool MayHaveHappened(CallState call) =>
        call.Status == CallStatus.Started || (call.Status is CallStatus.Failed or CallStatus.Delayed && IsAmbiguous(call.Outcome));

    internal static bool IsAmbiguous(StructuredOutcome? outcome) => outcome?.Failure is { } failure && Retries.IsAmbiguous(failure);
}
