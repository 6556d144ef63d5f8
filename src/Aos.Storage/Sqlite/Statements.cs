using Microsoft.Data.Sqlite;

namespace Aos.Storage;

/// <summary>The statements of the hot path, prepared once.</summary>
internal sealed class Statements : IDisposable
{
    private readonly List<SqliteCommand> all = [];

    internal Statements(SqliteConnection connection)
    {
        SeqOf = Prepare(connection, "SELECT last_seq FROM runs WHERE id = $1", 1);
        InsertRun = Prepare(connection, """
            INSERT INTO runs (id, tenant_id, agent_id, workflow, goal, status, labels, last_seq, wake_at, owned, parent, attempt, spent, budget,
              created_at, updated_at, ended_at, failure_code, root_hash)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
            """, 19);
        UpdateRun = Prepare(connection, """
            UPDATE runs SET status = $3, last_seq = $4, wake_at = $5, owned = $6, attempt = $7, spent = $8, updated_at = $9, ended_at = $10,
              failure_code = $11, root_hash = $12, adoptions = $13
            WHERE id = $1 AND tenant_id = $2
            """, 13);
        InsertEvent = Prepare(connection, "INSERT INTO journal (run_id, seq, kind, at, body, chain) VALUES ($1, $2, $3, $4, $5, $6)", 6);
        FindKey = Prepare(connection, "SELECT run_id, fingerprint, expires_at FROM idempotency WHERE tenant_id = $1 AND scope = $2 AND key = $3", 3);
        InsertKey = Prepare(connection, "INSERT OR REPLACE INTO idempotency (tenant_id, scope, key, run_id, fingerprint, expires_at) VALUES ($1, $2, $3, $4, $5, $6)", 6);
        Mail = Prepare(connection, "SELECT id FROM inbox WHERE run_id = $1 AND read = 0", 1);
        MarkRead = Prepare(connection, "UPDATE inbox SET read = 1 WHERE run_id = $1 AND id = $2", 2);
        InsertMail = Prepare(connection, """
            INSERT OR IGNORE INTO inbox (run_id, id, seq, kind, body)
            VALUES ($1, $2, (SELECT coalesce(max(seq), 0) + 1 FROM inbox WHERE run_id = $1), $3, $4)
            """, 4);
        WakeNow = Prepare(connection, "UPDATE runs SET wake_at = 0 WHERE id = $1 AND owned = 0 AND status NOT IN (6, 7, 8)", 1);
    }

    internal SqliteCommand SeqOf { get; }
    internal SqliteCommand InsertRun { get; }
    internal SqliteCommand UpdateRun { get; }
    internal SqliteCommand InsertEvent { get; }
    internal SqliteCommand FindKey { get; }
    internal SqliteCommand InsertKey { get; }
    internal SqliteCommand Mail { get; }
    internal SqliteCommand MarkRead { get; }
    internal SqliteCommand InsertMail { get; }
    internal SqliteCommand WakeNow { get; }

    internal void Use(SqliteTransaction transaction)
    {
        foreach (var command in all) command.Transaction = transaction;
    }

    internal static SqliteCommand Set(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    public void Dispose()
    {
        foreach (var command in all) command.Dispose();
    }

    private SqliteCommand Prepare(SqliteConnection connection, string sql, int parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameters; i++) command.Parameters.Add(new SqliteParameter($"${i}", null));
        all.Add(command);
        return command;
    }
}
