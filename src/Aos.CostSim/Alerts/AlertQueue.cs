using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>
/// Lays alerts into the outbox with what they are about. All have one endpoint, so they go out in their order: none is resolved before it fired. Without
/// an address none is made.
/// </summary>
internal sealed class AlertQueue(IOutbox outbox, BreakerTable table, BreakerOptions options, ICluster cluster)
{
    internal const string Kind = "alertmanager";
    private const string Endpoint = $"{Kind}:{BreakerMachine.Name}";

    /// <summary>What an incident says of its alert when there will be none; null: it is on its way.</summary>
    internal string? Unsent => options.AlertsUrl is null ? "not sent: ALERTMANAGER_URL is not set" : null;

    internal void Fire(DbConnection connection, DbTransaction transaction, BreakerIncident incident, DateTimeOffset? until) =>
        Add(connection, transaction, AlertPayload.Fired(incident, until, options.Instance, options.RunbookUrl));

    internal void Resolve(DbConnection connection, DbTransaction transaction, StoredIncident ended, DateTimeOffset at) =>
        Add(connection, transaction, AlertPayload.Resolved(ended.Incident, at, ended.Instance, options.RunbookUrl));

    internal void Reenabled(DbConnection connection, DbTransaction transaction, BreakerChange change) =>
        Add(connection, transaction, AlertPayload.Reenabled(change, options.Instance));

    /// <summary>What was added is committed.</summary>
    internal void Added()
    {
        if (options.AlertsUrl is not null) outbox.Added();
    }

    internal async Task<BreakerAlerts> CountAsync(CancellationToken cancel)
    {
        var counts = await outbox.CountAsync(TenantId.Default, Kind, cancel);
        return new BreakerAlerts(counts.Waiting, counts.Dead, await table.SentCountAsync(cancel), counts.OldestWaiting);
    }

    /// <summary>Of the default tenant, which is the house's own: there its operators see and re-send what could not be delivered.</summary>
    private void Add(DbConnection connection, DbTransaction transaction, byte[] body)
    {
        if (options.AlertsUrl is null) return;
        outbox.Add(connection, transaction, new OutboxItem(Guid.CreateVersion7(cluster.Now), TenantId.Default, null, Endpoint, Kind, body));
    }
}
