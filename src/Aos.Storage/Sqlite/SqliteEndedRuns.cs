using System.Data.Common;
using System.Runtime.CompilerServices;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

internal sealed class SqliteEndedRuns(SqliteStore store, IDatabase database, IJournal journal, IEnumerable<IForgetsRuns> rooms) : IEndedRuns
{
    private const string Over = "status IN (6, 7, 8)";

    private const string Descendants = $"""
        WITH RECURSIVE t(id) AS (SELECT $1 UNION ALL SELECT c.id FROM runs c JOIN t ON c.parent = t.id)
        SELECT {Columns.Run} FROM runs WHERE id IN (SELECT id FROM t) AND id <> $1
        """;

    public Task<EndedPage> FindAsync(RunId? after, DateTimeOffset endedBefore, int max, CancellationToken cancel) => store.ReadAsync(connection =>
    {
        var roots = Rows(
            connection,
            $"""
            SELECT {Columns.Run} FROM runs AS r
            WHERE id > $1 AND id < $2 AND {Over} AND owned = 0 AND ended_at < $3 AND (parent IS NULL OR NOT EXISTS (SELECT 1 FROM runs p WHERE p.id = r.parent))
            ORDER BY id LIMIT $4
            """,
            Columns.Id(after ?? default), Columns.Id(new RunId(JournalMonth.FirstAt(endedBefore))), endedBefore.UtcTicks, max);
        var below = roots.SelectMany(root => Rows(connection, Descendants, Columns.Id(root.Id)).Select(row => (root.Id, Row: row)));
        return EndedTrees.Page(roots, below.ToLookup(one => one.Id, one => one.Row), endedBefore, max);
    }, cancel);

    public async IAsyncEnumerable<(RunId, IReadOnlyList<JournalEntry>)> ReadAsync(IReadOnlyList<RunId> runs, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var run in runs.Order())
        {
            if (await journal.ReadRawAsync(run, 0, int.MaxValue, cancel) is { Count: > 0 } entries) yield return (run, entries);
        }
    }

    public Task<IReadOnlyList<RunId>> TakeAsync(IReadOnlyList<EndedTree> trees, FiledRuns? file, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            var runs = EndedTrees.Whole(trees, Held(connection, transaction, trees));
            if (runs.Count == 0) return (IReadOnlyList<RunId>)[];
            IReadOnlyList<RunId> ids = [.. runs.Select(run => run.Id)];
            if (file is not null)
            {
                ArchiveIndex.Insert(connection, transaction, EndedTrees.Left(file, runs));
                Index(connection, transaction, runs.Select(run => file.Rows[run.Id]), file.File.MadeAt);
            }
            else foreach (var room in rooms) room.Forget(connection, transaction, [.. runs.Select(run => (run.Tenant, run.Id))]);
            ArchiveIndex.Add(connection, transaction, EndedTrees.Spending(runs));
            foreach (var table in new[] { "DELETE FROM journal WHERE run_id = $1", "DELETE FROM inbox WHERE run_id = $1", "DELETE FROM runs WHERE id = $1" })
                Each(connection, transaction, table, ids.Select(id => new object?[] { Columns.Id(id) }));
            return ids;
        },
        cancel);

    private static HashSet<RunId> Held(DbConnection connection, DbTransaction transaction, IReadOnlyList<EndedTree> trees)
    {
        using var select = Command(connection, transaction, $"SELECT 1 FROM runs WHERE id = $1 AND last_seq = $2 AND owned = 0 AND {Over}", 2);
        var held = new HashSet<RunId>();
        foreach (var run in trees.SelectMany(tree => tree.Runs))
        {
            (select.Parameters[0].Value, select.Parameters[1].Value) = (Columns.Id(run.Id), run.Seq);
            if (select.ExecuteScalar() is not null) held.Add(run.Id);
        }

        return held;
    }

    private static void Index(DbConnection connection, DbTransaction transaction, IEnumerable<ArchivedRow> rows, DateTimeOffset at)
    {
        var columns = ArchiveTables.Columns.Split(", ").Length;
        var values = string.Join(", ", Enumerable.Range(1, columns).Select(column => $"${column}"));
        Each(connection, transaction, $"INSERT INTO archived_runs ({ArchiveTables.Columns}) VALUES ({values})", rows.Select(row => ArchiveIndex.Values(row, at)));
    }

    private static void Each(DbConnection connection, DbTransaction transaction, string sql, IEnumerable<object?[]> rows)
    {
        SqliteCommand? command = null;
        foreach (var row in rows)
        {
            command ??= Command(connection, transaction, sql, row.Length);
            for (var i = 0; i < row.Length; i++) command.Parameters[i].Value = row[i] ?? DBNull.Value;
            command.ExecuteNonQuery();
        }

        command?.Dispose();
    }

    private static SqliteCommand Command(DbConnection connection, DbTransaction transaction, string sql, int parameters)
    {
        var command = ((SqliteConnection)connection).CreateCommand();
        (command.Transaction, command.CommandText) = ((SqliteTransaction)transaction, sql);
        for (var i = 1; i <= parameters; i++) command.Parameters.Add(new SqliteParameter($"${i}", null));
        return command;
    }

    private List<RunRow> Rows(SqliteConnection connection, string sql, params object[] values)
    {
        using var select = connection.CreateCommand();
        select.CommandText = sql;
        for (var i = 0; i < values.Length; i++) select.Parameters.AddWithValue($"${i + 1}", values[i]);
        using var r = select.ExecuteReader();
        var rows = new List<RunRow>();
        while (r.Read()) rows.Add(Columns.Row(r, store.Node));
        return rows;
    }
}
