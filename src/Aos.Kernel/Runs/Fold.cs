using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Folds events into the state.</summary>
internal static class Fold
{
    internal static RunState Evolve(RunState state, RunEvent e)
    {
        var next = e switch
        {
            RunStarted started => Started(started),
            StepTaken taken => WithStep(state, taken.Step, Forks.Fold(state, taken)),
            StepStarted started => Ordered(state, started),
            ItemsListed listed => WithStep(state, listed.Step, s => s with
            {
                Items = listed.Items,
                Status = StepStatus.Running,
                StartedAt = s.StartedAt ?? e.At,
                Calls = s.Calls.Length == listed.Items.GetArrayLength()
                    ? s.Calls
                    : [.. Enumerable.Repeat(CallState.First, listed.Items.GetArrayLength())],
            }),
            CallSucceeded done => Succeeded(state, done),
            CallFailed failed => Failed(state, failed),
            CallUnknown unknown => Settled(state, unknown.Effect, Call(state, unknown.Effect) with { Status = CallStatus.Unknown }, null, e.At),
            CallResolved resolved => Resolved(state, resolved),
            WaitStarted wait => WithStep(state, wait.Step, s => s with
            {
                Wait = wait, Status = StepStatus.Waiting, StartedAt = s.StartedAt ?? e.At,
            }) with { Reserved = state.Reserved + (wait.Granted ?? Cents.Zero) },
            StepEnded ended => Ended(state, ended),
            ApprovalDecided { Item: < 0 } decided => WithStep(state, decided.Step, s => s with { Approval = decided }),
            ApprovalDecided decided => Decided(state, decided),
            SignalReceived signal => state with { Signals = state.Signals.Add(signal), SignalIds = state.SignalIds.Add(signal.Id) },
            MemoryRead { Step: < 0 } read => state with { OutputMemory = read },
            MemoryRead read => WithStep(state, read.Step, s => s with { Memory = read }),
            RunBegan => state with { BegunAt = e.At, StartedAt = e.At },
            RunPaused => state with { IsPaused = true },
            RunResumed => state with { IsPaused = false, IsQuarantined = false },
            RunQuarantined => state with { IsQuarantined = true },
            RunRetried retried => Retried(state, retried),
            CompensationStarted compensation => state with { Compensating = compensation },
            RunEnded ended => state with
            {
                End = ended, EndedAt = e.At, IsPaused = false, Compensating = null, Spent = state.Spent + state.Reserved - Granted(state), Reserved = Cents.Zero,
            },
            _ => throw new UnreachableException($"No arm for {e.GetType().Name}."),
        };
        // Every arm has made a state of its own, which nobody else knows yet.
        (next.Seq, next.LastAt) = (state.Seq + 1, e.At);
        next.Cursor = Cursor(next);
        next.Status = Status(next);
        return next;
    }

    private static RunState Started(RunStarted started) => RunState.Empty with
    {
        Start = started,
        StartedAt = started.At,
        BegunAt = started.Queued ? null : started.At,
        Spent = started.Charged,
        Steps = [.. Enumerable.Repeat(new StepState(), started.Plan.Steps.Length)],
    };

    private static RunState Ordered(RunState state, StepStarted started)
    {
        var call = Call(state, started.Effect);
        var next = call with
        {
            Status = CallStatus.Started,
            Attempts = call.Status == CallStatus.Succeeded ? 1 : call.Attempts + 1,
            Generation = started.Effect.Generation,
            Started = started,
            RetryAt = null,
        };
        return WithStep(state, started.Effect.Step, Called(state, started.Effect, next, started.At)) with { Reserved = state.Reserved + started.Reserved };
    }

    /// <summary>A tool call that may be made now, or may not.</summary>
    private static RunState Decided(RunState state, ApprovalDecided decided)
    {
        var effect = new EffectId(decided.Step, decided.Item, 0);
        return WithStep(state, decided.Step, Called(state, effect, Call(state, effect) with { Approval = decided }, decided.At));
    }

    private static RunState Succeeded(RunState state, CallSucceeded done)
    {
        var (step, call) = (done.Effect.Step, Call(state, done.Effect));
        var next = Settled(state, done.Effect, call with
        {
            Status = CallStatus.Succeeded, Outcome = done.Outcome, InputHash = done.InputHash, Rounds = NextRound(state, step, call), RetryAt = null,
        }, done.Outcome.Cost, done.At);
        var s = next.Steps[step];
        if (done.Effect.Compensation) s.Status = StepStatus.Compensated;
        else if (EndsWithItsCall(next, step)) (s.Status, s.Result, s.EndedAt, s.Wait) = (StepStatus.Succeeded, done.Outcome.Result, done.At, null);
        return next;
    }

    private static bool EndsWithItsCall(RunState state, int step) =>
        state.Steps[step].Items is null && state.Plan.Steps[step] is { Repeat: null, Kind: not StepKind.Agent };

