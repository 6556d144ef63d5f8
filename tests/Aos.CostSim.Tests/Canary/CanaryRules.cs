using System.Collections.Immutable;
using Aos.Contracts;

namespace Aos.CostSim.Tests;

/// <summary>How figures become a verdict, without a store.</summary>
[Trait("store", "none")]
public sealed class CanaryRules
{
    private static readonly CanaryJudge Judge = new(0.2, 0.05, 0.1);

    [Fact]
    [Trait("id", "D5.3-01")]
    public void Without_settings_it_looks_at_a_hundred_samples_at_three_in_the_morning()
    {
        var options = CostSimOptions.Read(_ => null).Canary;

        Assert.Equal((true, 100, new TimeOnly(3, 0), 300d, 0.2, 0.05, 0.1, 90), (options.Enabled, options.SampleCount, options.Schedule, options.MaxRuntime.TotalSeconds, options.DriftThreshold, options.OutlierMax, options.MajorMax, options.RetentionDays));
    }

    [Fact]
    [Trait("id", "D5.3-02")]
    public void Settings_are_read_and_those_that_mean_nothing_are_named()
    {
        var set = Read(
            ("COSTSIM_CANARY_ENABLED", "false"), ("COSTSIM_CANARY_SAMPLE_COUNT", "250"), ("COSTSIM_CANARY_SCHEDULE", "22:30"), ("COSTSIM_CANARY_MAX_RUNTIME_SECONDS", "60"),
            ("COSTSIM_CANARY_DRIFT_THRESHOLD", "0.3"), ("COSTSIM_CANARY_OUTLIER_MAX_PCT", "0"), ("COSTSIM_CANARY_MAJOR_MAX_PCT", "1"), ("COSTSIM_CANARY_RETENTION_DAYS", "7"));
        Assert.Empty(set.Problems);
        Assert.Equal((false, 250, new TimeOnly(22, 30), 60d, 0.3, 0d, 1d, 7), (set.Canary.Enabled, set.Canary.SampleCount, set.Canary.Schedule, set.Canary.MaxRuntime.TotalSeconds, set.Canary.DriftThreshold, set.Canary.OutlierMax, set.Canary.MajorMax, set.Canary.RetentionDays));

        foreach (var (name, wrong) in new[]
        {
            ("COSTSIM_CANARY_ENABLED", "perhaps"), ("COSTSIM_CANARY_SAMPLE_COUNT", "9"), ("COSTSIM_CANARY_SAMPLE_COUNT", "1001"), ("COSTSIM_CANARY_SCHEDULE", "3 am"), ("COSTSIM_CANARY_MAX_RUNTIME_SECONDS", "0"),
            ("COSTSIM_CANARY_MAX_RUNTIME_SECONDS", "3601"), ("COSTSIM_CANARY_DRIFT_THRESHOLD", "1.1"), ("COSTSIM_CANARY_DRIFT_THRESHOLD", "-0.1"), ("COSTSIM_CANARY_OUTLIER_MAX_PCT", "5 %"), ("COSTSIM_CANARY_RETENTION_DAYS", "0"),
        }) Assert.StartsWith($"{name} is '{wrong}'; it must be ", Assert.Single(Read((name, wrong)).Problems), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "D5.3-03")]
    public void Of_no_answers_all_figures_are_0()
    {
        Assert.Equal(new CanaryMeasure(CanaryFigures.None, CanaryFigures.None, CanaryFigures.None, 0, 0), CanaryMeasure.Of([], new DriftLimits()));
        Assert.Equal((0d, 0d, 0d), (CanaryMeasure.None.KlBeyond, CanaryMeasure.None.OutlierShare, CanaryMeasure.None.MajorShare));
        Assert.Empty(Judge.Beyond(CanaryMeasure.None));
    }

    [Fact]
    [Trait("id", "D5.3-04")]
    public void A_match_a_minor_and_a_major_drift_are_one_of_each_and_the_last_is_an_outlier()
    {
        var measure = CanaryMeasure.Of([Answer(100, 100), Answer(100, 115), Answer(100, 192)], new DriftLimits()); // Scores 0, 0.09 and 0.552.

        Assert.Equal((3, 1, 1, 1, 1, 15m, 92m), (measure.All.Samples, measure.All.Matching, measure.All.MinorDrift, measure.All.MajorDrift, measure.All.Outliers, measure.All.MedianCostDiff, measure.All.P90CostDiff));
        Assert.Equal((0, 0), (measure.Judged.Samples, measure.OutliersBeyond)); // Nothing is known of what was approved.
    }

