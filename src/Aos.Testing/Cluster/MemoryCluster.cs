using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;
using Aos.Storage;

namespace Aos.Testing;

/// <summary>
/// One of several nodes over a <see cref="MemoryJournal"/>, by the rules of the nodes on PostgreSQL: it renews its lease, declares
/// others dead before anybody claims their runs, and joins again under a new id when it was declared dead itself.
/// </summary>
public sealed class MemoryCluster : ICluster
{
    private static readonly TimeSpan BusyTtl = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan IdleTtl = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BusyInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(20);
    private readonly INodeTable nodes;
    private readonly IRunRows rows;
    private readonly TimeProvider clock;
    private readonly Func<NodeId> mint;
    private readonly PostgresLease lease;
    private readonly Bell bell = new();
    private readonly CancellationTokenSource leaving = new();
    private TaskCompletionSource beaten = Stage.Source();
    private Task loop = Task.CompletedTask;
    private long busyAt;
    private volatile bool isBusy;
    private string? address;
    private string? announced;

    /// <param name="store">The store itself.</param>
    /// <param name="clock">The node's own clock, monotonic in its timestamps.</param>
    public MemoryCluster(MemoryJournal store, TimeProvider clock)
        : this(store, store, clock, static () => new NodeId(Guid.CreateVersion7()))
    {
    }

    internal MemoryCluster(INodeTable nodes, IRunRows rows, TimeProvider clock, Func<NodeId> mint)
    {
        (this.nodes, this.rows, this.clock, this.mint) = (nodes, rows, clock, mint);
        lease = new PostgresLease(clock);
        busyAt = clock.GetTimestamp();
    }

    public bool IsShared => true;

    public Lease Lease => lease.Lease;

    public bool MayAct => ActsAlways || lease.MayAct;

    public bool IsDraining { get; private set; }

    public DateTimeOffset Now => clock.GetUtcNow() + lease.Offset;

    /// <summary>A planted fault: the lease does not hold calls back.</summary>
    internal bool ActsAlways { get; init; }

    /// <summary>Whether the lease still holds by this node's own clock.</summary>
    internal bool HoldsLease => !lease.IsLost && lease.Left > TimeSpan.Zero;

    public event Action<Pulse>? Pulsed;

    public async Task<int> JoinAsync(CancellationToken cancel)
    {
        await EnterAsync();
        loop = LoopAsync();
        return 0;
    }

    public async ValueTask<Lease> ReadyAsync(CancellationToken cancel)
    {
        while (true)
        {
            var next = Volatile.Read(ref beaten).Task;
            if (lease.MayAct && lease.Ttl == BusyTtl) return lease.Lease;
            isBusy = true;
            bell.Ring();
            await next.WaitAsync(cancel);
        }
    }

    public void Fenced(NodeId node)
    {
        lease.Lost(node);
        bell.Ring();
    }

    public void Busy(bool busy)
    {
        if (isBusy && !busy) Volatile.Write(ref busyAt, clock.GetTimestamp());
        isBusy = busy;
        if (busy && lease.Ttl != BusyTtl) bell.Ring();
    }

    public void Announce(string? address)
    {
        this.address = address;
        bell.Ring();
    }

    public async Task DrainAsync(CancellationToken cancel)
    {
        IsDraining = true;
        await nodes.DrainAsync(lease.Node);
    }

    public async Task LeaveAsync(CancellationToken cancel)
    {
        await Stage.CancelAsync(leaving);
        await loop;
        if (lease.IsLost) return;
        await rows.ReleaseAllAsync(lease.Node, cancel);
        await nodes.LeaveAsync(lease.Node);
        lease.Lost(lease.Node);
    }

    public Task<IReadOnlyList<NodeRow>> NodesAsync(CancellationToken cancel) => nodes.NodesAsync();

    public Task<bool> DrainAsync(NodeId node, CancellationToken cancel) => nodes.DrainAsync(node);

    public async ValueTask<string?> AddressAsync(NodeId node, CancellationToken cancel) =>
        (await nodes.NodesAsync()).FirstOrDefault(row => row.Id == node && row.State != NodeState.Dead)?.Address;

    /// <summary>One heartbeat and what it finds to do.</summary>
    public async Task BeatAsync()
    {
        var (node, sentAt, before) = (lease.Node, clock.GetTimestamp(), clock.GetUtcNow());
        var ttl = IsCool ? IdleTtl : BusyTtl;
        var patience = lease.Left < BusyTtl ? lease.Left : BusyTtl;
        var beat = await nodes.BeatAsync(node, ttl).WaitAsync(patience > TimeSpan.Zero ? patience : BusyInterval, clock, leaving.Token);
        if (!beat.Held)
        {
            lease.Lost(node);
            bell.Ring();
            return;
        }

        lease.Renewed(node, sentAt, ttl, beat.At - before - (clock.GetElapsedTime(sentAt) / 2));
        if (beat.State == NodeState.Draining) IsDraining = true;
        Interlocked.Exchange(ref beaten, Stage.Source()).TrySetResult();
        Pulsed?.Invoke(beat.Pulse);
        await TendAsync(beat);
    }

    private async Task TendAsync(MemoryBeat beat)
    {
        if (address != announced)
        {
            await nodes.AnnounceAsync(lease.Node, address);
            announced = address;
        }

        if (beat.HasExpired && await nodes.TakeOverAsync() > 0) Pulsed?.Invoke(beat.Pulse with { HasOrphans = true });
        else if (beat.HasDead && !beat.Pulse.HasOrphans) await nodes.BuryAsync();
    }

    private async Task LoopAsync()
    {
        while (!leaving.IsCancellationRequested)
        {
            try
            {
                await bell.WaitAsync(IsCool ? IdleInterval : BusyInterval, clock, leaving.Token);
                if (leaving.IsCancellationRequested) return;
                if (lease.IsLost) await EnterAsync();
                else await BeatAsync();
            }
            catch (OperationCanceledException) when (leaving.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is JournalUnavailableException or TimeoutException)
            {
                if (lease.Left <= TimeSpan.Zero) lease.Lost(lease.Node);
                await Task.Delay(TimeSpan.FromMilliseconds(200), clock, leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                bell.Ring();
            }
        }
    }

    private async Task EnterAsync()
    {
        var (node, sentAt) = (mint(), clock.GetTimestamp());
        (announced, IsDraining) = (null, false);
        await nodes.JoinAsync(node, BusyTtl).WaitAsync(BusyTtl, clock, leaving.Token);
        lease.Begin(node, sentAt, BusyTtl);
        await BeatAsync();
    }

    private bool IsCool => !isBusy && clock.GetElapsedTime(Volatile.Read(ref busyAt)) > Warm;
}
