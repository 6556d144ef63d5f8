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

    /// <summary>Records that are known to be stored; beyond it all are forgotten, and the store tells equal ones by itself.</summary>
    private const int StoredMax = 10_000;

    /// <summary>How long a record waits for others to go with it.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a node that ends goes on trying.</summary>
    private static readonly TimeSpan LastMax = TimeSpan.FromSeconds(3);

    private readonly Channel<Func<ProvenanceRecord>> waiting = Channel.CreateBounded<Func<ProvenanceRecord>>(new BoundedChannelOptions(Max) { SingleReader = true });
    private readonly CancellationTokenSource stopping = new();

    /// <summary>Whoever simulates one plan again and again has it recorded once a day: only the first time costs more than its hash.</summary>
    private readonly HashSet<(TenantId Tenant, string Id)> stored = [];

    private Task writing = Task.CompletedTask;

    /// <summary>Leaves a record to be made and written. Never waits and never throws.</summary>
    /// <param name="record">Makes it, on another thread.</param>
    internal void Add(Func<ProvenanceRecord> record)
    {
        if (!waiting.Writer.TryWrite(record)) meter.Dropped("full", 1);
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

    private static (TenantId, string) Key(ProvenanceRecord record) => (record.Tenant, ProvenanceTable.IdOf(record));

    private List<ProvenanceRecord> Take()
    {
        var batch = new List<ProvenanceRecord>();
        while (batch.Count < BatchMax && waiting.Reader.TryRead(out var make))
        {
            var record = make();
            if (!stored.Contains(Key(record))) batch.Add(record);
        }

        return batch;
    }

    private async Task WriteAsync()
    {
        while (await waiting.Reader.WaitToReadAsync())
        {
            if (!stopping.IsCancellationRequested) await PauseAsync(Gathering);
            while (waiting.Reader.TryPeek(out _)) await TryAsync(SaveAsync);
        }
    }

    /// <summary>What the store will never take must not keep back what comes after it.</summary>
    private async Task TryAsync(Func<List<ProvenanceRecord>, Task> save)
    {
        var batch = new List<ProvenanceRecord>();
        try
        {
            batch = Take();
            if (batch.Count > 0) await save(batch);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            meter.Dropped("refused", Math.Max(batch.Count, 1));
            log.Refused(batch.Count, e);
        }
    }

    private async Task SaveAsync(List<ProvenanceRecord> batch)
    {
        for (var started = clock.GetTimestamp(); ;)
        {
            try
            {
                await table.WriteAsync(batch, CancellationToken.None);
                if (stored.Count + batch.Count > StoredMax) stored.Clear();
                stored.UnionWith(batch.Select(Key));
                return;
            }
            catch (JournalUnavailableException e)
            {
                if (stopping.IsCancellationRequested && clock.GetElapsedTime(started) > LastMax)
                {
                    meter.Dropped("store", batch.Count);
                    return;
                }

                await Task.Delay(stopping.IsCancellationRequested ? TimeSpan.FromMilliseconds(100) : e.RetryAfter, clock);
            }
        }
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
}
