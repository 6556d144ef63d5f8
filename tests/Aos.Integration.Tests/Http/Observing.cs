using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Aos.App.Server;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Http;

/// <summary>What dashboards read, and what ties runs to the work they were started for.</summary>
[Trait("store", "none")]
public sealed class Observing : IAsyncLifetime
{
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "W-23")]
    public async Task Runs_that_were_driven_move_the_page_and_leave_no_gauge_behind()
    {
        await house.AskAsync("/api/v1/workflows", """{"name":"digest","plan":{"name":"digest","steps":[{"id":"a","skill":"fs_read","params":{"path":"no-such-file"}}]}}""");
        var failed = (await house.AskAsync("/api/v1/workflows/digest/run?wait=20", "{}")).Body.GetText("run_id");
        var waiting = (await house.AskAsync("/api/v1/runs", """{"plan":{"name":"w","steps":[{"id":"a","skill":"sleep","params":{"seconds":30}}]}}""")).Body;
        await house.AskAsync($"/api/v1/runs/{failed}/replay", "{}");
        await house.AskAsync($"/api/v1/traces/{failed}/replay", "{}");

        var page = await PageAsync();
        Assert.Contains("workflow_failures_total{error_code=\"FILE_NOT_FOUND\",spec_id=\"digest\",tenant_hash=\"37a8eec1\"} 1", page, StringComparison.Ordinal);
        Assert.Contains("workflow_step_failures_total{error_code=\"FILE_NOT_FOUND\",skill_id=\"fs_read\",spec_id=\"digest\"} 1", page, StringComparison.Ordinal);
        Assert.Matches("workflow_checkpoint_operations_total\\{operation=\"save\",status=\"success\"\\} [1-9]", page);
        Assert.Matches("nova_policy_decisions_total\\{decision=\"allow\",policy_type=\"admission\"\\} [1-9]", page);
        Assert.Matches("workflow_replay_verifications_total\\{status=\"passed\"\\} [1-9]", page);
        Assert.Contains("aos_trace_parity_status{check_type=\"replay\"} 1", page, StringComparison.Ordinal);
        Assert.DoesNotContain(failed!, page, StringComparison.Ordinal);
        Assert.DoesNotMatch("tenant[a-z_]*=\"default\"", page);

        await house.AskAsync($"/api/v1/runs/{waiting.GetText("run_id")}/cancel", "{}");
        await house.AskAsync($"/api/v1/runs/{waiting.GetText("run_id")}?wait=20");
        Assert.DoesNotContain("workflow_active_runs{spec_id=\"digest\"}", await PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "W-23")]
    public void A_gauge_shows_what_there_is_now_and_what_is_too_much_as_one_sum()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        using var page = new MetricsPage(factory);
        IEnumerable<string> specs = ["gone", "stays"];
        factory.Create("Aos.Test").CreateObservableGauge("g", () => specs.Select(spec => new Measurement<int>(2, new KeyValuePair<string, object?>("spec_id", spec))));

        var before = page.Text();
        specs = ["stays"];
        var after = page.Text();
        specs = Enumerable.Range(0, 210).Select(i => $"s{i}");
        var many = page.Text();

        Assert.Contains("g{spec_id=\"gone\"} 2\n", before, StringComparison.Ordinal);
        Assert.DoesNotContain("gone", after, StringComparison.Ordinal);
        Assert.Contains("g{spec_id=\"stays\"} 2\n", after, StringComparison.Ordinal);
        Assert.Contains("g{spec_id=\"other\"} 20\n", many, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "W-23")]
    public void A_gauge_that_is_told_shows_what_it_was_told_last()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        using var page = new MetricsPage(factory);
        var gauge = factory.Create("Aos.Test").CreateGauge<double>("told");
        foreach (var value in new[] { 0.5, 0.25 }) gauge.Record(value);

        Assert.Contains("# TYPE told gauge\ntold 0.25\n", page.Text(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "W-23")]
    public async Task Every_name_that_an_alert_or_table_has_is_one_that_is_there()
    {
        var document = await File.ReadAllTextAsync(Path.Combine(Root(), "docs", "observing.md"), TestContext.Current.CancellationToken);
        var page = await PageAsync();
        var there = Regex.Matches(page, "^# TYPE (\\S+) ", RegexOptions.Multiline).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);

        var named = Regex.Matches(document, "\\b(workflow|nova|aos)_[a-z_]+\\b").Select(match => Regex.Replace(match.Value, "_bucket$", "")).Distinct().Where(name => name is not ("workflow_id" or "workflow_ceiling" or "workflow_start" or "workflow_end")).ToList();

        Assert.True(named.Count > 30, "The document names metrics in another way now.");
        Assert.Empty(named.Except(there));
        Assert.Empty(there.Where(name => name.StartsWith("workflow_", StringComparison.Ordinal)).Except(named));
    }

    /// <summary>A selector of an alert names labels that the table gives that metric.</summary>
    [Fact]
    [Trait("id", "W-23")]
    public void Every_label_that_an_alert_selects_by_is_one_of_its_metric()
    {
        var document = File.ReadAllText(Path.Combine(Root(), "docs", "observing.md"));
        var rows = document.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToList();
        var selectors = Regex.Matches(document, "expr: '(?<expr>[^']*)'")
            .SelectMany(match => Regex.Matches(match.Groups["expr"].Value, "(?<name>[a-z_]+)\\{(?<labels>[^}]*)\\}"))
            .Where(match => !match.Groups["name"].Value.StartsWith("nova_runs_", StringComparison.Ordinal))
            .ToList();

        Assert.True(selectors.Count >= 7);
        Assert.All(selectors, selector =>
        {
            var row = rows.Single(line => line.Contains($"`{selector.Groups["name"].Value}`", StringComparison.Ordinal));
            foreach (Match label in Regex.Matches(selector.Groups["labels"].Value, "([a-z_]+)=~?\"")) Assert.Contains($"`{label.Groups[1].Value}`", row, StringComparison.Ordinal);
        });
    }

    [Fact]
    [Trait("id", "B8.10-07")]
    public async Task The_callers_correlation_id_stays_with_the_run_and_does_not_make_a_repeat_another_request()
    {
        const string Body = """{"plan":[{"skill":"echo"}],"idempotency_key":"k-1"}""";
        var first = await house.AskAsync("POST", "/api/v1/runs?wait=20", Body, ("X-Correlation-ID", "order-77"));
        var again = await house.AskAsync("POST", "/api/v1/runs?wait=20", Body, ("X-Correlation-ID", "order-78"));
        var run = first.Body.GetText("run_id");

        Assert.Equal((201, "order-77", "order-77"), (first.Status, first.Headers["X-Correlation-ID"], first["labels.correlation_id"].GetString()));
        Assert.Equal((run, "order-77"), (again.Body.GetText("run_id"), again["labels.correlation_id"].GetString()));
        Assert.Equal(run, (await house.AskAsync("/api/v1/runs?label.correlation_id=order-77"))["runs"][0].GetText("run_id"));
        Assert.Equal("order-77", (await house.AskAsync($"/api/v1/traces/{run}")).Body.GetText("correlation_id"));
    }

    [Fact]
    [Trait("id", "W-25")]
    public async Task Runs_of_a_workflow_are_counted_by_status_with_the_newest_first()
    {
        await house.AskAsync("/api/v1/workflows", """{"name":"digest","plan":{"name":"digest","steps":[{"id":"a","skill":"fs_read","params":{"path":"${{ inputs.file }}"}}]}}""");
        await File.WriteAllTextAsync(Path.Combine(house.Workspace, "there"), "x", TestContext.Current.CancellationToken);
        foreach (var file in new[] { "there", "not-there", "there" }) await house.AskAsync("/api/v1/workflows/digest/run?wait=20", $$$"""{"inputs":{"file":"{{{file}}}"}}""");

        var stats = await house.AskAsync("/api/v1/workflows/digest/stats");
        var unknown = await house.AskAsync("/api/v1/workflows/nothing/stats");
        var foreign = await house.AskAsync("GET", "/api/v1/workflows/digest/stats", null, ("X-AOS-Key", house.Key()), ("X-Tenant-ID", "other"));

        Assert.Equal(3, stats["total"].GetInt32());
        Assert.Equal([("succeeded", 2, 66.7m), ("failed", 1, 33.3m)], stats["statuses"].EnumerateArray().Select(one => (one.GetText("status")!, one.GetProperty("count").GetInt32(), one.GetProperty("percent").GetDecimal())));
        Assert.Equal(["succeeded", "failed", "succeeded"], stats["recent"].EnumerateArray().Select(run => run.GetText("status")));
        Assert.All(stats["recent"].EnumerateArray(), run => Assert.True(run.GetProperty("duration_seconds").GetDecimal() >= 0));
        Assert.Equal((404, 404), (unknown.Status, foreign.Status));
    }

    private async Task<string> PageAsync() => (await house.AskAsync("/metrics")).Body.GetString()!;

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Aos.slnx"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Aos.slnx");
        return folder;
    }
}
