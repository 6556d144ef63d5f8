namespace Aos.Kernel;

/// <summary>Where a run stands. On the wire in lower case.</summary>
public enum RunStatus { Queued, Running, Waiting, Paused, Retry, Quarantined, Succeeded, Failed, Cancelled }

/// <summary>Where a step stands. On the wire in lower case.</summary>
public enum StepStatus { Pending, Running, Waiting, Succeeded, Failed, Skipped, Compensated }

public static class Statuses
{
    public static bool IsOver(this RunStatus status) =>
        status is RunStatus.Succeeded or RunStatus.Failed or RunStatus.Cancelled;

    public static bool IsOver(this StepStatus status) =>
        status is StepStatus.Succeeded or StepStatus.Failed or StepStatus.Skipped or StepStatus.Compensated;

    public static string Wire(this RunStatus status) => status switch
    {
        RunStatus.Queued => "queued",
        RunStatus.Running => "running",
        RunStatus.Waiting => "waiting",
        RunStatus.Paused => "paused",
        RunStatus.Retry => "retry",
        RunStatus.Quarantined => "quarantined",
        RunStatus.Succeeded => "succeeded",
        RunStatus.Failed => "failed",
        _ => "cancelled",
    };

    public static string Wire(this StepStatus status) => status switch
    {
        StepStatus.Pending => "pending",
        StepStatus.Running => "running",
        StepStatus.Waiting => "waiting",
        StepStatus.Succeeded => "succeeded",
        StepStatus.Failed => "failed",
        StepStatus.Skipped => "skipped",
        _ => "compensated",
    };
}
