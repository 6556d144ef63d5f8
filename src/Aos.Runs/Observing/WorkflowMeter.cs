using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Counts what happened to runs and steps. It is told the events that have just been stored and the state they lead to, so what is
/// counted is what is on record; an append that failed counts nothing. Names are those that dashboards know (docs/observing.md).
/// </summary>
internal sealed class WorkflowMeter
{
    private static readonly double[] SaveSeconds = [.001, .005, .01, .025, .05, .1, .25, .5, 1];
    private static readonly double[] StepSeconds = [.01, .05, .1, .25, .5, 1, 2.5, 5, 10];
    private static readonly double[] Usage = [1, 5, 10, 25, 50, 100, 250, 500, 1000];
    private static readonly double[] Drift = [-100, -50, -25, -10, -5, 0, 5, 10, 25, 50, 100, 250, 500, 1000, 2500];
    private static readonly string[] OverBudget = ["RUN_BUDGET_EXCEEDED", "BUDGET_EXCEEDED", "STEP_CEILING_EXCEEDED", "AGENT_BUDGET_EXCEEDED", "ACCOUNT_BUDGET_EXCEEDED"];
    private readonly ICosts? costs;
    private readonly Counter<long> failures;
    private readonly Counter<long> stepFailures;
    private readonly Counter<long> saves;
    private readonly Counter<long> fallbacks;
    private readonly Counter<long> recoveries;
    private readonly Counter<double> actual;
    private readonly Counter<double> simulated;
    private readonly Histogram<double> saving;
    private readonly Histogram<double> steps;
    private readonly Histogram<double> usage;
    private readonly Histogram<double> drift;
    private readonly Histogram<double> paid;

    /// <param name="costs">Null: nobody knows here what a call should cost.</param>
    public WorkflowMeter(IMeterFactory factory, ICosts? costs)
    {
        this.costs = costs;
        var meter = factory.Create("Aos.Workflows");
        failures = meter.CreateCounter<long>("workflow_failures_total", null, "Runs that ended failed, by error_code, spec_id (the stored workflow) and tenant_hash.");
        stepFailures = meter.CreateCounter<long>("workflow_step_failures_total", null, "Steps that failed for good, by error_code, skill_id and spec_id.");
        saves = meter.CreateCounter<long>("workflow_checkpoint_operations_total", null, "Appends to the journal (save) and runs read from it to go on (load), by status (success, failure).");
        fallbacks = meter.CreateCounter<long>("nova_fallback_activations_total", null, "Steps that failed and had another step stand in, by fallback_type and original_skill_id.");
        recoveries = meter.CreateCounter<long>("nova_auto_recovery_attempts_total", null, "What the engine did by itself to mend something, by recovery_type (retry, takeover, compensation) and outcome (success, failure).");
        actual = meter.CreateCounter<double>("nova_cost_actual_cents_total", null, "What calls cost, in cents, by skill_id.");
        simulated = meter.CreateCounter<double>("nova_cost_simulated_cents_total", null, "What the simulator says that the same calls cost, in cents, by skill_id.");
        saving = Histogram(meter, "workflow_checkpoint_duration_seconds", "s", "How long appends and loads took, by operation (save, load).", SaveSeconds);
        steps = Histogram(meter, "workflow_step_duration_seconds", "s", "From the start of a step to its end, tries and waits included, by skill_id and status (success, failure).", StepSeconds);
        usage = Histogram(meter, "workflow_budget_usage_cents", null, "What ended runs had spent, in cents, by spec_id.", Usage);
        drift = Histogram(meter, "nova_cost_simulation_drift_cents", null, "Cost of a call less what the simulator says of it, in cents, by skill_id.", Drift);
        paid = Histogram(meter, "nova_step_cost_cents", null, "What calls that cost something did cost, in cents, by skill_id.", Usage);
        Policies = new PolicyMeter(meter);
        foreach (var code in OverBudget) failures.Add(0, Tag("error_code", code), Tag("spec_id", SpecName.Inline), Tag("tenant_hash", SpecName.Hash(TenantId.Default))); // Alerts ask how much it rises.
    }

    internal PolicyMeter Policies { get; }

    /// <summary>Events of a run that are stored now, and what the run is after them.</summary>
    internal void Happened(RunState state, IReadOnlyList<RunEvent> events)
    {
        for (var i = 0; i < events.Count; i++)
        {
            switch (events[i])
            {
                case CallSucceeded done:
                    Called(state, done.Effect, done.Outcome, isOver: true);
                    if (EndsWithItsCall(state, done.Effect)) Ended(state, done.Effect.Step, null);
                    break;
                case CallFailed failed:
                    Called(state, failed.Effect, failed.Outcome, failed.RetryAt is null);
                    break;
                case CallResolved { Verdict: ResolveVerdict.Done } resolved when EndsWithItsCall(state, resolved.Effect):
                    Ended(state, resolved.Effect.Step, null);
                    break;
                case StepEnded ended:
                    Ended(state, ended);
                    break;
                case WaitStarted { For: WaitKind.Approval } wait:
                    Policies.Asked(state.Plan.Steps[wait.Step]);
                    break;
                case RunPaused { Why: { } why }:
                    Policies.Refused(why, "none", state);
                    break;
                case ApprovalDecided decided:
                    Policies.Decided(decided);
                    break;
                case RunEnded ended:
                    Ended(state, ended);
                    break;
            }
        }
    }

