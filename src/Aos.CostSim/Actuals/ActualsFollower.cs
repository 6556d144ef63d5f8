using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>
/// Reads the journals of runs that are over, in the order of their ends, and records what their calls did cost. What is recorded has a key of its own, so a
/// batch that is done twice (its node ended before the cursor moved, or two nodes met) counts once. Appends know nothing of it.
/// </summary>
internal sealed class ActualsFollower(
    EndedRunList ended, IFinishedCalls calls, Actuals actuals, CostRecordTable records, IProvenance provenance, ProvenanceOptions options, ICluster cluster, ProvenanceLog log) : IChore
{
    /// <summary>Runs of one batch.</summary>
    internal const int BatchMax = 100;

    /// <summary>
    /// A run's end is stored a moment after the time it bears, so the newest ends are left for the next pass: longer than a node may write without its lease.
    /// </summary>
    internal static readonly TimeSpan Settling = TimeSpan.FromMinutes(1);

    /// <summary>Batches of one pass; what is left is due at the next.</summary>
    private const int BatchesMax = 50;

    public string Name => "cost-actuals";

    public TimeSpan Interval => TimeSpan.FromSeconds(15);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var (oldest, done) = (cluster.Now - TimeSpan.FromDays(options.RecordDays), 0);
        for (var i = 0; i < BatchesMax; i++)
        {
            var batch = await ended.NextAsync(oldest, cluster.Now - Settling, BatchMax, cancel);
            if (batch.Count == 0) break;
            await RecordAsync(batch, dryRun: false, cancel);
            await ended.MoveAsync(new EndCursor(batch[^1].EndedAt.UtcTicks, batch[^1].Run), cancel);
            done += batch.Count;
            if (batch.Count < BatchMax) break;
        }

        return done;
    }

    /// <summary>Records runs that ended within a time again; the cursor stays where it is.</summary>
    internal async Task<ActualsReport> AgainAsync(TenantId? tenant, DateTimeOffset? from, DateTimeOffset? until, bool dryRun, CancellationToken cancel)
    {
        var (cursor, total) = (new EndCursor((from?.UtcTicks ?? 1) - 1, new RunId(Guid.AllBitsSet)), new ActualsReport(0, 0, 0, 0));
        while (await ended.AfterAsync(cursor, until ?? DateTimeOffset.MaxValue, tenant, BatchMax, cancel) is { Count: > 0 } batch)
        {
            var one = await RecordAsync(batch, dryRun, cancel);
            total = new ActualsReport(total.Runs + one.Runs, total.Records + one.Records, total.Known + one.Known, total.Damaged + one.Damaged);
            cursor = new EndCursor(batch[^1].EndedAt.UtcTicks, batch[^1].Run);
        }

        return total;
    }

    private async Task<ActualsReport> RecordAsync(IReadOnlyList<EndedRun> batch, bool dryRun, CancellationToken cancel)
    {
        var (rows, whole, damaged) = (new List<CostRecord>(), new List<ProvenanceRecord>(), 0);
        foreach (var run in batch)
        {
            try
            {
                if (await calls.ReadAsync(run.Run, cancel) is not { } read) continue; // It has gone in between.
                var few = actuals.Of(read);
                rows.AddRange(few);
                if (Actuals.Whole(read, few) is { } record) whole.Add(record);
            }
            catch (JournalCorruptException e)
            {
                damaged++;
                log.Damaged(run.Run.ToString(), e);
            }
        }

        if (dryRun) return new ActualsReport(batch.Count, rows.Count, 0, damaged);
        var written = await records.WriteAsync(rows, cancel);
        await provenance.WriteAsync(whole, cancel);
        return new ActualsReport(batch.Count, written, rows.Count - written, damaged);
    }
}
