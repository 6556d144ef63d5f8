using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Brings runs to this node: parked ones when their time has come, those of dead nodes, those whose claim nobody heard of. One query per
/// nearest wake, none per run. Where nodes share the store, heartbeats say what is near, and the clerk asks nothing by itself.
/// </summary>
internal sealed class WakeClerk(Engine engine, IRunRows rows, RunsOptions options, RunLog log, Strays strays)
{
    private const int BatchMax = 500;

    /// <summary>Where nodes share the work: whoever looks first does not take it all.</summary>
    private const int ShareMax = 50;

    private static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SleepMax = TimeSpan.FromDays(1);
    private static readonly TimeSpan FullWait = TimeSpan.FromMilliseconds(100);
    private readonly Bell bell = new();
    private long next;
    private volatile bool hasOrphans;
    private volatile bool hasPulsed;
    private Task loop = Task.CompletedTask;

    internal void Start() => loop = LoopAsync();

    internal Task EndAsync() => loop;

    /// <summary>A run was parked until then.</summary>
    internal void Parked(DateTimeOffset until)
    {
        if (Lower(until.UtcTicks)) bell.Ring();
    }

    /// <summary>Something is due now.</summary>
    internal void Poke() => Parked(DateTimeOffset.MinValue);

    /// <summary>What a heartbeat found.</summary>
    internal void Pulsed(Pulse pulse)
    {
        engine.Tenure.Relax();
        foreach (var run in pulse.Mail)
        {
            if (engine.Live(run) is { } here) engine.Track(engine.ReadInboxAsync(here));
            else strays.Suspect();
        }

        if (pulse.NextWake is { } at) Lower(at.UtcTicks);
        hasOrphans |= pulse.HasOrphans;
        hasPulsed = true;
        bell.Ring();
    }

    /// <summary>False: something earlier was known already.</summary>
    private bool Lower(long ticks)
    {
        while (true)
        {
            var known = Volatile.Read(ref next);
            if (known <= ticks) return false;
            if (Interlocked.CompareExchange(ref next, ticks, known) == known) return true;
        }
    }

    private async Task LoopAsync()
    {
        while (!engine.IsStopping && !engine.IsDraining)
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
                if (e is JournalUnavailableException) strays.Suspect(); // What was claimed may be stored without our having heard of it.
                else log.ClerkBroke(e);
                Lower(0);
                await Task.Delay((e as JournalUnavailableException)?.RetryAfter ?? TimeSpan.FromSeconds(1), engine.Clock, engine.Stopping)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
    }

    private async Task PassAsync()
    {
        var isShared = engine.Cluster.IsShared;
        var wait = Volatile.Read(ref next) is var due && due == long.MaxValue ? SleepMax : new DateTimeOffset(due, TimeSpan.Zero) - engine.Now;
        var looksForStrays = strays.AreSuspected && (hasPulsed || !isShared);
        if (wait > TimeSpan.Zero && !hasOrphans && !looksForStrays)
        {
            var most = isShared ? SleepMax : IdleMax;
            await bell.WaitAsync((wait < most ? wait : most) + TimeSpan.FromMilliseconds(1), engine.Clock, engine.Stopping);
            if (!isShared && Volatile.Read(ref next) == long.MaxValue) Lower(0); // Nobody else says what is near.
            return;
        }

        var lease = await engine.Cluster.ReadyAsync(engine.Stopping);
        hasPulsed = false;
        if (looksForStrays) await strays.CollectAsync();
        if (hasOrphans) await TakeOverAsync(lease.Node);
        if (wait <= TimeSpan.Zero) await WakeAsync(lease.Node);
    }

    private async Task TakeOverAsync(NodeId node)
    {
        while (Room() is > 0 and var room)
        {
            engine.Tenure.Engage();
            var taken = await rows.ClaimOrphansAsync(node, Math.Min(room, BatchMax), engine.Stopping);
            if (taken.Count == 0)
            {
                hasOrphans = false; // Whoever dies later is in a later pulse.
                return;
            }

            log.Adopting(taken.Count);
            await engine.ReviveAsync(taken);
        }

        await bell.WaitAsync(FullWait, engine.Clock, engine.Stopping);
    }

    private async Task WakeAsync(NodeId node)
    {
        var room = Room();
        if (room <= 0)
        {
            await bell.WaitAsync(FullWait, engine.Clock, engine.Stopping);
            return;
        }

        Volatile.Write(ref next, long.MaxValue); // Whoever parks a run from here on lowers it.
        engine.Tenure.Engage();
        var batch = Math.Min(room, engine.Cluster.IsShared ? ShareMax : BatchMax);
        var claimed = await rows.ClaimDueAsync(node, engine.Now, batch, engine.Stopping);
        List<RunRow> mine = [.. claimed.Where(row => row.Owned)];
        if (mine.Count < claimed.Count) engine.Queue.Poke(); // The others got in line.
        await engine.ReviveAsync(mine);
        if (claimed.Count == batch) Lower(0);
        else if (await rows.NextWakeAsync(engine.Stopping) is { } nearest && IsWorthIt(nearest, claimed.Count)) Lower(nearest.UtcTicks);
    }

    /// <summary>What is due and was not given is not for this node now: the next heartbeat says whether it still waits.</summary>
    private bool IsWorthIt(DateTimeOffset nearest, int claimed) => !engine.Cluster.IsShared || claimed > 0 || nearest > engine.Now;

    private int Room() => options.LiveMax - engine.LiveCount;
}
