using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Finds the runs of an order, page by page, the newest first.</summary>
internal sealed class BulkSearch(IRunRows rows)
{
    private const int Page = 1_000;

    /// <summary>Rows read at once where runs are named one by one.</summary>
    private const int ReadsMax = 16;

    internal async Task<(IReadOnlyList<BulkRun> Runs, bool HasMore)> FindAsync(TenantId tenant, BulkOrder order, CancellationToken cancel)
    {
        var found = new List<BulkRun>();
        await foreach (var row in order.Filter.Ids is { } ids ? NamedAsync(tenant, ids, cancel) : ListedAsync(tenant, order, cancel))
        {
            if (!Fits(row, order)) continue;
            if (found.Count == order.Max) return (found, true);
            found.Add(new BulkRun(row.Id, row.Attempt, row.Seq));
        }

        return (found, false);
    }

    /// <summary>The statuses of runs that an action is for.</summary>
    internal static IReadOnlyList<RunStatus> StatusesOf(BulkAction action) => action switch
    {
        BulkAction.Cancel => [RunStatus.Queued, RunStatus.Running, RunStatus.Waiting, RunStatus.Paused, RunStatus.Retry, RunStatus.Quarantined],
        BulkAction.Pause => [RunStatus.Queued, RunStatus.Running, RunStatus.Waiting, RunStatus.Retry],
        BulkAction.Resume => [RunStatus.Paused, RunStatus.Quarantined],
        _ => [RunStatus.Failed, RunStatus.Cancelled],
    };

    private async IAsyncEnumerable<RunRow> ListedAsync(TenantId tenant, BulkOrder order, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var filter = order.Filter;
        for (RunId? before = null; ;)
        {
            var page = await rows.ListAsync(
                new RunFilter(tenant, filter.AgentId, filter.Statuses ?? StatusesOf(order.Action), filter.Workflow, filter.Labels, Before: before, Limit: Page), cancel);
            foreach (var row in page)
            {
                if (row.Parent is null) yield return row;
            }

            if (page.Count < Page) yield break;
            before = page[^1].Id;
        }
    }

    /// <summary>Runs that are named, in their order; one that is not there is left out.</summary>
    private async IAsyncEnumerable<RunRow> NamedAsync(TenantId tenant, IReadOnlyList<RunId> ids, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var some in ids.Distinct().Chunk(ReadsMax))
        {
            foreach (var row in await Task.WhenAll(some.Select(id => rows.GetAsync(tenant, id, cancel))))
            {
                if (row is not null) yield return row;
            }
        }
    }

    private static bool Fits(RunRow row, BulkOrder order)
    {
        var filter = order.Filter;
        return (filter.CreatedBefore is not { } before || row.CreatedAt < before)
            && (filter.CreatedAfter is not { } after || row.CreatedAt > after)
            && (filter.Statuses ?? StatusesOf(order.Action)).Contains(row.Status)
            && (filter.AgentId is not { } agent || row.AgentId == agent)
            && (filter.Workflow is not { } workflow || row.Workflow == workflow || row.Workflow?.StartsWith(new RunFilter(row.Tenant, Workflow: workflow).WorkflowStart!, StringComparison.Ordinal) == true)
            && (filter.Labels ?? new Dictionary<string, string>()).All(label => row.Labels.TryGetValue(label.Key, out var value) && value == label.Value);
    }
}
