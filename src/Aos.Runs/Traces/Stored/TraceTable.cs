using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Runs;

/// <summary>Traces of clients as stored: one row each, one for each of their steps. Times are UTC ticks, costs and durations millionths.</summary>
internal sealed class TraceTable(IDatabase database) : IKeepsBytes
{
    /// <summary>Steps of one statement.</summary>
    private const int StepsAtOnce = 100;

    private const decimal Millionths = 1_000_000;

    private const string HeadColumns =
        "trace_id, run_id, correlation_id, agent_id, status, seed, frozen_timestamp, root_hash, plan_hash, started_at, completed_at, created_at, steps, successes, failures, cost, duration";

    internal static Migration Migration { get; } = new("traces", 2, "traces of clients", """
        CREATE TABLE client_traces (
          tenant_id TEXT NOT NULL, trace_id TEXT NOT NULL, run_id TEXT NOT NULL, correlation_id TEXT NOT NULL, agent_id TEXT, status TEXT NOT NULL, seed TEXT NOT NULL,
          frozen_timestamp TEXT, root_hash TEXT NOT NULL, plan_hash TEXT NOT NULL, started_at BIGINT NOT NULL, completed_at BIGINT, created_at BIGINT NOT NULL,
          steps BIGINT NOT NULL, successes BIGINT NOT NULL, failures BIGINT NOT NULL, cost BIGINT NOT NULL, duration BIGINT NOT NULL,
          version TEXT NOT NULL, sdk_timestamp TEXT NOT NULL, sdk_tenant TEXT NOT NULL, full_hash TEXT NOT NULL, plan TEXT NOT NULL, metadata TEXT NOT NULL,
          bytes BIGINT NOT NULL, stored_by TEXT NOT NULL, PRIMARY KEY (tenant_id, trace_id)
        );
        CREATE INDEX client_traces_by_age ON client_traces (tenant_id, created_at, trace_id);
        CREATE INDEX client_traces_by_root ON client_traces (tenant_id, root_hash);
        CREATE INDEX client_traces_by_run ON client_traces (tenant_id, run_id);
        CREATE TABLE client_trace_steps (
          tenant_id TEXT NOT NULL, trace_id TEXT NOT NULL, step_index BIGINT NOT NULL, idempotency_key TEXT, status TEXT NOT NULL, output_hash TEXT NOT NULL, body TEXT NOT NULL,
          PRIMARY KEY (tenant_id, trace_id, step_index)
        );
        CREATE INDEX client_trace_steps_by_key ON client_trace_steps (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
        """);

    /// <summary>Full hash of the trace of this id; null: there is none. Holds the id for the transaction.</summary>
    internal string? Hold(DbConnection connection, DbTransaction transaction, TenantId tenant, string id)
    {
        database.Lock(connection, transaction, $"trace:{tenant.Value}:{id}");
        return connection.ExecuteScalar<string?>(
            "SELECT full_hash FROM client_traces WHERE tenant_id = @tenant AND trace_id = @id", new { tenant = tenant.Value, id }, transaction);
    }

    internal static void Insert(DbConnection connection, DbTransaction transaction, StoredTrace trace, int bytes)
    {
        var head = trace.Head;
        connection.Execute(
            $"""
            INSERT INTO client_traces (tenant_id, {HeadColumns}, version, sdk_timestamp, sdk_tenant, full_hash, plan, metadata, bytes, stored_by)
            VALUES (@tenant, @id, @run, @correlation, @agent, @status, @seed, @frozen, @root, @plan, @started, @completed, @created, @steps, @successes, @failures, @cost, @duration,
              @version, @timestamp, @named, @full, @planText, @metadata, @bytes, @by)
            """,
            new
            {
                tenant = head.Tenant.Value, id = head.Id, run = head.RunId, correlation = head.CorrelationId, agent = head.AgentId, status = head.Status, seed = head.Seed,
                frozen = head.FrozenTimestamp, root = head.RootHash, plan = head.PlanHash, started = head.StartedAt.UtcTicks, completed = head.CompletedAt?.UtcTicks,
                created = head.CreatedAt.UtcTicks, steps = (long)head.Steps, successes = (long)head.Successes, failures = (long)head.Failures,
                cost = (long)(head.CostCents * Millionths), duration = (long)(head.DurationMs * Millionths), version = trace.Sdk.Version, timestamp = trace.Sdk.Timestamp,
                named = trace.Sdk.Tenant, full = trace.FullHash, planText = trace.Sdk.Plan.GetRawText(), metadata = trace.Sdk.Metadata.GetRawText(), bytes = (long)bytes, by = trace.StoredBy,
            },
            transaction);
        foreach (var part in trace.Steps.Chunk(StepsAtOnce)) Insert(connection, transaction, head, part);
    }

