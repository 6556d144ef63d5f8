using Microsoft.Data.Sqlite;

namespace Aos.Storage;

/// <summary>The statements of the hot path, prepared once for the life of the writing connection; only the writer touches them.</summary>
internal sealed class Statements : IDisposable
{
    private readonly List<Statement> all = [];

    internal Statements(SqliteConnection connection)
    {
        SeqOf = Prepare(connection, "SELECT last_seq, inbox_head, owned FROM runs WHERE id = $1");
        InsertRun = Prepare(connection, """
            INSERT OR IGNORE INTO runs (id, tenant_id, agent_id, workflow, goal, status, labels, last_seq, wake_at, owned, parent, attempt, spent, budget,
              created_at, updated_at, ended_at, failure_code, root_hash, min_rule, priority, lane, scope)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
            """);
        UpdateRun = Prepare(connection, """
            UPDATE runs SET status = $1, last_seq = $2, wake_at = $3, owned = $4, attempt = $5, spent = $6, updated_at = $7, ended_at = $8,
              failure_code = $9, root_hash = $10, adoptions = $11, inbox_read = $12, lane = $13
            WHERE id = $14 AND tenant_id = $15 AND last_seq = $16 AND owned = 1
            """);
        InsertEvent = Prepare(connection, "INSERT INTO journal (run_id, seq, kind, at, body, chain) VALUES ($1, $2, $3, $4, $5, $6)");
        FindKey = Prepare(connection, "SELECT run_id, fingerprint, expires_at FROM idempotency WHERE tenant_id = $1 AND scope = $2 AND key = $3");
        InsertKey = Prepare(connection, "INSERT OR REPLACE INTO idempotency (tenant_id, scope, key, run_id, fingerprint, expires_at) VALUES ($1, $2, $3, $4, $5, $6)");
        Answer = Prepare(connection, "UPDATE inbox SET answer = $1 WHERE run_id = $2 AND seq = $3");
        InsertMail = Prepare(connection, """
            INSERT OR IGNORE INTO inbox (run_id, id, seq, kind, body) SELECT $1, $2, inbox_head + 1, $3, $4 FROM runs WHERE id = $1
            """);
        CountMail = Prepare(connection, "UPDATE runs SET inbox_head = inbox_head + 1 WHERE id = $1");
        InsertOutbox = Prepare(connection, "INSERT INTO outbox (id, tenant_id, run_id, endpoint, kind, body, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)");
        InsertFailure = Prepare(connection, FailureRows.SqliteInsert);
        RecoverFailure = Prepare(connection, FailureRows.SqliteRecover);
        Money = new MoneyStatements(sql => Prepare(connection, sql));
        WakeNow = Prepare(connection, "UPDATE runs SET wake_at = 0 WHERE id = $1 AND owned = 0 AND status NOT IN (6, 7, 8)");
    }

    /// <summary>Of shared budgets.</summary>
    internal MoneyStatements Money { get; }

    internal Statement SeqOf { get; }
    internal Statement InsertRun { get; }
    internal Statement UpdateRun { get; }
    internal Statement InsertEvent { get; }
    internal Statement FindKey { get; }
    internal Statement InsertKey { get; }
    internal Statement Answer { get; }
    internal Statement InsertMail { get; }
    internal Statement CountMail { get; }
    internal Statement InsertOutbox { get; }
    internal Statement InsertFailure { get; }
    internal Statement RecoverFailure { get; }
    internal Statement WakeNow { get; }

    public void Dispose()
    {
        foreach (var statement in all) statement.Dispose();
    }

    private Statement Prepare(SqliteConnection connection, string sql)
    {
        var statement = new Statement(connection.Handle!, sql);
        all.Add(statement);
        return statement;
    }
}
