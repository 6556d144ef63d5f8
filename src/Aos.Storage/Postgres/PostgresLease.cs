using Aos.Contracts;

namespace Aos.Storage;

/// <summary>
/// The lease of this process as everything that writes sees it. It counts by the process's own monotonic clock, from the moment a
/// renewal was sent: the database can only have begun to count later.
/// </summary>
internal sealed class PostgresLease(TimeProvider clock)
{
    /// <summary>Whether node $1 may write; its epoch is bumped once, when it is declared dead.</summary>
    internal const string Fence = "SELECT 1 AS held FROM nodes WHERE id = $1 AND epoch = 1";

    private readonly Lock gate = new();
    private Held held = Held.None;

    internal TimeProvider Clock => clock;

    /// <summary>What the database's clock is ahead of this machine's.</summary>
    internal TimeSpan Offset { get; private set; }

    internal Lease Lease => Volatile.Read(ref held).Lease;

    internal NodeId Node => Lease.Node;

    /// <summary>No effect may start once two thirds of the time are over.</summary>
    internal bool MayAct => Volatile.Read(ref held) is { } now && !now.Ended.IsCancellationRequested && clock.GetElapsedTime(now.SentAt) < now.Ttl * 2 / 3;

    internal bool IsLost => Volatile.Read(ref held).Ended.IsCancellationRequested;

    /// <summary>How long until the lease is over by this process's own clock.</summary>
    internal TimeSpan Left => Volatile.Read(ref held) is { } now ? now.Ttl - clock.GetElapsedTime(now.SentAt) : TimeSpan.Zero;

    internal TimeSpan Ttl => Volatile.Read(ref held).Ttl;

    internal void Begin(NodeId node, long sentAt, TimeSpan ttl)
    {
        lock (gate) Volatile.Write(ref held, new Held(node, new CancellationTokenSource(), sentAt, ttl));
    }

    internal void Renewed(NodeId node, long sentAt, TimeSpan ttl, TimeSpan offset)
    {
        lock (gate)
        {
            Offset = offset;
            if (held.Lease.Node == node) Volatile.Write(ref held, held with { SentAt = sentAt, Ttl = ttl });
        }
    }

    /// <summary>The lease of this node is over; a later one is not touched.</summary>
    internal void Lost(NodeId node)
    {
        CancellationTokenSource ended;
        lock (gate)
        {
            if (held.Lease.Node != node || held.Ended.IsCancellationRequested) return;
            ended = held.Ended;
        }

        ended.Cancel();
    }

    private sealed record Held(NodeId Node, CancellationTokenSource Ended, long SentAt, TimeSpan Ttl)
    {
        internal static Held None { get; } = new(default, new CancellationTokenSource(), 0, TimeSpan.Zero);

        internal Lease Lease { get; } = new(Node, Ended.Token);
    }
}
