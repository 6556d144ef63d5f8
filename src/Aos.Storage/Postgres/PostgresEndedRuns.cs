using System.Runtime.CompilerServices;
using Aos.Contracts;
using Aos.Kernel;
using Npgsql;
using NpgsqlTypes;

namespace Aos.Storage;

internal sealed class PostgresEndedRuns(PostgresPool pool, IDatabase database, IEnumerable<IForgetsRuns> rooms) : IEndedRuns
{
    private static readonly string Roots = $"""
        SELECT {PostgresColumns.Run} FROM runs r
        WHERE r.id > $1 AND r.id < $2 AND r.status IN ({PostgresColumns.Over}) AND r.owner IS NULL AND r.ended_at < $3
          AND (r.parent IS NULL OR NOT EXISTS (SELECT 1 FROM runs p WHERE p.id = r.parent))
        ORDER BY r.id LIMIT $4
        """;

    private const string Descendants = $"""
        WITH RECURSIVE t AS (
          SELECT root AS id, root FROM unnest($1::uuid[]) AS root
          UNION ALL SELECT c.id, t.root FROM t JOIN runs c ON c.parent = t.id)
        SELECT {PostgresColumns.Run}, t.root FROM t JOIN runs r ON r.id = t.id WHERE t.id <> t.root
        """;

    private static readonly string Hold = $"""
        SELECT r.id FROM runs r JOIN unnest(@ids, @seqs) AS t(id, seq) ON r.id = t.id
        WHERE r.last_seq = t.seq AND r.owner IS NULL AND r.status IN ({PostgresColumns.Over}) ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
        """;

    private const string Copy = $"COPY archived_runs ({ArchiveTables.Columns}) FROM STDIN (FORMAT BINARY)";

    public async Task<EndedPage> FindAsync(RunId? after, DateTimeOffset endedBefore, int max, CancellationToken cancel)
    {
        var roots = await pool.QueryAsync(
            Roots, [after?.Value ?? Guid.Empty, JournalMonth.FirstAt(endedBefore), endedBefore.UtcTicks, max], PostgresColumns.Row, cancel);
        var below = roots.Count == 0 ? [] : await pool.QueryAsync(
            Descendants, [roots.Select(root => root.Id.Value).ToArray()], r => (Root: new RunId(r.GetGuid(r.FieldCount - 1)), Row: PostgresColumns.Row(r)), cancel);
        return EndedTrees.Page(roots, below.ToLookup(one => one.Root, one => one.Row), endedBefore, max);
    }

    public async IAsyncEnumerable<(RunId, IReadOnlyList<JournalEntry>)> ReadAsync(IReadOnlyList<RunId> runs, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var command = pool.Source.CreateCommand("SELECT seq, kind, at, body, chain, run_id FROM journal WHERE run_id = ANY($1) ORDER BY run_id, seq");
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. runs.Select(run => run.Value)] });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var (of, entries) = (default(RunId), new List<JournalEntry>());
        while (await reader.ReadAsync(cancel))
        {
            var run = new RunId(reader.GetGuid(5));
            if (run != of && entries.Count > 0)
            {
                yield return (of, entries);
                entries = [];
            }

            of = run;
            entries.Add(new JournalEntry(
                reader.GetInt32(0), reader.GetString(1), Columns.Time(reader.GetInt64(2)), reader.GetFieldValue<byte[]>(3), reader.GetFieldValue<byte[]>(4)));
        }

        if (entries.Count > 0) yield return (of, entries);
    }

    public Task<IReadOnlyList<RunId>> TakeAsync(IReadOnlyList<EndedTree> trees, FiledRuns? file, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            var session = new Session((NpgsqlConnection)connection, (NpgsqlTransaction)transaction);
            var runs = EndedTrees.Whole(trees, session.Hold([.. trees.SelectMany(tree => tree.Runs)]));
            if (runs.Count == 0) return (IReadOnlyList<RunId>)[];
            IReadOnlyList<RunId> ids = [.. runs.Select(run => run.Id)];
            if (file is not null)
            {
                ArchiveIndex.Insert(connection, transaction, EndedTrees.Left(file, runs));
                session.Index(runs.Select(run => file.Rows[run.Id]), file.File.MadeAt);
            }
            else foreach (var room in rooms) room.Forget(connection, transaction, [.. runs.Select(run => (run.Tenant, run.Id))]);
            ArchiveIndex.Add(connection, transaction, EndedTrees.Spending(runs));
            session.Delete(ids);
            return ids;
        },
        cancel);

    private readonly record struct Session(NpgsqlConnection Connection, NpgsqlTransaction Transaction)
    {
        internal HashSet<RunId> Hold(IReadOnlyList<RunRow> runs)
        {
            using var select = new NpgsqlCommand(PostgresEndedRuns.Hold, Connection, Transaction);
            select.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", [.. runs.Select(run => run.Id.Value)]));
            select.Parameters.Add(new NpgsqlParameter<int[]>("seqs", [.. runs.Select(run => run.Seq)]));
            using var reader = select.ExecuteReader();
            var held = new HashSet<RunId>();
            while (reader.Read()) held.Add(new RunId(reader.GetGuid(0)));
            return held;
        }

        internal void Index(IEnumerable<ArchivedRow> rows, DateTimeOffset at)
        {
            using var copy = Connection.BeginBinaryImport(Copy);
            foreach (var row in rows)
            {
                copy.StartRow();
                foreach (var value in ArchiveIndex.Values(row, at)) Write(copy, value);
            }

            copy.Complete();
        }

        internal void Delete(IReadOnlyList<RunId> ids)
        {
            Guid[] values = [.. ids.Select(id => id.Value)];
            foreach (var sql in new[] { "DELETE FROM journal WHERE run_id = ANY(@ids)", "DELETE FROM inbox WHERE run_id = ANY(@ids)", "DELETE FROM runs WHERE id = ANY(@ids)" })
            {
                using var delete = new NpgsqlCommand(sql, Connection, Transaction);
                delete.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", values));
                delete.ExecuteNonQuery();
            }
        }

        private static void Write(NpgsqlBinaryImporter copy, object? value)
        {
            switch (value)
            {
                case null: copy.WriteNull(); break;
                case long number: copy.Write(number, NpgsqlDbType.Bigint); break;
                case byte[] bytes: copy.Write(bytes, NpgsqlDbType.Bytea); break;
                default: copy.Write((string)value, NpgsqlDbType.Text); break;
            }
        }
    }
}
