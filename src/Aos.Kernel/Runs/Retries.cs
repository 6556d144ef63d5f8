namespace Aos.Kernel;

/// <summary>Whether and when a failed call is tried again.</summary>
internal static class Retries
{
    /// <summary>No delay is longer, whatever a peer asks for.</summary>
    private static readonly TimeSpan DelayMax = TimeSpan.FromHours(1);

    /// <summary>The call may have happened although it failed.</summary>
    internal static bool IsAmbiguous(Failure failure) => failure.Code is
        "TIMEOUT" or "GATEWAY_TIMEOUT" or "CONNECTION_RESET" or "EXECUTION_ERROR" or "UNKNOWN_ERROR" or "CANCELLED";

    /// <summary>The call certainly never reached its target, so even an at-most-once call may be tried again.</summary>
    private static bool NeverArrived(Failure failure) => failure.Code is
        "RATE_LIMITED" or "DNS_FAILURE" or "CONNECTION_REFUSED";

    internal static DateTimeOffset? At(Turn turn, EffectId effect, CallState call, Failure failure, EffectClass kind)
    {
        if (kind == EffectClass.Pure) return null; // The same again would fail the same.
        if (!failure.Retryable || (Open.Aborting(turn.State) >= 0 && !Insists(turn.State, effect))) return null;
        if (kind is EffectClass.AtMostOnce or EffectClass.Reconcilable && !NeverArrived(failure)) return null;
        if (Clause(turn.Plan.Steps[effect.Step], failure) is not { } clause) return null;
        var attempts = call.Started is null ? call.Attempts + 1 : call.Attempts;
        if (attempts >= clause.MaxAttempts) return null;
        var seed = Seeds.Step(turn.State.Start!.Seed, effect.Step);
        var delay = Backoff.Delay(clause, attempts, seed);
        if (failure.RetryAfter is { } asked && asked > delay) delay = asked;
        return turn.Now + (delay > DelayMax ? DelayMax : delay);
    }

    /// <summary>A run that fails tries nothing again but what undoes its steps.</summary>
    private static bool Insists(RunState state, EffectId effect) => effect.Compensation && state.Start!.Rule >= KernelRule.Insists;

    private static RetryClause? Clause(PlanStep step, Failure failure) => step.Retry ?? FailureTraits.RetryOf(failure.Code);
}
