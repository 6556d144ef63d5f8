using System.Diagnostics;

namespace Aos.Kernel;

/// <summary>
/// Decides about runs. Pure: the same state, command and facts give the same decision, on any machine, at any time.
/// A command's decision holds everything that follows from it, up to the point where the run waits for the world.
/// </summary>
public static class RunMachine
{
    /// <summary>Steps of a graph plan in flight at once, where the plan does not say otherwise.</summary>
    public const int ParallelStepsMax = 100;

    /// <summary>The most a plan may ask for.</summary>
    public const int ParallelStepsLimit = 1_000;

    /// <summary>What it was before <see cref="KernelRule.Scale"/>, whatever the plan says.</summary>
    internal const int ParallelStepsBefore = 64;

    /// <summary>Items of one <c>for_each</c>.</summary>
    public const int ItemsMax = 100_000;

    /// <summary>Signals kept for a run that does not await them yet.</summary>
    public const int SignalsMax = 1_000;

    public static Decision Decide(RunState state, RunCommand command, Facts facts)
    {
        var turn = new Turn(state, facts.Now < state.LastAt ? state.LastAt : facts.Now, facts.Refused);
        if (command is StartRun start) return Commands.Start(turn, start);
        if (state.Start is null) return Decision.Refused(FailureCatalog.Fail("RUN_NOT_FOUND", "The run has not started."));
        var refusal = command switch
        {
            RecordOutcome outcome => Calls.Record(turn, outcome),
            RecordUnknown unknown => Calls.Lose(turn, unknown),
            RecordMemory read => Memories.Record(turn, read),
            WakeRun => Commands.Wake(turn),
            BeginRun => Commands.Begin(turn),
            CancelRun cancel => Commands.Cancel(turn, cancel),
            StopRun stop => Commands.Stop(turn, stop),
            PauseRun pause => Commands.Pause(turn, pause),
            ResumeRun resume => Commands.Resume(turn, resume),
            RetryRun retry => Commands.Retry(turn, retry),
            SignalRun signal => Commands.Signal(turn, signal),
            ResolveStep resolve => Calls.Resolve(turn, resolve),
            DecideApproval decide => Approvals.Decide(turn, decide),
            QuarantineRun quarantine => Commands.Quarantine(turn, quarantine),
            _ => throw new UnreachableException($"No arm for {command.GetType().Name}."),
        };
        if (refusal is not null) return Decision.Refused(refusal);
        if (turn.Events.Count > 0 || command is WakeRun) Progress.Advance(turn);
        return new Decision(null, turn.Events) { After = turn.State };
    }

    /// <summary>Children of an ended run that are still under way, or may be; their ends are given as outcomes, as ever.</summary>
    public static IReadOnlyList<UnsettledChild> Unsettled(RunState state) => Children.Unsettled(state);

    /// <summary>Folds one event. Never refuses an event that Decide produced.</summary>
    public static RunState Evolve(RunState state, RunEvent e) => Fold.Evolve(state, e);

    /// <summary>Steps of this run's plan in flight at once.</summary>
    internal static int ParallelStepsOf(RunState state) => state.Start!.Rule < KernelRule.Scale ? ParallelStepsBefore : state.Plan.MaxParallelSteps ?? ParallelStepsMax;

    /// <summary>What the world owes the run now: a function of the state, so nothing is lost with a process.</summary>
    public static IReadOnlyList<RunEffect> Pending(RunState state) => Orders.Pending(state, null);

    /// <summary>The same without what is known to be under way, whose orders need not be made out again.</summary>
    public static IReadOnlyList<RunEffect> Pending(RunState state, IReadOnlySet<EffectId> underWay) => Orders.Pending(state, underWay);

    /// <summary>Parameters that a skill step's call was given; where it was never called: as the templates now stand, or null.</summary>
    /// <param name="item">Item of a <c>for_each</c>, number of an agent step's call, else -1.</param>
    public static System.Text.Json.JsonElement? Params(RunState state, int step, int item)
    {
        if (state.Plan.Steps[step].Kind == StepKind.Agent) return AgentLoop.Params(state, step, Math.Max(item, 0));
        var calls = state.Steps[step].Calls;
        var at = Math.Max(item, 0);
        return at < calls.Length && calls[at].Started is { } started
            ? started.Params
            : Template.Evaluate(state.Plan.Steps[step].Params, new RunScope(state, step, item)).Value;
    }

    /// <summary>The skill of a call; of an agent step's call the one its model asked for. Null: there is no such call.</summary>
    /// <param name="item">As in <see cref="Params"/>.</param>
    public static string? Skill(RunState state, int step, int item) =>
        state.Plan.Steps[step].Kind == StepKind.Agent ? AgentLoop.Skill(state.Steps[step], Math.Max(item, 0)) : state.Plan.Steps[step].Skill;

    /// <summary>How a step waits for people, as its plan says.</summary>
    public static ApprovalClause Approval(PlanStep step) => Approvals.Clause(step);

    /// <summary>When the run must look at the clock next: a retry, a sleep, the timeout of an await or of the run.</summary>
    public static DateTimeOffset? NextWake(RunState state) => Orders.NextWake(state);
}