    /// <summary>An agent step has turns, not rounds.</summary>
    private static int NextRound(RunState state, int step, CallState call) => state.Plan.Steps[step].Kind == StepKind.Agent ? 0 : call.Rounds + 1;

    private static RunState Failed(RunState state, CallFailed failed)
    {
        var call = Call(state, failed.Effect);
        return Settled(state, failed.Effect, call with
        {
            Status = failed.RetryAt is null ? CallStatus.Failed : CallStatus.Delayed,
            Attempts = call.Started is null ? call.Attempts + 1 : call.Attempts,
            Outcome = failed.Outcome,
            InputHash = failed.InputHash,
            RetryAt = failed.RetryAt,
            Generation = failed.RetryAt is null || IsAmbiguous(failed.Outcome) ? call.Generation : call.Generation + 1,
        }, failed.Outcome.Cost, failed.At);
    }

    private static RunState Resolved(RunState state, CallResolved resolved)
    {
        var (step, call) = (resolved.Effect.Step, Call(state, resolved.Effect));
        var s = Called(state, resolved.Effect, resolved.Verdict switch
        {
            ResolveVerdict.Done => call with
            {
                Status = CallStatus.Succeeded, Outcome = StructuredOutcome.Succeeded(resolved.Result), Rounds = NextRound(state, step, call),
            },
            ResolveVerdict.NotDone => call with { Status = CallStatus.Ready, Generation = call.Generation + 1 },
            _ => call with { Status = CallStatus.Failed },
        }, resolved.At);
        if (resolved.Verdict == ResolveVerdict.Done && !resolved.Effect.Compensation && EndsWithItsCall(state, step))
            (s.Status, s.Result, s.EndedAt) = (StepStatus.Succeeded, resolved.Result, resolved.At);
        if (resolved is { Verdict: ResolveVerdict.Done, Effect.Compensation: true } && state.Start!.Rule >= KernelRule.Undoing) s.Status = StepStatus.Compensated;
        return WithStep(state, step, s);
    }

    private static RunState Ended(RunState state, StepEnded ended)
    {
        var next = WithStep(state, ended.Step, s => s with
        {
            // A step that asked for its fallback stays open until the fallback is over.
            Status = ended is { Fallback: not null, Status: StepStatus.Failed } ? StepStatus.Running : ended.Status,
            Result = s.Items is not null && ended.Result is null ? Results(s) : ended.Result,
            Failure = ended.Failure,
            Fallback = ended.Fallback ?? s.Fallback,
            Wait = null,
            StartedAt = s.StartedAt ?? ended.At,
            EndedAt = ended.At,
        });
        if (ended is { Fallback: { } fallback, Status: StepStatus.Failed })
            next = WithStep(next, fallback, s => s with { Wanted = true });
        if (state.Steps[ended.Step].Wait?.Granted is { } granted) next = Lost(next, ended.Step, granted);
        if (state.Steps[ended.Step].Wait is null && state.Plan.Steps[ended.Step].Await?.Signal is null) return next;
        return ended.Status == StepStatus.Succeeded && state.Plan.Steps[ended.Step].Await?.Signal is { } name
            ? next with { Signals = WithoutFirst(next.Signals, name) }
            : next;
    }

    /// <summary>What children under way have to themselves: they end with their run, and what they did spend stands in their own records.</summary>
    private static Cents Granted(RunState state)
    {
        var sum = Cents.Zero;
        foreach (var s in state.Steps) sum += s.Wait?.Granted ?? Cents.Zero;
        return sum;
    }

    /// <summary>What a child had to itself counts as spent when nobody waits for it any more.</summary>
    private static RunState Lost(RunState state, int step, Cents granted) =>
        WithStep(state, step, s => s with { Cost = s.Cost + granted }) with { Reserved = state.Reserved - granted, Spent = state.Spent + granted };

    private static RunState Retried(RunState state, RunRetried retried) => state with
    {
        Attempt = retried.Attempt,
        StartedAt = retried.At,
        BegunAt = retried.Queued ? null : state.BegunAt,
        End = null,
        EndedAt = null,
        Compensating = null,
        OutputMemory = null,
        Cursor = 0,
        Steps = [.. state.Steps.Select((s, i) => Retried(state, s, i))],
    };

