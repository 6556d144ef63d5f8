using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Whether a model beside the production model may be asked. On the wire in lower case.</summary>
public enum BreakerStatus
{
    /// <summary>It may.</summary>
    Closed,

    /// <summary>It may not, until its time is over or a person says so.</summary>
    Open,

    /// <summary>Some questions go through as probes; their reports decide.</summary>
    HalfOpen,
}

/// <summary>The breaker as it stands.</summary>
/// <param name="OpenedAt">While it is not closed.</param>
/// <param name="DisabledBy">Who or what opened it; null while closed.</param>
/// <param name="DisabledUntil">Null while open: until a person closes it.</param>
/// <param name="ProbesLeft">While half open.</param>
public sealed record BreakerState(
    string Name, BreakerStatus Status, DateTimeOffset? OpenedAt, string? Reason, string? IncidentId, int ConsecutiveFailures, DateTimeOffset? LastFailureAt,
    DateTimeOffset? DisabledUntil, string? DisabledBy, int ProbesLeft);

/// <summary>Why and when a breaker opened.</summary>
/// <param name="Severity"><c>P1</c> drift, <c>P2</c> by hand, <c>P3</c> schema errors.</param>
public sealed record BreakerIncident(
    string Id, DateTimeOffset At, string Reason, string Severity, double DriftScore, int SampleCount, JsonElement Details, bool Resolved, DateTimeOffset? ResolvedAt,
    string? ResolvedBy, string? ResolutionNotes, bool AlertSent, DateTimeOffset? AlertSentAt)
{
    /// <summary>What the receiver of alerts answered first, or why nothing was sent to it; null: nothing is known yet.</summary>
    public string? AlertResponse { get; init; }
}

/// <summary>One change of the breaker.</summary>
/// <param name="ActorType"><c>user</c> or <c>system</c>.</param>
/// <param name="Actor">The principal, <c>circuit_breaker</c> or <c>system-auto-recover</c>.</param>
public sealed record BreakerChange(DateTimeOffset At, string ActorType, string Actor, BreakerStatus From, BreakerStatus To, string Reason, string? IncidentId);

/// <summary>Alerts about the breaker: on their way, given up, and incidents whose alert was taken.</summary>
public sealed record BreakerAlerts(long Pending, long Failed, long Sent, DateTimeOffset? OldestPending);

/// <summary>Leave to ask the model once.</summary>
/// <param name="Probe">The report of this question decides whether the breaker closes; hand it back with the report.</param>
public sealed record BreakerLeave(bool Allowed, Guid? Probe, BreakerState State);

/// <summary>What became of one or more questions.</summary>
/// <param name="DriftScore">0 to 1.</param>
/// <param name="SchemaErrors">Answers that could not be read; 0 else.</param>
/// <param name="Probe">As given by the leave.</param>
public sealed record BreakerReport(double DriftScore, int SampleCount, JsonElement Details, int SchemaErrors = 0, Guid? Probe = null);

/// <summary>
/// Door of the circuit breaker over the cost model that runs beside the production model. One row for the whole house: every call is one short transaction,
/// correct on several nodes and through PgBouncer in transaction mode. Throws <see cref="JournalUnavailableException"/> when the database cannot be reached:
/// the production model does not ask it.
/// </summary>
public interface ICostBreaker
{
    Task<BreakerState> StateAsync(CancellationToken cancel);

    Task<BreakerLeave> AdmitAsync(CancellationToken cancel);

    /// <summary>
    /// The incident, when this very report opened the breaker; else null. While it is not closed only reports of probes count, each once.
    /// Throws <see cref="ArgumentOutOfRangeException"/> when the score is not from 0 to 1.
    /// </summary>
    Task<BreakerIncident?> ReportAsync(BreakerReport report, CancellationToken cancel);

    /// <summary>
    /// Opens it by hand. False with the standing incident when it is open for the same reason already. Open for another one, that incident is
    /// resolved as superseded, and a new one stands.
    /// </summary>
    /// <param name="until">Null: until a person closes it.</param>
    Task<(bool Changed, BreakerIncident? Incident)> DisableAsync(Caller by, string reason, DateTimeOffset? until, CancellationToken cancel);

    /// <summary>Closes it by hand and resolves its incident. False: it was closed.</summary>
    Task<bool> EnableAsync(Caller by, string reason, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    /// <param name="limit">1 to 100.</param>
    Task<IReadOnlyList<BreakerIncident>> IncidentsAsync(bool withResolved, int limit, CancellationToken cancel);

    /// <summary>Every change with who and why, newest first.</summary>
    /// <param name="limit">1 to 100.</param>
    Task<IReadOnlyList<BreakerChange>> HistoryAsync(int limit, CancellationToken cancel);

    Task<BreakerAlerts> AlertsAsync(CancellationToken cancel);
}
