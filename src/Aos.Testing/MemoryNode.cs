using Aos.Contracts;
using Aos.Kernel;
using Aos.Storage;

namespace Aos.Testing;

/// <summary>One process after another over a <see cref="MemoryJournal"/>: the next one adopts what the last one left.</summary>
public sealed class MemoryNode(MemoryJournal journal, TimeProvider clock) : ICluster
{
    private readonly DateTimeOffset joinedAt = clock.GetUtcNow();

    public bool IsShared => false;

    public Lease Lease { get; } = new(new NodeId(Guid.NewGuid()), CancellationToken.None);

    public bool MayAct => true;

    public bool IsDraining { get; private set; }

    public DateTimeOffset Now => clock.GetUtcNow();

    public event Action<Pulse>? Pulsed
    {
        add { }
        remove { }
    }

    public Task<int> JoinAsync(CancellationToken cancel) => Task.FromResult(journal.Adopt());

    public ValueTask<Lease> ReadyAsync(CancellationToken cancel) => new(Lease);

    public void Fenced(NodeId node) => throw new InvariantBrokenException("The only node was fenced.");

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
        IsDraining = true;
        return Task.CompletedTask;
    }

    public Task LeaveAsync(CancellationToken cancel) => journal.ReleaseAllAsync(Lease.Node, cancel);

    public Task<IReadOnlyList<NodeRow>> NodesAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<NodeRow>>(
        [new NodeRow(Lease.Node, null, ThisBuild.Version, ThisBuild.MaxRule, NodeState.Active, joinedAt, clock.GetUtcNow(), Timeout.InfiniteTimeSpan, journal.Rows.Count(row => row.Owned))]);

    public Task<bool> DrainAsync(NodeId node, CancellationToken cancel)
    {
        IsDraining |= node == Lease.Node;
        return Task.FromResult(node == Lease.Node);
    }

    public ValueTask<string?> AddressAsync(NodeId node, CancellationToken cancel) => new((string?)null);
}