    private static StepState Retried(RunState state, StepState s, int step)
    {
        var again = s.Status is StepStatus.Succeeded or StepStatus.Skipped ? s : state.Plan.Steps[step].Kind == StepKind.Agent ? Anew(s) : Again(s);
        if (state.Start!.Rule < KernelRule.Undoing || s.Compensation is not { } undo) return again;
        return again with { Compensation = new CallState { Generation = MayHaveHappened(undo) ? undo.Generation : undo.Generation + 1 } };
    }

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
        var calls = s.Calls[..kept];
        if (kept < s.Calls.Length && s.Calls[kept] is { } broken) calls = calls.Add(new CallState { Generation = MayHaveHappened(broken) ? broken.Generation : broken.Generation + 1 });
        return new StepState { Cost = s.Cost, CostBefore = s.CostBefore, Generation = s.Generation, Calls = calls, Memory = kept > 0 ? s.Memory : null };
    }

    /// <summary>Then a further try carries the same key, so that the other side can tell that it is the same.</summary>
    private static bool MayHaveHappened(CallState call) =>
        call.Status == CallStatus.Started || (call.Status is CallStatus.Failed or CallStatus.Delayed && IsAmbiguous(call.Outcome));

    private static bool IsAmbiguous(StructuredOutcome? outcome) => outcome?.Failure is { } failure && Retries.IsAmbiguous(failure);

    internal static JsonElement Results(StepState s) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var call in s.Calls)
        {
            if (call is { Status: CallStatus.Succeeded, Outcome: { } outcome }) outcome.Result.WriteTo(writer);
            else writer.WriteNullValue();
        }

        writer.WriteEndArray();
    });

    private static ImmutableArray<SignalReceived> WithoutFirst(ImmutableArray<SignalReceived> signals, string name)
    {
        for (var i = 0; i < signals.Length; i++)
        {
            if (string.Equals(signals[i].Name, name, StringComparison.Ordinal)) return signals.RemoveAt(i);
        }

        return signals;
    }

    /// <summary>
    /// The outcome of a call, which ends its reservation: the actual cost counts, or the whole reservation when nobody knows. The
    /// step in it is new and nobody else's yet.
    /// </summary>
    private static RunState Settled(RunState state, EffectId effect, CallState call, Cents? cost, DateTimeOffset at)
    {
        var before = Call(state, effect);
        var s = Called(state, effect, call, at);
        if (before.Status == CallStatus.Unknown) return WithStep(state, effect.Step, s); // The worst case is already paid.
        var reserved = before.Started is { } started && started.Effect == effect ? started.Reserved : state.Steps[effect.Step].Wait?.Granted ?? Cents.Zero;
        var paid = cost ?? reserved;
        s.Cost += paid;
        return state with
        {
            Steps = state.Steps.SetItem(effect.Step, s),
            Reserved = state.Reserved - reserved < Cents.Zero ? Cents.Zero : state.Reserved - reserved,
            Spent = state.Spent + paid,
        };
    }

    internal static CallState Call(RunState state, EffectId effect)
    {
        var s = state.Steps[effect.Step];
        if (effect.Compensation) return s.Compensation ?? CallState.First;
        var at = Math.Max(effect.Item, 0);
        return at < s.Calls.Length ? s.Calls[at] : s.Generation == 0 ? CallState.First : CallState.First with { Generation = s.Generation };
    }

    /// <summary>A copy of the step with its newest call.</summary>
    private static StepState Called(RunState state, EffectId effect, CallState call, DateTimeOffset at)
    {
        var s = state.Steps[effect.Step];
        if (effect.Compensation) return s with { Compensation = call };
        return s with
        {
            Calls = Math.Max(effect.Item, 0) is var item && item >= s.Calls.Length ? s.Calls.Add(call) : s.Calls.SetItem(item, call),
            Status = s.Status is StepStatus.Pending or StepStatus.Waiting ? StepStatus.Running : s.Status,
            Wait = null,
            StartedAt = s.StartedAt ?? at,
        };
    }

    private static RunState WithStep(RunState state, int step, StepState s) => state with { Steps = state.Steps.SetItem(step, s) };

    private static RunState WithStep(RunState state, int step, Func<StepState, StepState> change) => WithStep(state, step, change(state.Steps[step]));

    private static int Cursor(RunState state)
    {
        if (state.Plan.IsGraph) return 0;
        var cursor = state.Cursor;
        while (cursor < state.Steps.Length && (state.Steps[cursor].Status.IsOver() || state.Plan.Steps[cursor].FallbackOnly)) cursor++;
        return cursor;
    }

    private static RunStatus Status(RunState state)
    {
        if (state.End is { } end) return end.Status;
        if (state.IsQuarantined) return RunStatus.Quarantined;
        if (state.IsPaused) return RunStatus.Paused;
        if (state.BegunAt is null) return RunStatus.Queued;
        if (state.Compensating is not null) return RunStatus.Running;
        bool waits = false, delays = false;
        foreach (var i in Open.Steps(state))
        {
            var s = state.Steps[i];
            if (s.Status == StepStatus.Waiting) waits = true;
            else if (s.Status == StepStatus.Running && s.Fallback is null)
            {
                foreach (var call in s.Calls)
                {
                    if (call.Status is CallStatus.Started or CallStatus.Ready) return RunStatus.Running;
                    delays |= call.Status == CallStatus.Delayed;
                    waits |= call.Status == CallStatus.Unknown;
                }
            }
            else if (s.Status == StepStatus.Pending && Open.IsReady(state, i)) return RunStatus.Running;
        }

        return waits ? RunStatus.Waiting : delays ? RunStatus.Retry : RunStatus.Running;
    }
}
