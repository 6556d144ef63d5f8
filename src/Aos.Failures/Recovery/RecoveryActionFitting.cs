using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>Fits an action to a failure: what it would be in figures, and whether it can be done to that run at all.</summary>
internal static class RecoveryActionFitting
{
    private static readonly TimeSpan TimeoutMost = TimeSpan.FromHours(1);
    private static readonly TimeSpan DelayMost = TimeSpan.FromMinutes(5);

    /// <summary>Null: that cannot be done about it.</summary>
    internal static RecoveryAction? Of(RecoveryKind kind, RecoverySubject subject)
    {
        var action = new RecoveryAction(kind) { Step = StepOf(kind, subject) };
        if (kind == RecoveryKind.RetryLater) action = action with { DelayMs = Delay(subject) };
        if (subject.State is not { } state) return kind is RecoveryKind.UseFallback ? null : action; // Only a plan says whether there is a fallback.
        if (kind is RecoveryKind.Retry or RecoveryKind.RetryLater or RecoveryKind.Escalate or RecoveryKind.Abort) return action;
        if (kind == RecoveryKind.RaiseBudget) return state.Budget is { } budget ? action with { BudgetCents = Raised(state, budget) } : null;
        if (subject.Step < 0) return kind == RecoveryKind.LongerTimeout && state.Plan.Timeout is { } whole ? action with { TimeoutMs = Twice(whole) } : null;
        var step = state.Plan.Steps[subject.Step];
        return kind switch
        {
            RecoveryKind.LongerTimeout => Time(state, step) is { } time ? action with { TimeoutMs = Twice(time) } : null,
            RecoveryKind.RetryMore => IsTried(state, step, subject) ? action with { MaxAttempts = Attempts(step, subject) } : null,
            RecoveryKind.AnotherModel => step.Skill == AgentClause.Model ? action with { Model = step.Params.GetText("model") is { } set && set != "default" ? "default" : null } : null,
            RecoveryKind.UseFallback => step.Fallback is { } other && state.Steps[other].Status != StepStatus.Failed && state.Plan.Steps[other].Kind == StepKind.Skill
                ? action with { Fallback = state.Plan.Steps[other].Id } : null,
            RecoveryKind.SkipStep => step.FallbackOnly ? null : action,
            RecoveryKind.ChangeParameter => step.Kind == StepKind.Skill ? action : null,
            _ => action,
        };
    }

    private static string? StepOf(RecoveryKind kind, RecoverySubject subject) =>
        kind is RecoveryKind.Retry or RecoveryKind.RetryLater or RecoveryKind.RaiseBudget or RecoveryKind.Escalate or RecoveryKind.Abort || subject.State is not { } state || subject.Step < 0
            ? null
            : state.Plan.Steps[subject.Step].Id;

    /// <summary>The delay that would have been next by the catalog: its first one, doubled at each attempt there was.</summary>
    private static long Delay(RecoverySubject subject)
    {
        var first = subject.Entry is { BackoffMs: > 0 } entry ? entry.BackoffMs : 1_000L;
        var doubled = Math.Min(subject.Kept?.Attempts ?? 0, 10);
        return Math.Min(first << doubled, (long)DelayMost.TotalMilliseconds);
    }

    /// <summary>Twice what there was, and enough for all that is still to be done.</summary>
    private static decimal Raised(RunState state, Cents budget) =>
        decimal.Ceiling(Math.Max(2 * budget.Value, PlanInspector.Cost(state.Plan, state.Start!.Terms).Value));

    private static long Twice(TimeSpan time) => (long)(time < TimeoutMost ? TimeSpan.FromTicks(Math.Min(2 * time.Ticks, TimeoutMost.Ticks)) : 2 * time).TotalMilliseconds;

    /// <summary>What one call of the step has now; null: its time is not the plan's to give.</summary>
    private static TimeSpan? Time(RunState state, PlanStep step) => step.Kind switch
    {
        StepKind.Skill when step.Timeout is { } set => set,
        StepKind.Skill when state.Start!.Terms.TryGetValue(step.Skill!, out var terms) => terms.TimeoutOf(step.Params),
        StepKind.Agent => step.Timeout,
        _ => null,
    };

    /// <summary>More attempts mean something only where one is followed by another at all.</summary>
    private static bool IsTried(RunState state, PlanStep step, RecoverySubject subject) =>
        step.Kind == StepKind.Skill && state.Start!.Terms.TryGetValue(step.Skill!, out var terms) && terms.Effect != EffectClass.Pure && subject.Entry is { Retryable: true };

    private static int Attempts(PlanStep step, RecoverySubject subject) =>
        Math.Min(2 * (step.Retry?.MaxAttempts ?? subject.Entry!.RetriesMax + 1), 100);
}
