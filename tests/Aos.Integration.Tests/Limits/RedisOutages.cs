using System.Diagnostics;
using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;

namespace Aos.Integration.Tests.Limits;

/// <summary>What holds while Redis is down, slow, or has just started again.</summary>
[Trait("store", "none")]
public sealed class RedisOutages : IAsyncLifetime
{
    private static readonly RateLimit Hundred = new(100, TimeSpan.FromHours(1), 100);
    private TestRedis redis = null!;

    public async ValueTask InitializeAsync() => redis = await TestRedis.StartAsync();

    public ValueTask DisposeAsync() => redis.DisposeAsync();

    [Fact]
    public async Task A_node_starts_without_redis_and_says_so_once_and_again_when_it_is_back()
    {
        redis.Kill();
        await using var node = new RedisNode(redis.Url);
        for (var i = 0; i < 20; i++) Assert.True((await node.Limits.TakeAsync([new Want(Key("a"), Hundred, 1)], default)).IsGranted);

        await redis.ResumeAsync();
        await UpAsync(node);

        Assert.True((await node.Limits.TakeAsync([new Want(Key("a"), Hundred, 1)], default)).IsGranted);
        Assert.Collection(node.Lines, lost => Assert.StartsWith("redis://127.0.0.1:", lost, StringComparison.Ordinal), back => Assert.Contains("answers again", back, StringComparison.Ordinal));
        Assert.DoesNotContain(node.Lines, line => line.Contains("pa#ss", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_redis_each_node_grants_its_own_share_and_what_must_wait_waits()
    {
        await using var one = new RedisNode(redis.Url, nodes: 4);
        await using var two = new RedisNode(redis.Url, nodes: 4);
        var (shared, strict) = (new Want(Key("a"), Hundred, 1), new Want(Key("b"), Hundred, 1, WhenLost.Wait));
        Assert.True((await one.Limits.TakeAsync([shared, strict], default)).IsGranted);
        Assert.True((await two.Limits.TakeAsync([shared, strict], default)).IsGranted);
        redis.Kill();

        Assert.Equal(25, await GrantedAsync(one, shared));
        Assert.Equal(25, await GrantedAsync(two, shared));
        Assert.Equal(0, await GrantedAsync(one, strict));
        Assert.NotNull(await one.Limits.HoldAsync(Slot("c", TimeSpan.FromSeconds(1.5)), default));
        Assert.Single(one.Lines);
        Assert.Single(two.Lines);
    }

    [Fact]
    public async Task Redis_killed_and_started_again_under_load_never_throws_and_grants_no_more_than_is_said()
    {
        await using var one = new RedisNode(redis.Url, nodes: 2);
        await using var two = new RedisNode(redis.Url, nodes: 2);
        var want = new Want(Key("a"), Hundred, 1);
        using var over = new CancellationTokenSource();
        var granted = 0;
        var callers = Enumerable.Range(0, 16).Select(caller => Task.Run(async () =>
        {
            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
            while (!over.IsCancellationRequested)
            {
                await pace.WaitForNextTickAsync();
                if ((await (caller % 2 == 0 ? one : two).Limits.TakeAsync([want], default)).IsGranted) Interlocked.Increment(ref granted);
            }
        })).ToList();
        await PassAsync(() => Volatile.Read(ref granted) >= 100);
        redis.Kill();
        await PassAsync(() => !one.Lines.IsEmpty && !two.Lines.IsEmpty);
        await redis.ResumeAsync();
        await UpAsync(one);
        await UpAsync(two);
        await over.CancelAsync();
        await Task.WhenAll(callers);

        // A full bucket before, what was left of each node's share meanwhile, and a full bucket in a Redis that has forgotten the first.
        Assert.InRange(granted, 100, 300 + 5);
        Assert.Equal(2, one.Lines.Count);
        Assert.Equal(2, two.Lines.Count);
    }

    [Fact]
    public async Task A_redis_that_forgot_who_holds_what_gives_no_slot_before_all_holders_could_renew()
    {
        var lease = TimeSpan.FromSeconds(1.5);
        while (!await ForgetsAsync(lease)) lease *= 2; // A machine that stands still for a lease lets nobody renew in time.
    }

    /// <summary>False: the holder came too late to renew, so that the other one may have the slot.</summary>
    private async Task<bool> ForgetsAsync(TimeSpan lease)
    {
        await using var one = new RedisNode(redis.Url);
        await using var two = new RedisNode(redis.Url);
        var (mine, theirs) = (Slot($"a {lease}", lease), Slot($"a {lease}", lease));
        while (await one.Limits.HoldAsync(mine, default) is { } wait) await PassAsync(wait);
        redis.Kill();
        await one.Limits.RenewAsync([mine], default);
        Assert.NotNull(await two.Limits.HoldAsync(theirs, default));
        var renewed = Stopwatch.GetTimestamp();
        await redis.ResumeAsync();
        await UpAsync(two);
        if (await RefusedAsync() is { } first) return first;
        await UpAsync(one);
        for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < lease + TimeSpan.FromMilliseconds(300);)
        {
            var now = Stopwatch.GetTimestamp();
            await one.Limits.RenewAsync([mine], default);
            if (Stopwatch.GetElapsedTime(renewed) < lease) renewed = now;
            if (await RefusedAsync() is { } late) return late;
            await PassAsync(TimeSpan.FromMilliseconds(50));
        }

        await one.Limits.ReleaseAsync(mine, default);
        Assert.Null(await two.Limits.HoldAsync(theirs, default));
        return true;

        // Null: refused, as it must be. False: granted, too late to tell anything.
        async Task<bool?> RefusedAsync()
        {
            if (await two.Limits.HoldAsync(theirs, default) is not null) return null;
            Assert.True(Stopwatch.GetElapsedTime(renewed) >= lease, "The slot was given to another while its holder could still renew.");
            await two.Limits.ReleaseAsync(theirs, default);
            return false;
        }
    }

    [Fact]
    public async Task Scripts_that_redis_forgot_are_sent_again()
    {
        await using var node = new RedisNode(redis.Url);
        var want = new Want(Key("a"), Hundred, 1);
        Assert.True((await node.Limits.TakeAsync([want], default)).IsGranted);
        await node.Door.ScriptAsync("redis.call('SET', KEYS[1], '1') return 1", ["mark"], [], default);

        await redis.FlushScriptsAsync();

        Assert.Equal(99, await GrantedAsync(node, want));
        Assert.Empty(node.Lines);
    }

    [Fact]
    public async Task A_slow_redis_counts_as_lost_and_is_not_waited_for_again()
    {
        await using var wire = FaultyWire.To(redis.Url);
        await using var node = new RedisNode(wire.Url.Replace("3000", "500", StringComparison.Ordinal));
        var want = new Want(Key("a"), Hundred, 1);
        Assert.True((await node.Limits.TakeAsync([want], default)).IsGranted);
        wire.Delay(TimeSpan.FromSeconds(5));
        var begin = Stopwatch.GetTimestamp();

        for (var i = 0; i < 50; i++) Assert.True((await node.Limits.TakeAsync([want], default)).IsGranted);

        Assert.InRange(Stopwatch.GetElapsedTime(begin), TimeSpan.FromMilliseconds(450), TimeSpan.FromSeconds(4));
        Assert.Single(node.Lines);
        wire.Delay(TimeSpan.Zero);
        await UpAsync(node);
        Assert.Equal(2, node.Lines.Count);
    }

    [Fact]
    public async Task A_penalty_holds_on_the_node_that_saw_it_when_redis_is_lost()
    {
        await using var node = new RedisNode(redis.Url);
        var want = new Want(Key("a"), null, 1);
        await node.Limits.PenaliseAsync(want.Key, TimeSpan.FromMinutes(1), default);
        redis.Kill();

        Assert.InRange((await node.Limits.TakeAsync([want], default)).Wait, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1));
        Assert.True((await node.Limits.TakeAsync([want with { Key = Key("b") }], default)).IsGranted);
    }

    [Fact]
    public async Task The_cache_keeps_values_per_tenant_and_is_skipped_while_redis_is_down()
    {
        await using var node = new RedisNode(redis.Url);
        byte[] value = [1, 2, 3];
        await node.Cache.KeepAsync(TenantId.Default, "test", "k", value, TimeSpan.FromMinutes(1), default);
        await node.Cache.KeepAsync(TenantId.Default, "test", "large", new byte[RedisCache.ValueBytesMax + 1], TimeSpan.FromMinutes(1), default);

        Assert.Equal(value, await node.Cache.FindAsync(TenantId.Default, "test", "k", default));
        Assert.Null(await node.Cache.FindAsync(new TenantId("other"), "test", "k", default));
        Assert.Null(await node.Cache.FindAsync(TenantId.Default, "other", "k", default));
        Assert.Null(await node.Cache.FindAsync(TenantId.Default, "test", "large", default));
        redis.Kill();
        Assert.Null(await node.Cache.FindAsync(TenantId.Default, "test", "k", default));
        await node.Cache.KeepAsync(TenantId.Default, "test", "k", value, TimeSpan.FromMinutes(1), default);
        Assert.Single(node.Lines);
    }

    private static LimitKey Key(string name) => LimitKey.Of(TenantId.Default, "outage", name);

    private static Slot Slot(string name, TimeSpan lease) => new(Key(name), 1, Guid.NewGuid().ToString("N"), lease);

    private static async Task<int> GrantedAsync(RedisNode node, Want want)
    {
        var granted = 0;
        for (var i = 0; i < 200; i++)
        {
            if ((await node.Limits.TakeAsync([want], default)).IsGranted) granted++;
        }

        return granted;
    }

    /// <summary>Until the node has found out that Redis is back.</summary>
    private static Task UpAsync(RedisNode node) => PassAsync(() => node.Lines.Any(line => line.Contains("answers again", StringComparison.Ordinal)));

    private static async Task PassAsync(Func<bool> until)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!until()) await timer.WaitForNextTickAsync(patience.Token);
    }

    private static Task PassAsync(TimeSpan time)
    {
        var begin = Stopwatch.GetTimestamp();
        return PassAsync(() => Stopwatch.GetElapsedTime(begin) >= time);
    }
}
