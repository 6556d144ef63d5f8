using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>One start of a process as the store knows it. After it was declared dead it joins again under a new id.</summary>
public readonly record struct NodeId(Guid Value)
{
    public override string ToString() => Value.ToString("D");

    public static bool TryParse(string? text, out NodeId node)
    {
        var parsed = Guid.TryParseExact(text, "D", out var value);
        node = new NodeId(value);
        return parsed;
    }
}

/// <summary>Where a node stands. On the wire in lower case.</summary>
public enum NodeState { Active, Draining, Dead }

/// <summary>A node of the cluster.</summary>
/// <param name="Address">Base URL at which other nodes reach it; null: it is reached through the store alone.</param>
/// <param name="Build">Version of its program.</param>
/// <param name="MaxRule">The newest machine rule it knows.</param>
/// <param name="RenewedAt">Its last heartbeat, by the clock of the store.</param>
/// <param name="Ttl">How long after a heartbeat it is declared dead.</param>
/// <param name="Runs">Runs it drives now.</param>
public sealed record NodeRow(
    NodeId Id, string? Address, string Build, int MaxRule, NodeState State, DateTimeOffset JoinedAt, DateTimeOffset RenewedAt, TimeSpan Ttl, long Runs);

/// <summary>A node's right to drive runs. Both end together: after <see cref="Lost"/> nothing may be written under <see cref="Node"/>.</summary>
/// <param name="Lost">Ends when the node must drop its runs: it was fenced, or its lease ran out by its own clock.</param>
public sealed record Lease(NodeId Node, CancellationToken Lost);

/// <summary>What a heartbeat found in the store.</summary>
/// <param name="NextWake">The nearest wake time of a run that nobody drives.</param>
/// <param name="HasOrphans">Runs of dead nodes wait to be taken over.</param>
/// <param name="Mail">Runs of this node that have unread inbox items.</param>
/// <param name="NextDelivery">When the next outbox item is due.</param>
/// <param name="HasQueue">Runs wait in line for a slot.</param>
public sealed record Pulse(
    DateTimeOffset? NextWake, bool HasOrphans, IReadOnlyList<RunId> Mail, DateTimeOffset? NextDelivery, bool HasQueue = false);

/// <summary>
/// This process among the nodes that share a store. The embedded store has one node, which never loses its lease.
/// </summary>
public interface ICluster
{
    /// <summary>True: several nodes may share the store.</summary>
    bool IsShared { get; }

    /// <summary>The present lease. After a loss it is the lost one until <see cref="ReadyAsync"/> gives the next.</summary>
    Lease Lease { get; }

    /// <summary>False after two thirds of the lease's time without a renewal: no new effect may start.</summary>
    bool MayAct { get; }

    /// <summary>True once this node was told to hand its runs back; it takes no new ones.</summary>
    bool IsDraining { get; }

    /// <summary>This machine's clock, corrected to the store's: what wakes, chores and outbox times compare with.</summary>
    DateTimeOffset Now { get; }

    /// <summary>Raised after each heartbeat, on a thread of the pool; never in the embedded store.</summary>
    event Action<Pulse>? Pulsed;

    /// <summary>Enters the cluster. Returns how many runs were left by a process that ended without saying so and are due now (embedded store).</summary>
    Task<int> JoinAsync(CancellationToken cancel);

    /// <summary>The lease as soon as this node may act, under a new id when the old one was lost.</summary>
    ValueTask<Lease> ReadyAsync(CancellationToken cancel);

    /// <summary>The store answered that this node is fenced: its lease is over now.</summary>
    void Fenced(NodeId node);

    /// <summary>The node has work (or has none left): heartbeats come every second (or every ten).</summary>
    void Busy(bool busy);

    /// <summary>The base URL at which other nodes reach this one; null: not at all.</summary>
    void Announce(string? address);

    /// <summary>Says that this node takes no more runs and will leave.</summary>
    Task DrainAsync(CancellationToken cancel);

    /// <summary>Gives all runs of this node free, due now, and leaves.</summary>
    Task LeaveAsync(CancellationToken cancel);

    /// <summary>All nodes that are there, the dead ones while runs of them wait.</summary>
    Task<IReadOnlyList<NodeRow>> NodesAsync(CancellationToken cancel);

    /// <summary>Tells a node to hand its runs back. False: there is no such live node.</summary>
    Task<bool> DrainAsync(NodeId node, CancellationToken cancel);

    /// <summary>The base URL of a live node, or null.</summary>
    ValueTask<string?> AddressAsync(NodeId node, CancellationToken cancel);
}
