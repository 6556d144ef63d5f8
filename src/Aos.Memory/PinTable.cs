using System.Data.Common;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Memory;

/// <summary>Entries of the memory as stored. Times are UTC ticks.</summary>
internal sealed class PinTable(IDatabase database, TimeProvider clock) : IKeepsBytes
{
    internal static Migration Migration { get; } = new(MemoryRoom.Name, 1, "entries of the memory", """
        CREATE TABLE memory_pins (
          tenant_id TEXT NOT NULL, key TEXT NOT NULL, id BIGINT NOT NULL, value TEXT NOT NULL, source TEXT NOT NULL, ttl_seconds BIGINT, expires_at BIGINT,
          created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, key));
        CREATE INDEX memory_pins_age ON memory_pins (tenant_id, created_at);
        CREATE INDEX memory_pins_expiry ON memory_pins (expires_at) WHERE expires_at IS NOT NULL;
        CREATE TABLE memory_usage (tenant_id TEXT NOT NULL PRIMARY KEY, pins BIGINT NOT NULL, last_id BIGINT NOT NULL);
        """);

    private const string Columns = "tenant_id AS Tenant, key AS Key, id AS Id, value AS Value, source AS Source, ttl_seconds AS TtlSeconds, expires_at AS ExpiresAt, created_at AS CreatedAt, updated_at AS UpdatedAt";
    private const string IsAlive = "(expires_at IS NULL OR expires_at > @now)";

    private long Now => clock.GetUtcNow().UtcTicks;

