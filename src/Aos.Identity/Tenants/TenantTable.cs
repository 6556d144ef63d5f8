using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Identity;

/// <summary>Tenants with a name or quotas, as stored.</summary>
internal sealed class TenantTable(IDatabase database)
{
    internal static Migration Migration { get; } = new("identity", 5, "tenants", """
        CREATE TABLE tenants (
          tenant_id TEXT NOT NULL, name TEXT, runs_per_day BIGINT, tokens_per_month BIGINT, concurrent_runs BIGINT, storage_bytes BIGINT,
          created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (tenant_id)
        );
        CREATE TABLE tenant_usage (
          tenant_id TEXT NOT NULL, quota TEXT NOT NULL, since BIGINT NOT NULL, used BIGINT NOT NULL, PRIMARY KEY (tenant_id, quota, since)
        );
        """);

    private const string Columns = "tenant_id, name, runs_per_day, tokens_per_month, concurrent_runs, storage_bytes, created_at, updated_at";

    internal Task<List<Tenant>> ListAsync(TenantId? after, int max, CancellationToken cancel) => database.ForHouse.ReadAsync(
        (connection, token) => ReadAsync(connection, $"SELECT {Columns} FROM tenants WHERE tenant_id > @after ORDER BY tenant_id LIMIT @max", new { after = after?.Value ?? "", max }, token), cancel);

    /// <summary>Those that have a limit to what they may store.</summary>
    internal Task<List<Tenant>> WithStorageAsync(CancellationToken cancel) => database.ForHouse.ReadAsync(
        (connection, token) => ReadAsync(connection, $"SELECT {Columns} FROM tenants WHERE storage_bytes IS NOT NULL ORDER BY tenant_id", new { }, token), cancel);

    internal async Task<Tenant?> FindAsync(TenantId tenant, CancellationToken cancel) => (await database.For(tenant).ReadAsync(
        (connection, token) => ReadAsync(connection, $"SELECT {Columns} FROM tenants WHERE tenant_id = @tenant", new { tenant = tenant.Value }, token), cancel)).FirstOrDefault();

    internal Task<(Tenant? Before, Tenant After)> ChangeAsync(TenantId tenant, DateTimeOffset now, Func<Tenant, Tenant> change, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"tenant:{tenant.Value}");
            var before = Find(connection, transaction, tenant);
            var after = change(before ?? new Tenant(tenant, null, TenantQuota.None, now, now)) with { UpdatedAt = now };
            connection.Execute(
                $"""
                INSERT INTO tenants ({Columns}) VALUES (@tenant, @name, @runs, @tokens, @concurrent, @storage, @created, @updated)
                ON CONFLICT (tenant_id) DO UPDATE SET name = excluded.name, runs_per_day = excluded.runs_per_day, tokens_per_month = excluded.tokens_per_month,
                  concurrent_runs = excluded.concurrent_runs, storage_bytes = excluded.storage_bytes, updated_at = excluded.updated_at
                """,
                new
                {
                    tenant = tenant.Value, name = after.Name, runs = after.Quota.RunsPerDay, tokens = after.Quota.TokensPerMonth, concurrent = (long?)after.Quota.ConcurrentRuns,
                    storage = after.Quota.StorageBytes, created = after.CreatedAt.UtcTicks, updated = now.UtcTicks,
                },
                transaction);
            Revision.Next(connection, transaction);
            return (before, after);
        },
        cancel);

    private static Tenant? Find(DbConnection connection, DbTransaction transaction, TenantId tenant)
    {
        using var row = (DbDataReader)connection.ExecuteReader($"SELECT {Columns} FROM tenants WHERE tenant_id = @tenant", new { tenant = tenant.Value }, transaction);
        return row.Read() ? Of(row) : null;
    }

    private static async Task<List<Tenant>> ReadAsync(DbConnection connection, string sql, object arguments, CancellationToken cancel)
    {
        await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(sql, arguments, cancellationToken: cancel));
        var found = new List<Tenant>();
        while (await rows.ReadAsync(cancel)) found.Add(Of(rows));
        return found;
    }

    private static Tenant Of(DbDataReader row)
    {
        long? Number(int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
        return new Tenant(
            new TenantId(row.GetString(0)), row.IsDBNull(1) ? null : row.GetString(1), new TenantQuota(Number(2), Number(3), (int?)Number(4), Number(5)),
            new DateTimeOffset(row.GetInt64(6), TimeSpan.Zero), new DateTimeOffset(row.GetInt64(7), TimeSpan.Zero));
    }
}
