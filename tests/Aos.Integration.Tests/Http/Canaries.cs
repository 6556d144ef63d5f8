using Aos.Contracts;
using Aos.CostSim;

namespace Aos.Integration.Tests.Http;

/// <summary>The canary over the cost models over HTTP, under both of its prefixes.</summary>
public sealed class Canaries : IAsyncLifetime
{
    private static readonly string[] Members =
    [
        "run_id", "timestamp", "status", "passed", "trigger", "instance", "v1_version", "v2_version", "total_samples", "recent_samples", "failed_samples", "matching_samples", "minor_drift_samples",
        "major_drift_samples", "outlier_count", "median_cost_diff", "p90_cost_diff", "kl_divergence", "by_design", "drift_score", "failure_reasons", "artifact_paths", "golden_comparison",
    ];

    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Theory]
    [Trait("id", "D1.6-01")]
    [Trait("id", "D1.7-01")]
    [InlineData("/costsim")]
    [InlineData("/api/v1/costsim")]
    public async Task It_is_run_and_its_report_and_artifacts_are_read(string prefix)
    {
        var key = ("X-AOS-Key", house.Key());
        Assert.Equal(200, (await house.AskAsync("POST", prefix + "/v2/simulate", """{"plan":[{"skill":"llm_invoke","params":{"prompt":"Hello world"}}],"budget_cents":100}""", key)).Status);

        var run = await house.AskAsync("POST", prefix + "/canary/run?sample_count=10&drift_threshold=0.1", null, key);

        Assert.Equal((200, "pass", true, 12), (run.Status, run["status"].GetString(), run["passed"].GetBoolean(), run["run_id"].GetString()!.Length));
        Assert.Equal(Members, run.Body.EnumerateObject().Select(member => member.Name));
        Assert.InRange(run["total_samples"].GetInt32(), 84, 94);
        var id = run["run_id"].GetString()!;
        var page = await house.AskAsync("GET", prefix + "/canary/reports?limit=1", null, key);
        Assert.Equal((1, 1, 0, id), (page["total"].GetInt32(), page["limit"].GetInt32(), page["offset"].GetInt32(), page["reports"][0].GetText("run_id")));
        Assert.Equal(Members, page["reports"][0].EnumerateObject().Select(member => member.Name));
        Assert.Equal(0, (await house.AskAsync("GET", prefix + "/canary/reports?status=fail", null, key))["total"].GetInt32());
        Assert.Equal("pass", (await house.AskAsync("GET", $"{prefix}/canary/reports/{id}", null, key))["status"].GetString());
        var paths = run["artifact_paths"].EnumerateArray().Select(path => path.GetString()!).ToList();
        Assert.Equal([$"/costsim/canary/reports/{id}/artifacts/report.json", $"/costsim/canary/reports/{id}/artifacts/comparisons.jsonl", $"/costsim/canary/reports/{id}/artifacts/diffs.jsonl"], paths);
        Assert.Equal(id, (await house.AskAsync("GET", paths[0], null, key))["run_id"].GetString());
        var metrics = (await house.AskAsync("/metrics")).Body.GetString()!;
        Assert.Contains("costsim_v2_canary_runs_total{status=\"pass\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("costsim_v2_canary_runs_total{status=\"fail\"} 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains($"costsim_v2_kl_divergence{{tenant_id=\"{TenantLabels.House}\"}} 0\n", metrics, StringComparison.Ordinal);
        var goldens = await house.AskAsync("GET", prefix + "/canary/golden", null, key);
        Assert.Equal(["shipped", "shipped"], goldens["models"].EnumerateArray().Select(model => model.GetText("source")));
        Assert.Equal("2.0.0", (await house.AskAsync("GET", prefix + "/canary/golden?model=v2", null, key))["version"].GetString());
        Assert.Equal(200, (await house.AskAsync("POST", prefix + "/canary/golden", null, key)).Status);
    }

    [Fact]
    [Trait("id", "D1.6-02")]
    public async Task What_is_no_order_runs_nothing()
    {
        var key = ("X-AOS-Key", house.Key());
        foreach (var query in new[] { "sample_count=9", "sample_count=1001", "sample_count=ten", "sample_count=-5", "drift_threshold=1.5", "drift_threshold=-1", "drift_threshold=NaN", "sample_count=20&sample_count=30" })
            Assert.Equal(422, (await house.AskAsync("POST", "/costsim/canary/run?" + query, null, key)).Status);
        foreach (var query in new[] { "limit=0", "limit=101", "offset=-1", "offset=100001", "status=broken" }) Assert.Equal(422, (await house.AskAsync("GET", "/costsim/canary/reports?" + query, null, key)).Status);
        foreach (var path in new[] { "reports/nothing", "reports/nothing/artifacts/report.json", "golden?model=v9" }) Assert.Equal(404, (await house.AskAsync("GET", "/costsim/canary/" + path, null, key)).Status);
        Assert.Equal(0, (await house.AskAsync("GET", "/costsim/canary/reports", null, key))["total"].GetInt32());
    }

    [Fact]
    [Trait("id", "D1.6-05")]
    public async Task One_that_fails_answers_200_with_its_reasons()
    {
        var at = house.Get<ICluster>().Now.AddMinutes(-5);
        await house.Get<ICostRecords>().WriteAsync(
            [.. Enumerable.Range(0, 40).Select(i => new CostRecord(new TenantId("acme"), $"drift-{i}", null, "s0", "a", "paid", null, new Cents(10), new Cents(13), null, 5, true, "table-1", "run", at))],
            TestContext.Current.CancellationToken);

        var run = await house.AskAsync("POST", "/costsim/canary/run", null, ("X-AOS-Key", house.Key()));

        Assert.Equal((200, "fail", false), (run.Status, run["status"].GetString(), run["passed"].GetBoolean()));
        Assert.StartsWith("Calls of paid cost 30 % more than estimated", Assert.Single(run["failure_reasons"].EnumerateArray()).GetString(), StringComparison.Ordinal);
        Assert.InRange(run["drift_score"].GetDouble(), 0.2001, 1);
    }

    [Fact]
    [Trait("id", "D5.8-02")]
    public async Task It_is_the_houses_so_no_tenant_runs_or_reads_it_and_who_only_reads_does_not_run_it()
    {
        var first = ("X-AOS-Key", house.Key());
        async Task<(string, string)> KeyAsync(string members) => ("X-AOS-Key", (await house.AskAsync("POST", "/api/v1/keys", $$"""{"name":"t",{{members}}}""", first))["key"].GetString()!);
        var (tenant, reader) = (await KeyAsync(""" "roles":["admin"],"tenant_id":"acme" """), await KeyAsync(""" "roles":["readonly"],"is_house":true """));
        var id = (await house.AskAsync("POST", "/costsim/canary/run", null, first))["run_id"].GetString();

        foreach (var prefix in new[] { "/costsim", "/api/v1/costsim" })
        {
            foreach (var path in new[] { "reports", $"reports/{id}", $"reports/{id}/artifacts/comparisons.jsonl", "golden" })
            {
                Assert.Equal(403, (await house.AskAsync("GET", $"{prefix}/canary/{path}", null, tenant)).Status);
                if (!path.EndsWith("jsonl", StringComparison.Ordinal)) Assert.Equal(200, (await house.AskAsync("GET", $"{prefix}/canary/{path}", null, reader)).Status);
            }

            foreach (var path in new[] { "run", "golden" })
            {
                Assert.Equal(403, (await house.AskAsync("POST", $"{prefix}/canary/{path}", null, tenant)).Status);
                Assert.Equal(403, (await house.AskAsync("POST", $"{prefix}/canary/{path}", null, reader)).Status);
            }
        }

        Assert.Equal(1, (await house.AskAsync("GET", "/costsim/canary/reports", null, first))["total"].GetInt32());
    }
}
