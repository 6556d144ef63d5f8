using System.Data.Common;
using System.Globalization;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>
/// The statements that read changes of status out of the journal, in the words of either dialect. Nothing is written for them
/// beside the events themselves; they cost a pass over the tenant's journal, or over one run's when the entity is named. Bodies are read
/// only of the page's runs, unless the filter asks what only they say.
/// </summary>
internal sealed class StatusQuery(Dialect dialect, StatusFilter filter, RunId? run)
{
    /// <summary>JSON of an event's body on PostgreSQL, or null where the body is none: one damaged event must not hide all others.</summary>
    internal static Migration Migration { get; } = new("history", 1, "json of an event", """
        CREATE FUNCTION aos_json(body bytea) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT AS $$
        BEGIN
          RETURN convert_from(body, 'UTF8')::jsonb;
        EXCEPTION WHEN others THEN
          RETURN NULL;
        END $$
        """);

    private const string Kinds =
        "j.kind IN ('run.started.v1', 'run.begun.v1', 'run.paused.v1', 'run.resumed.v1', 'run.quarantined.v1', 'run.retried.v1', 'run.ended.v1')";

    private const string SqliteData = """
        CASE WHEN json_valid(CAST(j.body AS TEXT)) THEN json_extract(CAST(j.body AS TEXT), '$.data') END
        """;

    private bool IsPostgres => dialect == Dialect.Postgres;

    /// <summary>True: which changes are asked for is seen without a look into their bodies.</summary>
    private bool IsPlain => filter is { ActorType: null, NewStatus: null };

    internal DbCommand Page(DbConnection connection, bool oldestFirst, int limit, int offset)
    {
        var command = Command(connection, IsPlain ? Picked(oldestFirst) : Select(oldestFirst) + " LIMIT @limit OFFSET @offset");
        Add(command, "@limit", limit);
        Add(command, "@offset", offset);
        return command;
    }

    internal DbCommand All(DbConnection connection) => Command(connection, Select(oldestFirst: true));

    internal DbCommand Count(DbConnection connection) => Command(
        connection, IsPlain ? $"SELECT count(*) FROM {Events}{Where("j.", " AND ")}" : $"WITH {Changes(Events)} SELECT count(*) FROM changes{Where()}");

    internal DbCommand Counts(DbConnection connection) => Command(
        connection, $"WITH {Changes(Events)} SELECT actor_type, new_status, count(*), min(at), max(at) FROM changes{Where()} GROUP BY actor_type, new_status");

    internal StatusChange Of(DbDataReader reader) => new(
        "run", (IsPostgres ? new RunId(reader.GetGuid(0)) : Columns.Id(reader.GetFieldValue<byte[]>(0))).ToString(), reader.IsDBNull(3) ? null : reader.GetString(3),
        reader.GetString(4), reader.GetString(5), reader.IsDBNull(6) ? null : reader.GetString(6), filter.Tenant, Columns.Time(reader.GetInt64(2)), reader.GetInt32(1));

    /// <summary>All changes of the tenant, or of its one run.</summary>
    private string Events => $"runs r JOIN journal j ON j.run_id = r.id WHERE r.tenant_id = @tenant{(run is null ? "" : " AND r.id = @id")} AND {Kinds}";

    /// <summary>
    /// The page is chosen before a body is read, and only the bodies of its runs are: reading one costs many times what finding it does. A
    /// change needs the ones before it in its run.
    /// </summary>
    private string Picked(bool oldestFirst)
    {
        var order = oldestFirst ? "ASC" : "DESC";
        return $"""
            WITH picked AS (
              SELECT j.run_id, j.seq FROM {Events}{Where("j.", " AND ")} ORDER BY j.at {order}, j.run_id {order}, j.seq {order} LIMIT @limit OFFSET @offset
            ), {Changes($"runs r JOIN journal j ON j.run_id = r.id WHERE r.tenant_id = @tenant AND r.id IN (SELECT run_id FROM picked) AND {Kinds}")}
            SELECT c.run_id, c.seq, c.at, c.old_status, c.new_status, c.actor_type, c.reason FROM changes c JOIN picked p ON p.run_id = c.run_id AND p.seq = c.seq
            ORDER BY c.at {order}, c.run_id {order}, c.seq {order}
            """;
    }

    /// <summary>
    /// A pause ends in the status the run had before it, which is not stored: it goes on, so it is running. Only runs that waited
    /// for a slot need the rule of the queue.
    /// </summary>
    private string Changes(string events) => $"""
        bodies AS (
          SELECT j.run_id, j.seq, j.at, j.kind, r.min_rule, CASE WHEN j.kind <> 'run.started.v1' THEN {(IsPostgres ? "aos_json(j.body) -> 'data'" : SqliteData)} END AS data
          FROM {events}
        ), events AS (
          SELECT run_id, seq, at, kind,
            CASE kind
              WHEN 'run.paused.v1' THEN 'paused' WHEN 'run.quarantined.v1' THEN 'quarantined'
              WHEN 'run.ended.v1' THEN coalesce(lower({Text("status")}), 'unreadable')
              WHEN 'run.started.v1' THEN CASE WHEN min_rule IN ({(int)KernelRule.Queue}, {(int)KernelRule.QueuedFork}) THEN 'queued' ELSE 'running' END
              ELSE 'running' END AS new_status,
            coalesce({Text("reason")}, {Text("failure", "code")}) AS reason
          FROM bodies
        ), changes AS (
          SELECT run_id, seq, at, new_status, reason,
            lag(new_status) OVER (PARTITION BY run_id ORDER BY seq) AS old_status,
            CASE WHEN kind IN ('run.quarantined.v1', 'run.begun.v1') OR (kind = 'run.ended.v1' AND new_status <> 'cancelled') THEN 'system' ELSE 'user' END AS actor_type
          FROM events
        )
        """;

    private string Text(params string[] path) => IsPostgres ? $"data #>> '{{{string.Join(',', path)}}}'" : $"json_extract(data, '$.{string.Join('.', path)}')";

    private string Where(string of = "", string first = " WHERE ")
    {
        var conditions = new List<string>();
        if (filter.ActorType is not null) conditions.Add("actor_type = @actor");
        if (filter.NewStatus is not null) conditions.Add("new_status = @status");
        if (filter.From is not null) conditions.Add($"{of}at >= @from");
        if (filter.To is not null) conditions.Add($"{of}at <= @to");
        return conditions.Count == 0 ? "" : first + string.Join(" AND ", conditions);
    }

    private string Select(bool oldestFirst)
    {
        var order = oldestFirst ? "ASC" : "DESC";
        var sql = new StringBuilder("WITH ").Append(Changes(Events));
        sql.Append(" SELECT run_id, seq, at, old_status, new_status, actor_type, reason FROM changes").Append(Where());
        return sql.Append(CultureInfo.InvariantCulture, $" ORDER BY at {order}, run_id {order}, seq {order}").ToString();
    }

    private DbCommand Command(DbConnection connection, string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        Add(command, "@tenant", filter.Tenant.Value);
        if (run is { } one) Add(command, "@id", IsPostgres ? one.Value : Columns.Id(one));
        if (filter.ActorType is { } actor) Add(command, "@actor", actor);
        if (filter.NewStatus is { } status) Add(command, "@status", status);
        if (filter.From is { } from) Add(command, "@from", from.UtcTicks);
        if (filter.To is { } to) Add(command, "@to", to.UtcTicks);
        return command;
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value);
        command.Parameters.Add(parameter);
    }
}
