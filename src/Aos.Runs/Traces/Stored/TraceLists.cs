using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>One list over the traces of runs, read from their journals, and those of clients.</summary>
internal sealed class TraceLists(IRunRows rows, IJournal journal, Records records, TraceTable table)
{
    private const int PageMax = 1_000;

    internal async Task<(TracePage? Page, Failure? Refusal)> ListAsync(TenantId tenant, TraceFilter filter, CancellationToken cancel)
    {
        var most = filter.Offset + filter.Limit;
        var (runs, runsTotal, refusal) = await RunsAsync(tenant, filter, most, cancel);
        if (refusal is not null) return (null, refusal);
        var (stored, storedTotal) = filter.Source == TraceSource.Run ? ([], 0) : (await table.ListAsync(tenant, filter, most, cancel), await table.CountAsync(tenant, filter, cancel));
        var page = new List<AnyTraceHead>();
        foreach (var (run, head) in Merged(runs, stored).Skip(filter.Offset).Take(filter.Limit))
        {
            if (head is not null) page.Add(new AnyTraceHead(null, head));
            else if (await records.LoadAsync(tenant, run!.Id, int.MaxValue, cancel) is ({ State.Start: not null } record, _)) page.Add(new AnyTraceHead(new RunTrace(run.Id, record.State, null, record.Reason), null));
        }

        return (new TracePage(page, runsTotal + storedTotal), null);
    }

    internal async Task<RunRow?> RunOfRootAsync(TenantId tenant, string root, CancellationToken cancel) =>
        (await rows.ListAsync(new RunFilter(tenant, Limit: 1) { RootHash = root }, cancel)).FirstOrDefault();

    /// <summary>Both are newest first already.</summary>
    private static IEnumerable<(RunRow? Run, StoredHead? Stored)> Merged(IReadOnlyList<RunRow> runs, IReadOnlyList<StoredHead> stored)
    {
        var (i, j) = (0, 0);
        while (i < runs.Count || j < stored.Count)
        {
            if (j == stored.Count || (i < runs.Count && runs[i].CreatedAt >= stored[j].CreatedAt)) yield return (runs[i++], null);
            else yield return (null, stored[j++]);
        }
    }

    private async Task<(IReadOnlyList<RunRow> Rows, long Total, Failure? Refusal)> RunsAsync(TenantId tenant, TraceFilter filter, int most, CancellationToken cancel)
    {
        if (filter.Source == TraceSource.Client || Statuses(filter.Status) is not { } statuses) return ([], 0, null);
        var wanted = new RunFilter(tenant, filter.AgentId, statuses) { RootHash = filter.RootHash, From = filter.From, To = filter.To };
        var total = await rows.CountAsync(wanted, cancel);
        if (filter.Seed is null && filter.PlanHash is null) return (await UpToAsync(wanted, most, cancel), total, null);
        if (total > TraceLimits.RunsLookedInto)
            return ([], 0, FailureCatalog.Fail("INPUT_TOO_LARGE", $"seed and plan_hash of {total} runs would have to be read from their journals, of at most {TraceLimits.RunsLookedInto} they are: add from_date, to_date, agent_id, status or root_hash, or ask with source=client."));
        var fitting = new List<RunRow>();
        foreach (var row in await UpToAsync(wanted, TraceLimits.RunsLookedInto, cancel))
        {
            if (await FitsAsync(row, filter, cancel)) fitting.Add(row);
        }

        return (fitting, fitting.Count, null);
    }

    private async Task<IReadOnlyList<RunRow>> UpToAsync(RunFilter wanted, int most, CancellationToken cancel)
    {
        var found = new List<RunRow>();
        while (found.Count < most)
        {
            var page = await rows.ListAsync(wanted with { Before = found.Count > 0 ? found[^1].Id : null, Limit = Math.Min(most - found.Count, PageMax) }, cancel);
            found.AddRange(page);
            if (page.Count == 0) break;
        }

        return found;
    }

    /// <summary>What a run started with stands in its first event.</summary>
    private async Task<bool> FitsAsync(RunRow row, TraceFilter filter, CancellationToken cancel)
    {
        if (Record.Of(row.Id, await journal.ReadRawAsync(row.Id, 0, 1, cancel), 1).State.Start is not { } start) return false;
        return (filter.Seed is null || filter.Seed == start.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture)) && (filter.PlanHash is null || filter.PlanHash == start.Plan.Hash);
    }

    /// <summary>What a trace's status means of a run; empty: any; null: no run has it.</summary>
    private static IReadOnlyList<RunStatus>? Statuses(string? status) => status switch
    {
        null => [],
        "completed" => [RunStatus.Succeeded],
        "failed" => [RunStatus.Failed, RunStatus.Cancelled],
        "running" => [RunStatus.Queued, RunStatus.Running, RunStatus.Waiting, RunStatus.Paused, RunStatus.Retry, RunStatus.Quarantined],
        _ => null,
    };
}
