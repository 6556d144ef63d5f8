using Aos.Kernel;

namespace Aos.Contracts;

public enum BulkAction { Cancel, Pause, Resume, Retry }

/// <summary>Which runs. Null members don't filter; child runs are only taken by their ids.</summary>
/// <param name="Statuses">Null: those that the action is for.</param>
/// <param name="Workflow">As in <see cref="RunFilter"/>.</param>
/// <param name="Ids">These runs, as far as the other members fit them.</param>
public sealed record BulkFilter(
    IReadOnlyList<RunStatus>? Statuses = null, string? Workflow = null, string? AgentId = null, IReadOnlyDictionary<string, string>? Labels = null,
    DateTimeOffset? CreatedBefore = null, DateTimeOffset? CreatedAfter = null, IReadOnlyList<RunId>? Ids = null);

/// <summary>What to do with which runs.</summary>
/// <param name="Max">Runs at most, the newest first; 1 to 10,000.</param>
public sealed record BulkOrder(BulkAction Action, BulkFilter Filter, int Max, string Reason);

/// <summary>A run as it was found.</summary>
/// <param name="Seq">Its last event then.</param>
public sealed record BulkRun(RunId Run, int Attempt, int Seq);

/// <summary>What came of one run.</summary>
/// <param name="Code">Why it was refused; null: it is done.</param>
public sealed record BulkOutcome(RunId Run, string? Code, string? Message);

/// <summary>What is done, or being done, with many runs.</summary>
/// <param name="Worked">Runs that have an outcome.</param>
/// <param name="Done">Of these, those not refused.</param>
/// <param name="EndedAt">Null: it goes on.</param>
public sealed record BulkOperation(string Id, BulkAction Action, string Reason, int Total, int Worked, int Done, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt);

/// <summary>Door of orders for many runs at once.</summary>
public interface IBulkRuns
{
    /// <summary>The runs that the order finds now.</summary>
    /// <returns>True where there are more than the order takes.</returns>
    Task<(IReadOnlyList<BulkRun> Runs, bool HasMore)> FindAsync(Caller caller, BulkOrder order, CancellationToken cancel);

    /// <summary>
    /// Stores the order with the runs found and begins with it. Whatever ends this process, it is gone on with, and no run is ordered twice.
    /// </summary>
    Task<BulkOperation> BeginAsync(Caller caller, BulkOrder order, IReadOnlyList<BulkRun> runs, CancellationToken cancel);

    /// <summary>The operation, once it has ended or after so long. Null: unknown to this tenant.</summary>
    Task<BulkOperation?> WaitAsync(Caller caller, string id, TimeSpan atMost, CancellationToken cancel);

    /// <summary>Outcomes in the order of the runs, those after the first <paramref name="after"/>.</summary>
    Task<IReadOnlyList<BulkOutcome>> OutcomesAsync(Caller caller, string id, int after, int max, CancellationToken cancel);
}
