using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What people and the clock want of a run.</summary>
internal static class Commands
{
    private const string Cancelled = "The run was cancelled";

    internal static Decision Start(Turn turn, StartRun start)
    {
        if (turn.State.Start is not null) return Decision.Nothing;
        turn.Add(new RunStarted
        {
            At = turn.Now,
            Run = start.Run,
            Tenant = start.Tenant,
            AgentId = start.AgentId,
            Plan = start.Plan,
            Inputs = start.Inputs,
            Seed = start.Seed,
            Budget = Cents.Lower(start.Budget, start.Plan.Budget),
            Terms = start.Terms,
            Labels = start.Labels,
            Parent = start.Parent,
            Charged = start.Charged,
            Webhook = start.Webhook,
            Priority = start.Priority,
            Queued = start.Queued,
            Workflow = start.Workflow,
            Fork = start.Fork,
            Calls = ExternalCalls.Narrow(start.Calls, start.Plan.Calls),
            Rule = start.Rule ?? RuleOf(start),
        });
        foreach (var taken in start.Taken) turn.Add(taken with { At = turn.Now });
        Progress.Advance(turn);
        return new Decision(null, turn.Events) { After = turn.State };
    }

    /// <summary>The lowest rule that knows all the run needs: nodes of older builds go on with what they can.</summary>
    private static KernelRule RuleOf(StartRun start)
    {
        if (start.Plan.Steps.Any(step => step.Compensate is not null)) return KernelRule.Insists;
        if (Memories.Reads(start.Plan)) return KernelRule.Memory;
        if (start.Plan.Steps.Any(step => step.Kind == StepKind.Child)) return KernelRule.Settles;
        if (NeedsScale(start.Plan)) return KernelRule.Scale;
        if (start.Taken.Any(step => step.Calls.Length > 0 && start.Plan.Steps[step.Step].Kind == StepKind.Agent)) return KernelRule.Undoing;
        if (start.Calls is not null || MindsCalls(start.Plan)) return KernelRule.Calls;
        if (start.Fork is not null) return KernelRule.Fork;
        if (start.Plan.Workflows.Count > 0) return KernelRule.Workflows;
        if (NeedsAgents(start.Plan)) return KernelRule.Agents;
        return start.Queued ? KernelRule.Queue : KernelRule.First;
    }

    /// <summary>Child runs are begun by the node that drives their parent.</summary>
    private static bool NeedsAgents(Plan plan) => plan.Steps.Any(step =>
        step.Agent is not null || step.Await?.Approval is not null || (step.Child?.Read is { } child && NeedsAgents(child)));

    /// <summary>A node that does not know the rule would let its calls go out, those of child runs too.</summary>
    private static bool MindsCalls(Plan plan) => plan.Calls is not null || plan.Steps.Any(step => step.Child?.Read is { } child && MindsCalls(child));

    /// <summary>Of a graph that never has more steps at once than the older limit nothing is decided otherwise.</summary>
    private static bool NeedsScale(Plan plan) => plan.MaxParallelSteps is not null || (plan.IsGraph && plan.Steps.Length > RunMachine.ParallelStepsBefore)
        || plan.Steps.Any(step => step.ForEach is not null);

    internal static Failure? Begin(Turn turn)
    {
        if (turn.State is { BegunAt: null, IsPaused: false, IsQuarantined: false, End: null }) turn.Add(new RunBegan { At = turn.Now });
        return null;
    }

    internal static Failure? Wake(Turn turn)
    {
        var state = turn.State;
        if (!Progress.Drives(state)) return null;
        if (state.Plan.Timeout is { } timeout && turn.Now >= state.StartedAt + timeout)
        {
            var failure = FailureCatalog.Fail("RUN_TIMEOUT", $"The run took longer than its timeout of {Text.Of(timeout)}.");
            Progress.End(turn, RunStatus.Failed, null, failure);
            return null;
        }

        Waits.Due(turn);
        return null;
    }

    internal static Failure? Cancel(Turn turn, CancelRun cancel)
    {
        if (turn.State.Status.IsOver()) return Over(turn.State);
        Progress.End(turn, RunStatus.Cancelled, null, FailureCatalog.Fail("CANCELLED", Sentence(Cancelled, cancel.Reason)));
        return null;
    }

