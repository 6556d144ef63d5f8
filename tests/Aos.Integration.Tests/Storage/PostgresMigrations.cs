using Aos.Contracts;
using Aos.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Aos.Integration.Tests.Storage;

/// <summary>Tables of a shared database change once, whoever starts, and nobody who works is disturbed.</summary>
[Trait("store", "none")]
public sealed class PostgresMigrations
{
    public static TheoryData<string> Ways { get; } = ["AOS_TEST_POSTGRES", "AOS_TEST_PGBOUNCER"];

    private static readonly Migration First = new("room", 1, "first", """
        CREATE TABLE things (id BLOB PRIMARY KEY, name TEXT NOT NULL DEFAULT 'TEXT', n INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE log (seq INTEGER PRIMARY KEY AUTOINCREMENT, part REAL);
        CREATE INDEX things_by_name ON things (name);
        """);

    private static readonly Migration Second = new("room", 2, "second", "ALTER TABLE things ADD COLUMN more TEXT");
    private static readonly Migration Contract = new("room", 3, "contract", "ALTER TABLE things DROP COLUMN more") { Breaks = true };

    [Fact]
    public async Task One_text_serves_both_dialects()
    {
        await using var database = await EmptyDatabase.MakeAsync("AOS_TEST_POSTGRES");

        Assert.Equal(1, await database.UpAsync(First));

        await database.RunAsync("INSERT INTO things (id, n) VALUES ('\\x01', 5000000000), ('\\x02', 1); INSERT INTO log (part) VALUES (0.5); UPDATE things SET name = 'a' WHERE n = 1");
        Assert.Equal(["TEXT", "a"], await database.ListAsync("SELECT name FROM things ORDER BY name")); // By bytes, as SQLite does.
        Assert.Equal(["bytea", "text", "bigint", "bigint", "double precision"], await database.ListAsync(
            "SELECT data_type FROM information_schema.columns WHERE table_name IN ('things', 'log') ORDER BY table_name DESC, ordinal_position"));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Nodes_that_start_at_once_migrate_once(string way)
    {
        await using var database = await EmptyDatabase.MakeAsync(way);

        var ran = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => database.UpAsync(First, Second))));

        Assert.Equal(2, ran.Sum());
        Assert.Equal(["1", "2"], await database.ListAsync("SELECT number FROM aos_migrations ORDER BY number"));
    }

    [Fact]
    public async Task An_older_build_works_beside_newer_tables_unless_they_break_it()
    {
        await using var database = await EmptyDatabase.MakeAsync("AOS_TEST_POSTGRES");
        await database.UpAsync(First, Second);

        Assert.Equal(0, await database.UpAsync(First));

        await database.UpAsync(First, Second, Contract);
        Assert.Equal(0, await database.UpAsync(First, Second, Contract));
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => database.UpAsync(First, Second));
        Assert.Contains("room 3: contract", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_that_was_changed_later_is_refused()
    {
        await using var database = await EmptyDatabase.MakeAsync("AOS_TEST_POSTGRES");
        await database.UpAsync(First);

        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => database.UpAsync(First with { Sql = First.Sql + " " }, Second));

        Assert.Contains("room 1 was changed", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["1"], await database.ListAsync("SELECT number FROM aos_migrations"));
    }

    [Fact]
    public async Task What_breaks_other_builds_waits_until_no_node_is_alive()
    {
        await using var database = await EmptyDatabase.MakeAsync("AOS_TEST_POSTGRES");
        var later = new Migration("room", 4, "later", "ALTER TABLE log ADD COLUMN more TEXT");
        await database.UpAsync([.. PostgresSchema.Migrations, First, Second]);
        await database.RunAsync("INSERT INTO heartbeats (node, renewed_at, ttl_ms) VALUES (gen_random_uuid(), now(), 5000)");

        Assert.Equal(1, await database.UpAsync([.. PostgresSchema.Migrations, First, Second, Contract, later]));
        Assert.Equal(["1", "2", "4"], await database.ListAsync("SELECT number FROM aos_migrations WHERE room = 'room' ORDER BY number"));

        await database.RunAsync("UPDATE heartbeats SET renewed_at = now() - interval '16 seconds'");
        Assert.Equal(1, await database.UpAsync([.. PostgresSchema.Migrations, First, Second, Contract, later]));
    }

    [Fact]
    public async Task A_step_that_waits_for_a_table_lets_the_others_through()
    {
        await using var database = await EmptyDatabase.MakeAsync("AOS_TEST_POSTGRES");
        await database.UpAsync(First);
        await using var busy = await database.Pool().OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await busy.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var read = new NpgsqlCommand("SELECT count(*) FROM things", busy, transaction)) await read.ExecuteScalarAsync(TestContext.Current.CancellationToken);

        var migrating = database.UpAsync(First, Second);
        while ((await database.ListAsync("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")).Count == 0)
            Assert.False(migrating.IsCompleted);
        var reading = database.ListAsync("SELECT name FROM things"); // Stands behind the step, until that gives up.
        Assert.Empty(await reading.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.False(migrating.IsCompleted);

        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await migrating);
    }

    [Fact]
    public async Task A_database_that_refuses_says_what_to_do_and_shows_no_password()
    {
        var good = new UriBuilder(Environment.GetEnvironmentVariable("AOS_TEST_POSTGRES")!);

        foreach (var (url, advice) in new[]
                 {
                     (new UriBuilder(good.Uri) { Path = "none_such" }.Uri.ToString(), "CREATE DATABASE"),
                     (new UriBuilder(good.Uri) { Password = "Geheim1" }.Uri.ToString(), "Check user and password"),
                 })
        {
            var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => OpenAsync(url));
            Assert.Contains(advice, refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("Geheim1", refused.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(good.Password, refused.ToString(), StringComparison.Ordinal);
        }

        var away = await Assert.ThrowsAsync<JournalUnavailableException>(() => OpenAsync("postgres://u:Geheim1@127.0.0.1:1/d"));
        Assert.Contains("127.0.0.1:1/d cannot be reached", away.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Geheim1", away.ToString(), StringComparison.Ordinal);
    }

    private static Task<PostgresPool> OpenAsync(string url) => new PostgresStart(
        new StorageOptions { DatabaseUrl = url, Patience = TimeSpan.Zero }, [First], NullLogger<PostgresStart>.Instance).OpenAsync(TestContext.Current.CancellationToken);
}
