using System.Threading.Channels;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>
/// Collects the appends of all runs and writes them in group commits: while one batch is under way, the next one gathers. Each
/// caller hears of its part after the commit, never before.
/// </summary>
internal sealed class PostgresWriter : IAsyncDisposable
{
    /// <summary>
    /// So many appends that wait while a batch is under way go over a second connection, beside it. Fewer wait for the next batch: what one
    /// call costs before its first row is most of what they cost.
    /// </summary>
    private const int CrowdMin = 128;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DelayFirst = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(2);
    private readonly Channel<JournalWork> queue;
    private readonly Channel<bool> crowd = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly StorageOptions options;
    private readonly TimeProvider clock;
    private readonly Task loop;
    private readonly CancellationTokenSource disposing = new();
    private volatile Exception? closed;

    public PostgresWriter(PostgresPool pool, PostgresLease lease, StoreMeter meter, StorageOptions options, TimeProvider clock)
    {
        (this.options, this.clock) = (options, clock);
        queue = Channel.CreateBounded<JournalWork>(new BoundedChannelOptions(options.QueueMax));
        loop = Task.WhenAll(
            Task.Run(() => LaneAsync(new BatchWriter(pool.Source, lease, meter, clock), queue.Reader.WaitToReadAsync)),
            Task.Run(() => LaneAsync(new BatchWriter(pool.Source, lease, meter, clock), IsCrowdedAsync)));
    }

    /// <summary>Takes a work in. What would begin something new is refused while the database cannot follow.</summary>
    internal async ValueTask EnqueueAsync(JournalWork work, bool begins, CancellationToken cancel)
    {
        if (closed is { } why) throw Unavailable(why);
        if (queue.Writer.TryWrite(work))
        {
            if (queue.Reader.Count >= CrowdMin) crowd.Writer.TryWrite(true);
            return;
        }

        if (begins) throw new JournalUnavailableException($"The database cannot follow: {options.QueueMax} appends wait for it.", RetryAfter);
        try
        {
            await queue.Writer.WriteAsync(work, cancel);
        }
        catch (ChannelClosedException e)
        {
            throw Unavailable(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        crowd.Writer.TryComplete();
        await disposing.CancelAsync();
        await loop;
        disposing.Dispose();
    }

    /// <summary>Writes what waits, batch by batch, whenever <paramref name="mayWriteAsync"/> says so; ends when it never will again.</summary>
    private async Task LaneAsync(BatchWriter writer, Func<CancellationToken, ValueTask<bool>> mayWriteAsync)
    {
        using var own = writer;
        var batch = new List<JournalWork>();
        var held = new List<JournalWork>();
        while (held.Count > 0 || await mayWriteAsync(CancellationToken.None))
        {
            Gather(batch, held);
            if (batch.Count > 0) held.AddRange(await WriteAsync(writer, batch));
        }
    }

    /// <summary>True when a crowd waits; false when there will be none.</summary>
    private async ValueTask<bool> IsCrowdedAsync(CancellationToken cancel)
    {
        while (queue.Reader.Count < CrowdMin)
        {
            if (!await crowd.Reader.WaitToReadAsync(cancel)) return false;
            crowd.Reader.TryRead(out _);
        }

        return true;
    }

    /// <summary>A batch holds one append a run and one claim a key; what does not fit beside the others is held for the next.</summary>
    private void Gather(List<JournalWork> batch, List<JournalWork> held)
    {
        batch.Clear();
        var seen = new BatchGuard();
        var waiting = held.ToArray();
        held.Clear();
        foreach (var work in waiting) (seen.Takes(work) ? batch : held).Add(work);
        while (batch.Count < options.BatchMax && queue.Reader.TryRead(out var work)) (seen.Takes(work) ? batch : held).Add(work);
    }

    private async Task<List<JournalWork>> WriteAsync(BatchWriter writer, List<JournalWork> batch)
    {
        var delay = DelayFirst;
        while (true)
        {
            try
            {
                var again = await writer.WriteAsync(batch, CancellationToken.None);
                closed = null;
                return again;
            }
            catch (Exception e) when (PostgresFailures.IsRace(e))
            {
                await PauseAsync(TimeSpan.FromMilliseconds(1 + (Environment.TickCount64 % 10))); // Two nodes do not fall into step.
            }
            catch (Exception e) when (PostgresFailures.IsOutage(e))
            {
                // The database is away, full or stopping: the batch is kept, nothing new is taken, and the same bytes go again.
                closed = e;
                foreach (var work in batch)
                {
                    if (work is AppendWork append) append.InDoubt = true;
                }

                if (disposing.IsCancellationRequested)
                {
                    foreach (var work in batch) work.Fail(Unavailable(e));
                    return [];
                }

                await PauseAsync(delay);
                if (delay < DelayMax) delay *= 2;
            }
            catch (Exception) when (batch.Count > 1)
            {
                // One of them is bad: halves, until it stands alone.
                var half = batch.Count / 2;
                return [.. await WriteAsync(writer, batch[..half]), .. await WriteAsync(writer, batch[half..])];
            }
            catch (Exception e)
            {
                if (batch[0] is { Tries: < 1 } once && IsRepeatedMail(e))
                {
                    once.Tries++;
                    continue;
                }

                // The last catch of the writer: whatever one part does, the next batch is written.
                batch[0].Fail(e);
                return [];
            }
        }
    }

    /// <summary>Another node sent the same item at the same moment: the next look finds it there.</summary>
    private static bool IsRepeatedMail(Exception e) => e is Npgsql.PostgresException { SqlState: Npgsql.PostgresErrorCodes.UniqueViolation, TableName: "inbox" };

    private Task PauseAsync(TimeSpan time) => Task.Delay(time, clock, disposing.Token).ContinueWith(
        static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private static JournalUnavailableException Unavailable(Exception why) => new($"The database cannot be written now: {why.Message}", RetryAfter, why);

    /// <summary>What a batch holds already.</summary>
    private sealed class BatchGuard
    {
        private readonly HashSet<RunId> runs = [];
        private readonly HashSet<(TenantId, string, string)> keys = [];

        internal bool Takes(JournalWork work)
        {
            if (work is not AppendWork { Append: { } append }) return true;
            if (runs.Contains(append.Row.Id) || (append.Claim is { } claim && keys.Contains((claim.Tenant, claim.Scope, claim.Key)))) return false;
            runs.Add(append.Row.Id);
            if (append.Claim is { } key) keys.Add((key.Tenant, key.Scope, key.Key));
            return true;
        }
    }
}
