using System.Collections.Concurrent;
using System.Data.Common;
using Aos.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Testing;

/// <summary>What a test keeps its data in.</summary>
public enum TestStoreKind
{
    /// <summary>The embedded store.</summary>
    Sqlite,

    /// <summary>PostgreSQL, directly.</summary>
    Postgres,

    /// <summary>PostgreSQL through PgBouncer in transaction mode.</summary>
    PgBouncer,
}

/// <summary>
/// A store of its own for one test: a folder, or an empty PostgreSQL database with all migrations applied. Which one says
/// <c>AOS_TEST_STORE</c> (<c>sqlite</c>, <c>postgres</c>, <c>pgbouncer</c>; not set: <c>sqlite</c>), so that one test proves all three.
/// </summary>
/// <remarks>
/// The servers' addresses are <c>AOS_TEST_POSTGRES</c> and <c>AOS_TEST_PGBOUNCER</c>; the role needs CREATEDB. A database is
/// a copy of a template that is made once for each set of migrations. When its test is over everybody is sent out of it; if
/// its tables are still as the template has them it is emptied, renamed and lent to the next test of this process, else dropped.
/// </remarks>
public sealed class TestStore : IAsyncDisposable, IDisposable
{
    private static readonly ConcurrentDictionary<string, TestDatabases> Databases = new(StringComparer.Ordinal);
    private readonly TestDatabases? databases;
    private readonly TestDatabases.Lent? database;
    private int disposed;

    private TestStore(TestStoreKind kind, TestDatabases? databases)
    {
        Kind = kind;
        Data = Directory.CreateTempSubdirectory("aos-store-").FullName;
        if (databases is null) return;
        this.databases = databases;
        database = databases.Take();
        Url = kind == TestStoreKind.Postgres ? Direct : databases.ThroughPgBouncer(database.Name);
    }

    /// <summary>What <c>AOS_TEST_STORE</c> asks for.</summary>
    /// <exception cref="InvalidOperationException">It names no store.</exception>
    public static TestStoreKind Chosen => Environment.GetEnvironmentVariable("AOS_TEST_STORE") switch
    {
        null or "" or "sqlite" => TestStoreKind.Sqlite,
        "postgres" => TestStoreKind.Postgres,
        "pgbouncer" => TestStoreKind.PgBouncer,
        var other => throw new InvalidOperationException($"AOS_TEST_STORE is '{other}': it must be sqlite, postgres or pgbouncer."),
    };

    public TestStoreKind Kind { get; }

    /// <summary>An empty folder of this store, gone with it: the data directory of its first node.</summary>
    public string Data { get; }

    /// <summary>The address of the database as a product setting; null: the embedded store.</summary>
    public string? Url { get; }

    /// <summary>The address of the same database without PgBouncer in between.</summary>
    /// <exception cref="InvalidOperationException">The embedded store has none.</exception>
    public string Direct => database is null ? throw new InvalidOperationException("The embedded store has no address.") : databases!.Direct(database.Name);

    /// <summary>An empty store with the tables of some rooms.</summary>
    /// <param name="rooms">
    /// Registers the rooms that will use it, over these settings of the store; called for their migrations only, so clocks, skills
    /// and the like do not matter.
    /// </param>
    /// <param name="kind">The chosen one by default.</param>
    /// <exception cref="InvalidOperationException">The server's address is not set, or its role has not enough rights.</exception>
    public static TestStore Open(Action<IServiceCollection, StorageOptions> rooms, TestStoreKind? kind = null)
    {
        var asked = kind ?? Chosen;
        if (asked == TestStoreKind.Sqlite) return new TestStore(asked, null);
        var template = TestTemplate.Of(rooms);
        return new TestStore(asked, Databases.GetOrAdd(template.Name, _ => TestDatabases.Of(template)));
    }

    /// <summary>An open session on this store beside the product's: to look at what is stored, or to damage it.</summary>
    public DbConnection Connect()
    {
        if (database is not null) return ServerAddress.Connect(Direct);
        var connection = new SqliteConnection($"Data Source={Path.Combine(Data, "aos.db")};Pooling=False");
        connection.Open();
        return connection;
    }

    /// <summary>Settings of a node on this store.</summary>
    /// <param name="data">The node's folder; that of the store by default.</param>
    public StorageOptions Options(string? data = null) => new() { Data = data ?? Data, DatabaseUrl = Url };

    /// <summary>Ends every session on this store, and gives it back. Close what uses it first.</summary>
    /// <exception cref="CatchAllException">A run in it ended with a code that says nothing.</exception>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        var ended = CatchAlls.In(Look);
        if (database is not null) databases!.GiveBack(database);
        Directory.Delete(Data, recursive: true);
        CatchAlls.Check(ended);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A session that changes nothing; null: nobody has used this store.</summary>
    private DbConnection? Look()
    {
        if (database is not null) return ServerAddress.Connect(Direct);
        var file = Path.Combine(Data, "aos.db");
        if (!File.Exists(file)) return null;
        var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        connection.Open();
        return connection;
    }
}