    internal static void Delete(DbConnection connection, DbTransaction transaction, TenantId tenant, IReadOnlyList<string> ids)
    {
        foreach (var id in ids)
        {
            connection.Execute("DELETE FROM client_trace_steps WHERE tenant_id = @tenant AND trace_id = @id", new { tenant = tenant.Value, id }, transaction);
            connection.Execute("DELETE FROM client_traces WHERE tenant_id = @tenant AND trace_id = @id", new { tenant = tenant.Value, id }, transaction);
        }
    }

    /// <summary>Ids of the oldest traces that were stored before a time.</summary>
    internal static List<string> Before(DbConnection connection, DbTransaction transaction, TenantId tenant, DateTimeOffset before, int max) => connection.Query<string>(
        "SELECT trace_id FROM client_traces WHERE tenant_id = @tenant AND created_at < @before ORDER BY created_at LIMIT @max",
        new { tenant = tenant.Value, before = before.UtcTicks, max }, transaction).AsList();

    /// <summary>Tenants that have traces from before a time.</summary>
    internal Task<List<string>> TenantsAsync(DateTimeOffset before, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => (await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT DISTINCT tenant_id FROM client_traces WHERE created_at < @before ORDER BY tenant_id", new { before = before.UtcTicks }, cancellationToken: token))).AsList(),
        cancel);

    /// <summary>By its own id, else the newest of a run of this name.</summary>
    internal Task<StoredTrace?> FindAsync(TenantId tenant, string id, CancellationToken cancel) => OneAsync(
        tenant, "(trace_id = @id OR run_id = @id) ORDER BY CASE WHEN trace_id = @id THEN 0 ELSE 1 END, created_at DESC LIMIT 1", new { tenant = tenant.Value, id }, cancel);

    internal Task<StoredTrace?> FindByRootAsync(TenantId tenant, string root, CancellationToken cancel) => OneAsync(
        tenant, "root_hash = @root ORDER BY created_at DESC, trace_id DESC LIMIT 1", new { tenant = tenant.Value, root }, cancel);

    /// <summary>The id of a stored trace by its own or its run's id; null: there is none.</summary>
    internal Task<string?> IdAsync(TenantId tenant, string id, CancellationToken cancel) => database.For(tenant).ReadAsync(
        (connection, token) => connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            """
            SELECT trace_id FROM client_traces WHERE tenant_id = @tenant AND (trace_id = @id OR run_id = @id)
            ORDER BY CASE WHEN trace_id = @id THEN 0 ELSE 1 END, created_at DESC LIMIT 1
            """,
            new { tenant = tenant.Value, id }, cancellationToken: token)),
        cancel);

    /// <summary>Newest first.</summary>
    internal Task<List<StoredHead>> ListAsync(TenantId tenant, TraceFilter filter, int max, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            var (sql, values) = Where(tenant, filter);
            values.Add("max", max);
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                $"SELECT {HeadColumns} FROM client_traces WHERE tenant_id = @tenant{sql} ORDER BY created_at DESC, trace_id DESC LIMIT @max", values, cancellationToken: token));
            var found = new List<StoredHead>();
            while (await rows.ReadAsync(token)) found.Add(Head(tenant, rows));
            return found;
        },
        cancel);

    internal Task<long> CountAsync(TenantId tenant, TraceFilter filter, CancellationToken cancel) => database.For(tenant).ReadAsync(
        (connection, token) =>
        {
            var (sql, values) = Where(tenant, filter);
            return connection.ExecuteScalarAsync<long>(new CommandDefinition($"SELECT count(*) FROM client_traces WHERE tenant_id = @tenant{sql}", values, cancellationToken: token));
        },
        cancel);

    /// <summary>The newest step that was done under this key.</summary>
    internal Task<TraceKey?> FindKeyAsync(TenantId tenant, string key, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var row = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                """
                SELECT s.trace_id, s.step_index, s.status, s.output_hash FROM client_trace_steps s JOIN client_traces t ON t.tenant_id = s.tenant_id AND t.trace_id = s.trace_id
                WHERE s.tenant_id = @tenant AND s.idempotency_key = @key ORDER BY t.created_at DESC, s.step_index DESC LIMIT 1
                """,
                new { tenant = tenant.Value, key }, cancellationToken: token));
            return await row.ReadAsync(token) ? new TraceKey(row.GetString(0), (int)row.GetInt64(1), row.GetString(2), row.GetString(3)) : null;
        },
        cancel);

    public Task<long> BytesAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT CAST(sum(bytes) AS BIGINT) FROM client_traces WHERE tenant_id = @tenant", new { tenant = tenant.Value }, cancellationToken: token)) ?? 0,
        cancel);

    private Task<StoredTrace?> OneAsync(TenantId tenant, string which, object values, CancellationToken cancel) => database.For(tenant).ReadAsync<StoredTrace?>(
        async (connection, token) =>
        {
            StoredHead head;
            Trace11 sdk;
            string full, by;
            await using (var row = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                $"SELECT {HeadColumns}, version, sdk_timestamp, sdk_tenant, full_hash, plan, metadata, stored_by FROM client_traces WHERE tenant_id = @tenant AND {which}", values, cancellationToken: token)))
            {
                if (!await row.ReadAsync(token)) return null;
                head = Head(tenant, row);
                sdk = new Trace11
                {
                    Version = row.GetString(17), Seed = head.Seed, Timestamp = row.GetString(18), Tenant = row.GetString(19), Plan = Json.Parse(row.GetString(21)),
                    RootHash = head.RootHash, Finalized = true, Metadata = Json.Parse(row.GetString(22)),
                };
                (full, by) = (row.GetString(20), row.GetString(23));
            }

            var bodies = await connection.QueryAsync<string>(new CommandDefinition(
                "SELECT body FROM client_trace_steps WHERE tenant_id = @tenant AND trace_id = @id ORDER BY step_index", new { tenant = tenant.Value, id = head.Id }, cancellationToken: token));
            var steps = bodies.Select(body => StepForm.Read(Json.Parse(body))).ToList();
            return new StoredTrace(head, sdk with { Steps = [.. steps.Select(step => step.Sdk)] }, full, by, steps);
        },
        cancel);

    private static void Insert(DbConnection connection, DbTransaction transaction, StoredHead head, StoredStep[] steps)
    {
        var sql = new StringBuilder("INSERT INTO client_trace_steps (tenant_id, trace_id, step_index, idempotency_key, status, output_hash, body) VALUES ");
        var values = new DynamicParameters(new { tenant = head.Tenant.Value, id = head.Id });
        for (var i = 0; i < steps.Length; i++)
        {
            var step = steps[i];
            sql.Append(CultureInfo.InvariantCulture, $"{(i > 0 ? ", " : "")}(@tenant, @id, @i{i}, @k{i}, @s{i}, @o{i}, @b{i})");
            values.Add($"i{i}", (long)step.Sdk.StepIndex);
            values.Add($"k{i}", step.Sdk.IdempotencyKey);
            values.Add($"s{i}", step.Status);
            values.Add($"o{i}", step.Sdk.OutputHash);
            values.Add($"b{i}", StepForm.Text(step));
        }

        connection.Execute(sql.ToString(), values, transaction);
    }

    private static (string Sql, DynamicParameters Values) Where(TenantId tenant, TraceFilter filter)
    {
        var sql = new StringBuilder();
        var values = new DynamicParameters(new { tenant = tenant.Value });
        void And(string condition, string name, object? value)
        {
            if (value is null) return;
            sql.Append(" AND ").Append(condition).Append(" @").Append(name);
            values.Add(name, value);
        }

        And("agent_id =", "agent", filter.AgentId);
        And("status =", "status", filter.Status);
        And("root_hash =", "root", filter.RootHash);
        And("plan_hash =", "plan", filter.PlanHash);
        And("seed =", "seed", filter.Seed);
        And("created_at >=", "since", filter.From?.UtcTicks);
        And("created_at <=", "until", filter.To?.UtcTicks);
        return (sql.ToString(), values);
    }

    private static StoredHead Head(TenantId tenant, DbDataReader row)
    {
        DateTimeOffset Time(int column) => new(row.GetInt64(column), TimeSpan.Zero);
        string? Optional(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        return new StoredHead(
            row.GetString(0), row.GetString(1), row.GetString(2), tenant, Optional(3), row.GetString(4), row.GetString(5), Optional(6), row.GetString(7), row.GetString(8),
            Time(9), row.IsDBNull(10) ? null : Time(10), Time(11))
        {
            Steps = (int)row.GetInt64(12), Successes = (int)row.GetInt64(13), Failures = (int)row.GetInt64(14), CostCents = row.GetInt64(15) / Millionths,
            DurationMs = row.GetInt64(16) / Millionths,
        };
    }
}
