using System.Globalization;
using Npgsql;

namespace Aos.Storage;

/// <summary>Looks at the server's settings and the role's rights.</summary>
internal sealed class ServerLooks(Looks looks, NpgsqlConnection connection, int poolSize)
{
    internal static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(cancel))!;
    }

    internal async Task RoleAsync(CancellationToken cancel)
    {
        var role = await TextAsync("SELECT current_user::text", cancel);
        if (await IsAsync("SELECT rolsuper FROM pg_roles WHERE rolname = current_user", cancel))
            looks.Warn("role", $"{role} is a superuser: it bypasses row-level security, and a mistake reaches every database of the server.", "Give AOS a role of its own that owns its database and nothing else.");
        else if (await IsAsync("SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user", cancel))
            looks.Warn("role", $"{role} bypasses row-level security: only the statements themselves hold tenants apart.", $"ALTER ROLE {role} NOBYPASSRLS;");
        else looks.Ok("role", $"{role} is no superuser.");
        if (await IsAsync("SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)", cancel)) looks.Ok("permissions", $"{role} may make tables.");
        else looks.Problem("permissions", $"{role} may not make tables here, so no migration runs.", $"GRANT CREATE ON SCHEMA public TO {role}; or make it the owner of the database.");
        var foreign = await TextAsync(
            """
            SELECT coalesce(string_agg(c.relname, ', ' ORDER BY c.relname), '') FROM pg_class c
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND to_regclass('aos_migrations') IS NOT NULL
              AND NOT (pg_has_role(c.relowner, 'USAGE') AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE'))
            """, cancel);
        if (foreign.Length > 0) looks.Problem("permissions", $"{role} does not own {foreign}.", $"ALTER TABLE ... OWNER TO {role} for each.");
    }

    internal async Task DurabilityAsync(CancellationToken cancel)
    {
        var off = new List<string>();
        foreach (var setting in new[] { "fsync", "synchronous_commit", "full_page_writes" })
            if (await TextAsync($"SHOW {setting}", cancel) == "off") off.Add(setting);
        if (off.Count == 0) looks.Ok("durability", "fsync, synchronous_commit and full_page_writes are on.");
        else looks.Problem("durability", $"{string.Join(" and ", off)} off: what AOS calls stored can be lost or torn when the server's machine goes down.", "Set to on in postgresql.conf, for the database and for the role.");
    }

    internal async Task ConnectionsAsync(CancellationToken cancel)
    {
        var most = int.Parse(await TextAsync("SHOW max_connections", cancel), CultureInfo.InvariantCulture);
        if (poolSize * 2 > most) looks.Warn("connections", $"A node takes up to {poolSize} connections, the server has {most}: two nodes may use them up.", "Lower pool_size in the URL, raise max_connections, or put PgBouncer in between.");
        else looks.Ok("connections", $"A node takes up to {poolSize}, the server has {most}.");
    }

    internal async Task DiskAsync(CancellationToken cancel)
    {
        var size = await ScalarAsync<long>(connection, "SELECT pg_database_size(current_database())", cancel);
        looks.Ok("size", string.Create(CultureInfo.InvariantCulture, $"The database has {size / (double)(1 << 20):0.0} MiB."));
        if (!await IsAsync("SELECT pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')", cancel)) return;
        var folder = await TextAsync("SHOW data_directory", cancel);
        if (Directory.Exists(folder)) NodeLooks.Disk(looks, "server_disk", folder); // The server runs on this machine.
    }

    private Task<string> TextAsync(string sql, CancellationToken cancel) => ScalarAsync<string>(connection, sql, cancel);

    private Task<bool> IsAsync(string sql, CancellationToken cancel) => ScalarAsync<bool>(connection, sql, cancel);
}
