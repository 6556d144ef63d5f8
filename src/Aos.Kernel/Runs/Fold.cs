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
                Calls = s.Calls.Length == listed.Items.GetArrayLength() ? s.Calls : Ready(listed.Items.GetArrayLength()),
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
            RunPaused paused => state with { IsPaused = true, Pause = paused },
            RunResumed => state with { IsPaused = false, IsQuarantined = false, Pause = null },
            RunQuarantined => state with { IsQuarantined = true },
            RunRetried retried => Retrial.Of(state, retried),
            CompensationStarted compensation => state with { Compensating = compensation },
            RunEnded ended => state with
            {
                End = ended, EndedAt = e.At, IsPaused = false, Pause = null, Compensating = null,
                Spent = state.Spent + state.Reserved - Granted(state), Reserved = Children.Settle(state) ? Granted(state) : Cents.Zero,
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
        Steps = started.Plan.IsGraph
            ? [.. started.Plan.Steps.Select(step => new StepState { Of = step, Blockers = step.DependsOn.Count(on => !started.Plan.Steps[on].FallbackOnly) })]
            : [.. started.Plan.Steps.Select(step => new StepState { Of = step })],
    };

    private static Row<CallState, CallSum> Ready(int count)
    {
        var calls = new CallState[count];
        Array.Fill(calls, CallState.First);
        return Row.Create<CallState, CallSum>(calls);
    }

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
        var next = call with
        {
            Status = CallStatus.Succeeded, Outcome = done.Outcome, InputHash = done.InputHash, Rounds = NextRound(state, step, call), RetryAt = null,
        };
        return Settled(state, done.Effect, next, done.Outcome.Cost, done.At, s =>
        {
            if (done.Effect.Compensation) s.Status = StepStatus.Compensated;
            else if (EndsWithItsCall(state, step)) (s.Status, s.Result, s.EndedAt, s.Wait) = (StepStatus.Succeeded, done.Outcome.Result, done.At, null);
        });
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
            Generation = failed.RetryAt is null || Retrial.IsAmbiguous(failed.Outcome) ? call.Generation : call.Generation + 1,
        }, failed.Outcome.Cost, failed.At, s =>
        {
            // A child that was over after its run: nothing follows from it any more.
            if (state.End is not null && s.Of is { Kind: StepKind.Child }) (s.Status, s.Failure, s.EndedAt) = (StepStatus.Failed, failed.Outcome.Failure, failed.At);
        });
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

    /// <summary>What children under way have to themselves.</summary>
    private static Cents Granted(RunState state)
    {
        var sum = Cents.Zero;
        foreach (var s in state.Steps) sum += s.Wait?.Granted ?? Cents.Zero;
        return sum;
    }

    /// <summary>What a child had to itself counts as spent when nobody waits for it any more.</summary>
    private static RunState Lost(RunState state, int step, Cents granted) =>
        WithStep(state, step, s => s with { Cost = s.Cost + granted }) with { Reserved = state.Reserved - granted, Spent = state.Spent + granted };

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
    /// The outcome of a call, which ends its reservation: the actual cost counts, or the whole reservation when nobody knows.
    /// </summary>
    /// <param name="finish">What else becomes of the step, which is new and nobody else's yet.</param>
    private static RunState Settled(RunState state, EffectId effect, CallState call, Cents? cost, DateTimeOffset at, Action<StepState>? finish = null)
    {
        var before = Call(state, effect);
        var s = Called(state, effect, call, at);
        finish?.Invoke(s);
        if (before.Status == CallStatus.Unknown) return WithStep(state, effect.Step, s); // The worst case is already paid.
        var reserved = before.Started is { } started && started.Effect == effect ? started.Reserved : state.Steps[effect.Step].Wait?.Granted ?? Cents.Zero;
        var paid = cost ?? reserved;
        s.Cost += paid;
        return WithStep(state, effect.Step, s) with
        {
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

    /// <summary>The run with this step. In a graph, those that wait for it learn that it is over, or open again.</summary>
    private static RunState WithStep(RunState state, int step, StepState s)
    {
        var before = state.Steps[step];
        if (s.Of is null) s = s with { Of = before.Of, Blockers = before.Blockers };
        var steps = state.Steps.SetItem(step, s);
        if (before.IsOpen != s.IsOpen && state.Plan.IsGraph)
        {
            var more = s.IsOpen ? 1 : -1;
            foreach (var other in state.Plan.DependentsOf(step)) steps = steps.SetItem(other, steps[other] with { Blockers = steps[other].Blockers + more });
        }

        return state with { Steps = steps };
    }

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
        var open = Open.Sum(state);
        return open.Working + open.Ready > 0 ? RunStatus.Running
            : open.Waiting > 0 ? RunStatus.Waiting
            : open.Delayed > 0 ? RunStatus.Retry
            : RunStatus.Running;
    }
}
