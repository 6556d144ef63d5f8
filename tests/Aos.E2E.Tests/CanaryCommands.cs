namespace Aos.E2E.Tests;

/// <summary><c>aos costsim canary</c> as a process.</summary>
[Trait("store", "none")]
public sealed class CanaryCommands : InFolder
{
    [Fact]
    [Trait("id", "D1.6-03")]
    public async Task It_is_run_listed_and_shown()
    {
        var run = await Aos.RunAsync("costsim", "canary", "run", "--samples", "50", "--drift-threshold", "0.15");
        var listed = await Aos.RunAsync("costsim", "canary", "reports", "--status", "pass", "--json");
        var shown = await Aos.RunAsync("costsim", "canary", "show", listed.Json.GetText("run_id")!);
        var golden = await Aos.RunAsync("costsim", "canary", "golden");
        var printed = await Aos.RunAsync("costsim", "canary", "golden", "--print", "v1");
        var wrong = await Aos.RunAsync("costsim", "canary", "run", "--samples", "5");
        var missing = await Aos.RunAsync("costsim", "canary", "show", "nothing");

        Assert.All(new[] { run, listed, shown, golden, printed }, ended => Assert.True(ended.Code == 0, ended.Errors));
        Assert.Matches("^[0-9a-f-]{12}  .*  pass     84 samples, 0 of them recent  manual on ", run.Output);
        Assert.StartsWith(listed.Json.GetText("run_id")!, run.Output, StringComparison.Ordinal);
        Assert.Equal("pass", shown.Json.GetText("status"));
        Assert.Contains("v1 1.0.0  shipped  golden of 1.0.0", golden.Output, StringComparison.Ordinal);
        Assert.Equal("v1", printed.Json.GetText("model"));
        Assert.NotEqual(0, wrong.Code);
        Assert.Contains("sample_count is a whole number from 10 to 1000.", wrong.Errors, StringComparison.Ordinal);
        Assert.NotEqual(0, missing.Code);
    }

    [Fact]
    [Trait("id", "D1.6-04")]
    public async Task One_that_fails_ends_with_1_and_says_why_until_the_change_is_approved()
    {
        Aos.Environment.Add(("COSTSIM_V1_TABLE", """{"llm_invoke":{"cost_cents":50,"latency_ms":2000,"risk":0.05,"risk_type":"rate_limit"}}"""));

        var failed = await Aos.RunAsync("costsim", "canary", "run");
        var saved = await Aos.RunAsync("costsim", "canary", "golden", "--save");
        var passed = await Aos.RunAsync("costsim", "canary", "run");

        Assert.Equal((1, 0, 0), (failed.Code, saved.Code, passed.Code));
        Assert.Matches(@"  v1 1\.0\.0\+[0-9a-f]{8} differs from the golden of 1\.0\.0; .*: llm_invoke cost_cents is 50 instead of 5 in ", failed.Output);
        Assert.Matches(@"v1 1\.0\.0\+[0-9a-f]{8}  saved  golden of 1\.0\.0\+", saved.Output);
    }
}
