using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;
using Aos.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Aos.Testing;

/// <summary>
/// The database that the tests' databases are copied from, one for each set of migrations; and what it takes to bring a used
/// copy back to how the template is.
/// </summary>
/// <param name="name">Carries a hash of the migrations: other migrations, another template.</param>
/// <param name="migrate">Applies the migrations to the database at an address.</param>
internal sealed class TestTemplate(string name, Action<string> migrate)
{
    /// <summary>Any number, the same for all test processes.</summary>
    private const long MakingLock = 0x414F_5354;

    /// <summary>Tables and what hangs on them, but for partitions: the product makes these as time goes on.</summary>
    private const string Own = "SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND NOT relispartition";

    // What a migration, or a test that plays one, may change; not what autovacuum or the tests' rows do.
    private const string ShapeSql = $"""
        SELECT md5(string_agg(part, ';' ORDER BY part)) FROM (
          SELECT format('%s %s %s %s', relname, relkind, reloptions, relacl) FROM pg_class WHERE oid IN ({Own})
          UNION ALL
          SELECT format('%s.%s %s %s %s', attrelid::regclass, attname, atttypid, attnotnull, pg_get_expr(adbin, adrelid))
          FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0 AND attrelid IN ({Own})
          UNION ALL
          SELECT format('%s %s', pg_get_indexdef(indexrelid), indisvalid) FROM pg_index WHERE indexrelid IN ({Own})
          UNION ALL
          SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid IN ({Own})
          UNION ALL
          SELECT format('%s %s', tgrelid::regclass, tgname) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN ({Own})
          UNION ALL
          SELECT format('%s %s', oid::regprocedure, md5(prosrc)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
          UNION ALL
          SELECT format('%s %s', setrole, setconfig) FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()
          UNION ALL
          SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'
          UNION ALL
          SELECT extname FROM pg_extension) AS shape (part)
        """;

    /// <summary>More than this is not worth deleting row by row, bytes.</summary>
    private const long RestorableBytesMax = 64 << 20;

    // Any change of a catalogue leaves rows of another transaction; what counts tables and vacuums them writes in place.
    private const string TouchedSql = """
        SELECT format('%s %s %s %s %s %s %s',
          (SELECT sum(xmin::text::bigint) FROM pg_class), (SELECT sum(xmin::text::bigint) FROM pg_attribute), (SELECT sum(xmin::text::bigint) FROM pg_index),
          (SELECT sum(xmin::text::bigint) FROM pg_constraint), (SELECT sum(xmin::text::bigint) FROM pg_trigger), (SELECT sum(xmin::text::bigint) FROM pg_proc),
          (SELECT sum(xmin::text::bigint) FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())))
        """;

    private const string TablesSql = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1";

    private const string PartitionsSql = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relispartition ORDER BY 1";

    private const string EmptySql = """
        DO $$
        DECLARE
          t regclass; filled boolean;
        BEGIN
          FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM %s)', t) INTO filled;
            IF filled THEN EXECUTE format('DELETE FROM %s', t); END IF;
          END LOOP;
        END $$
        """;

    private const string SequencesSql = """
        SELECT format('SELECT setval(%L, %s, %L)', seqrelid::regclass, coalesce(pg_sequence_last_value(seqrelid), seqstart), pg_sequence_last_value(seqrelid) IS NOT NULL) FROM pg_sequence
        """;

    private const int HashCharsMax = 16;
    private readonly Lock gate = new();
    private bool made;
    private string? shape;
    private string? touched;
    private Dictionary<string, string> rows = [];
    private List<string> sequences = [];

    internal string Name => name;

    /// <summary>The template with the migrations of these rooms.</summary>
    internal static TestTemplate Of(Action<IServiceCollection, StorageOptions> rooms)
    {
        var services = new ServiceCollection();
        rooms(services, new StorageOptions { DatabaseUrl = "postgres://nobody@127.0.0.1:1/none" });
        var migrations = services.Where(service => service.ServiceType == typeof(Migration)).Select(service => (Migration)service.ImplementationInstance!).ToList();
        var text = string.Join('\n', migrations.OrderBy(migration => migration.Room, StringComparer.Ordinal).ThenBy(migration => migration.Number));
        return new TestTemplate($"aos_template_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..HashCharsMax]}", url =>
        {
            using var source = new NpgsqlDataSourceBuilder(PostgresUrl.Read(url).ConnectionString).Build();
            Task.Run(() => new PostgresMigrator(source, migrations, TimeProvider.System).UpAsync(CancellationToken.None)).GetAwaiter().GetResult();
        });
    }

    /// <summary>Makes the template unless it is there, and gives its name.</summary>
    /// <param name="home">A session on the database that all test processes share.</param>
    /// <param name="address">The address of a database by its name.</param>
    internal string Ready(NpgsqlConnection home, Func<string, string> address)
    {
        lock (gate)
        {
            if (made) return name;
            home.Run($"SELECT pg_advisory_lock({MakingLock})");
            try
            {
                if (!home.Ask<bool>("SELECT datistemplate FROM pg_database WHERE datname = $1", name)) Make(home, address(name));
            }
            finally
            {
                home.Run($"SELECT pg_advisory_unlock({MakingLock})");
            }

            made = true;
            return name;
        }
    }

    /// <summary>Notes from a copy that is still as it was made what copies look like.</summary>
    internal void Learn(Func<NpgsqlConnection> connect)
    {
        lock (gate)
        {
            if (shape is not null) return;
            using var copy = connect();
            rows = copy.List(TablesSql).ToDictionary(table => table, table => Export(copy, table), StringComparer.Ordinal);
            sequences = copy.List(SequencesSql);
            touched = copy.Ask<string>(TouchedSql);
            shape = copy.Ask<string>(ShapeSql);
        }
    }

    /// <summary>Brings a used copy, in which nobody else is, back to how it was made. False: it was changed too much.</summary>
    internal bool Restore(NpgsqlConnection copy)
    {
        var isAsMade = copy.Ask<string>(TouchedSql) == touched;
        if ((!isAsMade && copy.Ask<string>(ShapeSql) != shape) || copy.Ask<long>("SELECT pg_database_size(current_database())") > RestorableBytesMax) return false;
        using var transaction = copy.BeginTransaction();
        var partitions = isAsMade ? [] : copy.List(PartitionsSql).Where(partition => !rows.ContainsKey(partition)).Select(partition => $"DROP TABLE {partition}");
        copy.Run(string.Join(';', [.. partitions, EmptySql, .. sequences]));
        foreach (var (table, text) in rows)
        {
            if (text.Length == 0) continue;
            using var import = copy.BeginTextImport($"COPY {table} FROM STDIN");
            import.Write(text);
        }

        transaction.Commit();
        return true;
    }

    private static string Export(NpgsqlConnection copy, string table)
    {
        using var export = copy.BeginTextExport($"COPY {table} TO STDOUT");
        return export.ReadToEnd();
    }

    /// <summary>One that was left half made is no template yet: it goes.</summary>
    private void Make(NpgsqlConnection home, string url)
    {
        home.Run($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        home.Run($"CREATE DATABASE {name}");
        migrate(url);
        home.Run($"ALTER DATABASE {name} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false");
    }
}
