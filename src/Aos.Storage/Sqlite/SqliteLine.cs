using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

/// <summary>
/// How runs get in line and get slots in the embedded store: the steps of PostgreSQL, in one transaction of the one writer, so
/// nobody else counts meanwhile.
/// </summary>
internal sealed class SqliteLine(SqliteConnection connection, SqliteTransaction transaction, NodeId node)
{
    /// <summary>Must stand in a query as it does here: else the index over the line is not used.</summary>
    internal const string InLine = "owned = 0 AND lane < 2";

    private const string Holding = "SELECT count(*) FROM runs WHERE owned = 1 AND lane IS NULL AND scope IS NOT NULL AND tenant_id = $1";

    /// <summary>Takes due runs; those of limited scopes get in line.</summary>
    internal IReadOnlyList<RunRow> Due(DateTimeOffset now, int max)
    {
        var rows = Rows(
            $"SELECT {Columns.Run} FROM runs WHERE owned = 0 AND wake_at IS NOT NULL AND wake_at <= $1 AND min_rule <= $2 ORDER BY wake_at LIMIT $3",
            now.UtcTicks, ThisBuild.MaxRule, max);
        return [.. rows.Select(row => Scope(row) is { } scope ? Queue(row, scope) : Take(row, null, null))];
    }

    internal QueueClaim Turn(QueueTurn turn)
    {
        var tenants = Names($"SELECT tenant_id FROM runs WHERE {InLine} AND tenant_id > $1 ORDER BY tenant_id LIMIT 1", turn.After, turn.TenantsMax);
        var served = tenants.SelectMany((tenant, at) => OfTenant(tenant, turn).Select((row, n) => (Row: row, N: n, At: at)))
            .OrderBy(one => one.N).ThenBy(one => one.At).Take(turn.Max);
        List<RunRow> taken = [.. served.Select(one => Take(one.Row, one.Row.Scope, null))];
        return new QueueClaim(taken, tenants.Count == turn.TenantsMax ? tenants[^1] : null);
    }

    internal RunRow? One(RunId run, Taking taking)
    {
        if (Rows($"SELECT {Columns.Run} FROM runs WHERE id = $1 AND owned = 0 AND min_rule <= $2", Columns.Id(run), ThisBuild.MaxRule) is not [var row]) return null;
        if (taking != Taking.Drive)
        {
            var mayVisit = taking == Taking.Visit || row.Status == RunStatus.Queued || row.Lane == Lane.Held;
            return mayVisit ? Take(row, row.Lane is null ? row.Scope : row.Scope ?? "", row.Lane ?? (row.Scope is null ? null : Lane.Begun)) : null;
        }

        var scope = Scope(row);
        if (scope is null || Free(row.Tenant.Value, scope) > 0) return Take(row, scope, null);
        if (!row.Status.IsOver()) Queue(row, scope);
        return null;
    }

    private IEnumerable<RunRow> OfTenant(string tenant, QueueTurn turn)
    {
        var free = Math.Min(turn.Max, FreeOfTenant(tenant));
        if (free <= 0) return [];
        var scopes = Names($"SELECT scope FROM runs WHERE {InLine} AND tenant_id = $2 AND scope > $1 ORDER BY scope LIMIT 1", "", turn.ScopesMax, tenant);
        return scopes.Prepend("").SelectMany(scope => OfScope(tenant, scope, Math.Min(free, FreeOfScope(tenant, scope))))
            .OrderBy(row => row.Lane).ThenByDescending(row => row.Priority).ThenBy(row => row.Id).Take((int)free);
    }

    private List<RunRow> OfScope(string tenant, string scope, long free) => free <= 0 ? [] : Rows(
        $"SELECT {Columns.Run} FROM runs WHERE {InLine} AND tenant_id = $1 AND scope = $2 AND min_rule <= $3 ORDER BY lane, priority DESC, id LIMIT $4",
        tenant, scope, ThisBuild.MaxRule, free);

    private long Free(string tenant, string scope) => Math.Min(FreeOfTenant(tenant), FreeOfScope(tenant, scope));

    private long FreeOfTenant(string tenant) => Most(tenant, "") is { } most ? most - Number(Holding, tenant)!.Value : int.MaxValue;

    private long FreeOfScope(string tenant, string scope) =>
        scope.Length > 0 && Most(tenant, scope) is { } most ? most - Number($"{Holding} AND scope = $2", tenant, scope)!.Value : int.MaxValue;

    private string? Scope(RunRow row) => Most(row.Tenant.Value, row.AgentId) is not null ? row.AgentId : Most(row.Tenant.Value, "") is not null ? "" : null;

    private long? Most(string tenant, string agent) => Number("SELECT most FROM run_limits WHERE tenant_id = $1 AND agent_id = $2", tenant, agent);

    private RunRow Take(RunRow row, string? scope, Lane? lane) => Write(row with { Owner = node, Scope = scope, Lane = lane });

    private RunRow Queue(RunRow row, string scope) => Write(row with { Scope = scope, Lane = row.Lane ?? Lane.Begun, WakeAt = null });

    private RunRow Write(RunRow row)
    {
        using var update = Command("UPDATE runs SET owned = $2, lane = $3, scope = $4, wake_at = $5 WHERE id = $1", Columns.Id(row.Id), row.Owned ? 1 : 0, (long?)row.Lane, row.Scope, row.WakeAt?.UtcTicks);
        update.ExecuteNonQuery();
        return row;
    }

    /// <summary>Skips from one name to the next, at most so many.</summary>
    private List<string> Names(string sql, string after, int max, params object[] more)
    {
        var names = new List<string>();
        while (names.Count < max)
        {
            using var select = Command(sql, [after, .. more]);
            if (select.ExecuteScalar() is not string name) break;
            names.Add(after = name);
        }

        return names;
    }

    private long? Number(string sql, params object?[] values)
    {
        using var select = Command(sql, values);
        return (long?)select.ExecuteScalar();
    }

    private List<RunRow> Rows(string sql, params object?[] values)
    {
        using var select = Command(sql, values);
        using var r = select.ExecuteReader();
        var rows = new List<RunRow>();
        while (r.Read()) rows.Add(Columns.Row(r, node));
        return rows;
    }

    private SqliteCommand Command(string sql, params object?[] values)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++) command.Parameters.AddWithValue($"${i + 1}", values[i] ?? DBNull.Value);
        return command;
    }
}
