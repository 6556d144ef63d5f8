using System.Collections.Immutable;

namespace Aos.CostSim.Tests;

/// <summary>Figures of pairs of costs.</summary>
[Trait("store", "none")]
public sealed class DivergenceFigures
{
    [Fact]
    [Trait("id", "D2.4-01")]
    [Trait("id", "D2.4-02")]
    public void Of_nothing_all_is_zero_and_indexes_are_those_of_the_rules()
    {
        var ten = CostDivergence.Of([.. Enumerable.Range(1, 10).Select(n => new CostPair(100, 100 + n, 0))]);

        Assert.Equal(new CostDivergence(0, 0, 0, 0, 0, 0, 0, 0), CostDivergence.Of([]));
        Assert.Equal((10, 6m, 10m), (ten.SampleCount, ten.DeltaP50, ten.DeltaP90)); // Elements 5 and 9 of the sorted list, from 0.
        Assert.Equal((2m, 2m), (CostDivergence.Of([new(1, 2, 0), new(1, 3, 0)]).DeltaP50, CostDivergence.Of([new(1, 2, 0), new(1, 3, 0)]).DeltaP90));
    }

    [Fact]
    [Trait("id", "D2.4-03")]
    public void Spreads_that_are_equal_differ_by_nothing_and_empty_bins_by_little()
    {
        decimal[] costs = [50, 150, 75, 125, 100];

        Assert.Equal(0, CostDivergence.Of([.. costs.Select(cost => new CostPair(cost, cost, 0))]).KlDivergence);
        Assert.Equal(0, CostDivergence.Of([new(7, 7, 0), new(7, 7, 0)]).KlDivergence);
        Assert.Equal(0.4949, CostDivergence.Of([.. costs.Select(cost => new CostPair(100, cost, 0))]).KlDivergence); // 1.6094 with 1e-10 in place of one half.
        Assert.InRange(CostDivergence.Of([new(1, 1_000_000, 0)]).KlDivergence, 0.1, 2); // 23 else.
    }

    [Fact]
    [Trait("id", "D2.4-04")]
    [Trait("id", "D2.4-05")]
    [Trait("id", "D2.4-06")]
    public void Outliers_failures_and_matches_are_counted_by_their_limits()
    {
        var pairs = Enumerable.Repeat(new CostPair(100, 110, 0.06), 38).Append(new CostPair(100, 111, 0.2)).Append(new CostPair(100, 400, 0.6)).ToImmutableArray();

        var figures = CostDivergence.Of(pairs);

        Assert.Equal((1, 1), (figures.OutlierCount, figures.BeyondTwoDeviations));
        Assert.Equal((0.025, 0.95), (figures.FailRatio, figures.MatchingRate));
        Assert.Equal((true, false, true), (new CostPair(0, 0, 0).IsMatch, new CostPair(0, 1, 0).IsMatch, new CostPair(10, 9, 0).IsMatch));
        Assert.Equal((0.6, 0.0, 0.3), (CostPair.Paid(0, 1).DriftScore, CostPair.Paid(0, 0).DriftScore, CostPair.Paid(10, 15).DriftScore));
    }

    [Fact]
    [Trait("id", "D2.4-07")]
    public void A_baseline_has_its_average_and_percentiles()
    {
        var at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        var baseline = CostBaseline.Of("a", [.. Enumerable.Range(1, 100).Select(n => (at.AddMinutes(n), (decimal)n))], 24);

        Assert.Equal(new CostBaseline("a", 50.5m, 51, 96, 100, 100, 24, at.AddMinutes(100)), baseline);
        Assert.Null(CostBaseline.Of("a", [], 24));
    }

    [Fact]
    [Trait("id", "D2.4-08")]
    [Trait("id", "D2.4-09")]
    public void A_trend_has_a_direction_when_it_is_no_chance_and_a_forecast_with_its_interval()
    {
        var up = CostTrend.Of([10, 21, 29, 41, 50, 59, 71], 7);
        var flat = CostTrend.Of([10, 12, 9, 11, 10, 12, 10], 7);
        var down = CostTrend.Of([70, 60, 51, 40, 30, 19, 10], 7);

        Assert.Equal(("increasing", "stable", "decreasing"), (up.Direction, flat.Direction, down.Direction));
        Assert.InRange(up.Confidence, 0.999, 1);
        Assert.InRange(up.SlopePerDay, 9.9, 10.3);
        Assert.InRange(up.Forecast!.Cents, 740, 790); // 80 to 140.
        Assert.True(up.Forecast.Low < up.Forecast.Cents && up.Forecast.Cents < up.Forecast.High);
        Assert.Equal(0, CostTrend.Of([70, 60, 51, 40, 30, 19, 10], 90).Forecast!.Cents);
        Assert.Equal(new CostTrend("stable", 0, 0, 1.5, 2, null), CostTrend.Of([1, 2], 7));
        Assert.Equal(("stable", 0.0), (CostTrend.Of([5, 5, 5, 5], 7).Direction, CostTrend.Of([5, 5, 5, 5], 7).Confidence));
    }

    [Theory]
    [Trait("id", "D2.4-10")]
    [InlineData(2.571, 5, 0.05)]
    [InlineData(2.228, 10, 0.05)]
    [InlineData(12.706, 1, 0.05)]
    [InlineData(4.032, 5, 0.01)]
    [InlineData(0, 5, 1)]
    public void The_tails_of_Student_are_those_of_the_tables(double t, int freedom, double tails)
    {
        Assert.Equal(tails, Distributions.StudentTails(t, freedom), 3);
        if (t > 0) Assert.Equal(t, Distributions.StudentLimit(tails, freedom), 2);
    }

    [Theory]
    [Trait("id", "D2.4-10")]
    [InlineData(10, 0, 0.001953125)]
    [InlineData(5, 5, 1)]
    [InlineData(8, 2, 0.109375)]
    [InlineData(0, 0, 1)]
    public void The_sign_test_is_exact(int above, int below, double chance) => Assert.Equal(chance, Distributions.SignTest(above, below), 9);
}
