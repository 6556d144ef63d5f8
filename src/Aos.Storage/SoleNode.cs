using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>The one node of an embedded store: the lock on the data directory is its lease.</summary>
internal sealed class SoleNode(SqliteStore store, SqliteRunRows rows, TimeProvider clock) : ICluster
{
    private DateTimeOffset joinedAt;
    private volatile bool draining;

    public bool IsShared => false;

    public Lease Lease { get; } = new(store.Node, CancellationToken.None);

    public bool MayAct => true;

    public bool IsDraining => draining;

    public DateTimeOffset Now => clock.GetUtcNow();

    public event Action<Pulse>? Pulsed
    {
        add { }
        remove { }
    }

    public Task<int> JoinAsync(CancellationToken cancel)
    {
        joinedAt = clock.GetUtcNow();
        return rows.ReleaseAllAsync(adopt: true, cancel);
    }

    public ValueTask<Lease> ReadyAsync(CancellationToken cancel) => new(Lease);

    public void Fenced(NodeId node) => throw new InvariantBrokenException("The embedded store fenced its only node.");

    public void Busy(bool busy)
    {
        // Nobody watches this node's heart.
    }

    public void Announce(string? address)
    {
        // There is nobody to call it.
    }

    public Task DrainAsync(CancellationToken cancel)
    {
        draining = true;
        return Task.CompletedTask;
    }

    public Task LeaveAsync(CancellationToken cancel) => rows.ReleaseAllAsync(adopt: false, cancel);

    public async Task<IReadOnlyList<NodeRow>> NodesAsync(CancellationToken cancel)
    {
        var runs = await rows.CountOwnedAsync(cancel);
        return [new NodeRow(Lease.Node, null, ThisBuild.Version, ThisBuild.MaxRule, draining ? NodeState.Draining : NodeState.Active, joinedAt, clock.GetUtcNow(), Timeout.InfiniteTimeSpan, runs)];
    }

    public Task<bool> DrainAsync(NodeId node, CancellationToken cancel)
    {
        if (node != Lease.Node) return Task.FromResult(false);
        draining = true;
        return Task.FromResult(true);
    }

    public ValueTask<string?> AddressAsync(NodeId node, CancellationToken cancel) => new((string?)null);
}
