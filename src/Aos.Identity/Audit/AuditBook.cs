using System.Threading.Channels;
using Aos.Contracts;

namespace Aos.Identity;

/// <summary>
/// Writes entries in batches: those that come while one batch is being written make the next. An entry is told done when it is on
/// disk, and refused when that takes too long or too many wait; it is never dropped in silence.
/// </summary>
internal sealed class AuditBook : IAudit, IAsyncDisposable
{
    /// <summary>Entries that may wait to be written.</summary>
    private const int WaitingMax = 10_000;

    private const int BatchMax = 500;

    private const int ForgetMax = 10_000;

    /// <summary>A request waits no longer for its entry.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private readonly Channel<Waiting> queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(WaitingMax) { SingleReader = true });
    private readonly AuditTable table;
    private readonly AuditCheck check;
    private readonly AccessMeter meter;
    private readonly TimeProvider clock;
    private readonly Lazy<Task> writing;
    private AuditPlace? written;

    public AuditBook(AuditTable table, AuditCheck check, AccessMeter meter, TimeProvider clock)
    {
        (this.table, this.check, this.meter, this.clock) = (table, check, meter, clock);
        writing = new Lazy<Task>(() => Task.Run(WriteAsync));
    }

    public async ValueTask WriteAsync(AuditEntry entry, CancellationToken cancel)
    {
        _ = writing.Value;
        var waiting = new Waiting(entry, AuditForm.Write(entry), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!queue.Writer.TryWrite(waiting)) throw new JournalUnavailableException($"{WaitingMax} entries of the audit log wait to be written.", RetryAfter);
        try
        {
            // Also for a caller who has gone: what was done is to be on record.
            await waiting.Done.Task.WaitAsync(Patience, clock, CancellationToken.None);
        }
        catch (TimeoutException e)
        {
            throw new JournalUnavailableException("The audit log could not be written in time.", RetryAfter, e);
        }
    }

    public async Task<(IReadOnlyList<AuditRow> Rows, long Total)> ListAsync(AuditFilter filter, CancellationToken cancel) => await table.ListAsync(filter, cancel);

    public Task<AuditVerdict> VerifyAsync(CancellationToken cancel) => check.VerifyAsync(cancel);

    public async Task<long> ForgetAsync(TimeSpan olderThan, CancellationToken cancel)
    {
        var (gone, before) = (0L, clock.GetUtcNow() - olderThan);
        while (await table.ForgetAsync(before, ForgetMax, cancel) is var some and > 0) gone += some;
        return gone;
    }

    /// <summary>Writes what waits, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        if (writing.IsValueCreated) await writing.Value;
    }

    /// <summary>The end of the chain that this process wrote last; null: it has written nothing since it was last asked.</summary>
    internal AuditPlace? TakeWritten() => Interlocked.Exchange(ref written, null);

    private async Task WriteAsync()
    {
        var batch = new List<Waiting>(BatchMax);
        while (await queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < BatchMax && queue.Reader.TryRead(out var next)) batch.Add(next);
            await WriteAsync(batch);
        }
    }

    private async Task WriteAsync(List<Waiting> batch)
    {
        try
        {
            written = await table.AppendAsync([.. batch.Select(waiting => (waiting.Entry, waiting.Body))], CancellationToken.None);
            meter.AuditWritten(batch.Count, isDone: true);
            foreach (var waiting in batch) waiting.Done.TrySetResult();
        }
        catch (Exception e)
        {
            // The last catch of the writer: whoever waits is told, and the next batch is tried.
            meter.AuditWritten(batch.Count, isDone: false);
            foreach (var waiting in batch) waiting.Done.TrySetException(e);
        }
    }

    private sealed record Waiting(AuditEntry Entry, byte[] Body, TaskCompletionSource Done);
}