    /// <summary>A run that stands still is stopped too: it must not go on once the switch is forgotten.</summary>
    internal static Failure? Stop(Turn turn, StopRun stop)
    {
        if (turn.State.Status.IsOver()) return Over(turn.State);
        Progress.End(turn, RunStatus.Failed, null, stop.Why);
        return null;
    }

    /// <summary>The reason a cancelled run's message was made of: a replay gives the same order again.</summary>
    internal static string CancelReason(string message) =>
        message.StartsWith(Cancelled + ": ", StringComparison.Ordinal) ? message[(Cancelled.Length + 2)..] : "";

    internal static Failure? Pause(Turn turn, PauseRun pause)
    {
        if (turn.State.Status.IsOver()) return Over(turn.State);
        // A person's word counts above that of a budget: the run waits for a person from then on.
        if (!turn.State.IsPaused || (turn.State.Pause?.Why is not null && pause.Why is null)) turn.Add(new RunPaused { At = turn.Now, Reason = pause.Reason, Why = pause.Why });
        return null;
    }

    internal static Failure? Resume(Turn turn, ResumeRun resume)
    {
        if (turn.State.Status.IsOver()) return Over(turn.State);
        if (resume.OfBudget && (turn.State.IsQuarantined || turn.State.Pause?.Why is null))
            return FailureCatalog.Fail("RUN_NOT_PAUSED", "No shared budget holds the run.");
        if (!turn.State.IsPaused && !turn.State.IsQuarantined)
            return FailureCatalog.Fail("RUN_NOT_PAUSED", $"The run is {turn.State.Status.Wire()}, neither paused nor quarantined.");
        turn.Add(new RunResumed { At = turn.Now, Reason = resume.Reason });
        return Wake(turn);
    }

    internal static Failure? Retry(Turn turn, RetryRun retry)
    {
        var state = turn.State;
        if (retry.Of is { } attempt && attempt != state.Attempt)
            return FailureCatalog.Fail("INVALID_STATE", $"Attempt {attempt} was to be retried; the run is at attempt {state.Attempt} by now.");
        if (state.Status is not (RunStatus.Failed or RunStatus.Cancelled))
            return FailureCatalog.Fail("INVALID_STATE", $"Only a failed or cancelled run can be retried; this one is {state.Status.Wire()}.");
        if (retry.Budget is { } raised && raised <= state.Spent)
            return FailureCatalog.Fail("INVALID_INPUT", $"A budget of {raised} cents leaves nothing to a run that has spent {state.Spent}. Name what it may spend in all.");
        for (var i = 0; i < state.Steps.Length; i++)
        {
            if (!state.Steps[i].Calls.Any(call => Calls.IsUnknown(state, call)) && !Calls.IsUndoUnknown(state, state.Steps[i])) continue;
            return FailureCatalog.Fail(
                "OUTCOME_UNKNOWN", $"Nobody knows whether step {state.Plan.Steps[i].Id} happened. Resolve it before the retry.");
        }

        turn.Add(new RunRetried { At = turn.Now, Attempt = state.Attempt + 1, Reason = retry.Reason, Queued = retry.Queued, Suggestion = retry.Suggestion, Budget = retry.Budget });
        return null;
    }

    internal static Failure? Signal(Turn turn, SignalRun signal)
    {
        var state = turn.State;
        if (state.SignalIds.Contains(signal.Id)) return null;
        if (state.Status.IsOver()) return Over(state);
        if (state.Signals.Length >= RunMachine.SignalsMax)
            return FailureCatalog.Fail("QUOTA_EXHAUSTED", $"The run already keeps {RunMachine.SignalsMax} signals that no step has awaited.");
        turn.Add(new SignalReceived { At = turn.Now, Id = signal.Id, Name = signal.Name, Payload = signal.Payload });
        if (Progress.Drives(turn.State)) Waits.TakeSignals(turn);
        return null;
    }

    internal static Failure? Quarantine(Turn turn, QuarantineRun quarantine)
    {
        if (turn.State.Status.IsOver()) return Over(turn.State);
        if (!turn.State.IsQuarantined) turn.Add(new RunQuarantined { At = turn.Now, Reason = quarantine.Reason });
        return null;
    }

    private static Failure Over(RunState state) =>
        FailureCatalog.Fail("RUN_OVER", $"The run is over: {state.Status.Wire()}.");

    private static string Sentence(string text, string reason) => reason.Length == 0 ? text + "." : $"{text}: {reason}";
}
