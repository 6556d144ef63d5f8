using Aos.Contracts;
using Aos.Testing;

namespace Aos.CostSim.Tests;

/// <summary>Answers of the second model as they are measured, and how few series they make.</summary>
[Trait("store", "none")]
public sealed class AnswerMeasures
{
    private static readonly CostQuestion Hello = GoldenVectors.Plan("llm:Hello world", 100);

    [Fact]
    [Trait("id", "D8.1-10")]
    public void No_number_of_tenants_makes_more_than_so_many_series_and_none_is_named()
    {
        using var measured = new Measured();
        var meter = new ShadowMeter(measured.Factory);
        var model = new CoefficientModel();
        var comparison = CostComparison.Of(model.Estimate(Hello), model.Estimate(Hello), new DriftLimits());
        for (var i = 0; i < 100; i++) meter.Answers.Answered(new TenantId($"tenant-{i}"), comparison, TimeSpan.FromMilliseconds(1));

        var matches = measured.Series.Where(series => series.StartsWith("costsim_v2_comparison_verdict_total{", StringComparison.Ordinal) && series.EndsWith("verdict=match}", StringComparison.Ordinal)).ToList();
        Assert.Equal(TenantLabels.Max + 1, matches.Count);
        Assert.Equal(100 - (TenantLabels.Max - 1), measured["costsim_v2_comparison_verdict_total{tenant_id=other,verdict=match}"]); // The house's own is one of them.
        Assert.Equal(100, matches.Sum(series => measured[series]));
        Assert.DoesNotContain(measured.Series, series => series.Contains("tenant-", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "D8.1-11")]
    public void A_tenants_series_begin_at_zero_when_it_is_first_met()
    {
        using var measured = new Measured();
        new ShadowMeter(measured.Factory).Answers.Failed(new TenantId("acme"), new NoEstimateException("steps", "none"));

        var acme = TenantLabels.Hash(new TenantId("acme"));
        Assert.Equal((1, 0, 0), (measured[$"costsim_v2_simulations_total{{tenant_id={acme},status=schema_error}}"], measured[$"costsim_v2_simulations_total{{tenant_id={acme},status=error}}"], measured[$"costsim_v2_simulations_total{{tenant_id={acme},status=success}}"]));
        Assert.Equal((1, 0), (measured[$"costsim_v2_schema_errors_total{{tenant_id={acme},error_type=steps}}"], measured[$"costsim_v2_schema_errors_total{{tenant_id={acme},error_type=exception}}"]));
    }

    [Fact]
    [Trait("id", "D8.1-12")]
    public void What_no_estimate_can_be_is_an_error_by_the_part_that_is_wrong()
    {
        var good = new CoefficientModel().Estimate(Hello);
        NoEstimateException.Check(Hello, good);
        NoEstimateException.Check(new CostQuestion([], 100, []), new CoefficientModel().Estimate(new CostQuestion([], 100, [])));

        Assert.Equal("steps", Part(good with { Steps = [] }));
        Assert.Equal("steps", Part(good with { Steps = default }));
        Assert.Equal("steps", Part(good with { Steps = [good.Steps[0] with { Skill = "other" }] }));
        Assert.Equal("cost", Part(good with { CostCents = -1 }));
        Assert.Equal("cost", Part(good with { Steps = [good.Steps[0] with { CostCents = -0.1m }] }));
        Assert.Equal("duration", Part(good with { DurationMs = -1 }));
        Assert.Equal("confidence", Part(good with { Confidence = 1.01 }));
        Assert.Equal("confidence", Part(good with { CumulativeRisk = double.NaN }));
    }

    [Fact]
    [Trait("id", "D8.1-13")]
    public async Task A_glance_reads_once_a_second_and_forgets_what_it_could_not_read_for_a_minute()
    {
        var (clock, reads, isAway, cancel) = (new ManualClock(), 0, false, TestContext.Current.CancellationToken);
        var glance = new Glance<string>(_ => isAway ? throw new JournalUnavailableException("away", TimeSpan.FromSeconds(1)) : Task.FromResult($"{++reads}"), clock);
        Assert.Null(glance.Known);
        for (var i = 0; i < 3; i++) await glance.LookAsync(cancel);
        Assert.Equal("1", glance.Known);
        clock.Advance(Glance<string>.Fresh);
        await glance.LookAsync(cancel);
        Assert.Equal("2", glance.Known);

        isAway = true;
        clock.Advance(Glance<string>.KnownMax - TimeSpan.FromSeconds(1));
        await glance.LookAsync(cancel);
        Assert.Equal("2", glance.Known);
        clock.Advance(TimeSpan.FromSeconds(1));
        await glance.LookAsync(cancel);
        Assert.Null(glance.Known);

        isAway = false;
        await glance.LookAsync(cancel);
        Assert.Equal("3", glance.Known);
    }

    [Fact]
    [Trait("id", "D8.1-13")]
    public async Task A_store_that_does_not_answer_is_waited_for_two_seconds()
    {
        var (clock, cancel) = (new ManualClock(), TestContext.Current.CancellationToken);
        var (never, given) = (new TaskCompletionSource<string>(), CancellationToken.None);
        var glance = new Glance<string>(token => (given = token, never.Task).Task, clock);
        var looking = glance.LookAsync(cancel);
        await glance.LookAsync(cancel); // Another one does not wait for the first.
        Assert.False(looking.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(2));

        await looking;
        Assert.Null(glance.Known);
        Assert.True(given.IsCancellationRequested); // What was asked for is not left behind.
    }

    private static string Part(CostEstimate answer) => Assert.Throws<NoEstimateException>(() => NoEstimateException.Check(Hello, answer)).Part;
}
