using System.Collections.Concurrent;
using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AgentSettings))]
internal sealed partial class AgentJson : JsonSerializerContext;

/// <summary>The agents of each tenant, read from the store on first use and kept: this process is the only one that writes them.</summary>
internal sealed class AgentBook(IDatabase database, IRunRows rows, TimeProvider clock) : IAgents
{
    /// <summary>Agents of one tenant.</summary>
    internal const int AgentsMax = 10_000;

    internal static readonly Migration[] Migrations =
    [
        new("agents", 1, "agents", """
            CREATE TABLE agents (
              tenant_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, description TEXT, status TEXT NOT NULL, settings TEXT NOT NULL,
              planning_micros BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, id)
            )
            """),
    ];

    private readonly ConcurrentDictionary<TenantId, ConcurrentDictionary<string, Agent>> books = new();
    private readonly SemaphoreSlim gate = new(1, 1);

    public async Task<(Agent? Agent, Failure? Refusal)> CreateAsync(Caller caller, string name, string? description, AgentSettings settings, CancellationToken cancel)
    {
        var book = await BookAsync(caller.Tenant, cancel);
        var now = clock.GetUtcNow();
        var agent = new Agent(caller.Tenant, Guid.CreateVersion7(now).ToString("D"), name, description, AgentStatus.Active, settings, now, now);
        await gate.WaitAsync(cancel);
        try
        {
            if (book.Count >= AgentsMax) return (null, FailureCatalog.Fail("QUOTA_EXHAUSTED", $"The tenant already has {AgentsMax} agents."));
            await WriteAsync(
                "INSERT INTO agents (name, description, status, settings, updated_at, tenant_id, id, planning_micros, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)",
                agent, cancel, now.UtcTicks);
            book[agent.Id] = agent;
            return (agent, null);
        }
        finally
        {
            gate.Release();
        }
    }

    public async Task<IReadOnlyList<Agent>> ListAsync(Caller caller, CancellationToken cancel) =>
        [.. (await BookAsync(caller.Tenant, cancel)).Values.OrderByDescending(agent => agent.Id, StringComparer.Ordinal)];

    public async Task<Agent?> FindAsync(TenantId tenant, string id, CancellationToken cancel) => (await BookAsync(tenant, cancel)).GetValueOrDefault(id);

    public async Task<Agent?> ChangeAsync(Caller caller, string id, Func<Agent, Agent> change, CancellationToken cancel)
    {
        var book = await BookAsync(caller.Tenant, cancel);
        await gate.WaitAsync(cancel);
        try
        {
            if (!book.TryGetValue(id, out var agent)) return null;
            var changed = change(agent) with { UpdatedAt = clock.GetUtcNow() };
            await WriteAsync("UPDATE agents SET name = $1, description = $2, status = $3, settings = $4, updated_at = $5 WHERE tenant_id = $6 AND id = $7", changed, cancel);
            book[id] = changed;
            return changed;
        }
        finally
        {
            gate.Release();
        }
    }

    public async Task<AgentSpending> SpendingAsync(Agent agent, CancellationToken cancel)
    {
        var midnight = new DateTimeOffset(clock.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
        var runs = await rows.SpendingAsync(agent.Tenant, agent.Id, midnight, cancel);
        var planning = await database.ReadAsync(
            async (connection, token) =>
            {
                await using var select = Command(connection, null, "SELECT planning_micros FROM agents WHERE tenant_id = $1 AND id = $2", agent.Tenant.Value, agent.Id);
                return Cents.FromMicros((long)(await select.ExecuteScalarAsync(token) ?? 0L));
            },
            cancel);
        return runs with { Committed = runs.Committed + planning };
    }

    /// <summary>Books what planning cost that led to no run.</summary>
    internal Task ChargeAsync(Agent agent, Cents cost, CancellationToken cancel) => cost == Cents.Zero ? Task.CompletedTask : database.WriteAsync(
        (connection, transaction) =>
        {
            using var update = Command(
                connection, transaction, "UPDATE agents SET planning_micros = planning_micros + $1 WHERE tenant_id = $2 AND id = $3", cost.ToMicros(), agent.Tenant.Value, agent.Id);
            return update.ExecuteNonQuery();
        },
        cancel);

    private async ValueTask<ConcurrentDictionary<string, Agent>> BookAsync(TenantId tenant, CancellationToken cancel)
    {
        if (books.TryGetValue(tenant, out var known)) return known;
        await gate.WaitAsync(cancel);
        try
        {
            if (books.TryGetValue(tenant, out var other)) return other;
            var agents = await database.ReadAsync((connection, token) => LoadAsync(connection, tenant, token), cancel);
            return books[tenant] = new ConcurrentDictionary<string, Agent>(agents.Select(agent => KeyValuePair.Create(agent.Id, agent)), StringComparer.Ordinal);
        }
        finally
        {
            gate.Release();
        }
    }

    private static async Task<List<Agent>> LoadAsync(DbConnection connection, TenantId tenant, CancellationToken cancel)
    {
        await using var select = Command(
            connection, null, "SELECT id, name, description, status, settings, created_at, updated_at FROM agents WHERE tenant_id = $1", tenant.Value);
        await using var reader = await select.ExecuteReaderAsync(cancel);
        var agents = new List<Agent>();
        while (await reader.ReadAsync(cancel))
        {
            agents.Add(new Agent(
                tenant, reader.GetString(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2), Enum.Parse<AgentStatus>(reader.GetString(3), ignoreCase: true),
                JsonSerializer.Deserialize(reader.GetString(4), AgentJson.Default.AgentSettings)!, At(reader.GetInt64(5)), At(reader.GetInt64(6))));
        }

        return agents;
    }

    private Task<int> WriteAsync(string sql, Agent agent, CancellationToken cancel, params object[] more) => database.WriteAsync(
        (connection, transaction) =>
        {
            using var command = Command(
                connection, transaction, sql,
                [
                    agent.Name, (object?)agent.Description ?? DBNull.Value, agent.Status.ToString().ToLowerInvariant(),
                    JsonSerializer.Serialize(agent.Settings, AgentJson.Default.AgentSettings), agent.UpdatedAt.UtcTicks, agent.Tenant.Value, agent.Id, .. more,
                ]);
            return command.ExecuteNonQuery();
        },
        cancel);

    private static DbCommand Command(DbConnection connection, DbTransaction? transaction, string sql, params ReadOnlySpan<object> values)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"${i + 1}";
            parameter.Value = values[i];
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static DateTimeOffset At(long ticks) => new(ticks, TimeSpan.Zero);
}
