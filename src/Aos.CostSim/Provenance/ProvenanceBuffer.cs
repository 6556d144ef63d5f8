using System.Threading.Channels;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Hosting;

namespace Aos.CostSim;

/// <summary>
/// Simulations on their way into the store: who simulates leaves what is to be recorded here and goes on. Bounded; what comes while it is full is
/// counted and let go. It is written in batches, and to its end when the node stops in good order.
/// </summary>
internal sealed class ProvenanceBuffer(IProvenance table, ProvenanceMeter meter, TimeProvider clock, ProvenanceLog log) : IHostedService, IDisposable
{
    /// <summary>Simulations that wait, each with its plan.</summary>
    internal const int Max = 2_000;

    /// <summary>Records of one transaction.</summary>
    internal const int BatchMax = 200;

    /// <summary>How long a record waits for others to go with it.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a node that ends goes on trying.</summary>
    private static readonly TimeSpan LastMax = TimeSpan.FromSeconds(3);

    private readonly Channel<Unwritten> waiting = Channel.CreateBounded<Unwritten>(new BoundedChannelOptions(Max) { SingleReader = true });
    private readonly CancellationTokenSource stopping = new();

    private Task writing = Task.CompletedTask;

    /// <summary>Leaves a record to be made and written. Never waits and never throws.</summary>
    /// <param name="record">Makes it, on another thread.</param>
    /// <param name="dropped">Called if it is never written.</param>
    internal void Add(Func<ProvenanceRecord> record, Action? dropped = null)
    {
        var one = new Unwritten(record, dropped);
        if (!waiting.Writer.TryWrite(one)) Drop("full", [one]);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        writing = Task.Run(WriteAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        waiting.Writer.TryComplete();
        await stopping.CancelAsync();
        await writing;
    }

    public void Dispose() => stopping.Dispose();

    private List<Unwritten> Take()
    {
        var batch = new List<Unwritten>();
        while (batch.Count < BatchMax && waiting.Reader.TryRead(out var one)) batch.Add(one);
        return batch;
    }

    private async Task WriteAsync()
    {
        while (await waiting.Reader.WaitToReadAsync())
        {
            if (!stopping.IsCancellationRequested) await PauseAsync(Gathering);
            while (waiting.Reader.TryPeek(out _)) await SaveAsync();
        }
    }

    /// <summary>What the store will never take must not keep back what comes after it.</summary>
    private async Task SaveAsync()
    {
        var batch = Take();
        try
        {
            await SaveAsync(batch, [.. batch.Select(one => one.Make())]);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Drop("refused", batch);
            log.Refused(batch.Count, e);
        }
    }

    private async Task SaveAsync(List<Unwritten> batch, IReadOnlyList<ProvenanceRecord> records)
    {
        for (var started = clock.GetTimestamp(); ;)
        {
            try
            {
                await table.WriteAsync(records, CancellationToken.None);
                return;
            }
            catch (JournalUnavailableException e)
            {
                if (stopping.IsCancellationRequested && clock.GetElapsedTime(started) > LastMax)
                {
                    Drop("store", batch);
                    return;
                }

                await Task.Delay(stopping.IsCancellationRequested ? TimeSpan.FromMilliseconds(100) : e.RetryAfter, clock);
            }
        }
    }

    private void Drop(string reason, List<Unwritten> batch)
    {
        foreach (var one in batch) one.Dropped?.Invoke();
        meter.Dropped(reason, batch.Count);
    }

    private async Task PauseAsync(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, clock, stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return; // What waits is written at once.
        }
    }

    private readonly record struct Unwritten(Func<ProvenanceRecord> Make, Action? Dropped);
}
