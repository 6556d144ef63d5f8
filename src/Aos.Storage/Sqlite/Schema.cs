using Aos.Contracts;

namespace Aos.Storage;

/// <summary>Tables of the core. Ids are 16 big-endian bytes, times UTC ticks, money 10⁻⁶ cents.</summary>
internal static class Schema
{
    /// <summary>Must stand in a query as it does here: else the index over it is not used.</summary>
    internal const string OfAgents = "length(agent_id) = 36";

    internal static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("storage", 1, "core", """
            CREATE TABLE runs (
              id BLOB PRIMARY KEY, tenant_id TEXT NOT NULL, agent_id TEXT NOT NULL, workflow TEXT, goal TEXT,
              status INTEGER NOT NULL, labels TEXT NOT NULL, last_seq INTEGER NOT NULL, wake_at INTEGER, owned INTEGER NOT NULL,
              parent BLOB, attempt INTEGER NOT NULL, spent INTEGER NOT NULL, budget INTEGER,
              created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, ended_at INTEGER, failure_code TEXT, root_hash TEXT
            ) WITHOUT ROWID;
            CREATE INDEX runs_of_tenant ON runs (tenant_id, id);
            CREATE INDEX runs_due ON runs (wake_at) WHERE owned = 0 AND wake_at IS NOT NULL;
            CREATE INDEX runs_owned ON runs (id) WHERE owned = 1;
            CREATE TABLE journal (
              run_id BLOB NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL, chain BLOB NOT NULL,
              PRIMARY KEY (run_id, seq)
            ) WITHOUT ROWID;
            CREATE TABLE inbox (
              run_id BLOB NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL, read INTEGER NOT NULL DEFAULT 0,
              PRIMARY KEY (run_id, id)
            ) WITHOUT ROWID;
            CREATE TABLE idempotency (
              tenant_id TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, run_id BLOB NOT NULL, fingerprint BLOB NOT NULL,
              expires_at INTEGER NOT NULL, PRIMARY KEY (tenant_id, scope, key)
            ) WITHOUT ROWID;
            """),
        new("storage", 2, "adoptions and the order of mail", """
            ALTER TABLE runs ADD COLUMN adoptions INTEGER NOT NULL DEFAULT 0;
            CREATE TABLE mail (
              run_id BLOB NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL, read INTEGER NOT NULL DEFAULT 0,
              PRIMARY KEY (run_id, id)
            ) WITHOUT ROWID;
            INSERT INTO mail (run_id, id, seq, kind, body, read)
            SELECT run_id, id, row_number() OVER (PARTITION BY run_id ORDER BY id), kind, body, read FROM inbox;
            DROP TABLE inbox;
            ALTER TABLE mail RENAME TO inbox;
            """),
        OutboxTable.Migration,

        // Agents have UUIDs; other agent ids are labels of runs, by which few ask: they cost the index nothing.
        new("storage", 4, "runs of agents", $"CREATE INDEX runs_of_agent ON runs (tenant_id, agent_id, id) WHERE {OfAgents}"),
        new("storage", 5, "how far the inbox is read", """
            ALTER TABLE runs ADD COLUMN inbox_head INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE runs ADD COLUMN inbox_read INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE runs ADD COLUMN min_rule INTEGER NOT NULL DEFAULT 1;
            UPDATE runs SET inbox_head = (SELECT coalesce(max(seq), 0) FROM inbox WHERE run_id = runs.id)
            WHERE id IN (SELECT run_id FROM inbox);
            UPDATE runs SET inbox_read = coalesce((SELECT min(seq) - 1 FROM inbox WHERE run_id = runs.id AND read = 0), inbox_head)
            WHERE id IN (SELECT run_id FROM inbox);
            ALTER TABLE inbox DROP COLUMN read;
            ALTER TABLE inbox ADD COLUMN answer BLOB;
            """),
        new("storage", 6, "queue", """
            ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE runs ADD COLUMN lane INTEGER;
            ALTER TABLE runs ADD COLUMN scope TEXT;
            CREATE INDEX runs_in_line ON runs (tenant_id, scope, lane, priority DESC, id) WHERE owned = 0 AND lane < 2;
            CREATE INDEX runs_with_slots ON runs (tenant_id, scope) WHERE owned = 1 AND lane IS NULL AND scope IS NOT NULL;
            CREATE TABLE run_limits (tenant_id TEXT NOT NULL, agent_id TEXT NOT NULL, most INTEGER NOT NULL, PRIMARY KEY (tenant_id, agent_id)) WITHOUT ROWID;
            """),
    ];

    /// <summary>Condition that a run is of this agent; <paramref name="value"/> is the name of the parameter that carries the id.</summary>
    internal static string IsOf(string agent, string value) => agent.Length == 36 ? $"agent_id = {value} AND {OfAgents}" : $"agent_id = {value}";
}