    public Task<long> BytesAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            database.Dialect == Dialect.Postgres
                ? "SELECT CAST(sum(octet_length(value)) AS BIGINT) FROM memory_pins WHERE tenant_id = @tenant"
                : "SELECT sum(length(CAST(value AS BLOB))) FROM memory_pins WHERE tenant_id = @tenant",
            new { tenant = tenant.Value }, cancellationToken: token)) ?? 0,
        cancel);

    internal Task<Pin?> FindAsync(TenantId tenant, string key, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => (await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            $"SELECT {Columns} FROM memory_pins WHERE tenant_id = @tenant AND key = @key AND {IsAlive}",
            new { tenant = tenant.Value, key, now = Now }, cancellationToken: token)))?.ToPin(),
        cancel);

    internal Task<PinPage> ListAsync(TenantId tenant, PinFilter filter, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            var more = (filter.Prefix is null ? "" : " AND substr(key, 1, length(@prefix)) = @prefix") + (filter.IncludesExpired ? "" : $" AND {IsAlive}");
            var with = new { tenant = tenant.Value, prefix = filter.Prefix, now = Now, limit = filter.Limit, offset = filter.Offset };
            var total = await connection.ExecuteScalarAsync<long>(new CommandDefinition($"SELECT count(*) FROM memory_pins WHERE tenant_id = @tenant{more}", with, cancellationToken: token));
            var rows = await connection.QueryAsync<Row>(new CommandDefinition(
                $"SELECT {Columns} FROM memory_pins WHERE tenant_id = @tenant{more} ORDER BY created_at DESC, id DESC LIMIT @limit OFFSET @offset", with, cancellationToken: token));
            return new PinPage([.. rows.Select(row => row.ToPin())], total);
        },
        cancel);

    /// <summary>By one statement, so that all are of one moment.</summary>
    internal Task<Dictionary<string, JsonElement>> ReadAsync(TenantId tenant, IReadOnlyList<string> keys, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            var rows = await connection.QueryAsync<(string Key, string Value)>(new CommandDefinition(
                $"SELECT key, value FROM memory_pins WHERE tenant_id = @tenant AND key {(database.Dialect == Dialect.Postgres ? "= ANY(@keys)" : "IN @keys")} AND {IsAlive}",
                new { tenant = tenant.Value, keys, now = Now }, cancellationToken: token));
            return rows.ToDictionary(row => row.Key, row => Json.Parse(row.Value), StringComparer.Ordinal);
        },
        cancel);

    internal Task<(PinMade? Made, Failure? Refusal)> PutAsync(TenantId tenant, PinWish wish, string value, CancellationToken cancel) => database.For(tenant).WriteAsync<(PinMade?, Failure?)>(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, LockOf(tenant.Value));
            var now = Now;
            var stored = Stored(connection, transaction, tenant, wish.Key);
            var alive = stored is { ExpiresAt: { } end } && end <= now ? null : stored;
            // What is over was no entry any more: its place goes to a new one.
            if (alive is null && stored is not null) Remove(connection, transaction, tenant, wish.Key);
            if (alive is null && !TakeRoom(connection, transaction, tenant))
                return (null, FailureCatalog.Fail("QUOTA_EXHAUSTED", $"The tenant has {IMemory.PinsMax} entries in its memory, more are not kept."));
            connection.Execute(
                """
                INSERT INTO memory_pins (tenant_id, key, id, value, source, ttl_seconds, expires_at, created_at, updated_at)
                VALUES (@tenant, @key, (SELECT last_id FROM memory_usage WHERE tenant_id = @tenant), @value, @source, @ttl, @expires, @now, @now)
                ON CONFLICT (tenant_id, key) DO UPDATE SET value = excluded.value, source = excluded.source, ttl_seconds = excluded.ttl_seconds,
                  expires_at = excluded.expires_at, updated_at = excluded.updated_at
                """,
                new
                {
                    tenant = tenant.Value, key = wish.Key, value, source = wish.Source, ttl = wish.TtlSeconds, now,
                    expires = wish.TtlSeconds is { } seconds ? now + (seconds * TimeSpan.TicksPerSecond) : (long?)null,
                },
                transaction);
            return (new PinMade(Stored(connection, transaction, tenant, wish.Key)!.ToPin(), alive?.ToPin()), null);
        },
        cancel);

    internal Task<Pin?> DeleteAsync(TenantId tenant, string key, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, LockOf(tenant.Value));
            if (Stored(connection, transaction, tenant, key) is not { } stored) return null;
            Remove(connection, transaction, tenant, key);
            return stored.ToPin();
        },
        cancel);

    internal Task<int> CleanupAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, LockOf(tenant.Value));
            var count = connection.Execute("DELETE FROM memory_pins WHERE tenant_id = @tenant AND expires_at <= @now", new { tenant = tenant.Value, now = Now }, transaction);
            GiveRoom(connection, transaction, tenant.Value, count);
            return count;
        },
        cancel);

    /// <summary>The tenants that have something to remove, each in a transaction of its own.</summary>
    internal async Task<int> SweepAsync(int most, CancellationToken cancel)
    {
        var tenants = await database.ForHouse.ReadAsync(
            async (connection, token) => await connection.QueryAsync<string>(new CommandDefinition(
                "SELECT DISTINCT tenant_id FROM (SELECT tenant_id FROM memory_pins WHERE expires_at <= @now ORDER BY expires_at LIMIT @most) AS due ORDER BY tenant_id",
                new { now = Now, most }, cancellationToken: token)),
            cancel);
        var count = 0;
        foreach (var tenant in tenants) count += await CleanupAsync(new TenantId(tenant), cancel);
        return count;
    }

    private static Row? Stored(DbConnection connection, DbTransaction transaction, TenantId tenant, string key) => connection.QuerySingleOrDefault<Row>(
        $"SELECT {Columns} FROM memory_pins WHERE tenant_id = @tenant AND key = @key", new { tenant = tenant.Value, key }, transaction);

    private static void Remove(DbConnection connection, DbTransaction transaction, TenantId tenant, string key)
    {
        connection.Execute("DELETE FROM memory_pins WHERE tenant_id = @tenant AND key = @key", new { tenant = tenant.Value, key }, transaction);
        GiveRoom(connection, transaction, tenant.Value, 1);
    }

    private static bool TakeRoom(DbConnection connection, DbTransaction transaction, TenantId tenant)
    {
        connection.Execute("INSERT INTO memory_usage (tenant_id, pins, last_id) VALUES (@tenant, 0, 0) ON CONFLICT (tenant_id) DO NOTHING", new { tenant = tenant.Value }, transaction);
        return connection.Execute(
            "UPDATE memory_usage SET pins = pins + 1, last_id = last_id + 1 WHERE tenant_id = @tenant AND pins < @most", new { tenant = tenant.Value, most = IMemory.PinsMax }, transaction) == 1;
    }

    private static void GiveRoom(DbConnection connection, DbTransaction transaction, string tenant, int pins) =>
        connection.Execute("UPDATE memory_usage SET pins = pins - @pins WHERE tenant_id = @tenant", new { tenant, pins }, transaction);

    private static string LockOf(string tenant) => $"memory:{tenant}";

    private sealed record Row
    {
        public string Tenant { get; init; } = "";
        public string Key { get; init; } = "";
        public long Id { get; init; }
        public string Value { get; init; } = "";
        public string Source { get; init; } = "";
        public long? TtlSeconds { get; init; }
        public long? ExpiresAt { get; init; }
        public long CreatedAt { get; init; }
        public long UpdatedAt { get; init; }

        internal Pin ToPin() => new(
            new TenantId(Tenant), Id, Key, Json.Parse(Value), Source, (int?)TtlSeconds, ExpiresAt is { } end ? Time(end) : null, Time(CreatedAt), Time(UpdatedAt));

        private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
    }
}
