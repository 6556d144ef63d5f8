using System.Data.Common;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

internal sealed class SqliteRunRows(SqliteStore store, IDatabase database) : IRunRows
{
    public Task<RunRow?> GetAsync(TenantId tenant, RunId run, CancellationToken cancel) => store.ReadAsync(connection =>
        Rows(connection, null, $"SELECT {Columns.Run} FROM runs WHERE id = $1 AND tenant_id = $2", Columns.Id(run), tenant.Value) is [var row] ? row : null, cancel);

    public Task<IReadOnlyList<RunRow>> ListAsync(RunFilter filter, CancellationToken cancel) => store.ReadAsync(connection =>
    {
        var (sql, values) = Where(filter);
        if (filter.Before is { } before)
        {
            values.Add(Columns.Id(before));
            sql += string.Create(System.Globalization.CultureInfo.InvariantCulture, $" AND id < ${values.Count}");
        }

        values.Add(Math.Clamp(filter.Limit, 1, 1000));
        return (IReadOnlyList<RunRow>)Rows(
            connection, null, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"SELECT {Columns.Run} FROM runs WHERE tenant_id = $1{sql} ORDER BY id DESC LIMIT ${values.Count}"), [.. values]);
    }, cancel);

    public Task<long> CountAsync(RunFilter filter, CancellationToken cancel) => store.ReadAsync(connection =>
    {
        var (sql, values) = Where(filter);
        using var select = connection.CreateCommand();
        select.CommandText = $"SELECT count(*) FROM runs WHERE tenant_id = $1{sql}";
        for (var i = 0; i < values.Count; i++) select.Parameters.AddWithValue($"${i + 1}", values[i]);
        return (long)select.ExecuteScalar()!;
    }, cancel);

    /// <summary>The conditions behind the tenant's, and all values.</summary>
    private static (string Sql, List<object> Values) Where(RunFilter filter)
    {
        var sql = new StringBuilder();
        var values = new List<object> { filter.Tenant.Value };
        void And(string condition, object value)
        {
            values.Add(value);
            sql.Append(System.Globalization.CultureInfo.InvariantCulture, $" AND {condition} ${values.Count}");
        }

        if (filter.AgentId is { } agent)
        {
            values.Add(agent);
            sql.Append(System.Globalization.CultureInfo.InvariantCulture, $" AND {Schema.IsOf(agent, $"${values.Count}")}");
        }

        if (filter.Workflow is { } workflow)
        {
            values.Add(workflow);
            values.Add(filter.WorkflowStart!);
            sql.Append(System.Globalization.CultureInfo.InvariantCulture, $" AND (workflow = ${values.Count - 1} OR substr(workflow, 1, length(${values.Count})) = ${values.Count})");
        }

        if (filter.Parent is { } parent) And("parent =", Columns.Id(parent));
        if (filter.RootHash is { } root) And("root_hash =", root);
        if (filter.From is { } from) And("created_at >=", from.UtcTicks);
        if (filter.To is { } to) And("created_at <=", to.UtcTicks);
        if (filter.Statuses is { Count: > 0 } statuses)
            sql.Append(System.Globalization.CultureInfo.InvariantCulture, $" AND status IN ({string.Join(',', statuses.Select(status => (int)status))})");
        foreach (var label in filter.Labels ?? new Dictionary<string, string>())
        {
            values.Add(label.Key);
            values.Add(label.Value);
            sql.Append(System.Globalization.CultureInfo.InvariantCulture, $" AND EXISTS (SELECT 1 FROM json_each(labels) WHERE key = ${values.Count - 1} AND value = ${values.Count})");
        }

        return (sql.ToString(), values);
    }

    public Task<IReadOnlyDictionary<RunStatus, long>> CountAsync(TenantId tenant, CancellationToken cancel) => store.ReadAsync(connection =>
    {
        using var select = connection.CreateCommand();
        select.CommandText = "SELECT status, count(*) FROM runs WHERE tenant_id = $1 GROUP BY status";
        select.Parameters.AddWithValue("$1", tenant.Value);
        using var r = select.ExecuteReader();
        var counts = new SortedDictionary<RunStatus, long>();
        while (r.Read()) counts[(RunStatus)r.GetInt32(0)] = r.GetInt64(1);
        return (IReadOnlyDictionary<RunStatus, long>)counts;
    }, cancel);

    public Task<IReadOnlyList<RunRow>> ClaimDueAsync(NodeId node, DateTimeOffset now, int max, CancellationToken cancel) => ClaimAsync(line => line.Due(now, max), cancel);

    public Task<QueueClaim> ClaimQueuedAsync(NodeId node, QueueTurn turn, CancellationToken cancel) => ClaimAsync(line => line.Turn(turn), cancel);

    /// <summary>There is no other node; what a dead process left is adopted when the next one joins.</summary>
    public Task<IReadOnlyList<RunRow>> ClaimOrphansAsync(NodeId node, int max, CancellationToken cancel) => Task.FromResult<IReadOnlyList<RunRow>>([]);

    public Task<RunRow?> ClaimAsync(NodeId node, RunId run, Taking taking, CancellationToken cancel) => ClaimAsync(line => line.One(run, taking), cancel);

    public Task LimitAsync(IReadOnlyList<RunLimit> limits, CancellationToken cancel) => database.ForHouse.WriteAsync((connection, transaction) =>
    {
        foreach (var limit in limits)
        {
            if (limit.Most is { } most)
                Change(connection, transaction, "INSERT OR REPLACE INTO run_limits (tenant_id, agent_id, most) VALUES ($1, $2, $3)", limit.Tenant.Value, limit.Agent, most);
            else Change(connection, transaction, "DELETE FROM run_limits WHERE tenant_id = $1 AND agent_id = $2", limit.Tenant.Value, limit.Agent);
        }

        return limits.Count;
    }, cancel);

    public Task<IReadOnlyList<RunLimit>> LimitsAsync(CancellationToken cancel) => store.ReadAsync(connection =>
    {
        using var select = connection.CreateCommand();
        select.CommandText = "SELECT tenant_id, agent_id, most FROM run_limits";
        using var r = select.ExecuteReader();
        var limits = new List<RunLimit>();
        while (r.Read()) limits.Add(new RunLimit(new TenantId(r.GetString(0)), r.GetString(1), r.GetInt32(2)));
        return (IReadOnlyList<RunLimit>)limits;
    }, cancel);

    public Task<int> QueuedAsync(TenantId? tenant, int max, CancellationToken cancel) => store.ReadAsync(connection =>
    {
        using var select = connection.CreateCommand();
        select.CommandText = $"SELECT count(*) FROM (SELECT 1 FROM runs WHERE {SqliteLine.InLine}{(tenant is null ? "" : " AND tenant_id = $2")} LIMIT $1)";
        select.Parameters.AddWithValue("$1", max);
        if (tenant is { } one) select.Parameters.AddWithValue("$2", one.Value);
        return (int)(long)select.ExecuteScalar()!;
    }, cancel);

    public Task<IReadOnlyList<RunRow>> OwnedAsync(NodeId node, RunId? after, int max, CancellationToken cancel) => store.ReadAsync(connection =>
        (IReadOnlyList<RunRow>)Rows(connection, null, $"SELECT {Columns.Run} FROM runs WHERE owned = 1 AND id > $1 ORDER BY id LIMIT $2", Columns.Id(after ?? default), max), cancel);

    public Task<IReadOnlyList<RunRow>> IdleAsync(TenantId? tenant, RunId? after, int max, CancellationToken cancel) => store.ReadAsync(connection =>
        (IReadOnlyList<RunRow>)Rows(
            connection, null, $"SELECT {Columns.Run} FROM runs WHERE owned = 0 AND status NOT IN (6, 7, 8) AND id > $1 AND ($2 = '' OR tenant_id = $2) ORDER BY id LIMIT $3",
            Columns.Id(after ?? default), tenant?.Value ?? "", max), cancel);

    public Task<int> ReleaseAllAsync(NodeId node, CancellationToken cancel) => ReleaseAllAsync(adopt: false, cancel);

    /// <summary>With <paramref name="adopt"/> a process left them that ended without saying so: each counts one adoption more.</summary>
    internal Task<int> ReleaseAllAsync(bool adopt, CancellationToken cancel) => database.ForHouse.WriteAsync((connection, transaction) =>
    {
        var released = Change(connection, transaction, "UPDATE runs SET owned = 0, wake_at = 0, adoptions = adoptions + $1 WHERE owned = 1 AND status NOT IN (6, 7, 8)", adopt ? 1 : 0);
        Change(connection, transaction, "UPDATE runs SET owned = 0 WHERE owned = 1");
        return released;
    }, cancel);

    public Task ReleaseAsync(NodeId node, RunId run, DateTimeOffset wakeAt, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => Change(connection, transaction, "UPDATE runs SET owned = 0, lane = NULL, wake_at = $2 WHERE id = $1", Columns.Id(run), wakeAt.UtcTicks), cancel);

    public Task SetAsideAsync(NodeId node, TenantId tenant, RunId run, string code, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => Change(connection, transaction, "UPDATE runs SET status = $3, owned = 0, lane = NULL, wake_at = NULL, failure_code = $4 WHERE id = $1 AND tenant_id = $2",
            Columns.Id(run), tenant.Value, (int)RunStatus.Quarantined, code), cancel);

    public Task<DateTimeOffset?> NextWakeAsync(CancellationToken cancel) => store.ReadAsync(connection =>
    {
        using var select = connection.CreateCommand();
        select.CommandText = "SELECT min(wake_at) FROM runs WHERE owned = 0 AND wake_at IS NOT NULL";
        return select.ExecuteScalar() is long ticks ? Columns.Time(ticks) : (DateTimeOffset?)null;
    }, cancel);

    public Task<AgentSpending> SpendingAsync(TenantId tenant, string agent, DateTimeOffset day, CancellationToken cancel) => store.ReadAsync(connection =>
    {
        using var select = connection.CreateCommand();
        select.CommandText = $"""
            SELECT COALESCE(SUM(cost), 0), COALESCE(SUM(CASE WHEN created_at >= $3 THEN cost ELSE 0 END), 0) FROM (
              SELECT created_at, CASE WHEN status IN (6, 7, 8) OR budget IS NULL OR budget < spent THEN spent ELSE budget END AS cost
              FROM runs WHERE tenant_id = $1 AND {Schema.IsOf(agent, "$2")} AND parent IS NULL)
            """;
        select.Parameters.AddWithValue("$1", tenant.Value);
        select.Parameters.AddWithValue("$2", agent);
        select.Parameters.AddWithValue("$3", day.UtcTicks);
        using var r = select.ExecuteReader();
        return r.Read() ? new AgentSpending(Cents.FromMicros(r.GetInt64(0)), Cents.FromMicros(r.GetInt64(1))) : new AgentSpending(Cents.Zero, Cents.Zero);
    }, cancel);

    public Task<(RunId Run, byte[] Fingerprint)?> FindKeyAsync(TenantId tenant, string scope, string key, DateTimeOffset now, CancellationToken cancel) =>
        store.ReadAsync<(RunId, byte[])?>(connection =>
        {
            using var select = connection.CreateCommand();
            select.CommandText = "SELECT run_id, fingerprint FROM idempotency WHERE tenant_id = $1 AND scope = $2 AND key = $3 AND expires_at > $4";
            select.Parameters.AddWithValue("$1", tenant.Value);
            select.Parameters.AddWithValue("$2", scope);
            select.Parameters.AddWithValue("$3", key);
            select.Parameters.AddWithValue("$4", now.UtcTicks);
            using var r = select.ExecuteReader();
            return r.Read() ? (Columns.Id(r.GetFieldValue<byte[]>(0)), r.GetFieldValue<byte[]>(1)) : null;
        }, cancel);

    internal Task<long> CountOwnedAsync(CancellationToken cancel) => store.ReadAsync(connection =>
    {
        using var select = connection.CreateCommand();
        select.CommandText = "SELECT count(*) FROM runs WHERE owned = 1";
        return (long)select.ExecuteScalar()!;
    }, cancel);

    private static int Change(DbConnection connection, DbTransaction transaction, string sql, params object[] values)
    {
        using var change = ((SqliteConnection)connection).CreateCommand();
        change.Transaction = (SqliteTransaction)transaction;
        change.CommandText = sql;
        for (var i = 0; i < values.Length; i++) change.Parameters.AddWithValue($"${i + 1}", values[i]);
        return change.ExecuteNonQuery();
    }

    private Task<T> ClaimAsync<T>(Func<SqliteLine, T> claim, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => claim(new SqliteLine((SqliteConnection)connection, (SqliteTransaction)transaction, store.Node)), cancel);

    private List<RunRow> Rows(SqliteConnection connection, SqliteTransaction? transaction, string sql, params object[] values)
    {
        using var select = connection.CreateCommand();
        select.Transaction = transaction;
        select.CommandText = sql;
        for (var i = 0; i < values.Length; i++) select.Parameters.AddWithValue($"${i + 1}", values[i]);
        using var r = select.ExecuteReader();
        var rows = new List<RunRow>();
        while (r.Read()) rows.Add(Columns.Row(r, store.Node));
        return rows;
    }
}
