using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>A step of a replay that did not come out as recorded.</summary>
public sealed record MismatchReport(int StepIndex, string Reason, string? ExpectedHash, string? ActualHash, JsonElement Details);

/// <summary>Where a mismatch was told of. On the wire in lower case.</summary>
public enum Notified { None, GitHub, Slack }

/// <param name="Notified">Where it is told of: the first channel that is configured, or the one that stood in for it.</param>
/// <param name="IsNotified">The channel has taken it.</param>
/// <param name="IssueUrl">Null until the issue is made.</param>
public sealed record Mismatch(
    Guid Id, string TraceId, int StepIndex, string Reason, string? ExpectedHash, string? ActualHash, JsonElement Details, Notified Notified, bool IsNotified, string? IssueUrl,
    DateTimeOffset CreatedAt, string ReportedBy)
{
    /// <summary>Null: not resolved.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }

    public string? ResolvedBy { get; init; }

    public string? Note { get; init; }
}

/// <param name="Issue">True: one issue about all of them is on its way.</param>
/// <param name="Linked">The mismatches of the caller's tenant among those named; others are as if they were not there.</param>
public sealed record BulkReport(IReadOnlyList<Mismatch> Linked, bool Issue);

/// <summary>Mismatches of replays, with a traces's tenant. What is told of them goes out through the outbox.</summary>
public interface IMismatches
{
    /// <summary>Null and no refusal: the trace is unknown to this tenant.</summary>
    Task<(Mismatch? Made, Failure? Refusal)> ReportAsync(Caller caller, string trace, MismatchReport report, CancellationToken cancel);

    /// <summary>Newest first. Null: the trace is unknown to this tenant.</summary>
    Task<IReadOnlyList<Mismatch>?> ListAsync(Caller caller, string trace, CancellationToken cancel);

    /// <summary>Resolves it once; a second time changes nothing. With a note, the issue gets a comment. Null: unknown to this tenant.</summary>
    Task<Mismatch?> ResolveAsync(Caller caller, string trace, Guid id, string? note, CancellationToken cancel);

    /// <summary>Makes one issue about several mismatches, where GitHub is configured and it is asked for.</summary>
    Task<BulkReport> BulkAsync(Caller caller, IReadOnlyList<Guid> ids, bool issue, CancellationToken cancel);
}
