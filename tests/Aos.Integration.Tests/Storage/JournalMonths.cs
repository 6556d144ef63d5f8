using Aos.Contracts;
using Aos.Kernel;
using Aos.Storage;
using Aos.Testing;
using Npgsql;

namespace Aos.Integration.Tests.Storage;

/// <summary>The journal's months are made before they begin, beside nodes at work, and go when nothing is left of them.</summary>
[Trait("store", "none")]
public sealed class JournalMonths
{
    private static readonly DateTimeOffset Now = new(2030, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] FromNow = ["journal_2030_11", "journal_2030_12", "journal_2031_01", "journal_rest"];

    public static TheoryData<string> Ways { get; } = ["AOS_TEST_POSTGRES", "AOS_TEST_PGBOUNCER"];

    [Fact]
    public void A_month_begins_with_the_first_id_of_its_first_millisecond()
    {
        var month = JournalMonth.Of(Now);
        var (last, first) = (Guid.CreateVersion7(month.Begin.AddMilliseconds(-1)), Guid.CreateVersion7(month.Begin));

        Assert.True(last.CompareTo(month.From) < 0 && month.From.CompareTo(first) < 0);
        Assert.Equal("journal_2030_11", month.Table);
        Assert.Equal(month, JournalMonth.Of(month.Table));
        Assert.Equal(new JournalMonth(2031, 1), new JournalMonth(2030, 12).Next);
        Assert.All(new[] { "journal_rest", "journal_2030_13", "journal", "runs" }, table => Assert.Null(JournalMonth.Of(table)));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Nodes_that_make_them_at_once_make_each_once(string way)
    {
        await using var database = await OldAsync(way);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => MakeAsync(database))));

        Assert.Equal(FromNow, await MonthsAsync(database));
        Assert.Equal(0, await MakeAsync(database));
        await WriteAsync(database, Now, Now.AddMonths(1), Now.AddMonths(9));
        Assert.Equal(["journal_2030_11", "journal_2030_12", "journal_rest"], await database.ListAsync("SELECT DISTINCT tableoid::regclass::text FROM journal ORDER BY 1"));
    }

    [Fact]
    public async Task A_starting_node_has_them()
    {
        await using var database = await EmptyDatabase.MakeAsync("AOS_TEST_PGBOUNCER");

        await database.UpAsync([.. PostgresSchema.Migrations]);

        Assert.Equal(JournalPartitions.MonthsAhead + 2, (await MonthsAsync(database)).Count);
    }

    [Fact]
    public async Task A_month_that_has_begun_in_the_rest_stays_there()
    {
        await using var database = await OldAsync("AOS_TEST_POSTGRES");
        await WriteAsync(database, Now);

        Assert.Equal(2, await MakeAsync(database));

        await WriteAsync(database, Now, Now.AddMonths(1));
        Assert.Equal(["journal_2030_12", "journal_2031_01", "journal_rest"], await MonthsAsync(database));
        Assert.Equal(["2"], await database.ListAsync("SELECT count(*) FROM ONLY journal_rest"));
    }

    [Fact]
    public async Task A_large_rest_is_looked_through_without_holding_anybody_up()
    {
        await using var database = await OldAsync("AOS_TEST_POSTGRES");
        await WriteAsync(database, Now.AddMonths(-1));
        await database.RunAsync("INSERT INTO journal SELECT run_id, s, kind, at, decode(repeat('00', 500), 'hex'), chain FROM journal, generate_series(2, 20000) s");

        Assert.Equal(2, await MakeAsync(database)); // The month at hand may have appends under way.

        Assert.Equal(["journal_2030_12", "journal_2031_01", "journal_rest"], await MonthsAsync(database));
        Assert.Empty(await database.ListAsync("SELECT conname FROM pg_constraint WHERE conrelid = 'journal_rest'::regclass AND contype = 'c'"));
        await WriteAsync(database, Now.AddMonths(1));
    }

    [Fact]
    public async Task What_stands_in_the_way_is_waited_for_shortly_and_the_rest_of_the_work_goes_on()
    {
        await using var database = await OldAsync("AOS_TEST_POSTGRES");
        await using var busy = await database.Pool().OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await busy.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var lease = new NpgsqlCommand("LOCK TABLE journal_rest IN ROW EXCLUSIVE MODE", busy, transaction)) await lease.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => MakeAsync(database));

        Assert.Equal(PostgresErrorCodes.LockNotAvailable, refused.SqlState);
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, await MakeAsync(database));
    }

    [Fact]
    public async Task One_that_was_left_half_made_is_finished()
    {
        await using var database = await OldAsync("AOS_TEST_POSTGRES");
        await database.RunAsync("""
            CREATE TABLE journal_2030_12 (LIKE journal INCLUDING ALL);
            ALTER TABLE journal_rest ADD CONSTRAINT journal_rest_without_journal_2030_12 CHECK (run_id < '01000000-0000-0000-0000-000000000000') NOT VALID
            """);

        Assert.Equal(3, await MakeAsync(database));

        Assert.Equal(FromNow, await MonthsAsync(database));
        await WriteAsync(database, Now.AddMonths(5));
    }

    [Fact]
    public async Task Empty_months_that_are_over_go_and_others_stay()
    {
        await using var database = await OldAsync("AOS_TEST_POSTGRES");
        await MakeAsync(database);
        await WriteAsync(database, Now.AddMonths(1));
        var later = Now.AddMonths(4);

        Assert.Equal(2, await new JournalPartitions(database.Pool().Source).DropAsync(later, default));

        Assert.Equal(["journal_2030_12", "journal_rest"], await MonthsAsync(database));
        Assert.Equal(0, await new JournalPartitions(database.Pool().Source).DropAsync(later, default));
    }

    [Fact]
    public async Task A_run_is_read_from_its_month_alone()
    {
        await using var database = await OldAsync("AOS_TEST_POSTGRES");
        for (var month = 0; month < 24; month += JournalPartitions.MonthsAhead + 1) await MakeAsync(database, Now.AddMonths(month));
        await using var connection = await database.Pool().OpenAsync(TestContext.Current.CancellationToken);
        await using var explain = new NpgsqlCommand("EXPLAIN SELECT seq, kind, at, body, chain FROM journal WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3", connection)
        {
            Parameters = { new() { Value = Guid.CreateVersion7(Now.AddMonths(3)) }, new() { Value = 0 }, new() { Value = 100 } },
        };

        var plan = new List<string>();
        await using (var reader = await explain.ExecuteReaderAsync(TestContext.Current.CancellationToken))
        {
            while (await reader.ReadAsync(TestContext.Current.CancellationToken)) plan.Add(reader.GetString(0));
        }

        Assert.Equal(25, (await MonthsAsync(database)).Count);
        Assert.Contains(plan, line => line.Contains("journal_2031_02", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.Contains("journal_2031_03", StringComparison.Ordinal) || line.Contains("journal_rest", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Appends_and_reads_go_through_them()
    {
        await using var nodes = await PostgresNodes.OpenAsync("AOS_TEST_PGBOUNCER");
        var node = await nodes.JoinAsync();
        await using var pool = new PostgresPool(new StorageOptions { DatabaseUrl = nodes.Url });
        await new JournalPartitions(pool.Source).MakeAsync(TimeProvider.System.GetUtcNow(), default);

        await JournalConformance.Checks["what was appended is read back as the same bytes, in pages"](
            new JournalConformance(Get<IJournal>(node), Get<IRunRows>(node), Get<ICluster>(node), TimeProvider.System));

        var places = await pool.QueryAsync("SELECT DISTINCT tableoid::regclass::text FROM journal", [], r => r.GetString(0), default);
        Assert.Equal([JournalMonth.Of(TimeProvider.System.GetUtcNow()).Table], places);
    }

    private static T Get<T>(IServiceProvider node) => (T)node.GetService(typeof(T))!;

    /// <summary>As a build left it that knew no months.</summary>
    private static async Task<EmptyDatabase> OldAsync(string way)
    {
        var database = await EmptyDatabase.MakeAsync(way);
        await using var pool = new PostgresPool(new StorageOptions { DatabaseUrl = database.Url });
        foreach (var migration in PostgresSchema.Migrations) await pool.QueryAsync(migration.Sql, [], r => 0, CancellationToken.None);
        return database;
    }

    private static Task<int> MakeAsync(EmptyDatabase database, DateTimeOffset? now = null) => new JournalPartitions(database.Pool().Source).MakeAsync(now ?? Now, CancellationToken.None);

    private static Task<List<string>> MonthsAsync(EmptyDatabase database) =>
        database.ListAsync("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'journal'::regclass ORDER BY 1");

    private static async Task WriteAsync(EmptyDatabase database, params DateTimeOffset[] times)
    {
        foreach (var at in times)
            await database.RunAsync($"INSERT INTO journal VALUES ('{new RunId(Guid.CreateVersion7(at))}', 1, 'k', 0, '\\x00', '\\x00')");
    }
}
