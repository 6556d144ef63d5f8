using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What came of calls.</summary>
internal static class Calls
{
    internal static Failure? Record(Turn turn, RecordOutcome command)
    {
        var (effect, outcome) = command;
        if (!Knows(turn.State, effect)) return null;
        if (turn.State.Plan.Steps[effect.Step].Kind == StepKind.Child)
        {
            RecordChild(turn, effect, outcome);
            return null;
        }

        var call = Fold.Call(turn.State, effect);
        if (call.Generation != effect.Generation || turn.State.Status.IsOver()) return null;
        var awaited = call.Status is CallStatus.Started or CallStatus.Unknown
            || (call.Status == CallStatus.Ready && !effect.Compensation && Orders.IsPure(turn.State, effect.Step));
        if (!awaited) return null;

        var hash = InputHash(turn.State, effect, call);
        if (outcome.Failure is not { } failure)
        {
            turn.Add(new CallSucceeded { At = turn.Now, Effect = effect, Outcome = outcome, InputHash = hash });
            return null;
        }

        var kind = call.Started?.Class ?? EffectClass.Pure;
        if (kind is EffectClass.AtMostOnce or EffectClass.Reconcilable && Retries.IsAmbiguous(failure))
        {
            if (call.Status != CallStatus.Unknown)
                turn.Add(new CallUnknown { At = turn.Now, Effect = effect, Why = $"{failure.Code}: {failure.Message}" });
            return null;
        }

        var retryAt = Retries.At(turn, effect, call, failure, kind);
        turn.Add(new CallFailed { At = turn.Now, Effect = effect, Outcome = outcome, InputHash = hash, RetryAt = retryAt });
        return null;
    }

    internal static Failure? Lose(Turn turn, RecordUnknown command)
    {
        if (!Knows(turn.State, command.Effect) || turn.State.Status.IsOver()) return null;
        var call = Fold.Call(turn.State, command.Effect);
        if (call.Generation == command.Effect.Generation && call.Status == CallStatus.Started)
            turn.Add(new CallUnknown { At = turn.Now, Effect = command.Effect, Why = command.Why });
        return null;
    }

    internal static Failure? Resolve(Turn turn, ResolveStep command)
    {
        var step = turn.State.Plan.IndexOf(command.StepId);
        if (step < 0) return FailureCatalog.Fail("INVALID_INPUT", $"The plan has no step {command.StepId}.");
        var s = turn.State.Steps[step];
        var at = command.Item >= 0 ? command.Item : IndexOfUnknown(turn.State, s);
        var undoing = IsUndoUnknown(turn.State, s);
        var isUnknown = undoing || (at >= 0 && at < s.Calls.Length && IsUnknown(turn.State, s.Calls[at]));
        if (turn.State.Status.IsOver() && !isUnknown) return FailureCatalog.Fail("RUN_OVER", $"The run is over: {turn.State.Status.Wire()}.");
        if (!isUnknown)
            return FailureCatalog.Fail("INVALID_STATE", $"Step {command.StepId} has no call whose outcome is unknown.");
        var item = s.Items is null && turn.Plan.Steps[step].Kind != StepKind.Agent ? -1 : at;
        var generation = undoing ? s.Compensation!.Generation : s.Calls[at].Generation;
        turn.Add(new CallResolved
        {
            At = turn.Now,
            Effect = new EffectId(step, undoing ? -1 : item, generation, undoing),
            Verdict = command.Verdict,
            Result = command.Result,
        });
        if (command.Verdict == ResolveVerdict.Abort && !undoing && !turn.State.Status.IsOver())
            turn.Fail(step, FailureCatalog.Fail("OUTCOME_UNKNOWN", $"Step {command.StepId} was given up: nobody knows whether it happened."));
        return null;
    }

    internal static string InputHash(RunState state, EffectId effect, CallState call)
    {
        if (call.Started is { } started)
            return ContentHash.Short(started.Turn is null ? started.Params : AgentLoop.Params(state, effect.Step, effect.Item) ?? started.Params);
        var evaluated = Template.Evaluate(state.Plan.Steps[effect.Step].Params, new RunScope(state, effect.Step, effect.Item));
        return evaluated.Value is { } value ? ContentHash.Short(value) : "";
    }

    private static bool Knows(RunState state, EffectId effect) =>
        effect.Step >= 0 && effect.Step < state.Steps.Length && effect.Item < Math.Max(state.Steps[effect.Step].Calls.Length, 1);

    /// <summary>Nobody knows whether it happened: it was lost, or the run ended while it was under way.</summary>
    internal static bool IsUnknown(RunState state, CallState call) => call.Status == CallStatus.Unknown
        || (state.Status.IsOver() && call is { Status: CallStatus.Started, Started.Class: EffectClass.AtMostOnce or EffectClass.Reconcilable });

    /// <summary>The same of what undoes the step.</summary>
    internal static bool IsUndoUnknown(RunState state, StepState s) => s.Compensation is { } undo && IsUnknown(state, undo);

    private static int IndexOfUnknown(RunState state, StepState s)
    {
        for (var i = 0; i < s.Calls.Length; i++)
        {
            if (IsUnknown(state, s.Calls[i])) return i;
        }

        return -1;
    }

    private static void RecordChild(Turn turn, EffectId effect, StructuredOutcome outcome)
    {
        var s = turn.State.Steps[effect.Step];
        if (effect.Compensation || s.Wait is not { For: WaitKind.Child } || Fold.Call(turn.State, effect).Generation != effect.Generation) return;
        if (turn.State.Status.IsOver() && !Children.Settle(turn.State)) return;
        var hash = s.Wait.ChildInputs is { } inputs ? ContentHash.Short(inputs) : "";
        if (outcome.Failure is null)
        {
            turn.Add(new CallSucceeded { At = turn.Now, Effect = effect, Outcome = outcome, InputHash = hash });
            return;
        }

        turn.Add(new CallFailed { At = turn.Now, Effect = effect, Outcome = outcome, InputHash = hash });
    }
}
