using System.Globalization;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

internal sealed class PostgresRunRows(PostgresPool pool, StoreMeter meter) : IRunRows
{
    public Task<RunRow?> GetAsync(TenantId tenant, RunId run, CancellationToken cancel) => pool.FindAsync(
        tenant, $"SELECT {PostgresColumns.Run} FROM runs r WHERE r.id = $1 AND r.tenant_id = $2", [run.Value, tenant.Value], PostgresColumns.Row, cancel);

    public async Task<IReadOnlyList<RunRow>> ListAsync(RunFilter filter, CancellationToken cancel)
    {
        var values = new List<object?> { filter.Tenant.Value };
        var sql = new StringBuilder($"SELECT {PostgresColumns.Run} FROM runs r WHERE r.tenant_id = $1").Append(Where(filter, values));
        if (filter.Before is { } before) sql.Append(" AND r.id < ").Append(Place(values, before.Value));
        sql.Append(" ORDER BY r.id DESC LIMIT ").Append(Place(values, Math.Clamp(filter.Limit, 1, 1000)));
        return await pool.QueryAsync(filter.Tenant, sql.ToString(), [.. values], PostgresColumns.Row, cancel);
    }

    public async Task<long> CountAsync(RunFilter filter, CancellationToken cancel)
    {
        var values = new List<object?> { filter.Tenant.Value };
        var sql = "SELECT count(*) FROM runs r WHERE r.tenant_id = $1" + Where(filter, values);
        return (await pool.QueryAsync(filter.Tenant, sql, [.. values], r => r.GetInt64(0), cancel))[0];
    }

    private static string Place(List<object?> values, object value)
    {
        values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${values.Count}");
    }

    /// <summary>The conditions behind the tenant's.</summary>
    private static string Where(RunFilter filter, List<object?> values)
    {
        var sql = new StringBuilder();
        if (filter.AgentId is { } agent) sql.Append(" AND ").Append(Schema.IsOf(agent, Place(values, agent)));
        if (filter.Workflow is { } workflow)
            sql.Append(" AND (r.workflow = ").Append(Place(values, workflow)).Append(" OR starts_with(r.workflow, ").Append(Place(values, filter.WorkflowStart!)).Append("))");
        if (filter.Parent is { } parent) sql.Append(" AND r.parent = ").Append(Place(values, parent.Value));
        if (filter.RootHash is { } root) sql.Append(" AND r.root_hash = ").Append(Place(values, root));
        if (filter.From is { } from) sql.Append(" AND r.created_at >= ").Append(Place(values, from.UtcTicks));
        if (filter.To is { } to) sql.Append(" AND r.created_at <= ").Append(Place(values, to.UtcTicks));
        if (filter.Statuses is { Count: > 0 } statuses) sql.Append(" AND r.status = ANY(").Append(Place(values, statuses.Select(status => (short)status).ToArray())).Append(')');
        if (filter.Labels is { Count: > 0 } labels) sql.Append(" AND r.labels @> ").Append(Place(values, Columns.Labels(labels))).Append("::jsonb");
        return sql.ToString();
    }

    public async Task<IReadOnlyDictionary<RunStatus, long>> CountAsync(TenantId tenant, CancellationToken cancel)
    {
        var counts = new SortedDictionary<RunStatus, long>();
        foreach (var (status, count) in await pool.QueryAsync(
            tenant, "SELECT status, count(*) FROM runs WHERE tenant_id = $1 GROUP BY status", [tenant.Value], r => ((RunStatus)r.GetInt16(0), r.GetInt64(1)), cancel))
            counts[status] = count;
        return counts;
    }

    public async Task<IReadOnlyList<RunRow>> ClaimDueAsync(NodeId node, DateTimeOffset now, int max, CancellationToken cancel)
    {
        var rows = await pool.QueryAsync(QueueStatements.Due, [node.Value, now.UtcTicks, ThisBuild.MaxRule, max], PostgresColumns.Row, cancel);
        return [.. rows.OrderBy(row => row.WakeAt).ThenBy(row => row.Id)];
    }

    public async Task<IReadOnlyList<RunRow>> ClaimOrphansAsync(NodeId node, int max, CancellationToken cancel)
    {
        var adopted = await pool.QueryAsync(Orphans, [node.Value, ThisBuild.MaxRule, max], PostgresColumns.Row, cancel);
        adopted.RemoveAll(row => !row.Owned);
        if (adopted.Count > 0) meter.Adopted(adopted.Count);
        return adopted;
    }

    /// <summary>Those that a dead node only visited are in line again.</summary>
    private const string Orphans =
        $"""
        WITH f AS MATERIALIZED ({PostgresLease.Fence} AND state = 0 FOR SHARE),
        c AS (
          SELECT r.id FROM runs r WHERE r.owner IN (SELECT id FROM nodes WHERE epoch > 1) AND r.min_rule <= $2 AND EXISTS (SELECT 1 FROM f)
          ORDER BY r.id LIMIT $3 FOR UPDATE SKIP LOCKED)
        UPDATE runs r SET owner = CASE WHEN r.lane IS NULL THEN $1 END, adoptions = r.adoptions + CASE WHEN r.lane IS NULL THEN 1 ELSE 0 END FROM c WHERE r.id = c.id RETURNING {PostgresColumns.Run}
        """;

    public Task<QueueClaim> ClaimQueuedAsync(NodeId node, QueueTurn turn, CancellationToken cancel) => QueueStatements.ClaimAsync(pool, node, turn, cancel);

    public Task<RunRow?> ClaimAsync(NodeId node, RunId run, Taking taking, CancellationToken cancel) => taking == Taking.Drive
        ? QueueStatements.DriveAsync(pool, node, run, cancel)
        : pool.FindAsync(QueueStatements.Visit, [node.Value, run.Value, ThisBuild.MaxRule, taking == Taking.Visit], PostgresColumns.Row, cancel);

