using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>
/// What the house thinks of ways to recover, before anything has happened: for each code the actions in their order, each with how likely it is
/// to help. Codes without a row of their own take that of their recovery mode.
/// </summary>
internal static class RecoveryAdvice
{
    /// <summary>Of leaving it as it is, where something else could be done.</summary>
    private const decimal Nothing = 0.1m;

    /// <summary>Of whatever is suggested for a failure that nobody knows.</summary>
    internal const decimal Unknown = 0.5m;

    private static readonly (RecoveryKind, decimal)[] Late =
    [
        (RecoveryKind.LongerTimeout, 0.65m), (RecoveryKind.RetryLater, 0.55m), (RecoveryKind.RetryMore, 0.45m), (RecoveryKind.UseFallback, 0.4m), (RecoveryKind.SkipStep, 0.2m),
    ];

    private static readonly (RecoveryKind, decimal)[] Passing =
    [
        (RecoveryKind.RetryLater, 0.6m), (RecoveryKind.RetryMore, 0.5m), (RecoveryKind.UseFallback, 0.4m), (RecoveryKind.Retry, 0.35m), (RecoveryKind.SkipStep, 0.2m),
    ];

    private static readonly (RecoveryKind, decimal)[] Model =
    [
        (RecoveryKind.RetryLater, 0.6m), (RecoveryKind.AnotherModel, 0.55m), (RecoveryKind.RetryMore, 0.5m), (RecoveryKind.UseFallback, 0.4m), (RecoveryKind.SkipStep, 0.2m),
    ];

    private static readonly (RecoveryKind, decimal)[] Answer =
    [
        (RecoveryKind.AnotherModel, 0.55m), (RecoveryKind.ChangeParameter, 0.5m), (RecoveryKind.UseFallback, 0.4m), (RecoveryKind.Retry, 0.3m), (RecoveryKind.SkipStep, 0.2m),
    ];

    private static readonly (RecoveryKind, decimal)[] Money =
        [(RecoveryKind.RaiseBudget, 0.7m), (RecoveryKind.Escalate, 0.5m), (RecoveryKind.SkipStep, 0.2m)];

    private static readonly (RecoveryKind, decimal)[] Wrong =
        [(RecoveryKind.ChangeParameter, 0.5m), (RecoveryKind.UseFallback, 0.4m), (RecoveryKind.SkipStep, 0.25m), (RecoveryKind.Retry, 0.15m)];

    private static readonly (RecoveryKind, decimal)[] Rights =
        [(RecoveryKind.Escalate, 0.6m), (RecoveryKind.UseFallback, 0.35m), (RecoveryKind.Retry, 0.25m), (RecoveryKind.SkipStep, 0.2m)];

    private static readonly (RecoveryKind, decimal)[] Broken =
        [(RecoveryKind.Escalate, 0.5m), (RecoveryKind.UseFallback, 0.4m), (RecoveryKind.Retry, 0.3m), (RecoveryKind.SkipStep, 0.25m)];

    /// <summary>Actions with what is thought of them, the best first; never empty, and never without the choice to do nothing.</summary>
    /// <param name="entry">Null: nobody knows what it is.</param>
    /// <param name="mode">What is likely to help then, by its words.</param>
    internal static IReadOnlyList<(RecoveryKind Kind, decimal Prior)> Of(FailureEntry? entry, RecoveryMode mode)
    {
        if (entry is null) return [.. (mode is RecoveryMode.RetryExponential ? Passing : mode is RecoveryMode.Escalate ? Rights : Broken), (RecoveryKind.Abort, Nothing)];
        if (mode == RecoveryMode.Skip) return [(RecoveryKind.Abort, 0.9m), (RecoveryKind.Retry, 0.5m)];
        return [.. OfCode(entry) ?? OfMode(entry, mode), (RecoveryKind.Abort, Nothing)];
    }

    private static (RecoveryKind, decimal)[]? OfCode(FailureEntry entry) => entry.Code switch
    {
        "TIMEOUT" or "GATEWAY_TIMEOUT" or "RUN_TIMEOUT" => Late,
        "RUN_BUDGET_EXCEEDED" or "BUDGET_EXCEEDED" => Money,
        "RATE_LIMITED" => [(RecoveryKind.RetryLater, 0.75m), (RecoveryKind.RetryMore, 0.5m), (RecoveryKind.UseFallback, 0.4m), (RecoveryKind.SkipStep, 0.2m)],
        "QUOTA_EXHAUSTED" => [(RecoveryKind.Escalate, 0.6m), (RecoveryKind.RetryLater, 0.45m), (RecoveryKind.UseFallback, 0.4m), (RecoveryKind.SkipStep, 0.2m)],
        "LLM_ERROR" => Model,
        "LLM_CONTEXT_EXCEEDED" or "LLM_CONTENT_FILTER" or "LLM_INVALID_RESPONSE" => Answer,
        "LLM_AUTH_FAILED" => [(RecoveryKind.Escalate, 0.6m), (RecoveryKind.AnotherModel, 0.5m), (RecoveryKind.UseFallback, 0.4m), (RecoveryKind.SkipStep, 0.2m)],
        "CHILD_FAILED" or "AGENT_LIMIT" or "REPEAT_LIMIT" or "AWAIT_TIMEOUT" => [(RecoveryKind.Retry, 0.5m), (RecoveryKind.UseFallback, 0.4m), (RecoveryKind.Escalate, 0.35m), (RecoveryKind.SkipStep, 0.25m)],
        _ => null,
    };

    private static (RecoveryKind, decimal)[] OfMode(FailureEntry entry, RecoveryMode mode) => mode switch
    {
        RecoveryMode.RetryExponential => Passing,
        RecoveryMode.Escalate or RecoveryMode.ManualIntervention => Rights,
        _ => entry.Category switch
        {
            FailureCategory.Permission or FailureCategory.Security => Rights,
            FailureCategory.Validation or FailureCategory.Data or FailureCategory.Skill or FailureCategory.Planner => Wrong,
            _ => Broken,
        },
    };
}
