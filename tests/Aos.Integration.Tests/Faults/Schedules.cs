using Aos.Simulation;
using Aos.Testing;

namespace Aos.Integration.Tests.Faults;

/// <summary>Several nodes under schedules drawn from seeds: the real engine over a model of the shared store.</summary>
[Trait("store", "none")]
public sealed class Schedules
{
    [Fact]
    [Trait("id", "W-06")]
    public void Nodes_that_die_stand_still_or_are_cut_off_lose_nothing_and_do_nothing_twice()
    {
        var summary = Campaign.Search(1, 2_000, Planted.None);

        Assert.True(summary.Found is null, $"seed {summary.Found?.Seed}: {string.Join("; ", summary.Found?.Violations ?? [])}");
        Assert.Equal(2_000, summary.Schedules);
        Assert.True(summary is { Takeovers: > 0, Fenced: > 0 });
        Assert.All(summary.Hits, hits => Assert.True(hits > 0));
    }

    [Fact]
    public void One_seed_gives_one_schedule()
    {
        var first = Campaign.Search(1, 200, Planted.None);
        var second = Campaign.Search(1, 200, Planted.None);

        Assert.Equal((first.Hash, first.Steps), (second.Hash, second.Steps));
    }

    [Theory]
    [InlineData(Planted.NoEpochCheck)]
    [InlineData(Planted.Splice)]
    [InlineData(Planted.DropsOutcomes)]
    [InlineData(Planted.ParksOverMail)]
    [InlineData(Planted.BumpsAfterClaim)]
    [InlineData(Planted.DecidesAnew)]
    [InlineData(Planted.ActsWithoutLease)]
    [InlineData(Planted.ForgetsStarted)]
    [InlineData(Planted.AnswersEarly)]
    [InlineData(Planted.CountsNoSlots)]
    public void A_planted_mistake_is_found(Planted mistake) => Assert.NotNull(Campaign.Search(1, 2_000, mistake).Found);
}
