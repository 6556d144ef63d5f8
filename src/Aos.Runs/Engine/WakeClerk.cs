using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Brings parked runs back when their time has come: one query per nearest wake, none per run.</summary>
internal sealed class WakeClerk(Engine engine, IRunRows rows, RunsOptions options, RunLog log) : IDisposable
{
    private const int BatchMax = 500;
    private static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim poke = new(0, 1);
    private long next = long.MaxValue;
    private Task loop = Task.CompletedTask;

    public void Dispose() => poke.Dispose();

    internal void Start() => loop = LoopAsync();

    internal Task EndAsync() => loop;

    /// <summary>A run was parked until then.</summary>
    internal void Parked(DateTimeOffset until)
    {
        if (until.UtcTicks < Volatile.Read(ref next)) Poke();
    }

    /// <summary>Something is due now.</summary>
    internal void Poke()
    {
        try
        {
            if (poke.CurrentCount == 0) poke.Release();
        }
        catch (SemaphoreFullException)
        {
            return; // Somebody else poked at the same moment.
        }
    }

    private async Task LoopAsync()
    {
        while (!engine.IsStopping)
        {
            try
            {
                await PassAsync();
            }
            catch (OperationCanceledException) when (engine.IsStopping)
            {
                return;
            }
            catch (Exception e)
            {
                // The last catch of the clerk: sleeping runs must wake even after a bad pass.
                var wait = (e as JournalUnavailableException)?.RetryAfter ?? TimeSpan.FromSeconds(1);
                if (e is not JournalUnavailableException) log.ClerkBroke(e);
                await Task.Delay(wait, engine.Clock, engine.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task PassAsync()
    {
        Volatile.Write(ref next, long.MaxValue); // Whoever parks a run from here on pokes.
        var nearest = await rows.NextWakeAsync(engine.Stopping);
        var wait = nearest is { } at ? at - engine.Now : IdleMax;
        if (wait > TimeSpan.Zero)
        {
            if (nearest is { } time) Volatile.Write(ref next, time.UtcTicks);
            await WaitAsync(wait < IdleMax ? wait : IdleMax);
            return;
        }

        var room = options.LiveMax - engine.LiveCount;
        if (room <= 0)
        {
            await WaitAsync(TimeSpan.FromMilliseconds(100));
            return;
        }

        foreach (var row in await rows.ClaimDueAsync(engine.Cluster.Lease.Node, engine.Now, Math.Min(room, BatchMax), engine.Stopping)) await engine.ReviveAsync(row);
    }

    private async Task WaitAsync(TimeSpan wait)
    {
        using var timeout = new CancellationTokenSource(wait + TimeSpan.FromMilliseconds(1), engine.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, engine.Stopping);
        try
        {
            await poke.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!engine.IsStopping)
        {
            return; // The time has come.
        }
    }
}
