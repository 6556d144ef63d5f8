using Aos.Contracts;
using Aos.Integration.Tests.Storage;
using Aos.Storage;
using Aos.Testing;

namespace Aos.Integration.Tests.Limits;

[Trait("store", "none")]
public sealed class LimitsInProcess : LimitRules
{
    private readonly ManualClock clock = new();
    private LocalLimits limits = null!;

    private protected override ISharedLimits One => limits;

    private protected override ISharedLimits Two => limits;

    public override ValueTask InitializeAsync()
    {
        limits = new LocalLimits(clock);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private protected override Task PassAsync(TimeSpan time)
    {
        clock.Advance(time);
        return Task.CompletedTask;
    }
}

[Trait("store", "none")]
public sealed class LimitsInPostgres() : LimitsInRows("AOS_TEST_POSTGRES");

[Trait("store", "none")]
public sealed class LimitsThroughPgBouncer() : LimitsInRows("AOS_TEST_PGBOUNCER");

/// <param name="variable">Where the server's address is.</param>
public abstract class LimitsInRows(string variable) : LimitRules
{
    private PostgresNodes nodes = null!;
    private PostgresPool[] pools = [];
    private PostgresLimits[] rows = [];
    private SharedNode one = null!;
    private SharedNode two = null!;

    private protected override ISharedLimits One => one.Limits;

    private protected override ISharedLimits Two => two.Limits;

    [Fact]
    public async Task A_hot_path_makes_no_statement_a_call()
    {
        var want = new Want(LimitKey.OfHouse("test", "hot"), new RateLimit(100_000, TimeSpan.FromSeconds(1), 100_000), 1);
        for (var i = 0; i < 5_000; i++) Assert.True((await One.TakeAsync([want], default)).IsGranted);

        await using var look = pools[1].Source.CreateCommand("SELECT 100000 - tokens FROM limit_buckets");
        var taken = (double)(await look.ExecuteScalarAsync())!;

        Assert.InRange(taken, 5_000, 20_000); // One lot of 10,000, and what has flowed in since counts against it.
    }

    [Fact]
    public async Task Rows_that_hold_nothing_are_swept()
    {
        await One.TakeAsync([new Want(LimitKey.OfHouse("test", "old"), RateLimit.PerMinute(60), 1)], default);
        await One.PenaliseAsync(LimitKey.OfHouse("test", "old"), TimeSpan.FromHours(1), default);
        await using (var age = pools[0].Source.CreateCommand("UPDATE limit_buckets SET full_at = full_at - 3600")) await age.ExecuteNonQueryAsync();

        Assert.Equal(1, await rows[0].PassAsync(default));
        Assert.Equal(0, await rows[0].PassAsync(default));
    }

    public override async ValueTask InitializeAsync()
    {
        nodes = await PostgresNodes.OpenAsync(variable);
        pools = [new PostgresPool(new StorageOptions { DatabaseUrl = nodes.Url }), new PostgresPool(new StorageOptions { DatabaseUrl = nodes.Url })];
        rows = [.. pools.Select(pool => new PostgresLimits(pool, TimeProvider.System))];
        (one, two) = (new SharedNode(rows[0]), new SharedNode(rows[1]));
    }

    public override async ValueTask DisposeAsync()
    {
        await one.DisposeAsync();
        await two.DisposeAsync();
        foreach (var made in rows) made.Dispose();
        foreach (var pool in pools) await pool.DisposeAsync();
        await nodes.DisposeAsync();
    }
}

[Trait("store", "none")]
public sealed class LimitsInRedis : LimitRules
{
    private RedisNode one = null!;
    private RedisNode two = null!;

    private protected override ISharedLimits One => one.Limits;

    private protected override ISharedLimits Two => two.Limits;

    public override async ValueTask InitializeAsync()
    {
        var url = await TestRedis.SharedAsync();
        (one, two) = (new RedisNode(url), new RedisNode(url));
    }

    public override async ValueTask DisposeAsync()
    {
        await one.DisposeAsync();
        await two.DisposeAsync();
    }
}
