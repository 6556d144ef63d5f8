using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Storage;

/// <summary>Writes a batch of works in one round trip, and tells each what came of it.</summary>
internal sealed class BatchWriter(NpgsqlDataSource source, PostgresLease lease, StoreMeter meter, TimeProvider clock) : IDisposable
{
    private static readonly BatchReply Nothing = new(false, [], []);
    private readonly AppendBatch batch = new();

    public void Dispose() => batch.Dispose();

    /// <summary>Returns the works that have to go again: their condition held after all when it was looked at.</summary>
    internal async Task<List<JournalWork>> WriteAsync(List<JournalWork> works, CancellationToken cancel)
    {
        var now = clock.GetUtcNow() + lease.Offset;
        var node = lease.Node;
        Collect(works, node);
        if (batch.IsEmpty)
        {
            Tell(works, node, Nothing);
            return [];
        }

        await using var connection = await source.OpenConnectionAsync(cancel);
        var reply = await batch.ExecuteAsync(connection, node, now, cancel);
        if (!reply.Held) lease.Lost(node);
        var refused = Tell(works, node, reply);
        meter.Committed(reply.Accepted.Count, refused.Count);
        return refused.Count == 0 ? [] : await Refusals.TellAsync(connection, refused, meter, cancel);
    }

    private void Collect(List<JournalWork> works, NodeId node)
    {
        batch.Clear();
        foreach (var work in works)
        {
            switch (work)
            {
                case AppendWork append when append.Node == node:
                    batch.Add(append.Append);
                    break;
                case SendWork send:
                    batch.Add(send.Item, null);
                    break;
            }
        }
    }

    /// <summary>Returns the refused appends whose reason is not known yet.</summary>
    private List<AppendWork> Tell(List<JournalWork> works, NodeId node, BatchReply reply)
    {
        var refused = new List<AppendWork>();
        var fenced = 0;
        foreach (var work in works)
        {
            if (work is SendWork send) send.Done(reply.Sent.Remove((send.Run.Value, send.Item.Id)));
            else if (work is AppendWork append && (!reply.Held || append.Node != node))
            {
                fenced++;
                append.Done(Fenced);
            }
            else if (work is AppendWork stored && reply.Accepted.Contains(stored.Run.Value)) stored.Done(Appended);
            else refused.Add((AppendWork)work);
        }

        if (fenced > 0) meter.Fenced(fenced);
        return refused;
    }

    private static readonly AppendReply Appended = new AppendReply.Appended();
    private static readonly AppendReply Fenced = new AppendReply.Fenced(WholeNode: true);
}
