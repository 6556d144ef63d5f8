using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Storage;

/// <summary>
/// How runs get in line and get slots. Whoever counts slots holds the one row of queue_turn, and counts in a statement that begins
/// after it has it: so no two nodes take the same last slot. Slots that come free meanwhile need no lock.
/// </summary>
internal static class QueueStatements
{
    /// <summary>Must stand in a query as it does here: else the index over the line is not used.</summary>
    internal const string InLine = "owner IS NULL AND lane < 2";

    /// <summary>
    /// A long line makes the turn look costly to the planner, and compiling it would take seconds, where running it takes
    /// milliseconds. The setting ends with the transaction.
    /// </summary>
    private const string Lock = "SELECT set_config('jit', 'off', true) FROM queue_turn WHERE id = 1 FOR UPDATE";

    /// <summary>Due runs of node $1 at $2, rules up to $3, at most $4. Those of limited scopes get in line.</summary>
    internal const string Due = $"""
        WITH f AS MATERIALIZED ({PostgresLease.Fence} AND state = 0 FOR SHARE),
        c AS (
          SELECT id FROM runs WHERE owner IS NULL AND wake_at IS NOT NULL AND wake_at <= $2 AND min_rule <= $3 AND EXISTS (SELECT 1 FROM f)
          ORDER BY wake_at LIMIT $4 FOR UPDATE SKIP LOCKED),
        s AS (SELECT r.id, {ScopeOfRun} AS scope FROM c JOIN runs r ON r.id = c.id)
        UPDATE runs r SET owner = CASE WHEN s.scope IS NULL THEN $1 END, wake_at = CASE WHEN s.scope IS NULL THEN r.wake_at END,
          lane = CASE WHEN s.scope IS NOT NULL THEN coalesce(r.lane, 0) END, scope = s.scope
        FROM s WHERE r.id = s.id RETURNING {PostgresColumns.Run}
        """;

    /// <summary>Run $2 for node $1, rules up to $3; any command when $4, else only while it has not begun.</summary>
    internal const string Visit = $"""
        WITH f AS MATERIALIZED ({PostgresLease.Fence} FOR SHARE)
        UPDATE runs r SET owner = $1, lane = CASE WHEN r.lane IS NULL AND r.scope IS NULL THEN NULL ELSE coalesce(r.lane, 0) END,
          scope = CASE WHEN r.lane IS NULL THEN r.scope ELSE coalesce(r.scope, '') END
        FROM f WHERE r.id = $2 AND r.owner IS NULL AND r.min_rule <= $3 AND ($4 OR r.status = 0 OR r.lane = 2) RETURNING {PostgresColumns.Run}
        """;

    /// <summary>Limits are few and found by their key: the agent's comes first, it counts in its tenant's as well.</summary>
    private const string ScopeOfRun = """
        CASE WHEN EXISTS (SELECT 1 FROM run_limits l WHERE l.tenant_id = r.tenant_id AND l.agent_id = r.agent_id) THEN r.agent_id
          WHEN EXISTS (SELECT 1 FROM run_limits l WHERE l.tenant_id = r.tenant_id AND l.agent_id = '') THEN '' END
        """;

    private const string OfTenant = "(SELECT count(*) FROM runs h WHERE h.owner IS NOT NULL AND h.lane IS NULL AND h.scope IS NOT NULL AND h.tenant_id = s.tenant_id)";

    private const string OfScope =
        "(SELECT count(*) FROM runs h WHERE h.owner IS NOT NULL AND h.lane IS NULL AND h.scope IS NOT NULL AND h.tenant_id = s.tenant_id AND h.scope = s.scope)";

    private const string LockForRun = """
        SELECT 1 FROM queue_turn WHERE id = 1
          AND EXISTS (SELECT 1 FROM runs r JOIN run_limits l ON l.tenant_id = r.tenant_id AND l.agent_id IN ('', r.agent_id) WHERE r.id = $1) FOR UPDATE
        """;

    private const string Drive = $"""
        WITH f AS MATERIALIZED ({PostgresLease.Fence} FOR SHARE),
        s AS (SELECT r.id, r.tenant_id, r.status IN (6, 7, 8) AS over, {ScopeOfRun} AS scope FROM runs r WHERE r.id = $2),
        g AS (
          SELECT s.id, s.scope, s.over, s.scope IS NULL OR (
            {OfTenant} < coalesce((SELECT most FROM run_limits l WHERE l.tenant_id = s.tenant_id AND l.agent_id = ''), 2147483647)
            AND (s.scope = '' OR {OfScope} < (SELECT most FROM run_limits l WHERE l.tenant_id = s.tenant_id AND l.agent_id = s.scope))) AS fits
          FROM s)
        UPDATE runs r SET owner = CASE WHEN g.fits THEN $1 END, wake_at = CASE WHEN g.fits OR g.over THEN r.wake_at END,
          lane = CASE WHEN NOT g.fits AND NOT g.over THEN coalesce(r.lane, 0) END, scope = g.scope
        FROM f, g WHERE r.id = g.id AND r.owner IS NULL AND r.min_rule <= $3 RETURNING {PostgresColumns.Run}
        """;

    /// <summary>
    /// Tenants with runs in line, found by skipping from one to the next in the index: what it costs grows with the tenants, not
    /// with their runs.
    /// </summary>
    private static string Tenants(string after, string most) => $"""
        t(tenant_id, n) AS (
          (SELECT tenant_id, 1 FROM runs WHERE {InLine} AND tenant_id > {after} ORDER BY tenant_id LIMIT 1)
          UNION ALL
          SELECT x.tenant_id, t.n + 1
          FROM t CROSS JOIN LATERAL (SELECT tenant_id FROM runs WHERE {InLine} AND tenant_id > t.tenant_id ORDER BY tenant_id LIMIT 1) x WHERE t.n < {most})
        """;

