using Aos.Contracts;
using Aos.Storage;

namespace Aos.Workflow.Tests.Safety;

public sealed class Buckets
{
    private readonly HandClock clock = new();

    [Fact, Trait("id", "A8.12-11")]
    public async Task Ten_calls_under_a_hundred_a_minute_are_let_in()
    {
        var limits = new LocalLimits(clock);

        for (var i = 0; i < 10; i++) Assert.Null(await TakeAsync(limits, "tenant", 100));
    }

    [Fact]
    public async Task A_bucket_is_empty_after_its_limit_and_fills_continuously()
    {
        var limits = new LocalLimits(clock);
        for (var i = 0; i < 60; i++) Assert.Null(await TakeAsync(limits, "a", 60));

        Assert.Equal(TimeSpan.FromSeconds(1), await TakeAsync(limits, "a", 60));
        Assert.Null(await TakeAsync(limits, "b", 60));
        clock.Pass(TimeSpan.FromSeconds(0.25));
        Assert.Equal(TimeSpan.FromSeconds(0.75), await TakeAsync(limits, "a", 60));
        clock.Pass(TimeSpan.FromSeconds(0.75));
        Assert.Null(await TakeAsync(limits, "a", 60));
        clock.Pass(TimeSpan.FromHours(1));
        for (var i = 0; i < 60; i++) Assert.Null(await TakeAsync(limits, "a", 60));
        Assert.NotNull(await TakeAsync(limits, "a", 60));
    }

    [Fact]
    public async Task Keys_that_hold_nothing_are_forgotten()
    {
        var limits = new LocalLimits(clock);
        for (var i = 0; i < 20_000; i++)
        {
            Assert.Null(await TakeAsync(limits, $"key {i}", 60));
            clock.Pass(TimeSpan.FromSeconds(0.1));
        }

        Assert.InRange(limits.Keys, 1, 3_000);
    }

    private static async Task<TimeSpan?> TakeAsync(LocalLimits limits, string name, int perMinute)
    {
        var reply = await limits.TakeAsync([new Want(LimitKey.Of(TenantId.Default, "test", name), RateLimit.PerMinute(perMinute), 1)], CancellationToken.None);
        return reply.IsGranted ? null : reply.Wait;
    }

    private sealed class HandClock : TimeProvider
    {
        private long ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        internal void Pass(TimeSpan time) => ticks += time.Ticks;
    }
}
