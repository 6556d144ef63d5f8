using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Identity;

/// <summary>Secrets as stored: what is known of each, and its values as ciphertext, the current one and the one before.</summary>
internal sealed class SecretTable(IDatabase database)
{
    internal static Migration Migration { get; } = new("secrets", 1, "secrets", """
        CREATE TABLE secrets (
          tenant_id TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL, fingerprint TEXT NOT NULL, agents TEXT, skills TEXT, created_at BIGINT NOT NULL,
          created_by TEXT NOT NULL, updated_at BIGINT NOT NULL, updated_by TEXT NOT NULL, rotated_at BIGINT, lifetime BIGINT, expires_at BIGINT, former_until BIGINT,
          last_used_at BIGINT, PRIMARY KEY (tenant_id, name)
        );
        CREATE TABLE secret_versions (
          tenant_id TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL, key_id TEXT NOT NULL, ciphertext BLOB NOT NULL, ends_at BIGINT,
          PRIMARY KEY (tenant_id, name, version)
        );
        """);

    private const string Columns =
        "tenant_id, name, version, fingerprint, agents, skills, created_at, created_by, updated_at, updated_by, rotated_at, lifetime, expires_at, former_until, last_used_at";

    /// <summary>By name.</summary>
    internal Task<List<Secret>> ListAsync(TenantId tenant, CancellationToken cancel) =>
        ReadAsync(tenant, "SELECT " + Columns + " FROM secrets WHERE tenant_id = @tenant ORDER BY name", new { tenant = tenant.Value }, cancel);

    internal async Task<Secret?> FindAsync(TenantId tenant, string name, CancellationToken cancel) =>
        await ReadAsync(tenant, "SELECT " + Columns + " FROM secrets WHERE tenant_id = @tenant AND name = @name", new { tenant = tenant.Value, name }, cancel) is [var found] ? found : null;

