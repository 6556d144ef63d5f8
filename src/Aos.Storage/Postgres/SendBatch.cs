using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;
using Npgsql;
using NpgsqlTypes;

namespace Aos.Storage;

/// <summary>
/// The inbox items of a batch as one statement behind its appends, in the same transaction: no row of a run may be changed twice in
/// one statement. An item that belongs to an append is written only when this very transaction has written the append's last event.
/// </summary>
internal sealed class SendBatch
{
    private readonly BatchColumn<Guid> run = new(NpgsqlDbType.Uuid);
    private readonly BatchColumn<string> id = new(NpgsqlDbType.Text);
    private readonly BatchColumn<string> kind = new(NpgsqlDbType.Text);
    private readonly BatchColumn<ReadOnlyMemory<byte>> body = new(NpgsqlDbType.Bytea);
    private readonly BatchColumn<Guid?> sender = new(NpgsqlDbType.Uuid);
    private readonly BatchColumn<int> seq = new(NpgsqlDbType.Integer);
    private readonly HashSet<(RunId Run, string Id)> items = [];

    internal bool IsEmpty => items.Count == 0;

    internal void Add(InboxItem item, JournalAppend? of)
    {
        if (!items.Add((item.Run, item.Id))) return;
        run.Add(item.Run.Value);
        id.Add(item.Id);
        kind.Add(item.Kind);
        body.Add(item.Body);
        sender.Add(of?.Row.Id.Value);
        seq.Add(of?.Row.Seq ?? 0);
    }

    internal void Clear()
    {
        run.Clear();
        id.Clear();
        kind.Clear();
        body.Clear();
        sender.Clear();
        seq.Clear();
        items.Clear();
    }

    /// <summary>Replies run and id of what was new. Rows are locked in the order of their ids, so that two senders wait instead of deadlocking.</summary>
    internal NpgsqlBatchCommand Command()
    {
        var command = new NpgsqlBatchCommand();
        var at = Places.Add(command, [run.Parameter(), id.Parameter(), kind.Parameter(), body.Parameter(), sender.Parameter(), seq.Parameter()]);
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"""
            WITH s AS (
              SELECT x.*, row_number() OVER (PARTITION BY x.run_id ORDER BY x.place) AS n, count(*) OVER (PARTITION BY x.run_id) AS c
              FROM unnest({Places.From(at, 6)}) WITH ORDINALITY AS x(run_id, id, kind, body, sender, seq, place)
              WHERE (x.sender IS NULL OR EXISTS (SELECT 1 FROM journal j WHERE j.run_id = x.sender AND j.seq = x.seq AND j.xmin = pg_current_xact_id()::xid))
                AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.run_id = x.run_id AND i.id = x.id)
            ), l AS MATERIALIZED (
              SELECT r.id FROM runs r WHERE r.id IN (SELECT run_id FROM s) ORDER BY r.id FOR UPDATE
            ), u AS (
              UPDATE runs AS r SET inbox_head = r.inbox_head + d.c,
                wake_at = CASE WHEN r.owner IS NULL AND r.status NOT IN ({Over}) THEN 0 ELSE r.wake_at END
              FROM (SELECT DISTINCT run_id, c FROM s) d JOIN l ON l.id = d.run_id WHERE r.id = d.run_id
              RETURNING r.id, r.inbox_head - d.c AS base
            )
            INSERT INTO inbox (run_id, id, seq, kind, body)
            SELECT s.run_id, s.id, u.base + s.n, s.kind, s.body FROM s JOIN u ON u.id = s.run_id
            RETURNING run_id, id
            """);
        return command;
    }

    /// <summary>Statuses in which nothing wakes a run any more.</summary>
    internal static string Over { get; } = string.Join(
        ", ", Enum.GetValues<RunStatus>().Where(status => status.IsOver()).Select(status => ((int)status).ToString(CultureInfo.InvariantCulture)));
}
