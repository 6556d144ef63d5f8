using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Approvals;

/// <summary>Endpoints as stored.</summary>
internal sealed class EndpointTable(IDatabase database)
{
    internal static Migration Migration { get; } = new("webhooks", 1, "webhook-endpoints", """
        CREATE TABLE webhook_endpoints (
          tenant_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, secret TEXT NOT NULL, scheme TEXT NOT NULL, signal TEXT, to_run TEXT, run_field TEXT,
          enabled BIGINT NOT NULL, window_seconds BIGINT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL, updated_at BIGINT NOT NULL,
          updated_by TEXT NOT NULL, PRIMARY KEY (tenant_id, id)
        );
        CREATE UNIQUE INDEX webhook_endpoints_by_id ON webhook_endpoints (id);
        CREATE UNIQUE INDEX webhook_endpoints_by_secret ON webhook_endpoints (tenant_id, secret);
        """);

    private const string Columns =
        "tenant_id, id, name, secret, scheme, signal, to_run, run_field, enabled, window_seconds, created_at, created_by, updated_at, updated_by";

    internal Task<List<WebhookEndpoint>> ListAsync(TenantId tenant, CancellationToken cancel) => ReadAsync(
        database.For(tenant), $"SELECT {Columns} FROM webhook_endpoints WHERE tenant_id = @tenant ORDER BY created_at, id", new { tenant = tenant.Value }, cancel);

    internal async Task<WebhookEndpoint?> FindAsync(TenantId tenant, string id, CancellationToken cancel) => await ReadAsync(
        database.For(tenant), $"SELECT {Columns} FROM webhook_endpoints WHERE tenant_id = @tenant AND id = @id", new { tenant = tenant.Value, id }, cancel) is [var found] ? found : null;

    /// <summary>Whose it is, nobody knows yet: the house asks.</summary>
    internal async Task<WebhookEndpoint?> OpenAsync(string id, CancellationToken cancel) => await ReadAsync(
        database.ForHouse, $"SELECT {Columns} FROM webhook_endpoints WHERE id = @id", new { id }, cancel) is [var found] ? found : null;

    /// <summary>Null: it is there. Else why not.</summary>
    internal Task<Failure?> InsertAsync(WebhookEndpoint endpoint, CancellationToken cancel) => database.For(endpoint.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"webhooks:{endpoint.Tenant.Value}");
            var tenant = new { tenant = endpoint.Tenant.Value };
            if (connection.ExecuteScalar<long>("SELECT count(*) FROM webhook_endpoints WHERE tenant_id = @tenant", tenant, transaction) >= IWebhookEndpoints.EndpointsMax)
                return FailureCatalog.Fail("INVALID_STATE", $"{endpoint.Tenant} has {IWebhookEndpoints.EndpointsMax} endpoints. Remove those that nobody posts to.");
            if (SecretTaken(connection, transaction, endpoint) is { } taken) return taken;
            connection.Execute(
                $"""
                INSERT INTO webhook_endpoints ({Columns})
                VALUES (@tenant, @id, @name, @secret, @scheme, @signal, @run, @field, @enabled, @window, @created, @createdBy, @updated, @updatedBy)
                """,
                Values(endpoint), transaction);
            return null;
        },
        cancel);

    /// <summary>Puts an endpoint in the place of what was read before; null: done. Else why not.</summary>
    internal Task<Failure?> UpdateAsync(WebhookEndpoint before, WebhookEndpoint after, CancellationToken cancel) => database.For(after.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"webhooks:{after.Tenant.Value}");
            if (SecretTaken(connection, transaction, after) is { } taken) return taken;
            var values = Values(after);
            values.Add("before", before.UpdatedAt.UtcTicks);
            var changed = connection.Execute(
                """
                UPDATE webhook_endpoints SET name = @name, secret = @secret, signal = @signal, to_run = @run, run_field = @field, enabled = @enabled,
                  window_seconds = @window, updated_at = @updated, updated_by = @updatedBy
                WHERE tenant_id = @tenant AND id = @id AND updated_at = @before
                """,
                values, transaction);
            return changed == 1 ? null : FailureCatalog.Fail("INVALID_STATE", $"Somebody else changed the endpoint {after.Id} at the same time. Look at it and try again.");
        },
        cancel);

    internal async Task<bool> DeleteAsync(TenantId tenant, string id, CancellationToken cancel) => await database.For(tenant).WriteAsync(
        (connection, transaction) => connection.Execute("DELETE FROM webhook_endpoints WHERE tenant_id = @tenant AND id = @id", new { tenant = tenant.Value, id }, transaction), cancel) == 1;

    /// <summary>What is signed for one endpoint must not count at another one: each has a secret of its own.</summary>
    private static Failure? SecretTaken(DbConnection connection, DbTransaction transaction, WebhookEndpoint endpoint) =>
        connection.ExecuteScalar<string?>(
            "SELECT name FROM webhook_endpoints WHERE tenant_id = @tenant AND secret = @secret AND id <> @id",
            new { tenant = endpoint.Tenant.Value, secret = endpoint.Secret, id = endpoint.Id }, transaction) is { } name
            ? FailureCatalog.Fail("INVALID_STATE", $"The endpoint {name} has the secret {endpoint.Secret} already; each endpoint needs one of its own, or a delivery to one could be sent to the other.")
            : null;

    private static DynamicParameters Values(WebhookEndpoint endpoint) => new(new
    {
        tenant = endpoint.Tenant.Value, id = endpoint.Id, name = endpoint.Name, secret = endpoint.Secret, scheme = endpoint.Scheme.ToString().ToLowerInvariant(),
        signal = endpoint.Forward?.Signal, run = endpoint.Forward?.Run?.ToString(), field = endpoint.Forward?.RunField, enabled = endpoint.IsEnabled ? 1L : 0L,
        window = (long)endpoint.Window.TotalSeconds, created = endpoint.CreatedAt.UtcTicks, createdBy = endpoint.CreatedBy, updated = endpoint.UpdatedAt.UtcTicks,
        updatedBy = endpoint.UpdatedBy,
    });

    private static Task<List<WebhookEndpoint>> ReadAsync(ITables tables, string sql, object values, CancellationToken cancel) => tables.ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(sql, values, cancellationToken: token));
            var found = new List<WebhookEndpoint>();
            while (await rows.ReadAsync(token)) found.Add(Of(rows));
            return found;
        },
        cancel);

    private static WebhookEndpoint Of(DbDataReader row) => new(
        new TenantId(row.GetString(0)), row.GetString(1), row.GetString(2), row.GetString(3), Enum.Parse<WebhookScheme>(row.GetString(4), ignoreCase: true),
        row.IsDBNull(5) ? null : new WebhookForward(row.GetString(5), row.IsDBNull(6) ? null : Run(row.GetString(6)), row.IsDBNull(7) ? null : row.GetString(7)),
        row.GetInt64(8) == 1, TimeSpan.FromSeconds(row.GetInt64(9)))
    {
        CreatedAt = Time(row.GetInt64(10)), CreatedBy = row.GetString(11), UpdatedAt = Time(row.GetInt64(12)), UpdatedBy = row.GetString(13),
    };

    private static RunId? Run(string text) => RunId.TryParse(text, out var run) ? run : null;

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
