using Aos.Runs;

namespace Aos.Workflow.Tests.Safety;

public sealed class Buckets
{
    private readonly HandClock clock = new();

    [Fact, Trait("id", "A8.12-11")]
    public void Ten_calls_under_a_hundred_a_minute_are_let_in()
    {
        var buckets = new TokenBuckets(clock);

        Assert.All(Enumerable.Range(0, 10), _ => Assert.Null(buckets.Take("tenant:a", 100)));
    }

    [Fact]
    public void A_bucket_is_empty_after_its_limit_and_fills_continuously()
    {
        var buckets = new TokenBuckets(clock);
        Assert.All(Enumerable.Range(0, 60), _ => Assert.Null(buckets.Take("a", 60)));

        Assert.Equal(TimeSpan.FromSeconds(1), buckets.Take("a", 60));
        Assert.Null(buckets.Take("b", 60));
        clock.Pass(TimeSpan.FromSeconds(0.25));
        Assert.Equal(TimeSpan.FromSeconds(0.75), buckets.Take("a", 60));
        clock.Pass(TimeSpan.FromSeconds(0.75));
        Assert.Null(buckets.Take("a", 60));
        clock.Pass(TimeSpan.FromHours(1));
        Assert.All(Enumerable.Range(0, 60), _ => Assert.Null(buckets.Take("a", 60)));
        Assert.NotNull(buckets.Take("a", 60));
    }

    private sealed class HandClock : TimeProvider
    {
        private long ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        internal void Pass(TimeSpan time) => ticks += time.Ticks;
    }
}
