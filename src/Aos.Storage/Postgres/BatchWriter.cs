using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Storage;

/// <summary>Writes a batch of works in one round trip, and tells each what came of it.</summary>
internal sealed class BatchWriter(NpgsqlDataSource source, PostgresLease lease, StoreMeter meter, TimeProvider clock)
{
    private const int SecondsMax = 10;
    private readonly AppendBatch appends = new();
    private readonly SendBatch sends = new();

    /// <summary>Returns the works that have to go again: their condition held after all when it was looked at.</summary>
    internal async Task<List<JournalWork>> WriteAsync(List<JournalWork> works, CancellationToken cancel)
    {
        var now = clock.GetUtcNow() + lease.Offset;
        var node = lease.Node;
        Collect(works, node, now);
        if (appends.IsEmpty && sends.IsEmpty)
        {
            Tell(works, node, false, [], []);
            return [];
        }

        await using var connection = await source.OpenConnectionAsync(cancel);
        var (held, accepted, sent) = await SendAsync(connection, node, now, cancel);
        if (!held) lease.Lost(node);
        var refused = Tell(works, node, held, accepted, sent);
        meter.Committed(accepted.Count, refused.Count);
        return refused.Count == 0 ? [] : await Refusals.TellAsync(connection, refused, meter, cancel);
    }

    private void Collect(List<JournalWork> works, NodeId node, DateTimeOffset now)
    {
        appends.Clear();
        sends.Clear();
        foreach (var work in works)
        {
            switch (work)
            {
                case AppendWork append when append.Node == node:
                    appends.Add(append.Append, now);
                    foreach (var item in append.Append.Sends) sends.Add(item, append.Append);
                    break;
                case SendWork send:
                    sends.Add(send.Item, null);
                    break;
            }
        }
    }

    private async Task<(bool Held, HashSet<Guid> Accepted, HashSet<(Guid, string)> Sent)> SendAsync(
        NpgsqlConnection connection, NodeId node, DateTimeOffset now, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection) { Timeout = SecondsMax };
        var hasAppends = !appends.IsEmpty;
        if (hasAppends) batch.BatchCommands.Add(appends.Command(node, now));
        if (!sends.IsEmpty) batch.BatchCommands.Add(sends.Command());
        var (held, accepted, sent) = (!hasAppends, new HashSet<Guid>(), new HashSet<(Guid, string)>());
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        if (hasAppends)
        {
            while (await reader.ReadAsync(cancel))
            {
                if (reader.IsDBNull(0)) held = true;
                else accepted.Add(reader.GetGuid(0));
            }

            await reader.NextResultAsync(cancel);
        }

        if (!sends.IsEmpty)
        {
            while (await reader.ReadAsync(cancel)) sent.Add((reader.GetGuid(0), reader.GetString(1)));
        }

        // The commit's own errors come with the end of the answer.
        while (await reader.NextResultAsync(cancel))
        {
        }

        return (held, accepted, sent);
    }

    /// <summary>Returns the refused appends whose reason is not known yet.</summary>
    private List<AppendWork> Tell(List<JournalWork> works, NodeId node, bool held, HashSet<Guid> accepted, HashSet<(Guid, string)> sent)
    {
        var refused = new List<AppendWork>();
        var fenced = 0;
        foreach (var work in works)
        {
            if (work is SendWork send) send.Done(sent.Remove((send.Run.Value, send.Item.Id)));
            else if (work is AppendWork append && (!held || append.Node != node))
            {
                fenced++;
                append.Done(Fenced);
            }
            else if (work is AppendWork stored && accepted.Contains(stored.Run.Value)) stored.Done(Appended);
            else refused.Add((AppendWork)work);
        }

        if (fenced > 0) meter.Fenced(fenced);
        return refused;
    }

    private static readonly AppendReply Appended = new AppendReply.Appended();
    private static readonly AppendReply Fenced = new AppendReply.Fenced(WholeNode: true);
}
