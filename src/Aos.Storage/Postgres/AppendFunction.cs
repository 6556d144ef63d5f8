using Aos.Contracts;

namespace Aos.Storage;

/// <summary>
/// What writes a batch, as a function of the database. A statement that is sent is parsed and planned each time, which costs more than a
/// small batch itself; those inside a function are planned once a connection of the server, directly and behind PgBouncer, and no
/// session has to remember a name. The text never changes: another signature or meaning is another number, for nodes of older
/// builds call the function they know.
/// </summary>
internal static class AppendFunction
{
    internal const string Name = "aos_append_1";

    /// <summary>
    /// A plan that fits a small table would be kept while the table grows, so only plans by index are allowed: they hold for
    /// every size. A run is found by its id: the owner is compared so that no index can be used for it, for that of owners holds an entry
    /// of every run that has just ended. What <c>accepted</c> holds was stored by this very call; sends that belong to an append hang on it.
    /// </summary>
    internal const string Sql = $"""
        CREATE FUNCTION {Name}(
          by_node uuid, at_now bigint,
          k_tenant text[], k_scope text[], k_key text[], k_run uuid[], k_fingerprint bytea[], k_expires bigint[],
          n_id uuid[], n_tenant text[], n_status smallint[], n_seq integer[], n_wake bigint[], n_owner uuid[], n_attempt integer[], n_spent bigint[],
          n_updated bigint[], n_ended bigint[], n_failure text[], n_root text[], n_lane smallint[],
          n_agent text[], n_workflow text[], n_goal text[], n_labels jsonb[], n_parent uuid[], n_budget bigint[], n_created bigint[], n_rule integer[],
          n_priority smallint[], n_scope text[], n_claims boolean[],
          u_id uuid[], u_tenant text[], u_status smallint[], u_seq integer[], u_wake bigint[], u_owner uuid[], u_attempt integer[], u_spent bigint[],
          u_updated bigint[], u_ended bigint[], u_failure text[], u_root text[], u_lane smallint[],
          u_expected integer[], u_park boolean[], u_read bigint[], u_adoptions integer[],
          e_run uuid[], e_seq integer[], e_kind text[], e_at bigint[], e_body bytea[], e_chain bytea[],
          w_run uuid[], w_seq bigint[], w_body bytea[],
          o_by uuid[], o_id uuid[], o_tenant text[], o_run uuid[], o_endpoint text[], o_kind text[], o_body bytea[],
          s_run uuid[], s_id text[], s_kind text[], s_body bytea[], s_by uuid[],
          OUT held boolean, OUT accepted uuid[], OUT sent_run uuid[], OUT sent_id text[])
        LANGUAGE plpgsql VOLATILE
        SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
        AS $$
        #variable_conflict use_column
        DECLARE claimed uuid[]; updated uuid[]; whole boolean;
        BEGIN
          accepted := '{"{}"}';
          held := by_node IS NULL;
          IF NOT held THEN
            PERFORM 1 FROM nodes WHERE id = by_node AND epoch = 1 FOR SHARE;
            held := FOUND;
          END IF;

          IF held AND cardinality(k_run) > 0 THEN
            WITH k AS (
              INSERT INTO idempotency AS i (tenant_id, scope, key, run_id, fingerprint, expires_at)
              SELECT t.* FROM unnest(k_tenant, k_scope, k_key, k_run, k_fingerprint, k_expires) AS t(tenant_id, scope, key, run_id, fingerprint, expires_at)
              ORDER BY 1, 2, 3
              ON CONFLICT (tenant_id, scope, key) DO UPDATE
              SET run_id = excluded.run_id, fingerprint = excluded.fingerprint, expires_at = excluded.expires_at WHERE i.expires_at <= at_now
              RETURNING run_id)
            SELECT array_agg(run_id) INTO claimed FROM k;
          END IF;

          IF held AND cardinality(n_id) > 0 THEN
            WITH n AS (
              INSERT INTO runs (id, tenant_id, status, last_seq, wake_at, owner, attempt, spent, updated_at, ended_at, failure_code, root_hash, lane,
                agent_id, workflow, goal, labels, parent, budget, created_at, min_rule, priority, scope)
              SELECT t.id, t.tenant_id, t.status, t.last_seq, t.wake_at, t.owner, t.attempt, t.spent, t.updated_at, t.ended_at, t.failure_code, t.root_hash, t.lane,
                t.agent_id, t.workflow, t.goal, t.labels, t.parent, t.budget, t.created_at, t.min_rule, t.priority, t.scope
              FROM unnest(n_id, n_tenant, n_status, n_seq, n_wake, n_owner, n_attempt, n_spent, n_updated, n_ended, n_failure, n_root, n_lane,
                n_agent, n_workflow, n_goal, n_labels, n_parent, n_budget, n_created, n_rule, n_priority, n_scope, n_claims)
                AS t(id, tenant_id, status, last_seq, wake_at, owner, attempt, spent, updated_at, ended_at, failure_code, root_hash, lane,
                agent_id, workflow, goal, labels, parent, budget, created_at, min_rule, priority, scope, claims)
              WHERE NOT t.claims OR t.id = ANY(claimed)
              ON CONFLICT (id) DO NOTHING RETURNING id)
            SELECT coalesce(array_agg(id), accepted) INTO accepted FROM n;
          END IF;

          IF held AND cardinality(u_id) > 0 THEN
            WITH u AS (
              UPDATE runs AS r SET status = t.status, last_seq = t.last_seq, wake_at = t.wake_at, owner = t.owner, attempt = t.attempt, spent = t.spent,
                updated_at = t.updated_at, ended_at = t.ended_at, failure_code = t.failure_code, root_hash = t.root_hash, lane = t.lane,
                inbox_read = t.inbox_read, adoptions = t.adoptions
              FROM unnest(u_id, u_tenant, u_status, u_seq, u_wake, u_owner, u_attempt, u_spent, u_updated, u_ended, u_failure, u_root, u_lane,
                u_expected, u_park, u_read, u_adoptions)
                AS t(id, tenant_id, status, last_seq, wake_at, owner, attempt, spent, updated_at, ended_at, failure_code, root_hash, lane,
                expected, park, inbox_read, adoptions)
              WHERE r.id = t.id AND r.tenant_id = t.tenant_id AND r.last_seq = t.expected AND (r.owner = by_node) IS TRUE AND (NOT t.park OR r.inbox_head <= t.inbox_read)
              RETURNING r.id)
            SELECT array_agg(id) INTO updated FROM u;
            accepted := accepted || updated;
          END IF;

          whole := cardinality(accepted) = cardinality(n_id) + cardinality(u_id);
          IF cardinality(accepted) > 0 AND cardinality(e_run) > 0 THEN
            INSERT INTO journal (run_id, seq, kind, at, body, chain)
            SELECT t.* FROM unnest(e_run, e_seq, e_kind, e_at, e_body, e_chain) AS t(run_id, seq, kind, at, body, chain)
            WHERE whole OR t.run_id = ANY(accepted);
          END IF;

          IF cardinality(accepted) > 0 AND cardinality(w_run) > 0 THEN
            UPDATE inbox AS i SET answer = t.body FROM unnest(w_run, w_seq, w_body) AS t(run_id, seq, body)
            WHERE (whole OR t.run_id = ANY(accepted)) AND i.run_id = t.run_id AND i.seq = t.seq;
          END IF;

          IF cardinality(accepted) > 0 AND cardinality(o_by) > 0 THEN
            INSERT INTO outbox (id, tenant_id, run_id, endpoint, kind, body, due_at, created_at)
            SELECT t.id, t.tenant_id, t.run_id, t.endpoint, t.kind, t.body, at_now, at_now
            FROM unnest(o_by, o_id, o_tenant, o_run, o_endpoint, o_kind, o_body) WITH ORDINALITY AS t(sender, id, tenant_id, run_id, endpoint, kind, body, place)
            WHERE whole OR t.sender = ANY(accepted) ORDER BY t.place;
          END IF;

          IF cardinality(s_run) > 0 THEN
            WITH s AS (
              SELECT x.*, row_number() OVER (PARTITION BY x.run_id ORDER BY x.place) AS n, count(*) OVER (PARTITION BY x.run_id) AS c
              FROM unnest(s_run, s_id, s_kind, s_body, s_by) WITH ORDINALITY AS x(run_id, id, kind, body, sender, place)
              WHERE (x.sender IS NULL OR x.sender = ANY(accepted)) AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.run_id = x.run_id AND i.id = x.id)
            ), l AS MATERIALIZED (
              SELECT r.id FROM runs r WHERE r.id IN (SELECT run_id FROM s) ORDER BY r.id FOR UPDATE
            ), u AS (
              UPDATE runs AS r SET inbox_head = r.inbox_head + d.c,
                wake_at = CASE WHEN r.owner IS NULL AND r.status NOT IN (6, 7, 8) THEN 0 ELSE r.wake_at END
              FROM (SELECT DISTINCT run_id, c FROM s) d JOIN l ON l.id = d.run_id WHERE r.id = d.run_id
              RETURNING r.id, r.inbox_head - d.c AS base
            ), i AS (
              INSERT INTO inbox (run_id, id, seq, kind, body)
              SELECT s.run_id, s.id, u.base + s.n, s.kind, s.body FROM s JOIN u ON u.id = s.run_id
              RETURNING run_id, id)
            SELECT array_agg(i.run_id), array_agg(i.id) INTO sent_run, sent_id FROM i;
          END IF;
        END $$
        """;

    internal static Migration Migration { get; } = new("storage", 4, "append", Sql);
}
