using System.Diagnostics;
using Aos.Contracts;

namespace Aos.Integration.Tests.Limits;

/// <summary>What every engine of limits must do. Two nodes are two engines over one store.</summary>
public abstract class LimitRules : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromMilliseconds(600);
    private readonly string name = Guid.CreateVersion7().ToString("N");
    private int holders;

    private protected abstract ISharedLimits One { get; }

    /// <summary>The same limits by another connection; the embedded store has one process only.</summary>
    private protected abstract ISharedLimits Two { get; }

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    [Fact]
    public async Task A_bucket_gives_its_burst_and_then_says_how_long_to_wait()
    {
        var want = new Want(Key("a"), new RateLimit(60, TimeSpan.FromHours(1), 5), 1); // One a minute: none comes while a busy machine stands still.
        for (var i = 0; i < 5; i++) Assert.True((await One.TakeAsync([want], default)).IsGranted);

        var reply = await One.TakeAsync([want], default);

        Assert.Equal(0, reply.Short);
        Assert.InRange(reply.Wait, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        Assert.True((await Two.TakeAsync([want with { Key = Key("b") }], default)).IsGranted);
    }

    [Fact]
    public async Task A_bucket_fills_with_time()
    {
        var (want, reply) = await InTimeAsync(Lease, async time =>
        {
            var want = new Want(Key($"{time}"), new RateLimit(2, time, 2), 2);
            Assert.True((await One.TakeAsync([want], default)).IsGranted);
            return (want, await One.TakeAsync([want], default));
        });
        Assert.False(reply.IsGranted);

        await PassAsync(reply.Wait + TimeSpan.FromMilliseconds(20));

        Assert.True((await One.TakeAsync([want], default)).IsGranted);
    }

    [Fact]
    public async Task More_than_the_burst_counts_as_the_burst()
    {
        var want = new Want(Key("a"), new RateLimit(10, TimeSpan.FromHours(1), 10), 1_000);

        Assert.True((await One.TakeAsync([want], default)).IsGranted);
        Assert.False((await Two.TakeAsync([want with { Amount = 1 }], default)).IsGranted);
    }

    [Fact]
    public async Task Wants_are_taken_together_or_not_at_all()
    {
        var hour = TimeSpan.FromHours(1);
        var (plenty, scarce) = (new Want(Key("plenty"), new RateLimit(3, hour, 3), 1), new Want(Key("scarce"), new RateLimit(1, hour, 1), 1));
        Assert.True((await One.TakeAsync([plenty, scarce], default)).IsGranted);

        for (var i = 0; i < 5; i++) Assert.Equal(1, (await One.TakeAsync([plenty, scarce], default)).Short);

        Assert.True((await One.TakeAsync([plenty], default)).IsGranted);
        Assert.True((await One.TakeAsync([plenty], default)).IsGranted);
        Assert.False((await One.TakeAsync([plenty], default)).IsGranted);
    }

    [Fact]
    public async Task What_was_not_used_is_given_back_and_what_was_used_beyond_is_owed()
    {
        var want = new Want(Key("a"), new RateLimit(100, TimeSpan.FromHours(1), 100), 100);
        Assert.True((await One.TakeAsync([want], default)).IsGranted);
        await One.GiveBackAsync(want with { Amount = 40 }, default);
        Assert.True((await One.TakeAsync([want with { Amount = 40 }], default)).IsGranted);

        await One.GiveBackAsync(want with { Amount = -50 }, default);
        var reply = await One.TakeAsync([want with { Amount = 1 }], default);

        Assert.InRange(reply.Wait, TimeSpan.FromMinutes(25), TimeSpan.FromMinutes(32));
    }

    [Fact]
    public async Task Many_callers_on_two_connections_get_no_more_than_there_is()
    {
        const long There = 500;
        var want = new Want(Key("a"), new RateLimit(There, TimeSpan.FromDays(365), There), 1);
        var granted = 0;

        await Task.WhenAll(Enumerable.Range(0, 32).Select(async caller =>
        {
            var limits = caller % 2 == 0 ? One : Two;
            for (var i = 0; i < 40; i++)
            {
                if ((await limits.TakeAsync([want], default)).IsGranted) Interlocked.Increment(ref granted);
            }
        }));

        Assert.Equal(There, granted);
    }

    [Fact]
    public async Task A_penalty_holds_back_both_nodes_until_it_ends_and_never_gets_shorter()
    {
        var (want, wait) = await InTimeAsync(TimeSpan.FromMilliseconds(900), async time =>
        {
            var want = new Want(Key($"{time}"), null, 1);
            var begin = Stopwatch.GetTimestamp();
            await One.PenaliseAsync(want.Key, time, default);
            await Two.PenaliseAsync(want.Key, TimeSpan.FromMilliseconds(50), default);
            await HeldBackAsync(One, want, begin, time);
            return (want, await HeldBackAsync(Two, want, begin, time));
        });

        Assert.True(wait > TimeSpan.Zero);
        Assert.True((await Two.TakeAsync([want with { Key = Key("b") }], default)).IsGranted);
        await PassAsync(wait + TimeSpan.FromMilliseconds(50));

        await GrantedAsync(One, want);
        await GrantedAsync(Two, want);
    }

    [Fact]
    public async Task There_are_as_many_slots_as_places()
    {
        var (lease, full, free, taken) = await InTimeAsync(Lease, async lease =>
        {
            await ReadyAsync(lease);
            var (first, second, third) = (Slot("a", 2, lease), Slot("a", 2, lease), Slot("a", 2, lease));
            Assert.Null(await One.HoldAsync(first, default));
            Assert.Null(await Two.HoldAsync(second, default));
            Assert.Null(await One.HoldAsync(first, default));
            var full = await Two.HoldAsync(third, default);
            await One.ReleaseAsync(first, default);
            return (lease, full, await Two.HoldAsync(third, default), await One.HoldAsync(first, default));
        });

        Assert.InRange(full!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1) + lease);
        Assert.Null(free);
        Assert.NotNull(taken);
    }

    [Fact]
    public async Task The_slot_of_a_holder_that_is_gone_comes_back_when_its_lease_ends()
    {
        var (next, wait) = await InTimeAsync(Lease, async lease =>
        {
            await ReadyAsync(lease);
            Assert.Null(await One.HoldAsync(Slot("a", 1, lease), default));
            var next = Slot("a", 1, lease);
            return (next, await Two.HoldAsync(next, default));
        });
        Assert.NotNull(wait);

        await PassAsync(next.Lease + TimeSpan.FromMilliseconds(100));

        Assert.Null(await Two.HoldAsync(next, default));
    }

    [Fact]
    public async Task A_holder_that_renews_keeps_its_slot()
    {
        // Four waits of a third each: when all of it takes less than two leases, no two renewals are a lease apart.
        var wait = await InTimeAsync(2 * Lease, async twice =>
        {
            var lease = twice / 2;
            await ReadyAsync(lease);
            var mine = Slot("a", 1, lease);
            Assert.Null(await One.HoldAsync(mine, default));
            for (var i = 0; i < 4; i++)
            {
                await PassAsync(lease / 3);
                await One.RenewAsync([mine], default);
            }

            return await Two.HoldAsync(Slot("a", 1, lease), default);
        });

        Assert.NotNull(wait);
    }

    [Fact]
    public async Task Many_callers_on_two_connections_hold_one_slot_one_after_another()
    {
        var lease = TimeSpan.FromSeconds(4); // Longer than a busy machine takes between a hold and its release.
        await ReadyAsync(lease);
        var (inside, most, held) = (0, 0, 0);
        var key = Key("a");
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async caller =>
        {
            var limits = caller % 2 == 0 ? One : Two;
            for (var i = 0; i < 25; i++)
            {
                var slot = Slot("a", 1) with { Key = key, Lease = lease };
                if (await limits.HoldAsync(slot, default) is not null) continue;
                most = Math.Max(most, Interlocked.Increment(ref inside));
                held++;
                await Task.Yield();
                Interlocked.Decrement(ref inside);
                await limits.ReleaseAsync(slot, default);
            }
        }));

        Assert.Equal(1, most);
        Assert.True(held > 0);
    }

    [Fact]
    public async Task A_slot_given_back_is_told()
    {
        await ReadyAsync();
        var slot = Slot("a", 1);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        One.Freed += key =>
        {
            if (key == slot.Key.Value) told.TrySetResult();
        };

        for (var begin = Stopwatch.GetTimestamp(); !told.Task.IsCompleted && Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(30);)
        {
            Assert.Null(await One.HoldAsync(slot, default));
            await One.ReleaseAsync(slot, default);
            await PassAsync(TimeSpan.FromMilliseconds(20)); // The store tells once it has heard that somebody listens.
        }

        Assert.True(told.Task.IsCompleted);
    }

    [Fact]
    public async Task Tenants_purposes_and_names_never_meet()
    {
        var rate = new RateLimit(1, TimeSpan.FromHours(1), 1);
        LimitKey[] keys =
        [
            LimitKey.Of(new TenantId("a"), "p", name), LimitKey.Of(new TenantId("ap"), "", name), LimitKey.Of(new TenantId("b"), "p", name),
            LimitKey.Of(new TenantId("a"), "q", name), LimitKey.Of(new TenantId("a"), "p", name + "x"), LimitKey.OfHouse("p", name),
        ];

        foreach (var key in keys) Assert.True((await One.TakeAsync([new Want(key, rate, 1)], default)).IsGranted);

        Assert.Equal(keys.Length, keys.Select(key => key.Value).Distinct().Count());
    }

    /// <summary>Goes on when slots are given: a store that has just started gives none for one lease.</summary>
    private async Task ReadyAsync(TimeSpan? lease = null)
    {
        var probe = Slot("ready", 1) with { Lease = lease ?? Lease };
        while (await One.HoldAsync(probe, default) is { } wait) await PassAsync(wait);
        await One.ReleaseAsync(probe, default);
    }

    /// <summary>
    /// What <paramref name="look"/> saw before <paramref name="time"/> was over, the time that what it looks at lasts. The store's clock goes
    /// on while a busy machine stands still; then it looks again, at something that lasts longer, up to a minute.
    /// </summary>
    private static async Task<T> InTimeAsync<T>(TimeSpan time, Func<TimeSpan, Task<T>> look)
    {
        while (true)
        {
            var begin = Stopwatch.GetTimestamp();
            var seen = await look(time);
            if (Stopwatch.GetElapsedTime(begin) < time || time > TimeSpan.FromMinutes(1)) return seen;
            time *= 2;
        }
    }

    /// <summary>How long it is held back; zero when that did not begin within the <paramref name="time"/> of the penalty.</summary>
    private async Task<TimeSpan> HeldBackAsync(ISharedLimits limits, Want want, long begin, TimeSpan time)
    {
        while (Stopwatch.GetElapsedTime(begin) < time)
        {
            if (await limits.TakeAsync([want], default) is { IsGranted: false } reply) return reply.Wait;
            await PassAsync(TimeSpan.FromMilliseconds(20)); // A node may see another's penalty a little later.
        }

        return TimeSpan.Zero;
    }

    private async Task GrantedAsync(ISharedLimits limits, Want want)
    {
        while (await limits.TakeAsync([want], default) is { IsGranted: false } reply) await PassAsync(reply.Wait);
    }

    private LimitKey Key(string part) => LimitKey.Of(TenantId.Default, "test", $"{name} {part}");

    private Slot Slot(string part, int places, TimeSpan? lease = null) =>
        new(Key($"{part} {lease}"), places, $"holder {Interlocked.Increment(ref holders)}", lease ?? Lease);

    /// <summary>Real time: the clock that counts is the store's.</summary>
    private protected virtual async Task PassAsync(TimeSpan time)
    {
        var begin = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5)); // A tick that comes a little early costs no second period.
        while (Stopwatch.GetElapsedTime(begin) < time) await timer.WaitForNextTickAsync();
    }
}
