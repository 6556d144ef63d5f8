using Aos.Contracts;
using Microsoft.Extensions.Hosting;

namespace Aos.Storage;

/// <summary>
/// Whether the store of shared limits answers. The first call that fails says that it does not; from then on nobody waits for it,
/// and one probe at a time, at growing intervals, finds out when it is back. Each change is one line in the log.
/// </summary>
internal sealed class StoreLink : ILater, IAsyncDisposable
{
    private static readonly TimeSpan ProbeMin = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ProbeMax = TimeSpan.FromSeconds(4);

    /// <summary>A store that was back for less than this before it was lost again goes on with the interval it had.</summary>
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(10);

    private readonly ILimitStore store;
    private readonly LimitLog log;
    private readonly LimitMeter meter;
    private readonly TimeProvider clock;
    private readonly CancellationTokenSource closing = new();
    private readonly Lock gate = new();
    private Task? first;
    private Task probing = Task.CompletedTask;
    private volatile bool isUp = true;
    private TimeSpan pause = ProbeMin;
    private long since;
    private int spell;
    private int disposed;

    public StoreLink(ILimitStore store, LimitLog log, LimitMeter meter, TimeProvider clock)
    {
        (this.store, this.log, this.meter, this.clock) = (store, log, meter, clock);
        meter.Meter.CreateObservableGauge("aos_limit_store_up", () => isUp ? 1 : 0, null, "1: the shared store of limits answers.");
    }

    /// <summary>Connects; a store that is not there is said so and does not hold up the start.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = FirstAsync();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => closing.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return; // It has two names, and goes under each.
        await closing.CancelAsync();
        await probing;
        if (first is { } asked) await asked;
        closing.Dispose();
    }

    /// <summary>Whether it is worth asking the store. The first call of all waits until that is known.</summary>
    internal ValueTask<bool> IsUpAsync() => first is { IsCompleted: true } ? ValueTask.FromResult(isUp) : new ValueTask<bool>(FirstKnownAsync());

    /// <summary>How often the store came back: a call that was asked before says nothing of how it is since.</summary>
    internal int Spell => Volatile.Read(ref spell);

    /// <summary>A call was not answered, or refused.</summary>
    /// <param name="asked">The <see cref="Spell"/> in which it was asked.</param>
    internal void Lost(Exception why, int asked)
    {
        lock (gate)
        {
            if (asked != spell || !isUp || closing.IsCancellationRequested) return;
            isUp = false;
            var wasShort = since != 0 && clock.GetElapsedTime(since) < Steady;
            pause = wasShort && pause < ProbeMax ? pause * 2 : wasShort ? pause : ProbeMin;
            since = clock.GetTimestamp();
            probing = ProbeAsync(pause);
        }

        log.Lost($"{store}", $"{why.GetType().Name}: {why.Message}");
        meter.Changed(store.Name, "lost");
    }

    private Task FirstAsync()
    {
        lock (gate) return first ??= ConnectAsync();
    }

    private async Task<bool> FirstKnownAsync()
    {
        await FirstAsync();
        return isUp;
    }

    private async Task ConnectAsync()
    {
        try
        {
            await store.PingAsync(closing.Token);
        }
        catch (Exception e)
        {
            Lost(e, spell);
        }
    }

    private async Task ProbeAsync(TimeSpan wait)
    {
        while (true)
        {
            try
            {
                await Task.Delay(wait, clock, closing.Token);
                await store.PingAsync(closing.Token);
                break;
            }
            catch (Exception) when (closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception)
            {
                // Said once, when it was lost.
                if (wait < ProbeMax) wait *= 2;
            }
        }

        double seconds;
        lock (gate)
        {
            seconds = clock.GetElapsedTime(since).TotalSeconds;
            since = clock.GetTimestamp();
            pause = wait;
            spell++;
            isUp = true;
        }

        log.Back($"{store}", Math.Round(seconds, 1));
        meter.Changed(store.Name, "back");
    }
}