    private static readonly string LookedTo = $"WITH RECURSIVE {Tenants("$1", "$2")} SELECT tenant_id FROM t WHERE n = $2";

    /// <summary>
    /// The scopes of each tenant in the same way; from each as many as its limit leaves free; of these as many as the tenant's limit
    /// leaves free; and of all the first of every tenant before the second of any.
    /// </summary>
    private static readonly string Turn = $"""
        WITH RECURSIVE f AS MATERIALIZED ({PostgresLease.Fence} AND state = 0 FOR SHARE),
        {Tenants("$2", "$4")},
        s(tenant_id, scope, n) AS (
          SELECT t.tenant_id, x.scope, 1
          FROM t CROSS JOIN LATERAL (SELECT scope FROM runs WHERE {InLine} AND tenant_id = t.tenant_id ORDER BY scope LIMIT 1) x WHERE EXISTS (SELECT 1 FROM f)
          UNION ALL
          SELECT s.tenant_id, x.scope, s.n + 1
          FROM s CROSS JOIN LATERAL (SELECT scope FROM runs WHERE {InLine} AND tenant_id = s.tenant_id AND scope > s.scope ORDER BY scope LIMIT 1) x
          WHERE s.n < $5),
        g AS MATERIALIZED (
          SELECT s.tenant_id, least($3, coalesce((SELECT most FROM run_limits l WHERE l.tenant_id = s.tenant_id AND l.agent_id = '') - {OfTenant}, $3)) AS free
          FROM t AS s),
        h AS MATERIALIZED (
          SELECT s.tenant_id, s.scope, g.free AS of_tenant,
            least(g.free, coalesce((SELECT most FROM run_limits l WHERE l.tenant_id = s.tenant_id AND l.agent_id = s.scope AND s.scope <> '') - {OfScope}, g.free)) AS free
          FROM s JOIN g ON g.tenant_id = s.tenant_id WHERE g.free > 0),
        c AS (
          SELECT h.tenant_id, h.of_tenant, x.id, x.lane, x.priority
          FROM h CROSS JOIN LATERAL (
            SELECT id, lane, priority FROM runs WHERE {InLine} AND tenant_id = h.tenant_id AND scope = h.scope AND min_rule <= $6
            ORDER BY lane, priority DESC, id LIMIT greatest(h.free, 0) FOR UPDATE SKIP LOCKED) x),
        d AS (SELECT c.*, row_number() OVER (PARTITION BY tenant_id ORDER BY lane, priority DESC, id) AS n FROM c),
        e AS (SELECT id, row_number() OVER (ORDER BY n, tenant_id) AS place FROM d WHERE n <= of_tenant ORDER BY n, tenant_id LIMIT $3)
        UPDATE runs r SET owner = $1, lane = NULL FROM e WHERE r.id = e.id AND r.owner IS NULL AND r.lane < 2 RETURNING {PostgresColumns.Run}, e.place
        """;

    internal static Task<QueueClaim> ClaimAsync(PostgresPool pool, NodeId node, QueueTurn turn, CancellationToken cancel) => pool.BatchAsync(
        [
            (Lock, []),
            (LookedTo, [turn.After, turn.TenantsMax]),
            (Turn, [node.Value, turn.After, turn.Max, turn.TenantsMax, turn.ScopesMax, ThisBuild.MaxRule]),
        ],
        async reader =>
        {
            await reader.NextResultAsync(cancel);
            var lookedTo = await PostgresQueries.RowsAsync(reader, r => r.GetString(0), cancel);
            await reader.NextResultAsync(cancel);
            var runs = await PostgresQueries.RowsAsync(reader, r => (Row: PostgresColumns.Row(r), Place: r.GetInt64(PostgresColumns.Count)), cancel);
            return new QueueClaim([.. runs.OrderBy(run => run.Place).Select(run => run.Row)], lookedTo is [var last] ? last : null);
        },
        cancel);

    internal static Task<RunRow?> DriveAsync(PostgresPool pool, NodeId node, RunId run, CancellationToken cancel) => pool.BatchAsync<RunRow?>(
        [(LockForRun, [run.Value]), (Drive, [node.Value, run.Value, ThisBuild.MaxRule])],
        async reader =>
        {
            await reader.NextResultAsync(cancel);
            return await PostgresQueries.RowsAsync(reader, PostgresColumns.Row, cancel) is [{ Owned: true } mine] ? mine : null;
        },
        cancel);

    internal static Task LimitAsync(PostgresPool pool, IReadOnlyList<RunLimit> limits, CancellationToken cancel)
    {
        List<RunLimit> set = [.. limits.Where(limit => limit.Most is not null)], gone = [.. limits.Where(limit => limit.Most is null)];
        return pool.BatchAsync(
            [
                ("DELETE FROM run_limits l USING unnest($1, $2) AS t(tenant_id, agent_id) WHERE l.tenant_id = t.tenant_id AND l.agent_id = t.agent_id", Names(gone)),
                ("""
                INSERT INTO run_limits AS l (tenant_id, agent_id, most) SELECT t.* FROM unnest($1, $2, $3) AS t(tenant_id, agent_id, most) ORDER BY 1, 2
                ON CONFLICT (tenant_id, agent_id) DO UPDATE SET most = excluded.most WHERE l.most <> excluded.most
                """, [.. Names(set), set.Select(limit => limit.Most!.Value).ToArray()]),
            ],
            _ => Task.FromResult(true), cancel);
    }

    private static object?[] Names(List<RunLimit> limits) => [limits.Select(limit => limit.Tenant.Value).ToArray(), limits.Select(limit => limit.Agent).ToArray()];
}