    public Task LimitAsync(IReadOnlyList<RunLimit> limits, CancellationToken cancel) => QueueStatements.LimitAsync(pool, limits, cancel);

    public async Task<IReadOnlyList<RunLimit>> LimitsAsync(CancellationToken cancel) => await pool.QueryAsync(
        "SELECT tenant_id, agent_id, most FROM run_limits", [], r => new RunLimit(new TenantId(r.GetString(0)), r.GetString(1), r.GetInt32(2)), cancel);

    public async Task<int> QueuedAsync(TenantId? tenant, int max, CancellationToken cancel) => (await pool.QueryAsync(
        $"SELECT count(*) FROM (SELECT 1 FROM runs WHERE {QueueStatements.InLine}{(tenant is null ? "" : " AND tenant_id = $2")} LIMIT $1) AS q",
        tenant is { } one ? [max, one.Value] : [max], r => (int)r.GetInt64(0), cancel))[0];

    public async Task<IReadOnlyList<RunRow>> OwnedAsync(NodeId node, RunId? after, int max, CancellationToken cancel) => await pool.QueryAsync(
        $"SELECT {PostgresColumns.Run} FROM runs r WHERE r.owner = $1 AND r.id > $2 ORDER BY r.id LIMIT $3", [node.Value, after?.Value ?? Guid.Empty, max], PostgresColumns.Row, cancel);

    public async Task<IReadOnlyList<RunRow>> IdleAsync(TenantId? tenant, RunId? after, int max, CancellationToken cancel) => await pool.QueryAsync(
        $"SELECT {PostgresColumns.Run} FROM runs r WHERE r.owner IS NULL AND r.status NOT IN ({PostgresColumns.Over}) AND r.id > $1 AND ($2 = '' OR r.tenant_id = $2) ORDER BY r.id LIMIT $3",
        [after?.Value ?? Guid.Empty, tenant?.Value ?? "", max], PostgresColumns.Row, cancel);

    public async Task<int> ReleaseAllAsync(NodeId node, CancellationToken cancel)
    {
        var released = await pool.QueryAsync(
            $"""
            WITH f AS MATERIALIZED ({PostgresLease.Fence} FOR SHARE)
            UPDATE runs r SET owner = NULL, wake_at = CASE WHEN r.status IN ({PostgresColumns.Over}) THEN r.wake_at ELSE 0 END FROM f WHERE r.owner = $1 RETURNING r.wake_at = 0
            """,
            [node.Value], r => !r.IsDBNull(0) && r.GetBoolean(0), cancel);
        return released.Count(isDue => isDue);
    }

    public Task ReleaseAsync(NodeId node, RunId run, DateTimeOffset wakeAt, CancellationToken cancel) => ChangeAsync(
        "owner = NULL, lane = NULL, wake_at = $3", "AND r.owner = $1", [node.Value, run.Value, wakeAt.UtcTicks], cancel);

    public Task SetAsideAsync(NodeId node, TenantId tenant, RunId run, string code, CancellationToken cancel) => ChangeAsync(
        $"status = {(int)RunStatus.Quarantined}, owner = NULL, lane = NULL, wake_at = NULL, failure_code = $4", "AND (r.owner = $1 OR r.owner IS NULL) AND r.tenant_id = $3", [node.Value, run.Value, tenant.Value, code], cancel);

    public async Task<DateTimeOffset?> NextWakeAsync(CancellationToken cancel) =>
        (await pool.QueryAsync(
            "SELECT wake_at FROM runs WHERE owner IS NULL AND wake_at IS NOT NULL AND min_rule <= $1 ORDER BY wake_at LIMIT 1", [ThisBuild.MaxRule],
            r => Columns.Time(r.GetInt64(0)), cancel)) is [var nearest] ? nearest : null;

    public async Task<AgentSpending> SpendingAsync(TenantId tenant, string agent, DateTimeOffset day, CancellationToken cancel) => (await pool.QueryAsync(
        tenant,
        $"""
        SELECT COALESCE(SUM(cost), 0)::bigint, COALESCE(SUM(CASE WHEN created_at >= $3 THEN cost ELSE 0 END), 0)::bigint FROM (
          SELECT created_at, CASE WHEN status IN ({PostgresColumns.Over}) OR budget IS NULL OR budget < spent THEN spent ELSE budget END AS cost
          FROM runs WHERE tenant_id = $1 AND {Schema.IsOf(agent, "$2")} AND parent IS NULL) AS costs
        """,
        [tenant.Value, agent, day.UtcTicks], r => new AgentSpending(Cents.FromMicros(r.GetInt64(0)), Cents.FromMicros(r.GetInt64(1))), cancel))[0];

    public async Task<(RunId Run, byte[] Fingerprint)?> FindKeyAsync(TenantId tenant, string scope, string key, DateTimeOffset now, CancellationToken cancel) =>
        await pool.QueryAsync(
            tenant, "SELECT run_id, fingerprint FROM idempotency WHERE tenant_id = $1 AND scope = $2 AND key = $3 AND expires_at > $4",
            [tenant.Value, scope, key, now.UtcTicks], r => (new RunId(r.GetGuid(0)), r.GetFieldValue<byte[]>(1)), cancel) is [var found] ? found : null;

    private async Task ChangeAsync(string set, string and, object?[] values, CancellationToken cancel) => await pool.QueryAsync(
        $"WITH f AS MATERIALIZED ({PostgresLease.Fence} FOR SHARE) UPDATE runs r SET {set} FROM f WHERE r.id = $2 {and} RETURNING 1",
        values, r => r.GetInt32(0), cancel);
}
