namespace Aos.Kernel;

/// <summary>How bad a failure is for whoever looks after the house. On the wire in upper case.</summary>
public enum FailureSeverity { Low, Medium, High, Critical }

/// <summary>What is done about a failure by itself, or by whom. On the wire in upper case with underscores.</summary>
public enum RecoveryMode
{
    /// <summary>Nothing: the step fails, and its plan says what then.</summary>
    Abort,

    /// <summary>The call is tried again after growing delays.</summary>
    RetryExponential,

    /// <summary>Somebody with more rights, money or knowledge has to act; the run can be retried then.</summary>
    Escalate,

    /// <summary>A person decides: a switch is released, an unknown outcome resolved.</summary>
    ManualIntervention,

    /// <summary>It was meant: there is nothing to recover.</summary>
    Skip,
}

/// <summary>What the entries of the catalog say beyond their own members. All of it follows from category, code and retries.</summary>
public static class FailureTraits
{
    /// <summary>No delay of the default advice is longer.</summary>
    private static readonly TimeSpan BackoffMax = TimeSpan.FromSeconds(30);

    public static FailureSeverity SeverityOf(FailureEntry entry) => entry.Code switch
    {
        "CANCELLED" => FailureSeverity.Low,
        "UNKNOWN_ERROR" or "STORE_UNAVAILABLE" or "STORE_CORRUPT" or "SIGNATURE_INVALID" or "TAMPER_DETECTED" or "GOAL_REJECTED" or "INJECTION_DETECTED" or "EMERGENCY_STOP" => FailureSeverity.Critical,
        "OUTCOME_UNKNOWN" or "PLANNER_ERROR" => FailureSeverity.High,
        "RATE_LIMITED" => FailureSeverity.Medium,
        _ => entry.Category is FailureCategory.Permanent or FailureCategory.Resource or FailureCategory.Permission or FailureCategory.Security ? FailureSeverity.High : FailureSeverity.Medium,
    };

    public static RecoveryMode RecoveryOf(FailureEntry entry) => entry.Code switch
    {
        "CANCELLED" => RecoveryMode.Skip,
        "EMERGENCY_STOP" or "OUTCOME_UNKNOWN" => RecoveryMode.ManualIntervention,
        "ACCOUNT_BUDGET_EXCEEDED" or "AGENT_BUDGET_EXCEEDED" or "QUOTA_EXHAUSTED" or "RUN_BUDGET_EXCEEDED" or "DISK_FULL" or "UNKNOWN_ERROR" or "STORE_CORRUPT" or "TAMPER_DETECTED" => RecoveryMode.Escalate,
        _ => entry.Retryable ? RecoveryMode.RetryExponential : RecoveryMode.Abort,
    };

    /// <summary>How a failure is tried again where its step says nothing: the one answer, of runs and of whoever asks. Null: it is not.</summary>
    public static RetryClause? RetryOf(string code) => FailureCatalog.Find(code) is { Retryable: true, RetriesMax: > 0 } entry
        ? new RetryClause(entry.RetriesMax + 1, TimeSpan.FromMilliseconds(entry.BackoffMs), BackoffMax, 2)
        : null;
}
