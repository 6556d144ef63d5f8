namespace Aos.CostSim.Tests;

/// <summary>The breaker's settings are read by the names they always had, and what cannot be read is said.</summary>
[Trait("store", "none")]
public sealed class BreakerSettings
{
    [Fact]
    [Trait("id", "D4-30")]
    [Trait("id", "D9-B14")]
    [Trait("id", "D9-B16")]
    public void They_are_read_with_their_defaults()
    {
        var plain = CostSimOptions.Read(_ => null);
        Assert.Empty(plain.Problems);
        Assert.Equal((0.2, 3, 5, true, TimeSpan.FromHours(24), 3, null), (plain.Breaker.DriftThreshold, plain.Breaker.FailureThreshold, plain.Breaker.SchemaErrorThreshold, plain.Breaker.AutoRecover, plain.Breaker.DisableTtl, plain.Breaker.Probes, plain.Breaker.AlertmanagerUrl));

        var set = new Dictionary<string, string?>
        {
            ["COSTSIM_DRIFT_THRESHOLD"] = "0.15", ["COSTSIM_FAILURE_THRESHOLD"] = "5", ["COSTSIM_SCHEMA_ERROR_THRESHOLD"] = "7", ["COSTSIM_AUTO_RECOVER"] = "False",
            ["COSTSIM_DISABLE_TTL_HOURS"] = "0", ["COSTSIM_BREAKER_PROBES"] = "9", ["COSTSIM_RUNBOOK_URL"] = "https://runbooks.example/x",
        };
        var read = CostSimOptions.Read(set.GetValueOrDefault);
        Assert.Empty(read.Problems);
        Assert.Equal((0.15, 5, 7, false, null, 9, "https://runbooks.example/x"), (read.Breaker.DriftThreshold, read.Breaker.FailureThreshold, read.Breaker.SchemaErrorThreshold, read.Breaker.AutoRecover, read.Breaker.DisableTtl, read.Breaker.Probes, read.Breaker.RunbookUrl));
    }

    [Theory]
    [Trait("id", "D4-31")]
    [InlineData("http://alerts.example:9093")]
    [InlineData("http://alerts.example:9093/")]
    [InlineData("http://alerts.example:9093/api/v2/alerts")]
    [InlineData("http://alerts.example:9093/api/v2/alerts/")]
    public void The_address_means_the_same_with_and_without_the_path_of_the_api(string url)
    {
        var read = CostSimOptions.Read(name => name == "ALERTMANAGER_URL" ? url : null);

        Assert.Empty(read.Problems);
        Assert.Equal(("http://alerts.example:9093", "http://alerts.example:9093/api/v2/alerts"), (read.Breaker.AlertmanagerUrl, read.Breaker.AlertsUrl));
    }

    [Theory]
    [Trait("id", "D4-32")]
    [InlineData("COSTSIM_DRIFT_THRESHOLD", "1.1")]
    [InlineData("COSTSIM_DRIFT_THRESHOLD", "NaN")]
    [InlineData("COSTSIM_FAILURE_THRESHOLD", "0")]
    [InlineData("COSTSIM_FAILURE_THRESHOLD", "2.5")]
    [InlineData("COSTSIM_SCHEMA_ERROR_THRESHOLD", "-1")]
    [InlineData("COSTSIM_BREAKER_PROBES", "101")]
    [InlineData("COSTSIM_DISABLE_TTL_HOURS", "9999")]
    [InlineData("COSTSIM_AUTO_RECOVER", "perhaps")]
    [InlineData("COSTSIM_RUNBOOK_URL", "wiki")]
    [InlineData("ALERTMANAGER_URL", "alerts.example")]
    [InlineData("ALERTMANAGER_URL", "http://me:secret@alerts.example")]
    [InlineData("ALERTMANAGER_URL", "http://alerts.example/?tenant=1")]
    public void What_is_out_of_range_is_named(string name, string value)
    {
        var problem = Assert.Single(CostSimOptions.Read(asked => asked == name ? value : null).Problems);

        Assert.StartsWith(name, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }
}
