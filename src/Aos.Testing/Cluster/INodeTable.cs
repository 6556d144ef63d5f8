using Aos.Contracts;

namespace Aos.Testing;

/// <summary>What a heartbeat in memory found.</summary>
/// <param name="Held">False: the node was declared dead.</param>
/// <param name="At">By the clock of the store.</param>
internal sealed record MemoryBeat(bool Held, DateTimeOffset At, NodeState State, bool HasExpired, bool HasDead, Pulse Pulse);

/// <summary>The statements by which nodes know of one another, over a store in memory.</summary>
internal interface INodeTable
{
    Task JoinAsync(NodeId node, TimeSpan ttl);

    Task<MemoryBeat> BeatAsync(NodeId node, TimeSpan ttl);

    /// <summary>Declares dead whoever has not renewed in time; returns how many.</summary>
    Task<int> TakeOverAsync();

    /// <summary>Forgets the dead of whom no run is left.</summary>
    Task BuryAsync();

    Task LeaveAsync(NodeId node);

    /// <summary>False: there is no such live node.</summary>
    Task<bool> DrainAsync(NodeId node);

    Task AnnounceAsync(NodeId node, string? address);

    Task<IReadOnlyList<NodeRow>> NodesAsync();
}
