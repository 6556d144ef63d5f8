using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Storage;

/// <summary>
/// Row-level security: a transaction that names its tenant sees and writes rows of that tenant alone, whatever its statements say.
/// One that names none is the house's own and sees all. The name ends with the transaction, so it holds behind PgBouncer too.
/// Applies to the owner of the tables as well; a superuser and a role with <c>BYPASSRLS</c> pass it by.
/// </summary>
internal static class TenantRows
{
    /// <summary>Names the tenant of the transaction; $1: the tenant.</summary>
    internal const string HoldSql = "SELECT set_config('aos.tenant', $1, true)";

    private const string Policy = "aos_tenant";

    /// <summary>What no tenant owns, or what is read before the tenant is known.</summary>
    private const string Named = "coalesce(current_setting('aos.tenant', true), '')";

    /// <summary>
    /// Tables of this schema that have a tenant's rows and no policy yet: by their column <c>tenant_id</c>, else by the run that
    /// they are about. Partitions are guarded by the table they are part of. $1: tables of the house.
    /// </summary>
    private const string Unguarded =
        $"""
        SELECT c.relname::text, EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
        FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL($1)
          AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('tenant_id', 'run_id') AND NOT a.attisdropped)
          AND NOT (c.relforcerowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = '{Policy}'))
        ORDER BY c.relname
        """;

    /// <summary>Tables of <see cref="Unguarded"/>, and whether they have a column for the tenant.</summary>
    internal static async Task<List<(string Table, bool HasTenant)>> UnguardedAsync(NpgsqlConnection connection, IEnumerable<Migration> migrations, CancellationToken cancel)
    {
        await using var select = new NpgsqlCommand(Unguarded, connection);
        select.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. migrations.SelectMany(migration => migration.HouseTables)] });
        await using var reader = await select.ExecuteReaderAsync(cancel);
        return await PostgresQueries.RowsAsync(reader, row => (row.GetString(0), row.GetBoolean(1)), cancel);
    }

    internal static NpgsqlCommand Hold(NpgsqlConnection connection, TenantId tenant) =>
        new(HoldSql, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = tenant.Value } } };

    /// <param name="table">A name out of the catalogue.</param>
    /// <param name="hasTenant">It has a column <c>tenant_id</c>.</param>
    internal static string Guard(string table, bool hasTenant)
    {
        var name = $"\"{table.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        var own = hasTenant ? $"tenant_id = {Named}" : "EXISTS (SELECT 1 FROM runs r WHERE r.id = run_id)";
        return $"""
            ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {name} FORCE ROW LEVEL SECURITY;
            DROP POLICY IF EXISTS {Policy} ON {name};
            CREATE POLICY {Policy} ON {name} USING ({Named} = '' OR {own})
            """;
    }
}