    /// <summary>A secret with its values by version, all as one moment had them; null: there is no such secret.</summary>
    internal Task<(Secret Secret, IReadOnlyDictionary<long, Ciphertext> Values)?> OpenAsync(TenantId tenant, string name, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                $"""
                SELECT {Columns}, value_version, key_id, ciphertext FROM secrets
                LEFT JOIN (SELECT tenant_id AS value_tenant, name AS value_name, version AS value_version, key_id, ciphertext FROM secret_versions WHERE tenant_id = @tenant) AS held
                  ON value_tenant = tenant_id AND value_name = name
                WHERE tenant_id = @tenant AND name = @name
                """,
                new { tenant = tenant.Value, name }, cancellationToken: token));
            var values = new Dictionary<long, Ciphertext>();
            Secret? secret = null;
            while (await rows.ReadAsync(token))
            {
                secret = Of(rows);
                if (!rows.IsDBNull(15)) values[rows.GetInt64(15)] = new Ciphertext(rows.GetString(16), rows.GetFieldValue<byte[]>(17));
            }

            return secret is null ? default((Secret, IReadOnlyDictionary<long, Ciphertext>)?) : (secret, values);
        },
        cancel);

    /// <summary>
    /// Puts a secret in the place of <paramref name="before"/> (null: of none). What is not as it was read is left alone: false then.
    /// Null: the tenant has <paramref name="max"/> secrets already.
    /// </summary>
    /// <param name="value">Null: the values stay.</param>
    internal Task<bool?> PutAsync(Secret? before, Secret after, Ciphertext? value, int max, CancellationToken cancel) => database.For(after.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"secrets:{after.Tenant.Value}");
            var key = new { tenant = after.Tenant.Value, name = after.Name };
            var stored = connection.Query<(long Version, long UpdatedAt)>("SELECT version, updated_at FROM secrets WHERE tenant_id = @tenant AND name = @name", key, transaction).ToArray();
            if (before is null ? stored.Length > 0 : stored is not [var row] || row != (before.Version, before.UpdatedAt.UtcTicks)) return (bool?)false;
            if (before is null && connection.ExecuteScalar<long>("SELECT count(*) FROM secrets WHERE tenant_id = @tenant", key, transaction) >= max) return null;
            Write(connection, transaction, after);
            if (value is not null) WriteValue(connection, transaction, after, value);
            return true;
        },
        cancel);

    /// <summary>Takes a secret away with all its values. False: there is none.</summary>
    internal Task<bool> DeleteAsync(TenantId tenant, string name, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"secrets:{tenant.Value}");
            var key = new { tenant = tenant.Value, name };
            connection.Execute("DELETE FROM secret_versions WHERE tenant_id = @tenant AND name = @name", key, transaction);
            return connection.Execute("DELETE FROM secrets WHERE tenant_id = @tenant AND name = @name", key, transaction) > 0;
        },
        cancel);

    /// <summary>Notes when secrets were last used; a later use that another node noted stays.</summary>
    internal Task<int> UsedAsync(IReadOnlyList<(TenantId Tenant, string Name, DateTimeOffset At)> uses, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE secrets SET last_used_at = @at WHERE tenant_id = @tenant AND name = @name AND (last_used_at IS NULL OR last_used_at < @at)",
            uses.Select(use => new { at = use.At.UtcTicks, tenant = use.Tenant.Value, name = use.Name }),
            transaction),
        cancel);

    /// <summary>Replaces the secret's row.</summary>
    private static void Write(DbConnection connection, DbTransaction transaction, Secret secret) => connection.Execute(
        """
        INSERT INTO secrets (tenant_id, name, version, fingerprint, agents, skills, created_at, created_by, updated_at, updated_by, rotated_at, lifetime, expires_at, former_until)
        VALUES (@tenant, @name, @version, @fingerprint, @agents, @skills, @created, @createdBy, @updated, @updatedBy, @rotated, @lifetime, @expires, @former)
        ON CONFLICT (tenant_id, name) DO UPDATE SET version = excluded.version, fingerprint = excluded.fingerprint, agents = excluded.agents, skills = excluded.skills,
          updated_at = excluded.updated_at, updated_by = excluded.updated_by, rotated_at = excluded.rotated_at, lifetime = excluded.lifetime,
          expires_at = excluded.expires_at, former_until = excluded.former_until
        """,
        new
        {
            tenant = secret.Tenant.Value, name = secret.Name, version = secret.Version, fingerprint = secret.Fingerprint, agents = AllowanceColumns.Text(secret.Allowed.Agents),
            skills = AllowanceColumns.Text(secret.Allowed.Skills), created = secret.CreatedAt.UtcTicks, createdBy = secret.CreatedBy, updated = secret.UpdatedAt.UtcTicks,
            updatedBy = secret.UpdatedBy, rotated = secret.RotatedAt?.UtcTicks, lifetime = secret.Lifetime?.Ticks, expires = secret.ExpiresAt?.UtcTicks,
            former = secret.FormerUntil?.UtcTicks,
        },
        transaction);

    /// <summary>Adds the value; the one before ends with the overlap, and older ones, or one without an overlap, are gone at once.</summary>
    private static void WriteValue(DbConnection connection, DbTransaction transaction, Secret secret, Ciphertext value)
    {
        var row = new
        {
            tenant = secret.Tenant.Value, name = secret.Name, version = secret.Version, former = secret.FormerUntil?.UtcTicks, kept = secret.FormerUntil is null ? secret.Version : secret.Version - 1,
            key = value.KeyId, bytes = value.Bytes,
        };
        connection.Execute("DELETE FROM secret_versions WHERE tenant_id = @tenant AND name = @name AND version < @kept", row, transaction);
        connection.Execute("UPDATE secret_versions SET ends_at = @former WHERE tenant_id = @tenant AND name = @name", row, transaction);
        connection.Execute("INSERT INTO secret_versions (tenant_id, name, version, key_id, ciphertext) VALUES (@tenant, @name, @version, @key, @bytes)", row, transaction);
    }

    private Task<List<Secret>> ReadAsync(TenantId tenant, string sql, object arguments, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(sql, arguments, cancellationToken: token));
            var found = new List<Secret>();
            while (await rows.ReadAsync(token)) found.Add(Of(rows));
            return found;
        },
        cancel);

    private static Secret Of(DbDataReader row) => new(
        new TenantId(row.GetString(0)), row.GetString(1), row.GetInt64(2), row.GetString(3), AllowanceColumns.Of(row, 4, 5))
    {
        CreatedAt = Time(row.GetInt64(6)),
        CreatedBy = row.GetString(7),
        UpdatedAt = Time(row.GetInt64(8)),
        UpdatedBy = row.GetString(9),
        RotatedAt = TimeOrNull(row, 10),
        Lifetime = row.IsDBNull(11) ? null : TimeSpan.FromTicks(row.GetInt64(11)),
        ExpiresAt = TimeOrNull(row, 12),
        FormerUntil = TimeOrNull(row, 13),
        LastUsedAt = TimeOrNull(row, 14),
    };

    private static DateTimeOffset? TimeOrNull(DbDataReader row, int column) => row.IsDBNull(column) ? null : Time(row.GetInt64(column));

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
