using System.Globalization;
using Npgsql;

namespace Aos.Testing;

/// <summary>The databases that this process's tests have copied from one template.</summary>
internal sealed class TestDatabases : IDisposable
{
    // A lock of a session is one of its database: all test processes meet in this one.
    private const string Home = "postgres";
    private const int NamesMax = 1_000_000;
    private const int TriesMax = 5;
    private readonly string direct;
    private readonly string? bouncer;
    private readonly TestTemplate template;
    private readonly Lock gate = new();
    private readonly Stack<string> free = new();
    private static int taken;

    /// <summary>Servers that end with the tests take their databases with them: to drop one costs a checkpoint, for which its test would wait.</summary>
    private static bool DoServersEnd { get; } = Environment.GetEnvironmentVariable("AOS_TEST_SERVERS_END") is { Length: > 0 };

    internal TestDatabases(string direct, string? bouncer, TestTemplate template)
    {
        this.direct = direct;
        this.bouncer = bouncer;
        this.template = template;
        if (!DoServersEnd) AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
    }

    internal static TestDatabases Of(TestTemplate template) => new(
        Environment.GetEnvironmentVariable("AOS_TEST_POSTGRES") is { Length: > 0 } url
            ? url
            : throw new InvalidOperationException("AOS_TEST_POSTGRES is not set: no PostgreSQL to test on. Use ./test, or: eval \"$(tests/servers start FOLDER)\""),
        Environment.GetEnvironmentVariable("AOS_TEST_PGBOUNCER"),
        template);

    internal string Direct(string database) => Address(direct, database);

    internal string ThroughPgBouncer(string database) => bouncer is { Length: > 0 }
        ? Address(bouncer, database)
        : throw new InvalidOperationException("AOS_TEST_PGBOUNCER is not set: no PgBouncer to test on. Use ./test, or: eval \"$(tests/servers start FOLDER)\"");

    /// <summary>An empty, migrated database that nobody else uses.</summary>
    internal Lent Take()
    {
        using var home = AtHome();
        string? name;
        lock (gate) free.TryPop(out name);
        name ??= Make(home);
        return new Lent(name, Sessions(home, name));
    }

    /// <summary>
    /// One that was used gets a new name, so that whoever the last test left behind finds nothing. Many tests never use theirs.
    /// </summary>
    internal void GiveBack(Lent lent)
    {
        using var home = AtHome();
        var name = lent.Name;
        if (SendOut(home, name) > 0 || Sessions(home, name) != lent.Sessions)
        {
            name = NextName();
            Rename(home, lent.Name, name);
            bool restored;
            using (var inside = Connect(name)) restored = template.Restore(inside);
            if (!restored)
            {
                if (!DoServersEnd) Drop(home, name);
                return;
            }

            SendOut(home, name);
        }

        lock (gate) free.Push(name);
    }

    /// <summary>Somebody may come in once more before the name is gone: a connection that was being made when its client left.</summary>
    private static void Rename(NpgsqlConnection home, string from, string to)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                home.Run($"ALTER DATABASE {from} RENAME TO {to}");
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ObjectInUse && tries < TriesMax)
            {
                SendOut(home, from);
            }
        }
    }

    /// <summary>Ends all sessions on a database and waits until they are gone; how many there were.</summary>
    private static long SendOut(NpgsqlConnection home, string name) => home.Ask<long>(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'", name);

    /// <summary>Sessions ever begun on a database, but for those that are open now.</summary>
    private static long Sessions(NpgsqlConnection home, string name) => home.Ask<long>("SELECT pg_stat_get_db_sessions(oid) FROM pg_database WHERE datname = $1", name);

    private static void Drop(NpgsqlConnection home, string name) => home.Run($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");

    private string Make(NpgsqlConnection home)
    {
        var of = template.Ready(home, Direct);
        var name = NextName();
        home.Run($"CREATE DATABASE {name} TEMPLATE {of} STRATEGY wal_log");
        template.Learn(() => Connect(name));
        SendOut(home, name);
        return name;
    }

    private static string Address(string server, string database) => new UriBuilder(server) { Path = "/" + database }.Uri.AbsoluteUri;

    private string NextName() => string.Create(
        CultureInfo.InvariantCulture, $"t_{Environment.ProcessId}_{Environment.TickCount64 % NamesMax}_{Interlocked.Increment(ref taken)}");

    private NpgsqlConnection AtHome() => ServerAddress.Connect(Direct(Home), isPooled: true);

    private NpgsqlConnection Connect(string database) => ServerAddress.Connect(Direct(database));

    /// <summary>Drops what lies ready for the next test. At the end of the process it happens by itself where the servers live on.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (free.Count == 0) return;
            using var home = AtHome();
            while (free.TryPop(out var name)) Drop(home, name);
        }
    }

    /// <summary>A database in the hands of a test.</summary>
    /// <param name="Sessions">Begun before it was lent.</param>
    internal sealed record Lent(string Name, long Sessions);
}
