using System.Text.Json;

namespace Aos.Kernel;

/// <summary>A run decided again from the facts in its journal.</summary>
/// <param name="State">As far as both histories agree, or the end.</param>
/// <param name="Seq">The first event that the machine does not decide as written; null: none.</param>
/// <param name="Reason">What it decides instead.</param>
public sealed record MachineReplay(RunState State, int? Seq, string? Reason)
{
    /// <summary>
    /// Replays a journal without calling anything: what the world said (outcomes, signals, people's orders, the time) is
    /// taken from the events, everything that followed from it is decided anew and compared event by event.
    /// </summary>
    /// <param name="text">The stored form of an event, without its number: two events are the same when it is.</param>
    public static MachineReplay Of(IReadOnlyList<RunEvent> journal, Func<RunEvent, string> text) =>
        Of(journal, (decided, at) => text(decided) == text(journal[at]));

    /// <inheritdoc cref="Of(IReadOnlyList{RunEvent}, Func{RunEvent, string})"/>
    /// <param name="isSame">Whether an event is the one that stands in the journal at this place, from 0.</param>
    public static MachineReplay Of(IReadOnlyList<RunEvent> journal, Func<RunEvent, int, bool> isSame)
    {
        var state = RunState.Empty;
        RefusedCall? refused = null;
        for (var at = 0; at < journal.Count;)
        {
            var decision = Decide(state, journal, at, refused);
            var (decided, before, first) = (decision.Events, state, at);
            if (decided.Count == 0)
                return new MachineReplay(state, at + 1, $"Event {at + 1} ({journal[at].GetType().Name}) follows from nothing: the machine decides nothing here.");
            RefusedCall? next = null;
            var isCut = false;
            foreach (var e in decided)
            {
                if (at == journal.Count && at > first && IsPaid(e)) return new MachineReplay(Upto(at), null, null); // It is about to be decided.
                if (at == journal.Count) return new MachineReplay(Upto(at), at, $"After event {at} the machine also decides {e.GetType().Name}, which is not in the journal.");
                if (!isSame(e, at))
                {
                    next = Refused(e, journal[at]);
                    isCut = IsPaid(e) && (at > first || (next is not null && refused is null));
                    if (!isCut) return new MachineReplay(Upto(at), at + 1, Differs(at + 1, e, journal[at]));
                    break;
                }

                at++;
            }

            state = isCut ? Upto(at) : decision.From(before);
            refused = next;

            RunState Upto(int end) => decided.Take(end - first).Aggregate(before, RunMachine.Evolve);
        }

        return new MachineReplay(state, null, null);
    }

    /// <summary>
    /// A paid order waits until what came before it is stored, where a budget is shared: then it is decided again, at its own time, from the
    /// state before it.
    /// </summary>
    private static bool IsPaid(RunEvent decided) => decided is StepStarted { Reserved: var reserved } && reserved > Cents.Zero;

    /// <summary>Where a call was to begin, a shared budget had no room for it: a fact of the world like an outcome. Null: the journal says nothing of the kind.</summary>
    private static RefusedCall? Refused(RunEvent decided, RunEvent stored) => !IsPaid(decided) || decided is not StepStarted { Effect: var effect } ? null
        : stored switch
        {
            RunPaused { Why: { } why } => new RefusedCall(effect, why),
            StepEnded { Status: StepStatus.Failed, Failure: { } why } when SharedBudgets.IsRefusal(why) => new RefusedCall(effect, why),
            CallFailed { Outcome.Failure: { } why } when SharedBudgets.IsRefusal(why) => new RefusedCall(effect, why),
            _ => null,
        };

    private static string Differs(int seq, RunEvent decided, RunEvent stored) => decided.GetType() == stored.GetType()
        ? $"Event {seq} ({stored.GetType().Name}) is not what the machine decides from the facts before it."
        : $"Event {seq} is {stored.GetType().Name}, the machine decides {decided.GetType().Name}.";

    private static Decision Decide(RunState state, IReadOnlyList<RunEvent> journal, int at, RefusedCall? refused)
    {
        var fact = journal[at];
        var facts = new Facts(fact.At) { Refused = refused };
        if (state.Start is null && fact is not RunStarted) return Decision.Nothing;
        var command = Command(state, fact);
        // What a fork took over is a fact like an outcome: it is given again with the start.
        if (command is StartRun start) command = start with { Taken = [.. journal.Skip(at + 1).TakeWhile(e => e is StepTaken).Cast<StepTaken>()] };
        var decision = command is not null ? RunMachine.Decide(state, command, facts) : Decision.Nothing;
        return decision.Events.Count > 0 || state.Start is null ? decision : RunMachine.Decide(state, new WakeRun(), facts);
    }

    /// <summary>The command that brings this event about, or null: only time does.</summary>
    private static RunCommand? Command(RunState state, RunEvent fact) => fact switch
    {
        RunStarted e => new StartRun(e.Run, e.Tenant, e.AgentId, e.Plan, e.Inputs, e.Seed, e.Budget, e.Terms, e.Labels, e.Parent) { Charged = e.Charged, Webhook = e.Webhook, Priority = e.Priority, Queued = e.Queued, Workflow = e.Workflow, Fork = e.Fork, Calls = e.Calls, Rule = e.Rule },
        RunBegan => new BeginRun(),
        MemoryRead e when e.Step < state.Steps.Length => new RecordMemory(Memories.Effect(state, e.Step), e.Entries, e.Failure),
        CallSucceeded e => new RecordOutcome(e.Effect, e.Outcome),
        CallFailed e => new RecordOutcome(e.Effect, e.Outcome),
        CallUnknown e => new RecordUnknown(e.Effect, e.Why),
        CallResolved e when e.Effect.Step >= 0 && e.Effect.Step < state.Steps.Length =>
            new ResolveStep(state.Plan.Steps[e.Effect.Step].Id, e.Effect.Item, e.Verdict, e.Result),
        ApprovalDecided { IsTimeout: false } e when e.Step >= 0 && e.Step < state.Steps.Length =>
            new DecideApproval(e.Id, state.Plan.Steps[e.Step].Id, e.Item, e.Approved, e.By, e.Note, e.Level),
        SignalReceived e => new SignalRun(e.Id, e.Name, e.Payload),
        RunPaused e => new PauseRun(e.Reason) { Why = e.Why },
        RunResumed e => new ResumeRun(e.Reason),
        RunQuarantined e => new QuarantineRun(e.Reason),
        RunRetried e => new RetryRun(e.Reason) { Queued = e.Queued, Suggestion = e.Suggestion, Budget = e.Budget },
        RunEnded { Status: RunStatus.Cancelled, Failure.Message: { } message } => new CancelRun(Commands.CancelReason(message)),
        // Only a switch ends a run so by itself: where a step failed with this code, that is the fact, and the end follows from it.
        RunEnded { Status: RunStatus.Failed, Failure: { Code: "EMERGENCY_STOP" } why } => new StopRun(why),
        _ => null,
    };
}
