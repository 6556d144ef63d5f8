using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

/// <summary>The doctor finds what is wrong, says what to do, and changes nothing.</summary>
[Trait("store", "none")]
public sealed class DoctorLooks : IDisposable
{
    private static readonly string Master = new('m', StorageOptions.MasterKeyCharsMin);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(TestStoreKind.Postgres, "Direct connection")]
    [InlineData(TestStoreKind.PgBouncer, "transaction mode")]
    public async Task A_healthy_database_has_no_problem(TestStoreKind kind, string pooler)
    {
        await using var store = Open(kind);
        await KeysAsync(store, Master);

        var findings = await LookAsync(store.Url, Master);

        Assert.All(findings, finding => Assert.Equal(FindingLevel.Ok, finding.Level));
        Assert.Contains(pooler, findings.Single(finding => finding.Check == "pooler").Message, StringComparison.Ordinal);
        foreach (var check in new[] { "reachable", "clock", "version", "role", "permissions", "durability", "connections", "size", "migrations", "indexes", "journal", "tenants", "master_key", "disk" })
            Assert.Contains(findings, finding => finding.Check == check);
    }

    [Theory]
    [InlineData("DROP INDEX runs_of_tenant", "indexes", "runs_of_tenant")]
    [InlineData("DROP TABLE journal_rest", "journal", "no partition for what no other holds")]
    [InlineData("UPDATE aos_migrations SET checksum = 'x' WHERE room = 'keys'", "migrations", "changed after it was applied")]
    [InlineData("INSERT INTO aos_migrations (room, number, name, checksum, breaks, build) VALUES ('keys', 99, 'contract', 'x', true, 'next')", "migrations", "breaks this one")]
    [InlineData("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$", "durability", "synchronous_commit off")]
    public async Task What_is_broken_is_a_problem_with_its_advice(string harm, string check, string says)
    {
        await using var store = Open(TestStoreKind.Postgres);
        await KeysAsync(store, Master);
        using (var session = ServerAddress.Connect(store.Direct)) session.Run(harm);

        var problem = Assert.Single(await LookAsync(store.Url, Master), finding => finding.Level == FindingLevel.Problem && finding.Check == check);

        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
        Assert.NotNull(problem.Advice);
    }

    [Fact]
    public async Task A_table_without_row_level_security_is_warned_of_and_guarded_again_at_the_next_start()
    {
        await using var store = Open(TestStoreKind.Postgres);
        await KeysAsync(store, Master);
        using (var session = ServerAddress.Connect(store.Direct)) session.Run("ALTER TABLE outbox NO FORCE ROW LEVEL SECURITY");

        var warning = Assert.Single(await LookAsync(store.Url, Master), finding => finding.Check == "tenants");
        Assert.Equal((FindingLevel.Warning, "No row-level security on outbox."), (warning.Level, warning.Message));

        await KeysAsync(store, Master);
        Assert.Equal(FindingLevel.Ok, Assert.Single(await LookAsync(store.Url, Master), finding => finding.Check == "tenants").Level);
    }

    [Fact]
    public async Task A_month_that_nobody_has_made_is_warned_of()
    {
        await using var store = Open(TestStoreKind.Postgres);
        var month = JournalMonth.Of(TimeProvider.System.GetUtcNow()).Next.Table;
        using (var session = ServerAddress.Connect(store.Direct)) session.Run($"DROP TABLE {month}");

        var warning = Assert.Single(await LookAsync(store.Url, Master), finding => finding.Check == "journal");

        Assert.Equal(FindingLevel.Warning, warning.Level);
        Assert.Contains(month, warning.Message, StringComparison.Ordinal);
        Assert.NotNull(warning.Advice);
    }

    [Theory]
    [InlineData(-2, FindingLevel.Warning)]
    [InlineData(2, FindingLevel.Warning)]
    [InlineData(60, FindingLevel.Problem)]
    public async Task Clocks_that_differ_are_told(int seconds, FindingLevel level)
    {
        await using var store = Open(TestStoreKind.Postgres);
        await using var services = Services(new StorageOptions { Data = folder.Path, DatabaseUrl = store.Url, MasterKey = Master }, new Skewed(TimeSpan.FromSeconds(seconds)));

        var finding = Assert.Single(await services.GetRequiredService<IDoctor>().LookAsync(TestContext.Current.CancellationToken), finding => finding.Check == "clock");

        Assert.Equal(level, finding.Level);
        Assert.NotNull(finding.Advice);
    }

    [Fact]
    public async Task A_superuser_is_warned_of_and_a_strange_master_key_is_a_problem()
    {
        await using var store = Open(TestStoreKind.Postgres);
        await KeysAsync(store, Master);

        var findings = await LookAsync(new UriBuilder(store.Url!) { UserName = "postgres" }.Uri.ToString(), Master + "x");

        Assert.Equal(FindingLevel.Warning, findings.Single(finding => finding.Check == "role").Level);
        Assert.Equal(FindingLevel.Problem, findings.Single(finding => finding.Check == "master_key").Level);
    }

    [Fact]
    public async Task A_database_that_is_away_or_empty_is_told()
    {
        var away = await LookAsync("postgres://u:Geheim1@127.0.0.1:1/d", Master);
        Assert.Equal(FindingLevel.Problem, away[0].Level);
        Assert.DoesNotContain(away, finding => finding.Message.Contains("Geheim1", StringComparison.Ordinal));

        await using var empty = await EmptyDatabase.MakeAsync("AOS_TEST_POSTGRES");
        var findings = await LookAsync(empty.Url, Master);
        Assert.DoesNotContain(findings, finding => finding.Level == FindingLevel.Problem);
        Assert.Equal(FindingLevel.Warning, findings.Single(finding => finding.Check == "migrations").Level);
        Assert.Empty(await empty.ListAsync("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"));
    }

    [Fact]
    public async Task Migrations_are_run_by_hand_too()
    {
        await using var empty = await EmptyDatabase.MakeAsync("AOS_TEST_PGBOUNCER");
        await using var services = Services(new StorageOptions { Data = folder.Path, DatabaseUrl = empty.Url });
        var migrations = services.GetRequiredService<IMigrations>();
        var before = await migrations.LookAsync(default);

        Assert.Equal(before.Count, await migrations.UpAsync(default));
        Assert.Equal(0, await migrations.UpAsync(default));

        Assert.All(before, line => Assert.Equal(MigrationState.Pending, line.State));
        Assert.All(await migrations.LookAsync(default), line => Assert.Equal(MigrationState.Applied, line.State));
    }

    [Fact]
    public async Task The_embedded_store_is_looked_at_beside_its_holder()
    {
        Assert.DoesNotContain(await LookAsync(null, null), finding => finding.Level != FindingLevel.Ok);
        await using var holder = Services(new StorageOptions { Data = folder.Path });
        await holder.GetRequiredService<IKeyring>().MacAsync("links", "m"u8.ToArray(), default);

        var findings = await LookAsync(null, null);

        Assert.All(findings, finding => Assert.Equal(FindingLevel.Ok, finding.Level));
        foreach (var check in new[] { "store", "durability", "migrations", "indexes", "master_key", "disk" }) Assert.Contains(findings, finding => finding.Check == check);
        Assert.Equal(FindingLevel.Problem, (await LookAsync(null, Master)).Single(finding => finding.Check == "master_key").Level);
    }

    [Fact]
    public async Task A_damaged_file_is_a_problem()
    {
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, "aos.db"), new byte[4096].Select((_, i) => (byte)(i * 7)).ToArray(), TestContext.Current.CancellationToken);

        var problem = (await LookAsync(null, null))[0];

        Assert.Equal(("store", FindingLevel.Problem), (problem.Check, problem.Level));
    }

    private static TestStore Open(TestStoreKind kind) => TestStore.Open(Register, kind);

    private static async Task KeysAsync(TestStore store, string master)
    {
        var options = store.Options();
        options.MasterKey = master;
        await using var services = Services(options);
        await services.GetRequiredService<IKeyring>().MacAsync("links", "m"u8.ToArray(), default);
    }

    private async Task<IReadOnlyList<Finding>> LookAsync(string? url, string? master)
    {
        await using var services = Services(new StorageOptions { Data = folder.Path, DatabaseUrl = url, MasterKey = master });
        return await services.GetRequiredService<IDoctor>().LookAsync(TestContext.Current.CancellationToken);
    }

    private static ServiceProvider Services(StorageOptions options, TimeProvider? clock = null)
    {
        var services = new ServiceCollection();
        Register(services, options);
        if (clock is not null) services.AddSingleton(clock);
        return services.BuildServiceProvider();
    }

    /// <summary>A machine's clock that is set wrong.</summary>
    private sealed class Skewed(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }

    private static void Register(IServiceCollection services, StorageOptions options)
    {
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        new AosBuilder(services, new ConfigurationBuilder().Build()).AddStorage(options);
    }
}
