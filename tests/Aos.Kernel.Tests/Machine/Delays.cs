namespace Aos.Kernel.Tests.Machine;

/// <summary>How long a failed call waits before it is tried again.</summary>
public sealed class Delays
{
    private static readonly RetryClause Clause = new(10, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), 2);

    [Fact]
    [Trait("id", "F5.3-17")]
    [Trait("id", "F5.3-18")]
    [Trait("id", "B8.4-05")]
    [Trait("id", "B8.4-06")]
    [Trait("id", "W-20")]
    public void A_delay_doubles_up_to_its_cap_give_or_take_a_tenth()
    {
        for (ulong seed = 0; seed < 100; seed++)
        {
            foreach (var (attempt, middle) in ((int, double)[])[(1, 100), (2, 200), (3, 400), (6, 3200), (7, 5000), (8, 5000)])
                Assert.InRange(Backoff.Delay(Clause, attempt, seed).TotalMilliseconds, (middle * 0.9) - 1, middle * 1.1);
        }
    }

    [Fact]
    [Trait("id", "F5.3-19")]
    [Trait("id", "F5.3-20")]
    [Trait("id", "F5.3-39")]
    [Trait("id", "B8.4-04")]
    [Trait("id", "B8.4-07")]
    [Trait("id", "B8.4-08")]
    public void Its_jitter_follows_from_the_seed()
    {
        Assert.Equal(Five(12345), Five(12345));
        Assert.NotEqual(Five(12345), Five(54321));

        static TimeSpan[] Five(ulong seed) => [.. Enumerable.Range(1, 5).Select(attempt => Backoff.Delay(Clause, attempt, seed))];
    }
}
