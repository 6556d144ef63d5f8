using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>
/// The breaker of the house: reads wait for nobody, and every change is one short transaction that holds the breaker's name, decides by
/// <see cref="BreakerMachine"/>, and writes state, incident, history and alert together.
/// </summary>
internal sealed class CostBreaker(BreakerTable table, BreakerOptions options, AlertQueue alerts, BreakerMeter meter, ICluster cluster, IAudit? audit = null) : ICostBreaker
{
    private const int IncidentIdChars = 12;

    public async Task<BreakerState> StateAsync(CancellationToken cancel)
    {
        var row = await table.ReadAsync(cancel);
        return State(BreakerMachine.IsOver(options, row, cluster.Now) ? (await ExpireAsync(cancel)).Row : row);
    }

    public async Task<BreakerLeave> AdmitAsync(CancellationToken cancel)
    {
        var row = await table.ReadAsync(cancel);
        if (row.Status == BreakerStatus.Closed) return new BreakerLeave(true, null, State(row));
        if (row.Status == BreakerStatus.Open && !BreakerMachine.IsOver(options, row, cluster.Now)) return new BreakerLeave(false, null, State(row));
        var (probe, allowed) = (Guid.NewGuid(), false);
        var step = await ChangeAsync((held, now) =>
        {
            (var next, allowed) = BreakerMachine.Admit(options, held, now, probe);
            return next;
        }, cancel);
        return new BreakerLeave(allowed, allowed && step.Row.Status == BreakerStatus.HalfOpen ? probe : null, State(step.Row));
    }

    public async Task<BreakerIncident?> ReportAsync(BreakerReport report, CancellationToken cancel)
    {
        if (!(report.DriftScore is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(report), report.DriftScore, "A drift score is from 0 to 1.");
        ArgumentOutOfRangeException.ThrowIfNegative(report.SchemaErrors);
        ArgumentOutOfRangeException.ThrowIfNegative(report.SampleCount);
        var row = await table.ReadAsync(cancel);
        var seen = BreakerMachine.Report(options, row, report, cluster.Now, "");
        if (ReferenceEquals(seen.Row, row)) return null; // Most reports: all is well and was well before, or nobody listens.
        var id = IncidentId();
        return (await ChangeAsync((held, now) => BreakerMachine.Report(options, held, report, now, id), cancel)).Opened;
    }

    public async Task<(bool Changed, BreakerIncident? Incident)> DisableAsync(Caller by, string reason, DateTimeOffset? until, CancellationToken cancel)
    {
        var id = IncidentId();
        var step = await ChangeAsync((held, now) => BreakerMachine.Disable(held, by.Principal, reason, until, now, id), cancel);
        return step.Opened is { } opened
            ? (true, opened)
            : (false, step.Row.IncidentId is { } standing ? await table.FindAsync(standing, cancel) : null);
    }

    public async Task<bool> EnableAsync(Caller by, string reason, CancellationToken cancel) =>
        (await ChangeAsync((held, now) => BreakerMachine.Enable(held, by.Principal, reason, now), cancel)).Change is not null;

    public async Task<IReadOnlyList<BreakerIncident>> IncidentsAsync(bool withResolved, int limit, CancellationToken cancel) =>
        await table.IncidentsAsync(withResolved, Math.Clamp(limit, 1, 100), cancel);

    public async Task<IReadOnlyList<BreakerChange>> HistoryAsync(int limit, CancellationToken cancel) => await table.ChangesAsync(Math.Clamp(limit, 1, 100), cancel);

    public Task<BreakerAlerts> AlertsAsync(CancellationToken cancel) => alerts.CountAsync(cancel);

    /// <summary>True: its time is over, and this call made it half open.</summary>
    internal async Task<bool> RecoverAsync(CancellationToken cancel) =>
        BreakerMachine.IsOver(options, await table.ReadAsync(cancel), cluster.Now) && (await ExpireAsync(cancel)).Change is not null;

    private Task<BreakerStep> ExpireAsync(CancellationToken cancel) => ChangeAsync((held, now) => BreakerMachine.Expire(options, held, now), cancel);

    private async Task<BreakerStep> ChangeAsync(Func<BreakerRow, DateTimeOffset, BreakerStep> decide, CancellationToken cancel)
    {
        var now = cluster.Now;
        var (step, ended) = await table.WriteAsync((connection, transaction, row) => Write(connection, transaction, row, decide(row, now), now), cancel);
        meter.Changed(step, ended);
        if (step.Change is not { } change) return step;
        alerts.Added();
        if (audit is not null) await audit.WriteAsync(Entry(change), cancel);
        return step;
    }

    /// <summary>With the severity of the incident that ended.</summary>
    private (BreakerStep Step, string? Ended) Write(DbConnection connection, DbTransaction transaction, BreakerRow row, BreakerStep step, DateTimeOffset now)
    {
        if (ReferenceEquals(step.Row, row)) return (step, null);
        BreakerTable.Write(connection, transaction, step.Row);
        var ended = step.Resolved is var (id, by, notes) ? BreakerTable.Resolve(connection, transaction, id, by, notes, now) : null;
        if (ended is not null) alerts.Resolve(connection, transaction, ended, now);
        if (step.Opened is { } opened)
        {
            BreakerTable.Insert(connection, transaction, opened, options.Instance, alerts.Unsent);
            alerts.Fire(connection, transaction, opened, step.Row.Until);
        }

        if (step.Change is { } change) BreakerTable.Insert(connection, transaction, change);
        if (step.Change is { To: BreakerStatus.Closed } closed) alerts.Reenabled(connection, transaction, closed);
        return (step, ended?.Incident.Severity);
    }

    private BreakerState State(BreakerRow row) => new(
        BreakerMachine.Name, row.Status, row.OpenedAt, row.Reason, row.IncidentId, row.Failures, row.LastFailureAt, row.Until, row.By, BreakerMachine.ProbesLeft(options, row, cluster.Now));

    private static AuditEntry Entry(BreakerChange change) =>
        new(TenantId.Default, change.Actor, "costsim", $"breaker_{Wire(change.To)}", true, change.Reason) { At = change.At, Before = Wire(change.From), After = Wire(change.To) };

    internal static string Wire(BreakerStatus status) => status switch
    {
        BreakerStatus.Closed => "closed",
        BreakerStatus.Open => "open",
        _ => "half_open",
    };

    private static string IncidentId() => Guid.NewGuid().ToString("D")[..IncidentIdChars];
}