    [Fact]
    [Trait("id", "D5.3-05")]
    public void Only_what_is_beyond_the_design_counts_against_the_limits()
    {
        var byDesign = CanaryMeasure.Of([Answer(100, 192, 192), Answer(100, 100, 100)], new DriftLimits());
        Assert.Equal((1, 0, 0, 0d), (byDesign.All.Outliers, byDesign.OutliersBeyond, byDesign.MajorBeyond, byDesign.KlBeyond));

        var beyond = CanaryMeasure.Of([Answer(100, 192, 100), Answer(100, 100, 192)], new DriftLimits());

        Assert.Equal((1, 1), (beyond.OutliersBeyond, beyond.MajorBeyond)); // One that is no outlier any more makes up for none.
        Assert.Equal(["Outlier", "Major"], Judge.Beyond(beyond).Select(finding => finding.Reason.Split(' ')[0]));
    }

    [Theory]
    [Trait("id", "D5.3-06")]
    [InlineData(0.1, 2, 2, "")]
    [InlineData(0.2, 5, 10, "")]
    [InlineData(0.5, 0, 0, "KL divergence of the models' costs is 0.5 where 0 is by design: 0.5 more, the limit is 0.2.")]
    [InlineData(0, 10, 0, "Outlier percentage is 10 % (10 of 100 samples beyond those by design), the limit is 5 %.")]
    [InlineData(0, 0, 11, "Major drift samples are 11 % (11 of 100 samples beyond those by design), the limit is 10 %.")]
    public void Each_limit_is_held_by_itself(double kl, int outliers, int majors, string reason)
    {
        var measure = new CanaryMeasure(CanaryFigures.None, CanaryFigures.None with { Samples = 100, Kl = kl }, CanaryFigures.None with { Samples = 100 }, outliers, majors);

        Assert.Equal(reason, string.Concat(Judge.Beyond(measure).Select(finding => finding.Reason)));
    }

    [Fact]
    [Trait("id", "D5.3-07")]
    public void Equal_costs_do_not_diverge_and_others_do()
    {
        Assert.Equal(0, CanaryMeasure.Of([Answer(1, 1), Answer(50, 50), Answer(100, 100)], new DriftLimits()).All.Kl);
        Assert.InRange(CanaryMeasure.Of([Answer(100, 50), Answer(100, 75), Answer(100, 100), Answer(100, 125), Answer(100, 150)], new DriftLimits()).All.Kl, 0.4, 0.6);
        Assert.Equal(0, CanaryMeasure.Of([], new DriftLimits()).All.Kl);
    }

    [Theory]
    [Trait("id", "D5.3-08")]
    [InlineData(0.0001)]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(20)]
    public void What_the_breaker_is_told_is_above_its_limit_and_never_above_1(double severity)
    {
        foreach (var limit in new[] { 0, 0.2, 0.9 }) Assert.InRange(Finding.Score([new Finding("a", 0.00001), new Finding("b", severity)], limit), limit + 0.0001, 1);
    }

    [Fact]
    [Trait("id", "D5.3-09")]
    public void Shipped_goldens_are_what_the_shipped_models_answer_to_every_sample()
    {
        Assert.Equal([("v1", TableModel.ShippedVersion), ("v2", CoefficientModel.ShippedVersion)], Golden.Shipped.Select(golden => (golden.Model, golden.Version)));
        foreach (var (golden, model) in Golden.Shipped.Zip(new ICostModel[] { new TableModel(), new CoefficientModel() }))
        {
            Assert.Equal(ContentHash.Hex(Golden.Of(model).Write()), ContentHash.Hex(golden.Write()));
            foreach (var sample in ReferenceDatasets.All.SelectMany(dataset => dataset.Samples)) Assert.Null(golden.Find(sample.Question)!.ChangeTo(ModelAnswer.Of(model.Estimate(sample.Question))));
        }
    }

    private static CostSimOptions Read(params (string Name, string Value)[] settings) => CostSimOptions.Read(name => settings.FirstOrDefault(setting => setting.Name == name).Value);

    private static CanaryAnswer Answer(long first, long second, long? approvedSecond = null) => new(
        new CanarySample("a", null, new CostQuestion([], 0, []), approvedSecond is null ? null : Approved(first), approvedSecond is { } approved ? Approved(approved) : null), Model(first), Model(second), null);

    private static ApprovedAnswer Approved(long cents) => new("1", Model(cents), ApprovedAnswer.Recorded);

    private static ModelAnswer Model(long cents) => new(true, "success", cents, 0, []);
}
