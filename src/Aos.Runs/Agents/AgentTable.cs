using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AgentSettings))]
internal sealed partial class AgentJson : JsonSerializerContext;

/// <summary>Agents as stored.</summary>
internal sealed class AgentTable(IDatabase database)
{
    internal static Migration Migration { get; } = new("agents", 1, "agents", """
        CREATE TABLE agents (
          tenant_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, description TEXT, status TEXT NOT NULL, settings TEXT NOT NULL,
          planning_micros BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, id)
        )
        """);

    /// <summary>What planning has cost counts in the balances of agents too. Runs after the ledger's tables are there.</summary>
    internal static Migration Planned { get; } = new("storage-ledger-agents", 1, "planning of agents", """
        INSERT INTO budget_balances (tenant_id, scope, name, period, reserved, spent, calls, input_tokens, output_tokens)
        SELECT tenant_id, 'agent', id, 'total', 0, planning_micros, 0, 0, 0 FROM agents WHERE planning_micros > 0
        ON CONFLICT (tenant_id, scope, name, period) DO UPDATE SET spent = budget_balances.spent + excluded.spent
        """);

    private const string Columns = "id, name, description, status, settings, created_at, updated_at";

    /// <summary>True: other processes write agents too.</summary>
    internal bool IsShared => database.Dialect == Dialect.Postgres;

    /// <summary>False: the tenant has <paramref name="max"/> agents already.</summary>
    internal Task<bool> InsertAsync(Agent agent, int max, CancellationToken cancel) => database.For(agent.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"agents:{agent.Tenant.Value}");
            using var count = Command(connection, transaction, "SELECT count(*) FROM agents WHERE tenant_id = @p1", agent.Tenant.Value);
            if ((long)count.ExecuteScalar()! >= max) return false;
            using var insert = Command(
                connection, transaction,
                "INSERT INTO agents (name, description, status, settings, updated_at, tenant_id, id, planning_micros, created_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, 0, @p8)",
                [.. Values(agent), agent.CreatedAt.UtcTicks]);
            return insert.ExecuteNonQuery() == 1;
        },
        cancel);

    /// <summary>Changes the agent as it is stored now; null: there is none.</summary>
    internal Task<Agent?> ChangeAsync(TenantId tenant, string id, Func<Agent, Agent> change, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"agent:{tenant.Value}:{id}");
            if (Read(connection, transaction, tenant, id) is not { } agent) return null;
            var changed = change(agent);
            using var update = Command(
                connection, transaction, "UPDATE agents SET name = @p1, description = @p2, status = @p3, settings = @p4, updated_at = @p5 WHERE tenant_id = @p6 AND id = @p7",
                Values(changed));
            update.ExecuteNonQuery();
            return changed;
        },
        cancel);

    internal Task<Agent?> FindAsync(TenantId tenant, string id, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var select = Command(connection, null, $"SELECT {Columns} FROM agents WHERE tenant_id = @p1 AND id = @p2", tenant.Value, id);
            await using var reader = await select.ExecuteReaderAsync(token);
            return await reader.ReadAsync(token) ? Of(tenant, reader) : null;
        },
        cancel);

    internal Task<List<Agent>> ListAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var select = Command(connection, null, $"SELECT {Columns} FROM agents WHERE tenant_id = @p1", tenant.Value);
            await using var reader = await select.ExecuteReaderAsync(token);
            var agents = new List<Agent>();
            while (await reader.ReadAsync(token)) agents.Add(Of(tenant, reader));
            return agents;
        },
        cancel);

    /// <summary>What planning cost that led to no run, so far.</summary>
    internal Task<Cents> PlanningAsync(Agent agent, CancellationToken cancel) => database.For(agent.Tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var select = Command(connection, null, "SELECT planning_micros FROM agents WHERE tenant_id = @p1 AND id = @p2", agent.Tenant.Value, agent.Id);
            return Cents.FromMicros((long)(await select.ExecuteScalarAsync(token) ?? 0L));
        },
        cancel);

    internal Task ChargeAsync(Agent agent, Cents cost, CancellationToken cancel) => database.For(agent.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            using var update = Command(
                connection, transaction, "UPDATE agents SET planning_micros = planning_micros + @p1 WHERE tenant_id = @p2 AND id = @p3", cost.ToMicros(), agent.Tenant.Value, agent.Id);
            return update.ExecuteNonQuery();
        },
        cancel);

    private static Agent? Read(DbConnection connection, DbTransaction transaction, TenantId tenant, string id)
    {
        using var select = Command(connection, transaction, $"SELECT {Columns} FROM agents WHERE tenant_id = @p1 AND id = @p2", tenant.Value, id);
        using var reader = select.ExecuteReader();
        return reader.Read() ? Of(tenant, reader) : null;
    }

    private static Agent Of(TenantId tenant, DbDataReader reader) => new(
        tenant, reader.GetString(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2), Enum.Parse<AgentStatus>(reader.GetString(3), ignoreCase: true),
        JsonSerializer.Deserialize(reader.GetString(4), AgentJson.Default.AgentSettings)!, At(reader.GetInt64(5)), At(reader.GetInt64(6)));

    private static object[] Values(Agent agent) =>
    [
        agent.Name, (object?)agent.Description ?? DBNull.Value, agent.Status.ToString().ToLowerInvariant(),
        JsonSerializer.Serialize(agent.Settings, AgentJson.Default.AgentSettings), agent.UpdatedAt.UtcTicks, agent.Tenant.Value, agent.Id,
    ];

    private static DbCommand Command(DbConnection connection, DbTransaction? transaction, string sql, params ReadOnlySpan<object> values)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"@p{i + 1}";
            parameter.Value = values[i];
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static DateTimeOffset At(long ticks) => new(ticks, TimeSpan.Zero);
}
