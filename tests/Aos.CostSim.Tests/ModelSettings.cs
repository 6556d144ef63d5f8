namespace Aos.CostSim.Tests;

/// <summary>Settings of the cost models.</summary>
[Trait("store", "none")]
public sealed class ModelSettings
{
    [Fact]
    [Trait("id", "D3.2-01")]
    public void Without_settings_the_second_model_is_off_and_the_limits_are_the_known_ones()
    {
        var options = CostSimOptions.Read(_ => null);

        Assert.Empty(options.Problems);
        Assert.Equal((false, true, new DriftLimits(0.15, 0.2), false, false, false), (options.Models.IsShadowOn, options.Models.KeepsProvenance, options.Models.Limits, options.Models.ReadsMemory, options.Models.WritesMemory, options.Models.DetectsDrift));
    }

    [Fact]
    [Trait("id", "D3.2-02")]
    public void Settings_are_read_and_rows_replaced()
    {
        var options = Read(
            ("COSTSIM_V2_SANDBOX", "TRUE"), ("COSTSIM_SHADOW_MODEL", "learned"), ("COSTSIM_PROVENANCE_ENABLED", "off"), ("COSTSIM_DRIFT_WARNING_THRESHOLD", "0.3"), ("COSTSIM_DRIFT_THRESHOLD", "0.4"), ("MEMORY_CONTEXT_INJECTION", "1"),
            ("COSTSIM_V1_TABLE", """{"mine":{"cost_cents":3,"latency_ms":20,"risk":0.1,"risk_type":"odd"}}"""),
            ("COSTSIM_V2_COEFFICIENTS", """{"mine":{"base_cents":2.5,"base_latency_ms":10,"confidence":0.9,"risk":0.1,"cents_per_thousand_in":1}}"""));

        Assert.Empty(options.Problems);
        Assert.Equal((true, false, new DriftLimits(0.3, 0.4), true), (options.Models.IsShadowOn, options.Models.KeepsProvenance, options.Models.Limits, options.Models.ReadsMemory));
        Assert.Equal("learned", options.Models.ShadowModel);
        Assert.Equal(new TableRow(3, 20, 0.1m, "odd"), options.Models.Table["mine"]);
        Assert.Equal(new CoefficientRow(2.5m, 10, 0.9m, "unknown", 0.1m) { CentsPerThousandIn = 1 }, options.Models.Coefficients["mine"]);
    }

    [Theory]
    [Trait("id", "D3.2-03")]
    [InlineData("COSTSIM_V2_SANDBOX", "maybe")]
    [InlineData("COSTSIM_DRIFT_THRESHOLD", "1.5")]
    [InlineData("COSTSIM_DRIFT_THRESHOLD", "0.1")]
    [InlineData("COSTSIM_DRIFT_WARNING_THRESHOLD", "-1")]
    [InlineData("COSTSIM_V1_TABLE", "{")]
    [InlineData("COSTSIM_V1_TABLE", "[]")]
    [InlineData("COSTSIM_V1_TABLE", """{"a":{"cost_cents":-1,"latency_ms":1,"risk":0}}""")]
    [InlineData("COSTSIM_V2_COEFFICIENTS", """{"a":{"base_cents":1}}""")]
    [InlineData("COSTSIM_V2_COEFFICIENTS", """{"a":7}""")]
    [InlineData("MEMORY_POST_UPDATE", "2")]
    public void What_cannot_be_read_is_named(string name, string value) =>
        Assert.Contains(name, Assert.Single(Read((name, value)).Problems), StringComparison.Ordinal);

    private static CostSimOptions Read(params (string Name, string Value)[] settings) => CostSimOptions.Read(name => settings.FirstOrDefault(one => one.Name == name).Value);
}
