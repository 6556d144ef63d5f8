using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Contracts;
using Aos.CostSim;
using Aos.Integration.Tests.Codes;
using Aos.Skills;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Measures;

/// <summary>
/// A server on which everything happened once that the metrics of costs tell of: questions to both models, answers that are none, trips of the breaker, an alert
/// that cannot be sent, runs that pay and runs that may not.
/// </summary>
public sealed partial class CostMeasures : IAsyncLifetime
{
    /// <summary>Made by a canary that nobody has started here.</summary>
    private static readonly HashSet<string> Canary = new(StringComparer.Ordinal) { "costsim_v2_canary_runs_total", "costsim_v2_kl_divergence" };

    /// <summary>Name, type and labels, with the bounds of a histogram's buckets.</summary>
    private static readonly string[] Known =
    [
        "costsim_v2_drift_score histogram tenant_id 0.01,0.05,0.1,0.15,0.2,0.3,0.5,1",
        "costsim_v2_cost_delta_cents histogram tenant_id 1,5,10,25,50,100,250,500,1000",
        "costsim_v2_schema_errors_total counter error_type,tenant_id",
        "costsim_v2_simulation_duration_ms histogram tenant_id 1,5,10,25,50,100,250,500,1000,2500,5000",
        "costsim_v2_comparison_verdict_total counter tenant_id,verdict",
        "costsim_v2_circuit_breaker_state gauge tenant_id",
        "costsim_v2_simulations_total counter status,tenant_id",
        "costsim_v2_provenance_logs_total counter tenant_id",
        "costsim_v2_version_info gauge adapter_version,model_version",
        "costsim_cb_disabled_total counter reason,severity",
        "costsim_cb_incidents_total counter resolved,severity",
        "costsim_cb_alert_queue_depth gauge ",
        "costsim_cb_alert_send_failures_total counter alert_type,error_type",
        "costsim_cb_enabled_total counter reason",
        "costsim_cb_auto_recovery_total counter ",
        "costsim_cb_consecutive_failures gauge ",
        "nova_cost_simulation_drift_cents histogram skill_id -100,-50,-25,-10,-5,0,5,10,25,50,100,250,500,1000,2500",
        "nova_cost_simulated_cents_total counter skill_id",
        "nova_cost_actual_cents_total counter skill_id",
        "nova_budget_breach_total counter breach_type",
        "nova_resource_budget_rejections_total counter resource_type,skill_id",
        "workflow_budget_usage_cents histogram spec_id 1,5,10,25,50,100,250,500,1000",
        "nova_llm_cost_cents_total counter model,provider",
        "nova_llm_tokens_total counter model,provider,token_type",
        "memory_context_injection_failures_total counter reason,tenant_id",
        "drift_detected_total counter severity,tenant_id",
        "drift_score_current gauge tenant_id",
        "nova_step_cost_cents histogram skill_id 1,5,10,25,50,100,250,500,1000",
        "nova_tenant_daily_budget_ratio gauge tenant_id",
    ];

