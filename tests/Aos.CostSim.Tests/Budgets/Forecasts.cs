namespace Aos.CostSim.Tests.Budgets;

/// <summary>What the next days may cost.</summary>
[Trait("store", "none")]
public sealed class Forecasts
{
    [Fact]
    [Trait("id", "D7.6-01")]
    public void A_straight_line_goes_on_as_it_went()
    {
        var forecast = SpendForecast.Of([.. Enumerable.Range(1, 30).Select(day => new Cents(day * 10))], 3)!;

        Assert.Equal([new Cents(310), new Cents(320), new Cents(330)], forecast.Next);
        Assert.Equal((10m, 1m, "increasing", new Cents(960)), (forecast.PerDay, forecast.Confidence, forecast.Direction, forecast.Total));
    }

    [Fact]
    [Trait("id", "D7.6-02")]
    public void Fewer_days_are_less_sure_and_less_than_a_week_says_nothing()
    {
        Assert.Null(SpendForecast.Of([.. Enumerable.Repeat(new Cents(5), 6)], 3));

        var week = SpendForecast.Of([.. Enumerable.Repeat(new Cents(5), 7)], 2)!;

        Assert.Equal((0m, "stable", 0.2333m), (week.PerDay, week.Direction, week.Confidence));
        Assert.Equal([new Cents(5), new Cents(5)], week.Next);
    }

    [Fact]
    [Trait("id", "D7.6-03")]
    public void Spending_that_falls_ends_at_nothing_and_noise_is_unsure()
    {
        var falling = SpendForecast.Of([.. Enumerable.Range(0, 10).Select(day => new Cents(90 - (day * 10)))], 3)!;
        var noise = SpendForecast.Of([.. Enumerable.Range(0, 30).Select(day => new Cents(day % 2 == 0 ? 0 : 100))], 1)!;

        Assert.Equal([Cents.Zero, Cents.Zero, Cents.Zero], falling.Next);
        Assert.Equal("decreasing", falling.Direction);
        Assert.InRange(noise.Confidence, 0, 0.02m);
    }

    [Fact]
    [Trait("id", "D7.6-04")]
    public void Only_the_last_thirty_days_count()
    {
        var days = Enumerable.Repeat(new Cents(1_000_000), 20).Concat(Enumerable.Repeat(new Cents(5), 30)).ToList();

        Assert.Equal([new Cents(5)], SpendForecast.Of(days, 1)!.Next);
    }
}
