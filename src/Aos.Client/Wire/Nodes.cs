namespace Aos.Client;

/// <summary>A node: one process that drives runs of the store.</summary>
/// <param name="State">active, draining or dead.</param>
/// <param name="IsSelf">It is the node that answered.</param>
/// <param name="Address">Where other nodes reach it; null: through the store alone.</param>
/// <param name="Runs">Runs it drives now.</param>
/// <param name="Build">Version of its program.</param>
/// <param name="MaxRule">The newest rule of the run machine it knows.</param>
/// <param name="RenewedAt">Its last heartbeat, by the clock of the store.</param>
/// <param name="TtlMs">How long after a heartbeat it is declared dead; null in the embedded store.</param>
public sealed record Node(
    string Id, string State, bool IsSelf, string? Address, long Runs, string Build, int MaxRule, DateTimeOffset JoinedAt, DateTimeOffset RenewedAt, long? TtlMs);

/// <summary>The nodes that share a store.</summary>
public sealed record NodePage(IReadOnlyList<Node> Nodes, int Count);

/// <summary>What became of a node that was told something.</summary>
public sealed record NodeStanding(string Id, string State);
