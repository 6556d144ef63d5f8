using System.Data.Common;
using System.Globalization;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>
/// Reads the status history out of the journal. Nothing is written for it beside the events themselves; a page costs a pass
/// over the tenant's journal, or over one run's when the entity is named.
/// </summary>
internal sealed class SqliteStatusHistory(IDatabase database) : IStatusHistory
{
    /// <summary>A pause ends in the status the run had before it, which is not stored: it goes on, so it is running.</summary>
    private const string Changes = """
        WITH events AS (
          SELECT j.run_id, j.seq, j.at, j.kind,
            CASE j.kind
              WHEN 'run.paused.v1' THEN 'paused' WHEN 'run.quarantined.v1' THEN 'quarantined'
              WHEN 'run.ended.v1' THEN CASE WHEN json_valid(CAST(j.body AS TEXT))
                THEN lower(json_extract(CAST(j.body AS TEXT), '$.data.status')) ELSE 'unreadable' END
              ELSE 'running' END AS new_status,
            CASE WHEN j.kind = 'run.started.v1' OR NOT json_valid(CAST(j.body AS TEXT)) THEN NULL
              ELSE coalesce(json_extract(CAST(j.body AS TEXT), '$.data.reason'), json_extract(CAST(j.body AS TEXT), '$.data.failure.code')) END AS reason
          FROM runs r JOIN journal j ON j.run_id = r.id
          WHERE r.tenant_id = $tenant AND ($id IS NULL OR r.id = $id)
            AND j.kind IN ('run.started.v1', 'run.paused.v1', 'run.resumed.v1', 'run.quarantined.v1', 'run.retried.v1', 'run.ended.v1')
        ), changes AS (
          SELECT run_id, seq, at, new_status, reason,
            lag(new_status) OVER (PARTITION BY run_id ORDER BY seq) AS old_status,
            CASE WHEN kind = 'run.quarantined.v1' OR (kind = 'run.ended.v1' AND new_status <> 'cancelled') THEN 'system' ELSE 'user' END AS actor_type
          FROM events
        )
        """;

    private const string Where = """
         WHERE ($actor IS NULL OR actor_type = $actor) AND ($status IS NULL OR new_status = $status)
           AND ($from IS NULL OR at >= $from) AND ($to IS NULL OR at <= $to)
        """;

    public Task<(IReadOnlyList<StatusChange> Items, long Total)> ListAsync(
        StatusFilter filter, bool oldestFirst, int limit, int offset, CancellationToken cancel) => database.ReadAsync<(IReadOnlyList<StatusChange>, long)>(
        async (connection, stop) =>
        {
            if (!TryId(filter, out var id)) return ([], 0);
            var items = new List<StatusChange>();
            await using (var page = Command(connection, filter, id, Select(oldestFirst) + " LIMIT $limit OFFSET $offset"))
            {
                Add(page, "$limit", limit);
                Add(page, "$offset", offset);
                await using var reader = await page.ExecuteReaderAsync(stop);
                while (await reader.ReadAsync(stop)) items.Add(Of(filter.Tenant, reader));
            }

            await using var count = Command(connection, filter, id, $"{Changes} SELECT count(*) FROM changes {Where}");
            return (items, Convert.ToInt64(await count.ExecuteScalarAsync(stop), CultureInfo.InvariantCulture));
        },
        cancel);

    public Task<long> ReadAsync(StatusFilter filter, Func<StatusChange, ValueTask<bool>> take, CancellationToken cancel) => database.ReadAsync(
        async (connection, stop) =>
        {
            if (!TryId(filter, out var id)) return 0L;
            await using var all = Command(connection, filter, id, Select(oldestFirst: true));
            await using var reader = await all.ExecuteReaderAsync(stop);
            var taken = 0L;
            while (await reader.ReadAsync(stop) && await take(Of(filter.Tenant, reader))) taken++;
            return taken;
        },
        cancel);

    public Task<StatusCounts> CountAsync(StatusFilter filter, CancellationToken cancel) => database.ReadAsync(
        async (connection, stop) =>
        {
            var (byActor, byStatus) = (new SortedDictionary<string, long>(StringComparer.Ordinal), new SortedDictionary<string, long>(StringComparer.Ordinal));
            var (total, oldest, newest) = (0L, long.MaxValue, long.MinValue);
            if (TryId(filter, out var id))
            {
                var sql = $"{Changes} SELECT actor_type, new_status, count(*), min(at), max(at) FROM changes {Where} GROUP BY actor_type, new_status";
                await using var counts = Command(connection, filter, id, sql);
                await using var reader = await counts.ExecuteReaderAsync(stop);
                while (await reader.ReadAsync(stop))
                {
                    var (actor, status, count) = (reader.GetString(0), reader.GetString(1), reader.GetInt64(2));
                    byActor[actor] = byActor.GetValueOrDefault(actor) + count;
                    byStatus[status] = byStatus.GetValueOrDefault(status) + count;
                    (total, oldest, newest) = (total + count, Math.Min(oldest, reader.GetInt64(3)), Math.Max(newest, reader.GetInt64(4)));
                }
            }

            var byType = new SortedDictionary<string, long>(StringComparer.Ordinal);
            if (total > 0) byType["run"] = total;
            return new StatusCounts(total, byType, byActor, byStatus, total == 0 ? null : Columns.Time(oldest), total == 0 ? null : Columns.Time(newest));
        },
        cancel);

    private static string Select(bool oldestFirst)
    {
        var order = oldestFirst ? "ASC" : "DESC";
        var sql = new StringBuilder(Changes);
        sql.Append(" SELECT run_id, seq, at, old_status, new_status, actor_type, reason FROM changes ").Append(Where);
        return sql.Append(CultureInfo.InvariantCulture, $" ORDER BY at {order}, run_id {order}, seq {order}").ToString();
    }

    /// <summary>False: nothing can match, because only runs have a history here.</summary>
    private static bool TryId(StatusFilter filter, out RunId? id)
    {
        id = null;
        if (filter.EntityType is not (null or "run")) return false;
        if (filter.EntityId is null) return true;
        if (!RunId.TryParse(filter.EntityId, out var run)) return false;
        id = run;
        return true;
    }

    private static DbCommand Command(DbConnection connection, StatusFilter filter, RunId? id, string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        Add(command, "$tenant", filter.Tenant.Value);
        Add(command, "$id", id is { } run ? Columns.Id(run) : null);
        Add(command, "$actor", filter.ActorType);
        Add(command, "$status", filter.NewStatus);
        Add(command, "$from", filter.From?.UtcTicks);
        Add(command, "$to", filter.To?.UtcTicks);
        return command;
    }

    private static void Add(DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
        command.Parameters.Add(parameter);
    }

    private static StatusChange Of(TenantId tenant, DbDataReader reader) => new(
        "run", Columns.Id(reader.GetFieldValue<byte[]>(0)).ToString(), reader.IsDBNull(3) ? null : reader.GetString(3), reader.GetString(4),
        reader.GetString(5),
        reader.IsDBNull(6) ? null : reader.GetString(6), tenant, Columns.Time(reader.GetInt64(2)), reader.GetInt32(1));
}
