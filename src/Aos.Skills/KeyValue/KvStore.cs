using System.Data.Common;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Skills;

/// <summary>A stored value.</summary>
/// <param name="ExpiresAt">UTC ticks, or null: it stays.</param>
internal sealed record KvRow(string Value, long Version, long? ExpiresAt);

/// <summary>A write that was done: what it was, and its reply as JSON.</summary>
internal sealed record KvDone(string Fingerprint, string Reply);

/// <summary>What a write answered, kept so that a repeat answers the same.</summary>
/// <param name="Existed">Whether the key was there before.</param>
/// <param name="Version">Of the value now; 0: there is none.</param>
/// <param name="PreviousVersion">Of the value before; null: there was none.</param>
internal sealed record KvWriteReply(bool Applied, bool Existed, long Version, long? PreviousVersion = null, long? ExpiresAt = null);

/// <summary>Values by tenant, namespace and key. The store is opened by the first call, not by describing the skills.</summary>
internal sealed class KvStore(Lazy<IDatabase> database, TimeProvider clock) : IKeepsBytes
{
    /// <summary>Most keys of a tenant.</summary>
    internal const int KeysMax = 100_000;

    /// <summary>Largest value, bytes of canonical JSON.</summary>
    internal const int ValueBytesMax = 256 * 1024;

    /// <summary>Longest key, bytes of UTF-8.</summary>
    internal const int KeyBytesMax = 512;

    /// <summary>Longest time to live, seconds.</summary>
    internal const int TtlSecondsMax = 315_360_000;

    /// <summary>How long a repeated write is known as such.</summary>
    private static readonly TimeSpan WritesKept = TimeSpan.FromDays(7);

    private long Now => clock.GetUtcNow().UtcTicks;

    internal Task<KvRow?> FindAsync(TenantId tenant, string space, string key, CancellationToken cancel) => database.Value.For(tenant).ReadAsync(
        async (connection, token) => await connection.QuerySingleOrDefaultAsync<KvRow>(new CommandDefinition(
            """
            SELECT value AS Value, version AS Version, expires_at AS ExpiresAt FROM kv
            WHERE tenant_id = @tenant AND namespace = @space AND key = @key AND (expires_at IS NULL OR expires_at > @now)
            """,
            new { tenant = tenant.Value, space, key, now = Now }, cancellationToken: token)), cancel);