    private const string House1 = "37a8eec1";
    private House house = null!;
    private Scrape page = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        house = await House.OpenAsync(services =>
        {
            services.AddSingleton(new CostSimOptions { Models = new CostModelOptions { IsShadowOn = true, WritesMemory = true, DetectsDrift = true } });
            services.AddSingleton(new BreakerOptions { AlertmanagerUrl = "http://10.0.0.1:9093" });
            services.AddSingleton<ICostModel>(new Moody());
            new AosBuilder(services, new ConfigurationBuilder().Build()).AddSkill(Odd.Name, _ => new Odd());
        });
        house.Http.DefaultRequestHeaders.Add("X-AOS-Key", house.Key());
        await ProvokeAsync();
        page = await ScrapeAsync(house);
    }

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Fact]
    [Trait("id", "D8.1-01")]
    public void Every_metric_has_the_name_type_labels_and_buckets_that_dashboards_know() =>
        Assert.Equal(Known, Known.Select(known => known.Split(' ')[0]).Select(name =>
            $"{name} {page.Kind(name)} {string.Join(',', page.Labels(name) ?? ["nothing"])}{(page.Kind(name) == "histogram" ? " " + string.Join(',', page.Buckets(name).Select(bound => bound.ToString("R", System.Globalization.CultureInfo.InvariantCulture))) : "")}"));

    [Fact]
    [Trait("id", "D8.1-02")]
    public void Everything_that_happened_is_counted()
    {
        var tenant = ("tenant_id", House1);
        Assert.Equal(5, page["costsim_v2_simulations_total", tenant, ("status", "success")]); // Five questions, the open breaker kept the others out.
        Assert.Equal((1d, 1d), (page["costsim_v2_simulations_total", tenant, ("status", "error")]!.Value, page["costsim_v2_simulations_total", tenant, ("status", "schema_error")]!.Value));
        Assert.Equal((1d, 1d), (page["costsim_v2_schema_errors_total", tenant, ("error_type", "exception")]!.Value, page["costsim_v2_schema_errors_total", tenant, ("error_type", "cost")]!.Value));
        Assert.Equal((2d, 3d), (page["costsim_v2_comparison_verdict_total", tenant, ("verdict", "minor_drift")]!.Value, page["costsim_v2_comparison_verdict_total", tenant, ("verdict", "mismatch")]!.Value));
        Assert.Equal((5d, 2d), (page["costsim_v2_drift_score_count", tenant]!.Value, page["costsim_v2_drift_score_bucket", tenant, ("le", "0.15")]!.Value));
        Assert.Equal((5d, 17d), (page["costsim_v2_simulation_duration_ms_count", tenant]!.Value, page["costsim_v2_cost_delta_cents_sum", tenant]!.Value)); // |4 - 5| twice, |10 - 5| three times.
        Assert.Equal((3d, 0.6), (page["drift_detected_total", tenant, ("severity", "high")]!.Value, page["drift_score_current", tenant]!.Value));
        Assert.Equal((1d, 1d, 1d), (page["costsim_cb_disabled_total", ("reason", "drift"), ("severity", "P1")]!.Value, page["costsim_cb_disabled_total", ("reason", "manual")]!.Value, page["costsim_cb_enabled_total", ("reason", "manual")]!.Value));
        Assert.Equal((2d, 1d), (page["costsim_cb_incidents_total", ("resolved", "false")]!.Value, page["costsim_cb_incidents_total", ("resolved", "true"), ("severity", "P1")]!.Value));
        Assert.Equal((1d, 0d), (page["costsim_v2_circuit_breaker_state"]!.Value, page["costsim_cb_consecutive_failures"]!.Value));
        Assert.True(page["costsim_cb_alert_send_failures_total", ("alert_type", "disable"), ("error_type", "blocked")] >= 1);
        Assert.Equal((5d, 2d), (page["nova_cost_actual_cents_total", ("skill_id", "odd")]!.Value, page["nova_cost_simulated_cents_total", ("skill_id", "odd")]!.Value));
        Assert.Equal((1d, 3d), (page["nova_cost_simulation_drift_cents_bucket", ("skill_id", "odd"), ("le", "5")]!.Value, page["nova_cost_simulation_drift_cents_sum", ("skill_id", "odd")]!.Value));
        Assert.Equal((1d, 5d), (page["nova_step_cost_cents_count", ("skill_id", "odd")]!.Value, page["nova_step_cost_cents_sum", ("skill_id", "odd")]!.Value));
        Assert.Equal((1d, 1d), (page["nova_budget_breach_total", ("breach_type", "workflow_ceiling")]!.Value, page["nova_resource_budget_rejections_total"]!.Value));
        Assert.True(page["nova_llm_tokens_total", ("token_type", "output")] > 0);
        Assert.Equal(0.0005, page["nova_tenant_daily_budget_ratio", tenant]);
        Assert.Equal(1, page["costsim_v2_version_info", ("model_version", "2.0.0"), ("adapter_version", "2.0.0")]);
    }

    [Fact]
    [Trait("id", "D8.1-03")]
    public async Task What_rules_watch_is_there_as_zero_from_the_start()
    {
        await using var fresh = await House.OpenAsync();
        var before = await ScrapeAsync(fresh);
        Assert.All(
            new[]
            {
                "costsim_v2_schema_errors_total", "costsim_v2_comparison_verdict_total", "costsim_v2_simulations_total", "costsim_cb_disabled_total", "costsim_cb_incidents_total", "costsim_cb_alert_queue_depth",
                "costsim_cb_alert_send_failures_total", "costsim_cb_enabled_total", "costsim_cb_auto_recovery_total", "costsim_cb_consecutive_failures", "costsim_v2_circuit_breaker_state", "costsim_v2_provenance_logs_total",
                "nova_budget_breach_total", "nova_resource_budget_rejections_total", "workflow_failures_total", "memory_context_injection_failures_total", "drift_detected_total", "costsim_shadow_dropped_total",
            },
            name => Assert.True(before[name] == 0, $"{name} is {before[name]}"));
        Assert.Equal(0, before["costsim_v2_simulations_total", ("tenant_id", House1), ("status", "error")]);
    }

    [Fact]
    [Trait("id", "D8.2-07")]
    public void Every_rule_and_panel_asks_for_metrics_and_labels_that_the_server_tells()
    {
        var board = Json.Parse(File.ReadAllBytes(Path.Combine(RuleFiles.Folder, "grafana", "costsim.json")));
        var asked = RuleFiles.Rules.Select(rule => (rule.Alert, rule.Expression))
            .Concat(board.GetProperty("panels").EnumerateArray().SelectMany(panel => panel.GetProperty("targets").EnumerateArray().Select(target => (panel.GetText("title")!, target.GetText("expr")!)))).ToList();
        var wrong = new List<string>();
        foreach (var (name, expression) in asked)
        {
            foreach (var (part, labels) in RuleFiles.Metrics(expression))
            {
                var metric = page.Metric(part);
                if (page.Kind(metric) is null)
                {
                    if (!Canary.Contains(metric) || typeof(CostSimRoom).Assembly.GetType("Aos.CostSim.CanaryMeter") is not null) wrong.Add($"{name}: there is no {part}");
                }
                else if (page.Labels(metric) is { } has)
                {
                    wrong.AddRange(labels.Except(has).Where(label => label != "le" || page.Kind(metric) != "histogram").Select(label => $"{name}: {metric} has no {label}"));
                }
                else if (!Canary.Contains(metric))
                {
                    wrong.Add($"{name}: nothing was recorded of {metric}");
                }
            }
        }

        Assert.True(asked.Count > 50);
        Assert.Empty(wrong);
    }

    [Fact]
    [Trait("id", "D8.2-08")]
    public void A_rule_asks_of_each_metric_what_its_type_can_tell_and_of_quantiles_what_its_buckets_reach()
    {
        var quantiles = 0;
        foreach (var rule in RuleFiles.Rules)
        {
            foreach (Match rise in Rises().Matches(rule.Expression).Where(rise => !Canary.Contains(rise.Groups["name"].Value)))
                Assert.True(page.Kind(page.Metric(rise.Groups["name"].Value)) is "counter" or "histogram", $"{rule.Alert}: {rise.Value}");
            if (Quantile().Match(rule.Expression) is not { Success: true } quantile) continue;
            quantiles++;
            var (metric, threshold) = (page.Metric(quantile.Groups["name"].Value), double.Parse(quantile.Groups["most"].Value, System.Globalization.CultureInfo.InvariantCulture));
            Assert.Equal("histogram", page.Kind(metric));
            Assert.True(page.Buckets(metric).Max() > threshold, $"{rule.Alert} can never be above {threshold}");
            Assert.Contains(threshold, page.Buckets(metric)); // Not a guess within a bucket.
        }

        Assert.True(quantiles >= 6);
    }

    [Fact]
    [Trait("id", "D8.1-04")]
    public async Task After_a_restart_the_breaker_is_told_as_it_stands()
    {
        await house.RestartAsync();
        house.Http.DefaultRequestHeaders.Add("X-AOS-Key", house.Key());
        var again = await ScrapeAsync(house);

        Assert.Equal((1d, 0d), (again["costsim_v2_circuit_breaker_state"]!.Value, again["costsim_cb_disabled_total"]!.Value));
    }

    private static async Task<Scrape> ScrapeAsync(House house)
    {
        var reply = await house.AskAsync("/metrics");
        Assert.Equal(200, reply.Status);
        return new Scrape(reply.Body.GetString()!);
    }

    private async Task ProvokeAsync()
    {
        await AskAsync("Hello world"); // Writes into the memory, which the questions after it know.
        await AskAsync("throw");
        await AskAsync("negative");
        await AskAsync("Hello world"); // Two bad answers in a row are forgotten.
        for (var i = 0; i < 4; i++) await AskAsync(new string('x', 2_000)); // The third opens the breaker, the fourth finds it open.
        await EnableAsync();
        var opened = await house.AskAsync("/costsim/circuit-breaker/disable", """{"reason":"new prices"}""");
        Assert.Equal(200, opened.Status);
        await DeliverAsync();
        await house.RunAsync("""{"plan":{"name":"p","steps":[{"id":"a","skill":"odd","params":{"way":"well"}}]}}""");
        await house.RunAsync("""{"plan":{"name":"p","steps":[{"id":"a","skill":"llm_invoke","params":{"prompt":"Hi"}}]}}""");
        Assert.Equal(402, (await house.AskAsync("/api/v1/runs", """{"budget_cents":1,"plan":{"name":"p","steps":[{"id":"a","skill":"odd","params":{"way":"well"}}]}}""")).Status);
    }

    private async Task AskAsync(string prompt) =>
        Assert.Equal(200, (await house.AskAsync("/costsim/v2/simulate", $$$"""{"inject_memory":true,"budget_cents":100,"plan":[{"skill":"llm_invoke","params":{"prompt":"{{{prompt}}}"}}]}""")).Status);

    private async Task EnableAsync() => Assert.Equal(200, (await house.AskAsync("/costsim/circuit-breaker/enable", """{"reason":"go on"}""")).Status);

    /// <summary>As the outbox does, which may not have come to it yet.</summary>
    private async Task DeliverAsync()
    {
        var incident = Assert.Single(await house.Get<ICostBreaker>().IncidentsAsync(false, 1, Cancel));
        var item = new OutboxItem(Guid.NewGuid(), TenantId.Default, null, "x", AlertQueue.Kind, AlertPayload.Fired(incident, null, "n", "https://docs.aos.internal/runbooks/costsim-circuit-breaker"));
        Assert.Equal("EGRESS_BLOCKED", (await house.Services.GetServices<IDelivery>().Single(one => one.Kind == AlertQueue.Kind).DeliverAsync(item, Cancel))!.Code);
    }

    /// <summary>The second model, which goes wrong when it is told to.</summary>
    private sealed class Moody : ICostModel
    {
        private readonly CoefficientModel model = new();

        public string Name => model.Name;

        public string Version => model.Version;

        public CostEstimate Estimate(CostQuestion question) => question.Steps.IsEmpty ? model.Estimate(question) : question.Steps[0].Params.GetText("prompt") switch
        {
            "throw" => throw new InvalidOperationException("planted"),
            "negative" => model.Estimate(question) with { CostCents = -1 },
            _ => model.Estimate(question),
        };
    }

    [GeneratedRegex(@"\b(?:rate|increase)\((?<name>[a-z_0-9]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Rises();

    [GeneratedRegex(@"^histogram_quantile\([0-9.]+, sum by \(le\) \(rate\((?<name>[a-z_0-9]+)\[[0-9a-z]+\]\)\)\) > (?<most>[0-9.]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Quantile();
}
