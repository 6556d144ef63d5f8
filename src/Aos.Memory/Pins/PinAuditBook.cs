using System.Threading.Channels;
using Aos.Contracts;

namespace Aos.Memory;

/// <summary>
/// The record of reads and refusals on its way into the store: whoever reads leaves an entry here and goes on. What comes while one batch is
/// being written makes the next; what comes while too many wait is counted and let go. Disposing writes what waits.
/// </summary>
internal sealed class PinAuditBook : IPinAudit, IAsyncDisposable
{
    /// <summary>Entries that may wait.</summary>
    internal const int WaitingMax = 10_000;

    private const int BatchMax = 500;

    private readonly Channel<Waiting> queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(WaitingMax) { SingleReader = true });
    private readonly PinAuditTable table;
    private readonly PinMeter meter;
    private readonly PinOptions options;
    private readonly Lazy<Task> writing;

    public PinAuditBook(PinAuditTable table, PinMeter meter, PinOptions options)
    {
        (this.table, this.meter, this.options) = (table, meter, options);
        writing = new Lazy<Task>(() => Task.Run(WriteAsync));
    }

    /// <summary>Never waits and never throws.</summary>
    internal void Add(PinAuditEntry entry)
    {
        if (!options.IsAudited) return;
        _ = writing.Value;
        if (!queue.Writer.TryWrite(new Waiting(entry, null))) meter.Dropped("full", 1);
    }

    /// <summary>What this node has done before it is asked is in the answer.</summary>
    public async Task<PinAuditPage> ListAsync(Caller caller, PinAuditFilter filter, CancellationToken cancel)
    {
        await FlushAsync(cancel);
        return await table.ListAsync(caller.Tenant, filter, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        if (writing.IsValueCreated) await writing.Value;
    }

    /// <summary>Returns when all that waits now is written, or could not be.</summary>
    private async Task FlushAsync(CancellationToken cancel)
    {
        if (!writing.IsValueCreated) return;
        var mark = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (await queue.Writer.WaitToWriteAsync(cancel) && queue.Writer.TryWrite(new Waiting(null, mark))) await mark.Task.WaitAsync(cancel);
    }

    private async Task WriteAsync()
    {
        var (batch, marks) = (new List<PinAuditEntry>(BatchMax), new List<TaskCompletionSource>());
        while (await queue.Reader.WaitToReadAsync())
        {
            while (batch.Count < BatchMax && queue.Reader.TryRead(out var next))
            {
                if (next.Entry is { } entry) batch.Add(entry);
                if (next.Mark is { } mark) marks.Add(mark);
            }

            if (batch.Count > 0) await SaveAsync(batch);
            foreach (var mark in marks) mark.TrySetResult();
            batch.Clear();
            marks.Clear();
        }
    }

    private async Task SaveAsync(List<PinAuditEntry> batch)
    {
        try
        {
            await table.WriteAsync([.. batch], CancellationToken.None);
        }
        catch (Exception)
        {
            // The last catch of the writer: reads go on while their record cannot be written, and how many are missing is told.
            meter.Dropped("store", batch.Count);
        }
    }

    private sealed record Waiting(PinAuditEntry? Entry, TaskCompletionSource? Mark);
}
