using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Identity;

/// <summary>API keys as stored: of a key's secret part only its HMAC, which is worth nothing without the keyring.</summary>
internal sealed class KeyTable(IDatabase database)
{
    internal static Migration Migration { get; } = new("identity", 2, "api keys", """
        CREATE TABLE api_keys (
          tenant_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, mac BLOB NOT NULL, roles TEXT NOT NULL, scopes TEXT, tier TEXT NOT NULL,
          agent_id TEXT, is_house BIGINT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL, expires_at BIGINT, revoked_at BIGINT,
          replaced_by TEXT, last_used_at BIGINT, PRIMARY KEY (tenant_id, id)
        );
        CREATE UNIQUE INDEX api_keys_by_id ON api_keys (id);
        """);

    private const string Columns =
        "tenant_id, id, name, roles, scopes, tier, agent_id, is_house, created_at, created_by, expires_at, revoked_at, last_used_at, replaced_by, mac";

    /// <summary>The key of this id, whosever it is, with its HMAC: the credential says of which tenant it is, not the caller.</summary>
    internal async Task<(ApiKey Key, byte[] Mac)?> PresentedAsync(string id, CancellationToken cancel) =>
        await ReadAsync(database.ForHouse, "SELECT " + Columns + " FROM api_keys WHERE id = @id", new { id }, cancel) is [var found] ? found : null;

    internal async Task<ApiKey?> FindAsync(TenantId tenant, string id, CancellationToken cancel) =>
        await ReadAsync(database.For(tenant), "SELECT " + Columns + " FROM api_keys WHERE tenant_id = @tenant AND id = @id", new { tenant = tenant.Value, id }, cancel) is [var found] ? found.Key : null;

    /// <summary>Newest first.</summary>
    internal async Task<IReadOnlyList<ApiKey>> ListAsync(TenantId tenant, int max, CancellationToken cancel) =>
        [.. (await ReadAsync(database.For(tenant), "SELECT " + Columns + " FROM api_keys WHERE tenant_id = @tenant ORDER BY created_at DESC, id LIMIT @max", new { tenant = tenant.Value, max }, cancel)).Select(row => row.Key)];

    /// <summary>False: the tenant has <paramref name="max"/> keys in use already.</summary>
    internal Task<bool> InsertAsync(ApiKey key, byte[] mac, int max, CancellationToken cancel) => database.For(key.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"api_keys:{key.Tenant.Value}");
            if (InUse(connection, transaction, key) >= max) return false;
            Insert(connection, transaction, key, mac);
            Revision.Next(connection, transaction);
            return true;
        },
        cancel);

    /// <summary>Puts a key in the place of another one that ends at <paramref name="until"/>. False: that one has ended already, or was replaced.</summary>
    internal Task<bool> ReplaceAsync(ApiKey before, ApiKey key, byte[] mac, DateTimeOffset until, CancellationToken cancel) => database.For(key.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"api_keys:{key.Tenant.Value}");
            var ended = connection.Execute(
                """
                UPDATE api_keys SET replaced_by = @next, expires_at = CASE WHEN expires_at < @until THEN expires_at ELSE @until END
                WHERE tenant_id = @tenant AND id = @id AND replaced_by IS NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now)
                """,
                new { next = key.Id, until = until.UtcTicks, tenant = key.Tenant.Value, id = before.Id, now = key.CreatedAt.UtcTicks },
                transaction);
            if (ended == 0) return false;
            Insert(connection, transaction, key, mac);
            Revision.Next(connection, transaction);
            return true;
        },
        cancel);

    internal Task<bool> RevokeAsync(TenantId tenant, string id, DateTimeOffset now, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            var revoked = connection.Execute(
                "UPDATE api_keys SET revoked_at = @now WHERE tenant_id = @tenant AND id = @id AND revoked_at IS NULL", new { now = now.UtcTicks, tenant = tenant.Value, id }, transaction);
            if (revoked > 0) Revision.Next(connection, transaction);
            return revoked > 0;
        },
        cancel);

    /// <summary>Notes when keys were last used; a later use that another node noted stays.</summary>
    internal Task<int> UsedAsync(IReadOnlyList<(TenantId Tenant, string Id, DateTimeOffset At)> uses, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE api_keys SET last_used_at = @at WHERE tenant_id = @tenant AND id = @id AND (last_used_at IS NULL OR last_used_at < @at)",
            uses.Select(use => new { at = use.At.UtcTicks, tenant = use.Tenant.Value, id = use.Id }),
            transaction),
        cancel);

    private static long InUse(DbConnection connection, DbTransaction transaction, ApiKey key) => connection.ExecuteScalar<long>(
        "SELECT count(*) FROM api_keys WHERE tenant_id = @tenant AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now)",
        new { tenant = key.Tenant.Value, now = key.CreatedAt.UtcTicks },
        transaction);

    private static void Insert(DbConnection connection, DbTransaction transaction, ApiKey key, byte[] mac) => connection.Execute(
        """
        INSERT INTO api_keys (tenant_id, id, name, mac, roles, scopes, tier, agent_id, is_house, created_at, created_by, expires_at)
        VALUES (@tenant, @id, @name, @mac, @roles, @scopes, @tier, @agent, @house, @created, @by, @expires)
        """,
        new
        {
            tenant = key.Tenant.Value, id = key.Id, name = key.Name, mac, roles = string.Join(' ', key.Roles), scopes = key.Scopes is { } scopes ? string.Join(' ', scopes.Scopes) : null,
            tier = key.Tier, agent = key.AgentId, house = key.IsHouse ? 1L : 0L, created = key.CreatedAt.UtcTicks, by = key.CreatedBy, expires = key.ExpiresAt?.UtcTicks,
        },
        transaction);

    private Task<List<(ApiKey Key, byte[] Mac)>> ReadAsync(ITables tables, string sql, object arguments, CancellationToken cancel) => tables.ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(sql, arguments, cancellationToken: token));
            var found = new List<(ApiKey, byte[])>();
            while (await rows.ReadAsync(token)) found.Add((Of(rows), rows.GetFieldValue<byte[]>(14)));
            return found;
        },
        cancel);

    private static ApiKey Of(DbDataReader row) => new(
        new TenantId(row.GetString(0)), row.GetString(1), row.GetString(2), Words(row.GetString(3)),
        row.IsDBNull(4) ? null : ScopeSet.Read(Words(row.GetString(4)), out _) ?? ScopeSet.None, row.GetString(5), row.IsDBNull(6) ? null : row.GetString(6), row.GetInt64(7) != 0)
    {
        CreatedAt = Time(row.GetInt64(8)),
        CreatedBy = row.GetString(9),
        ExpiresAt = row.IsDBNull(10) ? null : Time(row.GetInt64(10)),
        RevokedAt = row.IsDBNull(11) ? null : Time(row.GetInt64(11)),
        LastUsedAt = row.IsDBNull(12) ? null : Time(row.GetInt64(12)),
        ReplacedBy = row.IsDBNull(13) ? null : row.GetString(13),
    };

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
