using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Identity;

/// <summary>Connections as stored.</summary>
internal sealed class ConnectionTable(IDatabase database)
{
    internal static Migration Migration { get; } = new("connections", 1, "connections", """
        CREATE TABLE connections (
          tenant_id TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL, kind TEXT NOT NULL, settings TEXT NOT NULL, agents TEXT, skills TEXT,
          created_at BIGINT NOT NULL, created_by TEXT NOT NULL, updated_at BIGINT NOT NULL, updated_by TEXT NOT NULL, PRIMARY KEY (tenant_id, name)
        );
        """);

    private const string Columns = "tenant_id, name, version, kind, settings, agents, skills, created_at, created_by, updated_at, updated_by";

    /// <summary>By name.</summary>
    internal Task<List<Connection>> ListAsync(TenantId tenant, CancellationToken cancel) =>
        ReadAsync(tenant, "SELECT " + Columns + " FROM connections WHERE tenant_id = @tenant ORDER BY name", new { tenant = tenant.Value }, cancel);

    internal async Task<Connection?> FindAsync(TenantId tenant, string name, CancellationToken cancel) =>
        await ReadAsync(tenant, "SELECT " + Columns + " FROM connections WHERE tenant_id = @tenant AND name = @name", new { tenant = tenant.Value, name }, cancel) is [var found] ? found : null;

    /// <summary>
    /// Puts a connection in the place of <paramref name="before"/> (null: of none). What is not as it was read is left alone: false then.
    /// Null: the tenant has <paramref name="max"/> connections already.
    /// </summary>
    internal Task<bool?> PutAsync(Connection? before, Connection after, int max, CancellationToken cancel) => database.For(after.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"connections:{after.Tenant.Value}");
            var key = new { tenant = after.Tenant.Value, name = after.Name };
            var stored = connection.Query<(long Version, long UpdatedAt)>("SELECT version, updated_at FROM connections WHERE tenant_id = @tenant AND name = @name", key, transaction).ToArray();
            if (before is null ? stored.Length > 0 : stored is not [var row] || row != (before.Version, before.UpdatedAt.UtcTicks)) return (bool?)false;
            if (before is null && connection.ExecuteScalar<long>("SELECT count(*) FROM connections WHERE tenant_id = @tenant", key, transaction) >= max) return null;
            Write(connection, transaction, after);
            return true;
        },
        cancel);

    /// <summary>The connection as it was taken away; null: there is none.</summary>
    internal Task<Connection?> DeleteAsync(TenantId tenant, string name, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"connections:{tenant.Value}");
            var key = new { tenant = tenant.Value, name };
            Connection? found = null;
            using (var row = (DbDataReader)connection.ExecuteReader("SELECT " + Columns + " FROM connections WHERE tenant_id = @tenant AND name = @name", key, transaction))
            {
                if (row.Read()) found = Of(row);
            }

            if (found is not null) connection.Execute("DELETE FROM connections WHERE tenant_id = @tenant AND name = @name", key, transaction);
            return found;
        },
        cancel);

    private static void Write(DbConnection connection, DbTransaction transaction, Connection made) => connection.Execute(
        """
        INSERT INTO connections (tenant_id, name, version, kind, settings, agents, skills, created_at, created_by, updated_at, updated_by)
        VALUES (@tenant, @name, @version, @kind, @settings, @agents, @skills, @created, @createdBy, @updated, @updatedBy)
        ON CONFLICT (tenant_id, name) DO UPDATE SET version = excluded.version, kind = excluded.kind, settings = excluded.settings, agents = excluded.agents,
          skills = excluded.skills, updated_at = excluded.updated_at, updated_by = excluded.updated_by
        """,
        new
        {
            tenant = made.Tenant.Value, name = made.Name, version = made.Version, kind = made.Kind, settings = made.Settings.GetRawText(),
            agents = AllowanceColumns.Text(made.Allowed.Agents), skills = AllowanceColumns.Text(made.Allowed.Skills), created = made.CreatedAt.UtcTicks,
            createdBy = made.CreatedBy, updated = made.UpdatedAt.UtcTicks, updatedBy = made.UpdatedBy,
        },
        transaction);

    private Task<List<Connection>> ReadAsync(TenantId tenant, string sql, object arguments, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(sql, arguments, cancellationToken: token));
            var found = new List<Connection>();
            while (await rows.ReadAsync(token)) found.Add(Of(rows));
            return found;
        },
        cancel);

    private static Connection Of(DbDataReader row) => new(
        new TenantId(row.GetString(0)), row.GetString(1), row.GetInt64(2), row.GetString(3), Json.Parse(row.GetString(4)), AllowanceColumns.Of(row, 5, 6))
    {
        CreatedAt = new DateTimeOffset(row.GetInt64(7), TimeSpan.Zero),
        CreatedBy = row.GetString(8),
        UpdatedAt = new DateTimeOffset(row.GetInt64(9), TimeSpan.Zero),
        UpdatedBy = row.GetString(10),
    };
}
