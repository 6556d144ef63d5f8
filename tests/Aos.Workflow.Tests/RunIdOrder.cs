using Aos.Kernel;
using Aos.Runs;

namespace Aos.Workflow.Tests;

public sealed class RunIdOrder
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly RunIds ids = new();

    [Fact]
    public void Ids_of_one_moment_ascend()
    {
        var minted = Enumerable.Range(0, 10_000).Select(_ => ids.Next(Noon).ToString()).ToList();

        Assert.Equal(minted.Order(StringComparer.Ordinal), minted);
        Assert.Equal(10_000, minted.Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10_000)]
    [InlineData(123_456_789)]
    public void A_later_id_is_greater_and_tells_its_millisecond(long ticks)
    {
        var (first, second) = (ids.Next(Noon), ids.Next(Noon.AddTicks(ticks)));

        Assert.True(string.CompareOrdinal(first.ToString(), second.ToString()) < 0);
        var bytes = second.Value.ToByteArray(bigEndian: true);
        Assert.Equal(Noon.AddTicks(ticks).ToUnixTimeMilliseconds(), Convert.ToInt64(Convert.ToHexString(bytes, 0, 6), 16));
        Assert.Equal((7, 2), (bytes[6] >> 4, bytes[8] >> 6));
    }

    [Fact]
    public void A_clock_that_was_set_back_a_little_does_not_turn_the_order_and_one_that_was_far_ahead_is_forgotten()
    {
        var first = ids.Next(Noon);

        Assert.True(string.CompareOrdinal(first.ToString(), ids.Next(Noon.AddSeconds(-9)).ToString()) < 0);
        Assert.True(string.CompareOrdinal(first.ToString(), ids.Next(Noon.AddSeconds(-60)).ToString()) > 0);
    }

    [Fact]
    public void Two_processes_do_not_meet_in_one_moment() => Assert.NotEqual(ids.Next(Noon), new RunIds().Next(Noon));
}
