using Aos.Testing;
using Npgsql;

namespace Aos.Integration.Tests;

/// <summary>Every test gets a database that no other test has touched.</summary>
[Trait("store", "direct")]
public sealed class Stores : IDisposable
{
    private const string Table = """
        CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY, name text);
        CREATE TABLE events (at int) PARTITION BY RANGE (at);
        CREATE TABLE events_rest PARTITION OF events DEFAULT;
        INSERT INTO things (name) VALUES ('seed')
        """;

    private readonly string server = Environment.GetEnvironmentVariable("AOS_TEST_POSTGRES")!;
    private readonly string name = $"aos_template_test_{Guid.NewGuid():N}";
    private int made;

    public void Dispose()
    {
        using var home = ServerAddress.Connect(server);
        foreach (var database in home.List($"SELECT datname FROM pg_database WHERE datname = '{name}'"))
        {
            home.Run($"ALTER DATABASE {database} IS_TEMPLATE false");
            home.Run($"DROP DATABASE {database} WITH (FORCE)");
        }
    }

    [Fact]
    public void A_database_comes_back_as_it_was_under_another_name()
    {
        using var databases = Databases();
        var first = databases.Take();
        long id;
        using (var session = ServerAddress.Connect(databases.Direct(first.Name)))
        {
            session.Run("CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (2); INSERT INTO events VALUES (1), (5)");
            session.Run("INSERT INTO things (name) VALUES ('mine'); UPDATE things SET name = 'changed' WHERE name = 'seed'");
            id = session.Ask<uint>("SELECT oid FROM pg_database WHERE datname = current_database()");
        }

        databases.GiveBack(first);
        var second = databases.Take();
        using var again = ServerAddress.Connect(databases.Direct(second.Name));

        Assert.NotEqual(first.Name, second.Name);
        Assert.Equal(id, again.Ask<uint>("SELECT oid FROM pg_database WHERE datname = current_database()"));
        Assert.Equal(["1 seed"], again.List("SELECT id || ' ' || name FROM things"));
        Assert.Equal(["events_rest"], again.List("SELECT inhrelid::regclass::text FROM pg_inherits"));
        Assert.Empty(again.List("SELECT at::text FROM events"));
        Assert.Equal(2, again.Ask<long>("INSERT INTO things (name) VALUES ('next') RETURNING id"));
        databases.GiveBack(second);
    }

    [Fact]
    public void One_that_nobody_used_keeps_its_name()
    {
        using var databases = Databases();
        var first = databases.Take();
        databases.GiveBack(first);
        var second = databases.Take();

        Assert.Equal(first.Name, second.Name);
        databases.GiveBack(second);
    }

    [Theory]
    [InlineData("ALTER TABLE things ADD COLUMN more text")]
    [InlineData("DROP TABLE things")]
    [InlineData("CREATE INDEX ON things (name)")]
    [InlineData("CREATE TABLE other (id bigint)")]
    [InlineData("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")]
    public void A_database_of_another_shape_is_thrown_away(string change)
    {
        using var databases = Databases();
        var first = databases.Take();
        using (var session = ServerAddress.Connect(databases.Direct(first.Name))) session.Run(change);

        databases.GiveBack(first);
        var second = databases.Take();

        using var home = ServerAddress.Connect(server);
        var left = home.List($"SELECT datname FROM pg_database WHERE datname LIKE 't_{Environment.ProcessId}_%'");
        Assert.DoesNotContain(first.Name, left);
        using (var fresh = ServerAddress.Connect(databases.Direct(second.Name))) Assert.Equal(["1 seed"], fresh.List("SELECT id || ' ' || name FROM things"));
        databases.GiveBack(second);
    }

    [Fact]
    public void Whoever_is_left_in_it_is_sent_out()
    {
        using var databases = Databases();
        var first = databases.Take();
        using var left = ServerAddress.Connect(databases.Direct(first.Name));
        left.Run("BEGIN; INSERT INTO things (name) VALUES ('open')");

        databases.GiveBack(first);

        Assert.ThrowsAny<NpgsqlException>(() => left.Run("COMMIT"));
        Assert.Equal(PostgresErrorCodes.InvalidCatalogName, Assert.Throws<PostgresException>(() => ServerAddress.Connect(databases.Direct(first.Name))).SqlState);
    }

    [Fact]
    public async Task Many_who_start_at_once_make_one_template()
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            using var databases = Databases();
            var database = databases.Take();
            databases.GiveBack(database);
            return database.Name;
        })));

        Assert.Equal(1, made);
        Assert.Equal(4, taken.Distinct().Count());
    }

    [Fact]
    public void A_template_that_was_left_half_made_is_made_anew()
    {
        using var home = ServerAddress.Connect(server);
        home.Run($"CREATE DATABASE {name}");

        using var databases = Databases();
        databases.GiveBack(databases.Take());

        Assert.Equal(1, made);
    }

    private TestDatabases Databases() => new(server, null, new TestTemplate(name, url =>
    {
        Interlocked.Increment(ref made);
        using var session = ServerAddress.Connect(url);
        session.Run(Table);
    }));
}
