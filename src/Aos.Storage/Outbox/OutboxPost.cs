using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aos.Storage;

/// <summary>
/// The one delivery engine: carries what lies in the outbox to the outside, in order per endpoint and run, again with growing
/// delays when it fails, and leaves what cannot be delivered for a person to look at.
/// </summary>
internal sealed partial class OutboxPost(
    OutboxTable table, IEnumerable<IDelivery> deliveries, OutboxSignal signal, ICluster cluster, TimeProvider clock, OutboxMeter meter, ILogger<OutboxPost> logger) : BackgroundService, ILater
{
    /// <summary>Tries of one item; with the delays below the last one comes about 70 minutes after the first.</summary>
    internal const int AttemptsMax = 12;

    private const int AtOnceMax = 32;
    private static readonly TimeSpan DelayFirst = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DelayMax = TimeSpan.FromHours(1);
    private static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(30);
    private long pause;
    private long lookedAt = clock.GetTimestamp();
    private readonly Dictionary<string, IDelivery> byKind = deliveries.ToDictionary(delivery => delivery.Kind, StringComparer.Ordinal);

    /// <summary>One pass over what is due now; returns how many tries were made.</summary>
    internal async Task<int> PassAsync(CancellationToken cancel)
    {
        var due = await table.TakeAsync(cluster.Now, AtOnceMax, cancel);
        if (due.Count == 0) return 0;
        var tries = await Task.WhenAll(due.Select(row => TryAsync(row, cancel)));
        await table.RecordAsync(tries, cluster.Now, cancel);
        foreach (var dead in tries.Where(tried => tried is { Failure: not null, Again: null }))
        {
            meter.GivenUp();
            Dead(dead.Row.Item.Id, dead.Row.Item.Endpoint, dead.Row.Attempts + 1, dead.Failure!.Code);
            if (byKind.TryGetValue(dead.Row.Item.Kind, out var delivery)) await delivery.GaveUpAsync(dead.Row.Item, dead.Failure, cancel);
        }

        return tries.Length;
    }

    /// <summary>Doubles from one second to an hour, ±20 % that follow from the item and the try.</summary>
    internal static TimeSpan Delay(Guid id, int attempts)
    {
        var delay = DelayFirst * Math.Pow(2, Math.Min(attempts - 1, 20));
        if (delay > DelayMax) delay = DelayMax;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id:D}:{attempts}")));
        var fraction = BinaryPrimitives.ReadUInt32BigEndian(hash) / (double)uint.MaxValue;
        return delay * (0.8 + (0.4 * fraction));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        cluster.Pulsed += Listen;
        try
        {
            await LoopAsync(stoppingToken);
        }
        finally
        {
            cluster.Pulsed -= Listen;
        }
    }

    /// <summary>
    /// What other nodes left behind is heard of by heartbeats: a node at rest asks for nothing beside. What is due and may not be taken
    /// (another node has it, or it waits behind one that failed) is looked at less and less often.
    /// </summary>
    private void Listen(Pulse pulse)
    {
        if (pulse.NextDelivery <= cluster.Now && clock.GetElapsedTime(Volatile.Read(ref lookedAt)) >= TimeSpan.FromTicks(Volatile.Read(ref pause))) signal.Poke();
    }

    private async Task LoopAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = cluster.IsShared ? Timeout.InfiniteTimeSpan : IdleMax;
            try
            {
                var tries = await PassAsync(stoppingToken);
                Volatile.Write(ref pause, tries > 0 ? 0 : Math.Clamp(pause * 2, DelayFirst.Ticks, IdleMax.Ticks));
                Volatile.Write(ref lookedAt, clock.GetTimestamp());
                if (tries > 0) continue;
                if (await table.NextDueAsync(stoppingToken) is { } next)
                {
                    wait = next - cluster.Now;
                    if (wait <= TimeSpan.Zero) wait = TimeSpan.FromMilliseconds(10); // It came meanwhile.
                    if (wait > IdleMax && !cluster.IsShared) wait = IdleMax;
                }

                await signal.WaitAsync(wait, clock, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The last catch of the post: one bad pass must not end all deliveries.
                Broke(e);
                await Task.Delay(DelayFirst, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<Tried> TryAsync(OutboxRow row, CancellationToken cancel)
    {
        Failure? failure;
        try
        {
            failure = byKind.TryGetValue(row.Item.Kind, out var delivery)
                ? await delivery.DeliverAsync(row.Item, cancel)
                : FailureCatalog.Fail("NOT_AVAILABLE", $"Nothing here delivers {row.Item.Kind}.");
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            failure = FailureCatalog.Fail("EXECUTION_ERROR", $"The delivery broke: {e.Message}");
        }

        var attempts = row.Attempts + 1;
        if (failure is null) return new Tried(row, null, null);
        if (!failure.Retryable || attempts >= AttemptsMax) return new Tried(row, failure, null);
        var delay = Delay(row.Item.Id, attempts);
        if (failure.RetryAfter is { } asked && asked > delay) delay = asked < DelayMax ? asked : DelayMax;
        return new Tried(row, failure, cluster.Now + delay);
    }

    [LoggerMessage(EventId = 2200, Level = LogLevel.Warning, Message = "Delivery {Id} to {Endpoint} was given up after {Attempts} tries: {Code}.")]
    private partial void Dead(Guid id, string endpoint, int attempts, string code);

    [LoggerMessage(EventId = 2201, Level = LogLevel.Error, Message = "A pass over the outbox broke; the next one follows.")]
    private partial void Broke(Exception why);
}