    /// <summary>An append; it failed when nothing was stored that should have been.</summary>
    internal void Saved(TimeSpan took, bool isStored) => Kept("save", took, isStored);

    /// <summary>A run was read from its journal to go on with it.</summary>
    internal void Loaded(TimeSpan took, bool isSound) => Kept("load", took, isSound);

    /// <summary>A run of a process that ended was taken over.</summary>
    internal void TookOver(bool isDone) => Recovered("takeover", isDone);

    private void Kept(string operation, TimeSpan took, bool isDone)
    {
        saves.Add(1, Tag("operation", operation), Tag("status", isDone ? "success" : "failure"));
        saving.Record(took.TotalSeconds, Tag("operation", operation));
    }

    private void Called(RunState state, EffectId effect, StructuredOutcome outcome, bool isOver)
    {
        var call = Call(state, effect);
        if (effect.Compensation && isOver) Recovered("compensation", outcome.Ok);
        else if (IsAgain(call, outcome.Ok)) Recovered("retry", outcome.Ok);
        var plan = state.Plan.Steps[effect.Step];
        if ((effect.Compensation ? plan.Compensate?.Skill : RunMachine.Skill(state, effect.Step, effect.Item)) is not { } skill) return;
        if (outcome.Cost != Cents.Zero)
        {
            actual.Add((double)outcome.Cost.Value, Tag("skill_id", skill));
            paid.Record((double)outcome.Cost.Value, Tag("skill_id", skill));
        }

        if (costs is not null && isOver && call.Started is { } order)
        {
            var typical = costs.Typical(skill, order.Params);
            if (typical != Cents.Zero) simulated.Add((double)typical.Value, Tag("skill_id", skill));
            if (typical != Cents.Zero || outcome.Cost != Cents.Zero) drift.Record((double)(outcome.Cost.Value - typical.Value), Tag("skill_id", skill));
        }

        if (!outcome.Ok && plan.Kind == StepKind.Agent) Policies.Refused(outcome.Failure!, skill, state);
    }

    private void Ended(RunState state, StepEnded ended)
    {
        if (ended.Status is not (StepStatus.Succeeded or StepStatus.Failed)) return;
        if (ended is { Status: StepStatus.Failed, Fallback: not null }) fallbacks.Add(1, Tag("fallback_type", "step"), Tag("original_skill_id", SpecName.Of(state.Plan.Steps[ended.Step])));
        Ended(state, ended.Step, ended.Failure);
    }

    private void Ended(RunState state, int index, Failure? failure)
    {
        var (step, plan) = (state.Steps[index], state.Plan.Steps[index]);
        var skill = SpecName.Of(plan);
        if (step is { StartedAt: { } began, EndedAt: { } over }) steps.Record(Time(step, over - began).TotalSeconds, Tag("skill_id", skill), Tag("status", failure is null ? "success" : "failure"));
        if (failure is null) return;
        stepFailures.Add(1, Tag("error_code", failure.Code), Tag("skill_id", skill), Tag("spec_id", SpecName.Of(state)));
        Policies.Refused(failure, skill, state);
    }

    /// <summary>A call without effects is on record from its end only: then its own time says how long the step took.</summary>
    private static TimeSpan Time(StepState step, TimeSpan recorded) =>
        step.Calls.Length == 1 && step.Calls[0].Outcome?.Latency is { } latency && latency > recorded ? latency : recorded;

    private void Ended(RunState state, RunEnded ended)
    {
        var spec = SpecName.Of(state);
        usage.Record((double)state.Spent.Value, Tag("spec_id", spec));
        if (ended.Status == RunStatus.Failed) failures.Add(1, Tag("error_code", ended.Failure?.Code ?? "UNKNOWN_ERROR"), Tag("spec_id", spec), Tag("tenant_hash", SpecName.Hash(state.Start!.Tenant)));
    }

    private void Recovered(string type, bool isDone) => recoveries.Add(1, Tag("recovery_type", type), Tag("outcome", isDone ? "success" : "failure"));

    /// <summary>Calls without effects are on record once they are over: a first success has no try before it.</summary>
    private static bool IsAgain(CallState call, bool isOk) => call.Attempts > (call.Started is null && isOk ? 0 : 1);

    /// <summary>A step of one call has no end of its own: its call's success is it.</summary>
    private static bool EndsWithItsCall(RunState state, EffectId effect) => !effect.Compensation
        && state.Steps[effect.Step] is { Items: null, Status: StepStatus.Succeeded or StepStatus.Compensated }
        && state.Plan.Steps[effect.Step] is { Repeat: null, Kind: not StepKind.Agent };

    private static CallState Call(RunState state, EffectId effect)
    {
        if (effect.Compensation) return state.Steps[effect.Step].Compensation ?? CallState.First;
        var calls = state.Steps[effect.Step].Calls;
        var at = Math.Max(effect.Item, 0);
        return at < calls.Length ? calls[at] : CallState.First;
    }

    internal static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static Histogram<double> Histogram(Meter meter, string name, string? unit, string description, double[] bounds) =>
        meter.CreateHistogram(name, unit, description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