    public Task<long> BytesAsync(TenantId tenant, CancellationToken cancel) => database.Value.For(tenant).ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            database.Value.Dialect == Dialect.Postgres
                ? "SELECT CAST(sum(octet_length(value)) AS BIGINT) FROM kv WHERE tenant_id = @tenant"
                : "SELECT sum(length(CAST(value AS BLOB))) FROM kv WHERE tenant_id = @tenant",
            new { tenant = tenant.Value }, cancellationToken: token)) ?? 0,
        cancel);

    internal Task<(KvWriteReply? Reply, Failure? Failure)> SetAsync(
        SkillCall call, string space, string key, string value, int? ttlSeconds, bool ifAbsent, CancellationToken cancel)
    {
        var now = Now;
        var expires = ttlSeconds is { } seconds ? now + (seconds * TimeSpan.TicksPerSecond) : (long?)null;
        var fingerprint = Fingerprint("set", space, key, value, ttlSeconds?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "", ifAbsent ? "1" : "0");
        return OnceAsync(call, fingerprint, now, (connection, transaction) =>
        {
            database.Value.Lock(connection, transaction, $"kv:{call.Tenant.Value}:{space}:{key}");
            var before = Before(connection, transaction, call.Tenant, space, key);
            var alive = before is not null && !(before.ExpiresAt <= now) ? before : null;
            if (ifAbsent && alive is not null) return (new KvWriteReply(false, true, alive.Version, alive.Version, alive.ExpiresAt), null);
            if (before is null && !TakeRoom(connection, transaction, call.Tenant))
                return (null, FailureCatalog.Fail("QUOTA_EXHAUSTED", $"The tenant has {KeysMax} keys, more are not kept."));
            var version = (before?.Version ?? 0) + 1;
            connection.Execute(
                """
                INSERT INTO kv (tenant_id, namespace, key, value, version, expires_at, updated_at) VALUES (@tenant, @space, @key, @value, @version, @expires, @now)
                ON CONFLICT (tenant_id, namespace, key) DO UPDATE
                SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at, updated_at = excluded.updated_at
                """,
                new { tenant = call.Tenant.Value, space, key, value, version, expires, now }, transaction);
            return (new KvWriteReply(true, alive is not null, version, alive?.Version, expires), null);
        }, cancel);
    }

    internal Task<(KvWriteReply? Reply, Failure? Failure)> DeleteAsync(SkillCall call, string space, string key, CancellationToken cancel)
    {
        var now = Now;
        return OnceAsync(call, Fingerprint("delete", space, key), now, (connection, transaction) =>
        {
            database.Value.Lock(connection, transaction, $"kv:{call.Tenant.Value}:{space}:{key}");
            var before = Before(connection, transaction, call.Tenant, space, key);
            if (before is null) return (new KvWriteReply(false, false, 0, null, null), null);
            connection.Execute(
                "DELETE FROM kv WHERE tenant_id = @tenant AND namespace = @space AND key = @key", new { tenant = call.Tenant.Value, space, key }, transaction);
            GiveRoom(connection, transaction, call.Tenant.Value, 1);
            var alive = !(before.ExpiresAt <= now);
            return (new KvWriteReply(alive, alive, 0, alive ? before.Version : null, null), null);
        }, cancel);
    }

    /// <summary>Removes what has expired and forgets old writes, of every tenant; at most <paramref name="most"/> of each.</summary>
    internal async Task<int> SweepAsync(int most, CancellationToken cancel)
    {
        var now = Now;
        // Most passes find nothing: they cost one statement and no lock.
        var hasExpired = await database.Value.ForHouse.ReadAsync(
            (connection, token) => connection.ExecuteScalarAsync<bool>(new CommandDefinition(
                "SELECT EXISTS (SELECT 1 FROM kv WHERE expires_at <= @now) OR EXISTS (SELECT 1 FROM kv_writes WHERE at <= @before)",
                new { now, before = now - WritesKept.Ticks }, cancellationToken: token)),
            cancel);
        if (!hasExpired) return 0;
        return await database.Value.ForHouse.WriteAsync((connection, transaction) =>
        {
            database.Value.Lock(connection, transaction, "kv-sweep");
            var expired = connection.Query<(string Tenant, string Space, string Key)>(
                "SELECT tenant_id, namespace, key FROM kv WHERE expires_at <= @now ORDER BY expires_at LIMIT @most", new { now, most }, transaction).ToList();
            var gone = new List<string>();
            foreach (var (tenant, space, key) in expired)
            {
                // By its time too: a key that was set again meanwhile stays.
                var count = connection.Execute(
                    "DELETE FROM kv WHERE tenant_id = @tenant AND namespace = @space AND key = @key AND expires_at <= @now", new { tenant, space, key, now }, transaction);
                if (count == 1) gone.Add(tenant);
            }

            foreach (var group in gone.GroupBy(tenant => tenant, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal))
                GiveRoom(connection, transaction, group.Key, group.Count());
            var old = connection.Query<(string Tenant, string Key)>(
                "SELECT tenant_id, write_key FROM kv_writes WHERE at <= @before ORDER BY at LIMIT @most", new { before = now - WritesKept.Ticks, most }, transaction).ToList();
            foreach (var (tenant, key) in old)
                connection.Execute("DELETE FROM kv_writes WHERE tenant_id = @tenant AND write_key = @key", new { tenant, key }, transaction);
            return gone.Count + old.Count;
        }, cancel);
    }

    /// <summary>Does a write, or answers what it answered when it was done before under the same key.</summary>
    private Task<(KvWriteReply? Reply, Failure? Failure)> OnceAsync(
        SkillCall call, string fingerprint, long now, Func<DbConnection, DbTransaction, (KvWriteReply? Reply, Failure? Failure)> write, CancellationToken cancel) =>
        database.Value.For(call.Tenant).WriteAsync<(KvWriteReply? Reply, Failure? Failure)>((connection, transaction) =>
        {
            database.Value.Lock(connection, transaction, $"kv-write:{call.Tenant.Value}:{call.IdempotencyKey}");
            var done = connection.QuerySingleOrDefault<KvDone>(
                "SELECT fingerprint AS Fingerprint, reply AS Reply FROM kv_writes WHERE tenant_id = @tenant AND write_key = @key",
                new { tenant = call.Tenant.Value, key = call.IdempotencyKey }, transaction);
            if (done is { } earlier)
            {
                return earlier.Fingerprint == fingerprint
                    ? (JsonSerializer.Deserialize(earlier.Reply, SkillsJson.Default.KvWriteReply), null)
                    : (null, FailureCatalog.Fail("IDEMPOTENCY_CONFLICT", "The idempotency key was used for another write."));
            }

            var (reply, failure) = write(connection, transaction);
            if (reply is null) return (null, failure);
            connection.Execute(
                "INSERT INTO kv_writes (tenant_id, write_key, fingerprint, reply, at) VALUES (@tenant, @key, @fingerprint, @reply, @now)",
                new { tenant = call.Tenant.Value, key = call.IdempotencyKey, fingerprint, reply = JsonSerializer.Serialize(reply, SkillsJson.Default.KvWriteReply), now },
                transaction);
            return (reply, null);
        }, cancel);

    /// <summary>The row as it stands, expired or not: an expired one still takes its place until it is swept.</summary>
    private static KvRow? Before(DbConnection connection, DbTransaction transaction, TenantId tenant, string space, string key) =>
        connection.QuerySingleOrDefault<KvRow>(
            "SELECT value AS Value, version AS Version, expires_at AS ExpiresAt FROM kv WHERE tenant_id = @tenant AND namespace = @space AND key = @key",
            new { tenant = tenant.Value, space, key }, transaction);

    private static bool TakeRoom(DbConnection connection, DbTransaction transaction, TenantId tenant)
    {
        connection.Execute("INSERT INTO kv_usage (tenant_id, keys) VALUES (@tenant, 0) ON CONFLICT (tenant_id) DO NOTHING", new { tenant = tenant.Value }, transaction);
        return connection.Execute(
            "UPDATE kv_usage SET keys = keys + 1 WHERE tenant_id = @tenant AND keys < @most", new { tenant = tenant.Value, most = KeysMax }, transaction) == 1;
    }

    private static void GiveRoom(DbConnection connection, DbTransaction transaction, string tenant, int keys) =>
        connection.Execute("UPDATE kv_usage SET keys = keys - @keys WHERE tenant_id = @tenant", new { tenant, keys }, transaction);

    private static string Fingerprint(params string[] parts) => ContentHash.Hex(Encoding.UTF8.GetBytes(string.Join('\n', parts.Select(Uri.EscapeDataString))));
}
