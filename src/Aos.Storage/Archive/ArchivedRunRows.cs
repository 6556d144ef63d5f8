using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>The runs' rows with the archive behind them: one run is found wherever it is, lists and counts are of the database.</summary>
internal sealed class ArchivedRunRows(IRunRows inner, ArchivedRuns archived) : IRunRows
{
    public async Task<RunRow?> GetAsync(TenantId tenant, RunId run, CancellationToken cancel) =>
        await inner.GetAsync(tenant, run, cancel) ?? await archived.RowAsync(tenant, run, cancel);

    /// <summary>What is archived is older than a day, so it counts to the whole and not to the day.</summary>
    public async Task<AgentSpending> SpendingAsync(TenantId tenant, string agent, DateTimeOffset day, CancellationToken cancel)
    {
        // In this order a run that is archived in between counts twice for a moment, never not at all.
        var now = await inner.SpendingAsync(tenant, agent, day, cancel);
        return now with { Committed = now.Committed + await archived.SpentAsync(tenant, agent, cancel) };
    }

    public Task<IReadOnlyList<RunRow>> ListAsync(RunFilter filter, CancellationToken cancel) => inner.ListAsync(filter, cancel);

    public Task<IReadOnlyDictionary<RunStatus, long>> CountAsync(TenantId tenant, CancellationToken cancel) => inner.CountAsync(tenant, cancel);

    public Task<long> CountAsync(RunFilter filter, CancellationToken cancel) => inner.CountAsync(filter, cancel);

    public Task<IReadOnlyList<RunRow>> ClaimDueAsync(NodeId node, DateTimeOffset now, int max, CancellationToken cancel) => inner.ClaimDueAsync(node, now, max, cancel);

    public Task<IReadOnlyList<RunRow>> ClaimOrphansAsync(NodeId node, int max, CancellationToken cancel) => inner.ClaimOrphansAsync(node, max, cancel);

    public Task<QueueClaim> ClaimQueuedAsync(NodeId node, QueueTurn turn, CancellationToken cancel) => inner.ClaimQueuedAsync(node, turn, cancel);

    public Task<RunRow?> ClaimAsync(NodeId node, RunId run, Taking taking, CancellationToken cancel) => inner.ClaimAsync(node, run, taking, cancel);

    public Task LimitAsync(IReadOnlyList<RunLimit> limits, CancellationToken cancel) => inner.LimitAsync(limits, cancel);

    public Task<IReadOnlyList<RunLimit>> LimitsAsync(CancellationToken cancel) => inner.LimitsAsync(cancel);

    public Task<int> QueuedAsync(TenantId? tenant, int max, CancellationToken cancel) => inner.QueuedAsync(tenant, max, cancel);

    public Task<IReadOnlyList<RunRow>> OwnedAsync(NodeId node, RunId? after, int max, CancellationToken cancel) => inner.OwnedAsync(node, after, max, cancel);

    public Task<IReadOnlyList<RunRow>> IdleAsync(TenantId? tenant, RunId? after, int max, CancellationToken cancel) => inner.IdleAsync(tenant, after, max, cancel);

    public Task<int> ReleaseAllAsync(NodeId node, CancellationToken cancel) => inner.ReleaseAllAsync(node, cancel);

    public Task ReleaseAsync(NodeId node, RunId run, DateTimeOffset wakeAt, CancellationToken cancel) => inner.ReleaseAsync(node, run, wakeAt, cancel);

    public Task SetAsideAsync(NodeId node, TenantId tenant, RunId run, string code, CancellationToken cancel) => inner.SetAsideAsync(node, tenant, run, code, cancel);

    public Task<DateTimeOffset?> NextWakeAsync(CancellationToken cancel) => inner.NextWakeAsync(cancel);

    public Task<(RunId Run, byte[] Fingerprint)?> FindKeyAsync(TenantId tenant, string scope, string key, DateTimeOffset now, CancellationToken cancel) =>
        inner.FindKeyAsync(tenant, scope, key, now, cancel);
}
