using Aos.Contracts;
using Aos.Kernel;
using Aos.Storage;

namespace Aos.Testing;

/// <summary>The nodes that share the store. Until the first joins, there is one process after another and nothing is fenced.</summary>
public sealed partial class MemoryJournal : INodeTable
{
    private readonly Dictionary<NodeId, MemoryNodeRow> nodes = [];
    private bool isShared;

    /// <summary>Which mistakes the store makes.</summary>
    public Planted Planted { get; set; }

    /// <summary>Sees every append that is accepted, and the row before it.</summary>
    public Action<JournalAppend, RunRow?>? Accepted { get; set; }

    /// <summary>Sees each run that is claimed, as it stood, and the node that claims it.</summary>
    public Action<NodeId, RunRow>? Claimed { get; set; }

    /// <summary>Sees each node that is declared dead.</summary>
    public Action<NodeId>? DeclaredDead { get; set; }

    /// <summary>How often a fence refused somebody.</summary>
    public int FencedCount { get; private set; }

    /// <summary>How many nodes were declared dead.</summary>
    public int TakeoverCount { get; private set; }

    /// <summary>Nodes that may write now.</summary>
    public IReadOnlyList<NodeId> LiveNodes
    {
        get
        {
            lock (gate) return [.. nodes.Values.Where(node => !node.IsDead).Select(node => node.Id)];
        }
    }

    /// <summary>As if this node's last heartbeat had been long ago.</summary>
    public void Expire(NodeId node)
    {
        lock (gate) nodes[node].RenewedAt = DateTimeOffset.MinValue;
    }

    Task INodeTable.JoinAsync(NodeId node, TimeSpan ttl)
    {
        lock (gate)
        {
            isShared = true;
            nodes[node] = new MemoryNodeRow(node, clock.GetUtcNow()) { RenewedAt = clock.GetUtcNow(), Ttl = ttl };
        }

        return Task.CompletedTask;
    }

    Task<MemoryBeat> INodeTable.BeatAsync(NodeId node, TimeSpan ttl)
    {
        lock (gate)
        {
            var mine = nodes.GetValueOrDefault(node);
            var isHeld = mine is { IsDead: false };
            if (isHeld) (mine!.RenewedAt, mine.Ttl) = (clock.GetUtcNow(), ttl);
            var free = rows.Values.Where(row => !row.Owned && row.MinRule <= ThisBuild.MaxRule).Min(row => row.WakeAt);
            RunId[] mail = [.. rows.Values.Where(row => row.Owner == node && Mail(row.Id).Count > row.InboxRead).Select(row => row.Id)];
            var pulse = new Pulse(free, rows.Values.Any(IsOrphan), mail, null, rows.Values.Any(IsInLine));
            return Task.FromResult(new MemoryBeat(isHeld, clock.GetUtcNow(), mine?.State ?? NodeState.Dead, nodes.Values.Any(HasExpired), nodes.Values.Any(other => other.IsDead), pulse));
        }
    }

    Task<int> INodeTable.TakeOverAsync()
    {
        lock (gate)
        {
            var expired = nodes.Values.Where(HasExpired).ToList();
            foreach (var node in expired) node.State = NodeState.Dead;
            TakeoverCount += expired.Count;
            foreach (var node in expired) DeclaredDead?.Invoke(node.Id);
            return Task.FromResult(expired.Count);
        }
    }

    Task INodeTable.BuryAsync()
    {
        lock (gate)
        {
            foreach (var node in nodes.Values.Where(node => node.IsDead && !rows.Values.Any(row => row.Owner == node.Id)).ToList()) nodes.Remove(node.Id);
        }

        return Task.CompletedTask;
    }

    Task INodeTable.LeaveAsync(NodeId node)
    {
        lock (gate)
        {
            if (nodes.GetValueOrDefault(node) is { IsDead: false } && !rows.Values.Any(row => row.Owner == node)) nodes.Remove(node);
        }

        return Task.CompletedTask;
    }

    Task<bool> INodeTable.DrainAsync(NodeId node)
    {
        lock (gate)
        {
            var isLive = IsLive(node);
            if (isLive) nodes[node].State = NodeState.Draining;
            return Task.FromResult(isLive);
        }
    }

    Task INodeTable.AnnounceAsync(NodeId node, string? address)
    {
        lock (gate)
        {
            if (nodes.GetValueOrDefault(node) is { } mine) mine.Address = address;
        }

        return Task.CompletedTask;
    }

    Task<IReadOnlyList<NodeRow>> INodeTable.NodesAsync()
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<NodeRow>>([.. nodes.Values.OrderBy(node => node.JoinedAt).ThenBy(node => node.Id.Value).Select(node => new NodeRow(
                node.Id, node.Address, ThisBuild.Version, ThisBuild.MaxRule, node.State, node.JoinedAt, node.RenewedAt, node.Ttl, rows.Values.LongCount(row => row.Owner == node.Id)))]);
        }
    }

    private bool IsLive(NodeId node) => nodes.GetValueOrDefault(node) is { IsDead: false };

    /// <summary>The fence: whether this node may write at all.</summary>
    private bool MayWrite(NodeId node)
    {
        if (!isShared || IsLive(node) || Planted.HasFlag(Planted.NoEpochCheck)) return true;
        FencedCount++;
        return false;
    }

    private bool MayClaim(NodeId node) => MayWrite(node) && nodes.GetValueOrDefault(node)?.State != NodeState.Draining;

    private bool HasExpired(MemoryNodeRow node) => !node.IsDead && node.RenewedAt < clock.GetUtcNow() - node.Ttl;

    private bool IsOrphan(RunRow row) => row.Owner is { } owner && row.MinRule <= ThisBuild.MaxRule
        && nodes.GetValueOrDefault(owner) is { } node && (node.IsDead || (Planted.HasFlag(Planted.BumpsAfterClaim) && HasExpired(node)));

    private List<RunRow> TakeOrphans(NodeId node, int max)
    {
        if (!Planted.HasFlag(Planted.ClaimsUnfenced) && !MayClaim(node)) return [];
        List<RunRow> orphans = [.. rows.Values.Where(IsOrphan).OrderBy(row => row.Id).Take(max)
            .Select(row => row.Lane is null ? row with { Owner = node, Adoptions = row.Adoptions + 1 } : row with { Owner = null })];
        foreach (var row in orphans)
        {
            rows[row.Id] = row;
            if (row.Owned) Claimed?.Invoke(node, row);
        }

        return [.. orphans.Where(row => row.Owned)];
    }

    private sealed class MemoryNodeRow(NodeId id, DateTimeOffset joinedAt)
    {
        internal NodeId Id => id;

        internal DateTimeOffset JoinedAt => joinedAt;

        internal DateTimeOffset RenewedAt { get; set; }

        internal TimeSpan Ttl { get; set; }

        internal NodeState State { get; set; }

        internal string? Address { get; set; }

        internal bool IsDead => State == NodeState.Dead;
    }
}
