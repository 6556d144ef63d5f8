using Aos.Contracts;

namespace Aos.Runs;

/// <summary>
/// Brings runs in line to this node as slots come free: at once when one ends here or gets in line here, at a heartbeat when that
/// happened elsewhere. It asks nothing by itself while nobody is in line.
/// </summary>
internal sealed class QueueClerk(Engine engine, IRunRows rows, RunsOptions options, RunLog log, Strays strays)
{
    private const int BatchMax = 500;

    /// <summary>Where nodes share the work: whoever looks first does not take it all.</summary>
    private const int ShareMax = 50;

    /// <summary>Batches on their way into memory: the next in line do not wait until the last of those before is read from its journal.</summary>
    private const int BatchesMax = 4;

    private static readonly TimeSpan SleepMax = TimeSpan.FromDays(1);
    private readonly Bell bell = new();
    private readonly SemaphoreSlim batches = new(BatchesMax, BatchesMax);
    private string after = "";
    private int coming;
    private volatile bool isHungry;
    private Task loop = Task.CompletedTask;

    /// <summary>This node had no room for the line, and has not taken all of it since: who comes now comes after it.</summary>
    internal bool IsBehind { get; private set; }

    internal void Start()
    {
        if (!engine.Cluster.IsShared) bell.Ring(); // No heartbeat says what an earlier process left in line.
        loop = LoopAsync();
    }

    internal Task EndAsync() => loop;

    /// <summary>A slot is free, or somebody got in line.</summary>
    internal void Poke() => bell.Ring();

    /// <summary>A run has left memory.</summary>
    internal void Left()
    {
        if (isHungry) bell.Ring();
    }

    internal void Pulsed(Pulse pulse)
    {
        if (pulse.HasQueue) bell.Ring();
    }

    private async Task LoopAsync()
    {
        while (!engine.IsStopping && !engine.IsDraining)
        {
            await bell.WaitAsync(SleepMax, engine.Clock, engine.Stopping);
            if (engine.IsStopping || engine.IsDraining) return;
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
                // The last catch of the clerk: those in line must get their turn even after a bad pass.
                if (e is JournalUnavailableException) strays.Suspect(); // What was claimed may be stored without our having heard of it.
                else log.ClerkBroke(e);
                bell.Ring();
                await Task.Delay((e as JournalUnavailableException)?.RetryAfter ?? TimeSpan.FromSeconds(1), engine.Clock, engine.Stopping)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
    }

    /// <summary>Once round all tenants without taking anything, or until this node is full.</summary>
    private async Task PassAsync()
    {
        var fruitless = 0;
        while (fruitless < 2 && !engine.IsDraining)
        {
            isHungry = true; // Before the look at the room: whoever leaves from here on rings.
            if (options.LiveMax - engine.LiveCount - Volatile.Read(ref coming) is var room && room <= 0)
            {
                IsBehind = true;
                return;
            }

            isHungry = false;
            fruitless = await TurnAsync(Math.Min(room, engine.Cluster.IsShared ? ShareMax : BatchMax)) ? 0 : after.Length == 0 ? fruitless + 1 : fruitless;
        }

        IsBehind = false;
    }

    /// <summary>True: somebody was taken. The next turn goes on behind the tenant that was served or looked at last.</summary>
    private async Task<bool> TurnAsync(int max)
    {
        var lease = await engine.Cluster.ReadyAsync(engine.Stopping);
        engine.Tenure.Engage();
        var (runs, lookedTo) = await rows.ClaimQueuedAsync(lease.Node, new QueueTurn(after, max), engine.Stopping);
        after = runs.Count == max ? runs[^1].Tenant.Value : lookedTo ?? "";
        if (runs.Count > 0) await ReviveAsync(runs);
        return runs.Count > 0;
    }

    private async Task ReviveAsync(IReadOnlyList<RunRow> runs)
    {
        await batches.WaitAsync(engine.Stopping);
        Interlocked.Add(ref coming, runs.Count);
        engine.Track(ArriveAsync(runs));
    }

    private async Task ArriveAsync(IReadOnlyList<RunRow> runs)
    {
        try
        {
            await engine.ReviveAsync(runs);
        }
        finally
        {
            Interlocked.Add(ref coming, -runs.Count);
            batches.Release();
            Left(); // Those that did not come leave room.
        }
    }
}
