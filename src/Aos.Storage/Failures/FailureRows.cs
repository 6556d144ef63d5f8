using Aos.Contracts;

namespace Aos.Storage;

/// <summary>Rows of failed steps, and the statements that write them beside the events that say so.</summary>
internal static class FailureRows
{
    private const string Changes = """
        ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, skill = excluded.skill, code = excluded.code, message = excluded.message, entry = excluded.entry,
          matched = excluded.matched, retryable = excluded.retryable, signature = excluded.signature, attempts = f.attempts + 1, last_at = excluded.last_at,
          attempted = excluded.attempted, succeeded = 0, recovered_at = NULL, recovered_by = NULL
        WHERE f.seq < excluded.seq
        """;

    /// <summary>Times are UTC ticks. A row of a tenant is found by time, one of a run by the run; what nobody knows is looked through by night.</summary>
    internal static Migration Migration { get; } = new("failures", 1, "failed steps", """
        CREATE TABLE failures (
          id TEXT NOT NULL PRIMARY KEY, tenant_id TEXT NOT NULL, run_id TEXT NOT NULL, seq BIGINT NOT NULL, place TEXT NOT NULL, step TEXT NOT NULL, agent_id TEXT NOT NULL,
          skill TEXT, code TEXT NOT NULL, message TEXT NOT NULL, entry TEXT, matched BIGINT NOT NULL, retryable BIGINT NOT NULL, signature TEXT NOT NULL,
          attempts BIGINT NOT NULL, first_at BIGINT NOT NULL, last_at BIGINT NOT NULL, attempted BIGINT NOT NULL, succeeded BIGINT NOT NULL,
          recovered_at BIGINT, recovered_by TEXT, notes TEXT
        );
        CREATE INDEX failures_of_tenant ON failures (tenant_id, last_at, id);
        CREATE INDEX failures_of_run ON failures (run_id);
        CREATE INDEX failures_by_age ON failures (last_at);
        CREATE INDEX failures_unknown ON failures (last_at) WHERE entry IS NULL;
        """);

    internal const string SqliteInsert = $"""
        INSERT INTO failures AS f (id, tenant_id, run_id, seq, place, step, agent_id, skill, code, message, entry, matched, retryable, signature, attempts, first_at, last_at, attempted, succeeded)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1, $15, $15, $16, 0)
        {Changes}
        """;

    internal const string SqliteRecover = "UPDATE failures SET attempted = 1, succeeded = 1, recovered_at = $1, recovered_by = $2 WHERE id = $3 AND seq < $4 AND succeeded = 0";

    /// <summary>
    /// Runs after the append in the same transaction. Whether the append was accepted is read from the journal itself: its event is there,
    /// with the chain hash that this very append gave it.
    /// </summary>
    internal const string PostgresInsert = $"""
        INSERT INTO failures AS f (id, tenant_id, run_id, seq, place, step, agent_id, skill, code, message, entry, matched, retryable, signature, attempts, first_at, last_at, attempted, succeeded)
        SELECT t.id, t.tenant_id, t.run_id::text, t.seq, t.place, t.step, t.agent_id, t.skill, t.code, t.message, t.entry, t.matched, t.retryable, t.signature, 1, t.at, t.at, t.attempted, 0
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
          AS t(id, tenant_id, run_id, seq, chain, place, step, agent_id, skill, code, message, entry, matched, retryable, signature, at, attempted)
        WHERE EXISTS (SELECT 1 FROM journal j WHERE j.run_id = t.run_id AND j.seq = t.seq AND j.chain = t.chain)
        ORDER BY t.id
        {Changes}
        """;

    internal const string PostgresRecover = """
        UPDATE failures AS f SET attempted = 1, succeeded = 1, recovered_at = t.at, recovered_by = t.by_whom
        FROM unnest($1, $2, $3, $4, $5, $6) AS t(id, run_id, seq, chain, at, by_whom)
        WHERE f.id = t.id AND f.seq < t.seq AND f.succeeded = 0
          AND EXISTS (SELECT 1 FROM journal j WHERE j.run_id = t.run_id AND j.seq = t.seq AND j.chain = t.chain)
        """;

    /// <summary>Chain hash of the event that says so.</summary>
    internal static byte[] Chain(JournalAppend append, int seq) => append.Entries[seq - append.ExpectedSeq - 1].Chain;
}
