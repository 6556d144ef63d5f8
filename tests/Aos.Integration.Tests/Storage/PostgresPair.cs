using Aos.Contracts;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Aos.Integration.Tests.Storage;

/// <summary>Two nodes that have joined one empty database, and a hand on what goes on in it.</summary>
internal sealed class PostgresPair : IAsyncDisposable
{
    private readonly PostgresNodes nodes;
    private NpgsqlConnection? holder;

    private PostgresPair(PostgresNodes nodes, IServiceProvider first, IServiceProvider second)
    {
        this.nodes = nodes;
        (FirstNode, First, Second) = (first, Side(first), Side(second));
    }

    internal IServiceProvider FirstNode { get; }

    internal ClusterSide First { get; }

    internal ClusterSide Second { get; }

    /// <summary>The database, past the nodes.</summary>
    internal string Direct => nodes.Direct;

    /// <param name="variable">AOS_TEST_POSTGRES or AOS_TEST_PGBOUNCER.</param>
    internal static async Task<PostgresPair> OpenAsync(string variable)
    {
        var nodes = await PostgresNodes.OpenAsync(variable);
        return new PostgresPair(nodes, await nodes.JoinAsync(), await nodes.JoinAsync());
    }

    /// <summary>
    /// The first node's heart stands still in the database, in the middle of a beat or before the next, and its last renewal is long
    /// ago: it cannot know that it is declared dead. It hears of it when it gives its lease up.
    /// </summary>
    internal async Task KillAsync()
    {
        var (node, lost) = (First.Cluster.Lease.Node, First.Cluster.Lease.Lost);
        holder = await PostgresNodes.ConnectAsync(Direct);
        while (!await StopHeartAsync(holder, node))
        {
        }

        lost.Register(() => holder.Close());
        while ((await Second.Cluster.NodesAsync(CancellationToken.None)).Any(row => row.Id == node && row.State != NodeState.Dead)) await PulseAsync(Second);
    }

    /// <summary>Two beats each: the first may have been under way already.</summary>
    internal async Task BeatAsync()
    {
        foreach (var side in new[] { First, Second, First, Second }) await PulseAsync(side);
    }

    public async ValueTask DisposeAsync()
    {
        if (holder is not null) await holder.DisposeAsync();
        await nodes.DisposeAsync();
    }

    /// <summary>False: the heart was quicker.</summary>
    private static async Task<bool> StopHeartAsync(NpgsqlConnection connection, NodeId node)
    {
        await using var age = new NpgsqlCommand("UPDATE heartbeats SET renewed_at = 'epoch' WHERE node = $1", connection) { Parameters = { new() { Value = node.Value } } };
        await age.ExecuteNonQueryAsync();
        var transaction = await connection.BeginTransactionAsync();
        await using var hold = new NpgsqlCommand("SELECT renewed_at = 'epoch' FROM heartbeats WHERE node = $1 FOR UPDATE", connection, transaction) { Parameters = { new() { Value = node.Value } } };
        if (await hold.ExecuteScalarAsync() is true) return true;
        await transaction.RollbackAsync();
        return false;
    }

    private static async Task PulseAsync(ClusterSide side)
    {
        var pulsed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Note(Pulse pulse) => pulsed.TrySetResult();
        side.Cluster.Pulsed += Note;
        side.Cluster.Announce(null);
        await pulsed.Task;
        side.Cluster.Pulsed -= Note;
    }

    private static ClusterSide Side(IServiceProvider node) =>
        new(node.GetRequiredService<IJournal>(), node.GetRequiredService<IRunRows>(), node.GetRequiredService<ICluster>());
}
