using Aos.Contracts;

namespace Aos.Storage;

/// <summary>Tables of the core on PostgreSQL. Times are UTC ticks but for heartbeats, which live by the database's clock; money is in 10⁻⁶ cents.</summary>
internal static class PostgresSchema
{
    /// <summary>
    /// A run's ids are UUIDv7, so a range of them is a range of time: the journal is cut by month, and what no month holds lies
    /// in the rest. A time column in the key would let two rows take one (run, seq).
    /// </summary>
    private const string Core = $"""
        CREATE TABLE runs (
          id uuid PRIMARY KEY, tenant_id text NOT NULL, agent_id text NOT NULL, workflow text, goal text,
          status smallint NOT NULL, labels jsonb NOT NULL, last_seq integer NOT NULL, wake_at bigint, owner uuid,
          parent uuid, attempt integer NOT NULL, spent bigint NOT NULL, budget bigint,
          created_at bigint NOT NULL, updated_at bigint NOT NULL, ended_at bigint, failure_code text, root_hash text,
          adoptions integer NOT NULL DEFAULT 0, inbox_head bigint NOT NULL DEFAULT 0, inbox_read bigint NOT NULL DEFAULT 0,
          min_rule integer NOT NULL DEFAULT 1
        ) WITH (fillfactor = 80);
        CREATE INDEX runs_of_tenant ON runs (tenant_id, id);
        CREATE INDEX runs_of_agent ON runs (tenant_id, agent_id, id) WHERE {Schema.OfAgents};
        CREATE INDEX runs_due ON runs (wake_at) WHERE owner IS NULL AND wake_at IS NOT NULL;
        CREATE INDEX runs_of_owner ON runs (owner) WHERE owner IS NOT NULL;
        CREATE TABLE journal (
          run_id uuid NOT NULL, seq integer NOT NULL, kind text NOT NULL, at bigint NOT NULL, body bytea NOT NULL, chain bytea NOT NULL,
          PRIMARY KEY (run_id, seq)
        ) PARTITION BY RANGE (run_id);
        CREATE TABLE journal_rest PARTITION OF journal DEFAULT;
        CREATE TABLE inbox (
          run_id uuid NOT NULL, id text NOT NULL, seq bigint NOT NULL, kind text NOT NULL, body bytea NOT NULL, answer bytea,
          PRIMARY KEY (run_id, id), UNIQUE (run_id, seq)
        );
        CREATE TABLE idempotency (
          tenant_id text NOT NULL, scope text NOT NULL, key text NOT NULL, run_id uuid NOT NULL, fingerprint bytea NOT NULL,
          expires_at bigint NOT NULL, PRIMARY KEY (tenant_id, scope, key)
        );
        CREATE TABLE outbox (
          seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE, tenant_id text NOT NULL, run_id uuid NOT NULL,
          endpoint text NOT NULL, kind text NOT NULL, body bytea NOT NULL, state integer NOT NULL DEFAULT 0, attempts integer NOT NULL DEFAULT 0,
          due_at bigint NOT NULL, created_at bigint NOT NULL, last_error text, claimed_by uuid, claimed_until bigint
        );
        CREATE INDEX outbox_order ON outbox (endpoint, run_id, seq) WHERE state = 0;
        CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 0;
        CREATE INDEX outbox_of_tenant ON outbox (tenant_id, state, seq);
        """;

    private const string Nodes = """
        CREATE TABLE nodes (
          id uuid PRIMARY KEY, epoch integer NOT NULL, address text, build text NOT NULL, max_rule integer NOT NULL, state smallint NOT NULL,
          joined_at timestamptz NOT NULL
        );
        CREATE TABLE heartbeats (node uuid PRIMARY KEY, renewed_at timestamptz NOT NULL, ttl_ms integer NOT NULL) WITH (fillfactor = 50);
        CREATE TABLE chores (name text PRIMARY KEY, due_at bigint NOT NULL, quiet integer NOT NULL DEFAULT 0, claimed_by uuid, claimed_until timestamptz);
        """;

    /// <summary>One row that whoever hands out limited slots holds, so that no two nodes count at once.</summary>
    private const string Queue = """
        ALTER TABLE runs ADD COLUMN priority smallint NOT NULL DEFAULT 0, ADD COLUMN lane smallint, ADD COLUMN scope text;
        CREATE INDEX runs_in_line ON runs (tenant_id, scope, lane, priority DESC, id) WHERE owner IS NULL AND lane < 2;
        CREATE INDEX runs_with_slots ON runs (tenant_id, scope) WHERE owner IS NOT NULL AND lane IS NULL AND scope IS NOT NULL;
        CREATE TABLE run_limits (tenant_id text NOT NULL, agent_id text NOT NULL, most integer NOT NULL, PRIMARY KEY (tenant_id, agent_id));
        CREATE TABLE queue_turn (id smallint PRIMARY KEY);
        INSERT INTO queue_turn (id) VALUES (1);
        """;

    internal static IReadOnlyList<Migration> Migrations { get; } =
        [new("storage", 1, "core", Core), new("storage", 2, "nodes", Nodes), new("storage", 3, "queue", Queue), AppendFunction.Migration];
}
