using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Logging;

namespace Aos.Storage;

/// <summary>
/// This process among the nodes that share a database: it renews its lease, declares others dead, and joins again under a new id
/// when it was declared dead itself. One loop does all of it.
/// </summary>
internal sealed partial class PostgresCluster(
    PostgresPool pool, PostgresLease lease, StoreMeter meter, ChoreSlot chores, TimeProvider clock, ILogger<PostgresCluster> logger) : ICluster, IAsyncDisposable
{
    private static readonly TimeSpan BusyTtl = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan IdleTtl = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BusyInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleInterval = TimeSpan.FromSeconds(10);

    /// <summary>How long a node without work keeps the fast pace: work rarely comes alone.</summary>
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan AddressesKept = TimeSpan.FromSeconds(2);
    private readonly TimeProvider steady = lease.Clock;
    private readonly CancellationTokenSource leaving = new();
    private readonly CancellationTokenSource breaking = new();
    private readonly SemaphoreSlim poke = new(0, 1);
    private TaskCompletionSource beaten = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task loop = Task.CompletedTask;
    private long busyAt = lease.Clock.GetTimestamp();
    private volatile bool isBusy;
    private ChoreClaim? chore;
    private volatile bool isDraining;
    private volatile string? address;
    private volatile string? announced;
    private (long At, Dictionary<NodeId, string?> Of) addresses = (0, []);

    public bool IsShared => true;

    public Lease Lease => lease.Lease;

    public bool MayAct => lease.MayAct;

    public bool IsDraining => isDraining;

    public DateTimeOffset Now => clock.GetUtcNow() + lease.Offset;

    public event Action<Pulse>? Pulsed;

    public async Task<int> JoinAsync(CancellationToken cancel)
    {
        await EnterAsync(cancel);
        loop = Task.Run(LoopAsync, CancellationToken.None);
        return 0;
    }

    public async ValueTask<Lease> ReadyAsync(CancellationToken cancel)
    {
        while (true)
        {
            var next = Volatile.Read(ref beaten).Task;
            if (lease.MayAct && lease.Ttl == BusyTtl) return lease.Lease;
            isBusy = true;
            Poke();
            await next.WaitAsync(cancel);
        }
    }

    public void Fenced(NodeId node)
    {
        lease.Lost(node);
        Poke();
    }

    public void Busy(bool busy)
    {
        if (isBusy && !busy) Volatile.Write(ref busyAt, steady.GetTimestamp());
        isBusy = busy;
        if (busy && lease.Ttl != BusyTtl) Poke();
    }

    public void Announce(string? at)
    {
        address = at;
        Poke();
    }

    public async Task DrainAsync(CancellationToken cancel)
    {
        isDraining = true;
        await ClusterStatements.DrainAsync(pool, lease.Node, cancel);
    }

    public async Task LeaveAsync(CancellationToken cancel)
    {
        await EndAsync();
        if (lease.IsLost) return;
        await new PostgresRunRows(pool, meter).ReleaseAllAsync(lease.Node, cancel);
        await ClusterStatements.LeaveAsync(pool, lease.Node, cancel);
        lease.Lost(lease.Node);
    }

    public async Task<IReadOnlyList<NodeRow>> NodesAsync(CancellationToken cancel) => await ClusterStatements.NodesAsync(pool, cancel);

    public async Task<bool> DrainAsync(NodeId node, CancellationToken cancel)
    {
        var found = await ClusterStatements.DrainAsync(pool, node, cancel);
        if (found && node == lease.Node) Poke();
        return found;
    }

    public async ValueTask<string?> AddressAsync(NodeId node, CancellationToken cancel)
    {
        var (at, known) = addresses;
        if (steady.GetElapsedTime(at) > AddressesKept || !known.ContainsKey(node))
        {
            known = (await NodesAsync(cancel)).Where(row => row.State != NodeState.Dead).ToDictionary(row => row.Id, row => row.Address);
            addresses = (steady.GetTimestamp(), known);
        }

        return known.GetValueOrDefault(node);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        leaving.Dispose();
        breaking.Dispose();
        poke.Dispose();
    }

    /// <summary>A beat that is under way may end: a statement that is taken back costs PgBouncer a connection more, and more to go wrong.</summary>
    private async Task EndAsync()
    {
        breaking.CancelAfter(BusyInterval);
        await leaving.CancelAsync();
        await loop;
    }

    private async Task LoopAsync()
    {
        while (!leaving.IsCancellationRequested)
        {
            try
            {
                await WaitAsync();
                if (leaving.IsCancellationRequested) return;
                if (lease.IsLost) await EnterAsync(breaking.Token);
                else await BeatAsync();
            }
            catch (OperationCanceledException) when (leaving.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The last catch of the heart: whatever one beat meets, the next one comes. A lease that could not be renewed ends by itself.
                Missed(e.Message);
                if (lease.Left <= TimeSpan.Zero) lease.Lost(lease.Node);
                await Task.Delay(TimeSpan.FromMilliseconds(200), steady, leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Poke();
            }
        }
    }

    private async Task EnterAsync(CancellationToken cancel)
    {
        var (node, sentAt) = (new NodeId(Guid.CreateVersion7(TimeProvider.System.GetUtcNow())), steady.GetTimestamp());
        (announced, isDraining) = (address, false);
        await ClusterStatements.JoinAsync(pool, node, announced, BusyTtl, cancel).WaitAsync(BusyTtl, steady, cancel);
        lease.Begin(node, sentAt, BusyTtl);
        Joined(node);
        meter.Joined();
        await BeatAsync();
    }

    private async Task BeatAsync()
    {
        var (node, sentAt) = (lease.Node, steady.GetTimestamp());
        var ttl = IsCool ? IdleTtl : BusyTtl;
        var before = TimeProvider.System.GetUtcNow();
        var patience = lease.Left < BusyTtl ? lease.Left : BusyTtl;
        var ask = isDraining ? new ChoreAsk([], chores.Ask.Done) : chores.Ask;
        var beat = await OnceAsync(node, ttl, ask).WaitAsync(patience > TimeSpan.Zero ? patience : BusyInterval, steady, breaking.Token);
        if (!beat.Held)
        {
            FoundDead(node);
            lease.Lost(node);
            Poke();
            return;
        }

        lease.Renewed(node, sentAt, ttl, beat.At - before - (steady.GetElapsedTime(sentAt) / 2));
        if (beat.State == NodeState.Draining) isDraining = true;
        chores.Did(ask);
        chore = beat.Chore is { } name ? new ChoreClaim(name, node) : null;
        Interlocked.Exchange(ref beaten, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        Pulsed?.Invoke(beat.Pulse);
        if (!leaving.IsCancellationRequested) await TendAsync(beat);
    }

    private async Task<Beat> OnceAsync(NodeId node, TimeSpan ttl, ChoreAsk ask)
    {
        await using var connection = await pool.Source.OpenConnectionAsync(breaking.Token);
        return await ClusterStatements.BeatAsync(connection, node, ttl, ask, Now, breaking.Token);
    }

    /// <summary>What a beat has found to do for the cluster: the dead are declared dead, their runs called out, their names forgotten.</summary>
    private async Task TendAsync(Beat beat)
    {
        if (address != announced)
        {
            await ClusterStatements.AnnounceAsync(pool, lease.Node, address, breaking.Token);
            announced = address;
        }

        if (beat.HasExpired && await ClusterStatements.TakeOverAsync(pool, breaking.Token) is var dead and > 0)
        {
            TookOver(dead);
            meter.TookOver(dead);
            Pulsed?.Invoke(beat.Pulse with { HasOrphans = true });
        }
        else if (beat.HasDead && !beat.Pulse.HasOrphans)
        {
            await ClusterStatements.BuryAsync(pool, breaking.Token);
        }
    }

    private bool IsCool => !isBusy && steady.GetElapsedTime(Volatile.Read(ref busyAt)) > Warm;

    /// <summary>A chore of a node at rest takes the place of a beat, so that the database has no more of it than of none; a lease lasts three.</summary>
    private async Task WaitAsync()
    {
        var isAtRest = lease.Ttl == IdleTtl && IsCool;
        var isPoked = false;
        if (chore is { } claim)
        {
            chore = null;
            if (isAtRest) isPoked = await PauseAsync(IdleInterval);
            chores.Give(claim);
        }

        if (!isPoked) await PauseAsync(isAtRest ? IdleInterval : BusyInterval);
    }

    /// <summary>True: somebody poked before it was over.</summary>
    private async Task<bool> PauseAsync(TimeSpan time)
    {
        using var over = new CancellationTokenSource(time, steady);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, leaving.Token);
        try
        {
            await poke.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!leaving.IsCancellationRequested)
        {
            return false;
        }
    }

    private void Poke()
    {
        try
        {
            if (poke.CurrentCount == 0) poke.Release();
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            return; // Somebody else poked at the same moment, or the node has left.
        }
    }

    [LoggerMessage(EventId = 3300, Level = LogLevel.Information, Message = "Joined the cluster as node {Node}.")]
    private partial void Joined(NodeId node);

    [LoggerMessage(EventId = 3301, Level = LogLevel.Warning, Message = "A heartbeat was missed: {Why}")]
    private partial void Missed(string why);

    [LoggerMessage(EventId = 3302, Level = LogLevel.Error, Message = "Node {Node} was declared dead by the others; its runs are dropped and it joins again under a new id.")]
    private partial void FoundDead(NodeId node);

    [LoggerMessage(EventId = 3303, Level = LogLevel.Warning, Message = "{Dead} node(s) did not renew their lease and were declared dead; their runs are taken over.")]
    private partial void TookOver(int dead);
}
