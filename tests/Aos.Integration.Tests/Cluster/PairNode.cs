using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;

namespace Aos.Integration.Tests.Cluster;

/// <summary>A node of a store in memory that several share. Its heart beats when the test says so.</summary>
internal sealed class PairNode(MemoryJournal journal) : ICluster
{
    public bool IsShared => true;

    public Lease Lease { get; } = new(new NodeId(Guid.CreateVersion7()), CancellationToken.None);

    public bool MayAct { get; internal set; } = true;

    public bool IsDraining { get; private set; }

    /// <summary>It has given its runs free.</summary>
    internal bool HasLeft { get; private set; }

    public DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public event Action<Pulse>? Pulsed;

    internal void Beat(bool hasQueue = false) => Pulsed?.Invoke(new Pulse(null, false, [], null, hasQueue));

    public Task<int> JoinAsync(CancellationToken cancel) => Task.FromResult(0);

    public ValueTask<Lease> ReadyAsync(CancellationToken cancel) => new(Lease);

    public void Fenced(NodeId node) => throw new InvariantBrokenException("Nobody fences a node here.");

    public void Busy(bool busy)
    {
        // Its heart does not beat by itself.
    }

    public void Announce(string? address)
    {
        // Every node has the same address here: a poke names its node.
    }

    public Task DrainAsync(CancellationToken cancel)
    {
        IsDraining = true;
        return Task.CompletedTask;
    }

    public async Task LeaveAsync(CancellationToken cancel)
    {
        HasLeft = true;
        await journal.ReleaseAllAsync(Lease.Node, cancel);
    }

    public Task<IReadOnlyList<NodeRow>> NodesAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<NodeRow>>(
        [new NodeRow(Lease.Node, "http://node", ThisBuild.Version, ThisBuild.MaxRule, IsDraining ? NodeState.Draining : NodeState.Active, default, default, TimeSpan.FromSeconds(5), 0)]);

    public Task<bool> DrainAsync(NodeId node, CancellationToken cancel)
    {
        IsDraining |= node == Lease.Node;
        return Task.FromResult(node == Lease.Node);
    }

    public ValueTask<string?> AddressAsync(NodeId node, CancellationToken cancel) => new("http://node");
}
