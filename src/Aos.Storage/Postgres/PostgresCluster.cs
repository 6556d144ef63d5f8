using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Logging;

namespace Aos.Storage;

/// <summary>
/// This process among the nodes that share a database: it renews its lease, declares others dead, and joins again under a new id
/// when it was declared dead itself. One loop does all of it.
/// </summary>
internal sealed partial class PostgresCluster(PostgresPool pool, PostgresLease lease, StoreMeter meter, TimeProvider clock, ILogger<PostgresCluster> logger) : ICluster, IAsyncDisposable
{
    private static readonly TimeSpan BusyTtl = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan IdleTtl = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BusyInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleInterval = TimeSpan.FromSeconds(10);

    /// <summary>How long a node without work keeps the fast pace: work rarely comes alone.</summary>
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan AddressesKept = TimeSpan.FromSeconds(2);
    private static readonly TimeProvider Steady = TimeProvider.System;
    private readonly CancellationTokenSource leaving = new();
    private readonly SemaphoreSlim poke = new(0, 1);
    private TaskCompletionSource beaten = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task loop = Task.CompletedTask;
    private long busyAt = Steady.GetTimestamp();
    private volatile bool isBusy;
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
        if (isBusy && !busy) Volatile.Write(ref busyAt, Steady.GetTimestamp());
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
        await leaving.CancelAsync();
        await loop;
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
        if (Steady.GetElapsedTime(at) > AddressesKept || !known.ContainsKey(node))
        {
            known = (await NodesAsync(cancel)).Where(row => row.State != NodeState.Dead).ToDictionary(row => row.Id, row => row.Address);
            addresses = (Steady.GetTimestamp(), known);
        }

        return known.GetValueOrDefault(node);
    }

    public async ValueTask DisposeAsync()
    {
        await leaving.CancelAsync();
        await loop;
        leaving.Dispose();
        poke.Dispose();
    }

    private async Task LoopAsync()
    {
        while (!leaving.IsCancellationRequested)
        {
            try
            {
                await WaitAsync();
                if (leaving.IsCancellationRequested) return;
                if (lease.IsLost) await EnterAsync(leaving.Token);
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
                await Task.Delay(TimeSpan.FromMilliseconds(200), Steady, leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Poke();
            }
        }
    }

    private async Task EnterAsync(CancellationToken cancel)
    {
        var (node, sentAt) = (new NodeId(Guid.CreateVersion7(Steady.GetUtcNow())), Steady.GetTimestamp());
        (announced, isDraining) = (address, false);
        await ClusterStatements.JoinAsync(pool, node, announced, BusyTtl, cancel).WaitAsync(BusyTtl, Steady, cancel);
        lease.Begin(node, sentAt, BusyTtl);
        Joined(node);
        meter.Joined();
        await BeatAsync();
    }

    private async Task BeatAsync()
    {
        var (node, sentAt) = (lease.Node, Steady.GetTimestamp());
        var ttl = IsCool ? IdleTtl : BusyTtl;
        var before = Steady.GetUtcNow();
        var patience = lease.Left < BusyTtl ? lease.Left : BusyTtl;
        var beat = await OnceAsync(node, ttl).WaitAsync(patience > TimeSpan.Zero ? patience : BusyInterval, Steady, leaving.Token);
        if (!beat.Held)
        {
            FoundDead(node);
            lease.Lost(node);
            Poke();
            return;
        }

        lease.Renewed(node, sentAt, ttl, beat.At - before - (Steady.GetElapsedTime(sentAt) / 2));
        if (beat.State == NodeState.Draining) isDraining = true;
        Interlocked.Exchange(ref beaten, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        Pulsed?.Invoke(beat.Pulse);
        await TendAsync(beat);
    }

    private async Task<Beat> OnceAsync(NodeId node, TimeSpan ttl)
    {
        await using var connection = await pool.Source.OpenConnectionAsync(leaving.Token);
        return await ClusterStatements.BeatAsync(connection, node, ttl, leaving.Token);
    }

    /// <summary>What a beat has found to do for the cluster: the dead are declared dead, their runs called out, their names forgotten.</summary>
    private async Task TendAsync(Beat beat)
    {
        if (address != announced)
        {
            await ClusterStatements.AnnounceAsync(pool, lease.Node, address, leaving.Token);
            announced = address;
        }

        if (beat.HasExpired && await ClusterStatements.TakeOverAsync(pool, leaving.Token) is var dead and > 0)
        {
            TookOver(dead);
            meter.TookOver(dead);
            Pulsed?.Invoke(beat.Pulse with { HasOrphans = true });
        }
        else if (beat.HasDead && !beat.Pulse.HasOrphans)
        {
            await ClusterStatements.BuryAsync(pool, leaving.Token);
        }
    }

    private bool IsCool => !isBusy && Steady.GetElapsedTime(Volatile.Read(ref busyAt)) > Warm;

    private async Task WaitAsync()
    {
        var interval = IsCool ? IdleInterval : BusyInterval;
        await poke.WaitAsync(interval, leaving.Token);
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
