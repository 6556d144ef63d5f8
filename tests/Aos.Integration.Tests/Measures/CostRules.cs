using System.Text.Json;

namespace Aos.Integration.Tests.Measures;

/// <summary>Rules, routes and pages for whoever is on duty: read by the programs that they are for.</summary>
[Trait("store", "none")]
public sealed class CostRules
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("id", "D8.2-01")]
    public async Task Promtool_reads_the_rules_and_the_example_that_loads_them()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(RuleFiles.Folder, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder.Path, Path.GetRelativePath(RuleFiles.Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        await File.WriteAllTextAsync(Path.Combine(folder.Path, "prometheus", "aos-key"), "key", Cancel);

        var rules = await RuleFiles.AskAsync("promtool", folder.Path, "check", "rules", "prometheus/rules/costsim.yml");
        var config = await RuleFiles.AskAsync("promtool", folder.Path, "check", "config", "prometheus/prometheus.yml");

        Assert.True(rules.Code == 0, rules.Said);
        Assert.Contains($"{RuleFiles.Rules.Count} rules found", rules.Said, StringComparison.Ordinal);
        Assert.True(config.Code == 0, config.Said);
        Assert.Contains("1 rule files found", config.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("relabel", string.Join('\n', (await File.ReadAllLinesAsync(Path.Combine(folder.Path, "prometheus", "prometheus.yml"), Cancel)).Where(line => !line.TrimStart().StartsWith('#'))), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "D8.2-02")]
    public async Task Every_rule_fires_in_one_case_and_is_quiet_in_another()
    {
        var tested = await RuleFiles.AskAsync("promtool", Path.Combine(RuleFiles.Folder, "prometheus"), ["test", "rules", .. RuleFiles.Tests.Select(file => "tests/" + file)]);

        Assert.True(tested.Code == 0, tested.Said);
        Assert.Contains("SUCCESS", tested.Said, StringComparison.Ordinal);
        Assert.Equal(
            RuleFiles.Rules.SelectMany(rule => new[] { $"{rule.Alert} False", $"{rule.Alert} True" }).Order(StringComparer.Ordinal),
            RuleFiles.Cases.Select(one => $"{one.Alert} {one.Fires}").Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>What these tests promise is only worth something when promtool sees a rule that cannot fire.</summary>
    [Fact]
    [Trait("id", "D8.2-02")]
    public async Task A_rule_that_cannot_fire_is_seen()
    {
        using var folder = new TemporaryFolder();
        var rules = (await File.ReadAllTextAsync(Path.Combine(RuleFiles.Folder, "prometheus", "rules", "costsim.yml"), Cancel))
            .Replace("max(costsim_cb_alert_queue_depth) > 10", "max(costsim_cb_alert_queue_depth) > 11", StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(folder.Path, "rules"));
        Directory.CreateDirectory(Path.Combine(folder.Path, "tests"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "rules", "costsim.yml"), rules, Cancel);
        var cases = (await File.ReadAllTextAsync(Path.Combine(RuleFiles.Folder, "prometheus", "tests", "costsim_test.yml"), Cancel)).Split("\n  - name: ");
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "tests", "costsim_test.yml"), string.Join("\n  - name: ", cases.Where((text, i) => i == 0 || text.StartsWith("CostSimAlertQueueBacklog", StringComparison.Ordinal))), Cancel);

        var tested = await RuleFiles.AskAsync("promtool", folder.Path, "test", "rules", "tests/costsim_test.yml");

        Assert.NotEqual(0, tested.Code);
        Assert.Contains("CostSimAlertQueueBacklog", tested.Said, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "D8.2-03")]
    public void The_rules_are_those_that_operators_know_with_their_severity_and_priority()
    {
        Assert.Equal(
            [
                "CostSimV2HighDrift critical P1", "CostSimV2DriftWarning warning P2", "CostSimV2SchemaErrors warning P3", "CostSimV2CircuitBreakerOpen critical P1",
                "CostSimV2CircuitBreakerTripped warning P2", "CostSimV2CanaryFailed warning P2", "CostSimV2CanaryNotRunning warning P3", "CostSimV2HighKLDivergence warning P2",
                "CostSimV2HighLatency warning P3", "CostSimV2SimulationErrors warning P2", "CostSimV2HighCostDelta warning P2", "CostSimV2ConsistentUnderestimate info P3",
                "CostSimAlertQueueBacklog warning P2", "CostSimAlertSendFailures warning P2", "CostSimRapidCBTrips critical P1", "CostSimHighConsecutiveFailures warning P2",
                "CostSimulationDriftP95 warning P2", "SustainedCostDrift critical P1", "CostUnderestimation warning P2", "HighBudgetRejectionRate warning P2", "WorkflowCeilingBreaches warning P2",
                "StepCeilingBreaches warning P3", "WorkflowBudgetExceeded warning P2", "TenantDailyBudgetCritical critical P1", "LLMCostSpike warning P2", "WorkflowCostSpike warning P2", "StepCostAnomaly warning P3",
            ],
            RuleFiles.Rules.Select(rule => $"{rule.Alert} {rule.Labels["severity"]} {rule.Labels["priority"]}"));
        Assert.All(RuleFiles.Rules, rule => Assert.Equal(rule.Group.StartsWith("costsim_", StringComparison.Ordinal) ? "costsim_v2" : "cost", rule.Labels["component"]));
    }

    [Fact]
    [Trait("id", "D8.2-04")]
    public void Every_rule_leads_to_a_page_that_speaks_of_it()
    {
        Assert.All(RuleFiles.Rules.Select(rule => (rule.Alert, Link: rule.Annotations["runbook_url"])), rule =>
        {
            Assert.StartsWith("https://docs.aos.internal/runbooks/", rule.Link, StringComparison.Ordinal);
            var (page, anchor) = rule.Link[(rule.Link.LastIndexOf('/') + 1)..].Split('#') is [var name, var place] ? (name, place) : (rule.Link, "");
            Assert.Equal(rule.Alert.ToLowerInvariant(), anchor);
            Assert.Contains($"\n## {rule.Alert}\n", File.ReadAllText(Path.Combine(RuleFiles.Docs, "runbooks", page + ".md")), StringComparison.Ordinal);
        });
        foreach (var own in new[] { "CostSimV2Disabled", "CostSimV2Reenabled" }) Assert.Contains($"\n## {own}\n", File.ReadAllText(Path.Combine(RuleFiles.Docs, "runbooks", "costsim-circuit-breaker.md")), StringComparison.Ordinal);
        foreach (var own in new[] { "BudgetWarning", "BudgetExceeded", "BudgetHalted", "BudgetCallDear", "BudgetRunDear" }) Assert.Contains($"\n## {own}\n", File.ReadAllText(Path.Combine(RuleFiles.Docs, "runbooks", "costsim-budgets.md")), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("id", "D8.2-05")]
    [InlineData("severity=critical", "oncall-email")]
    [InlineData("severity=page", "oncall-email")]
    [InlineData("severity=p1", "oncall-email")]
    [InlineData("severity=warning", "team-chat")]
    [InlineData("severity=p2", "team-chat")]
    [InlineData("severity=p3", "team-chat")]
    [InlineData("severity=info", "team-chat")]
    [InlineData("severity=unheard_of", "team-chat")]
    public async Task The_example_of_an_Alertmanager_routes_every_severity_and_priority(string label, string receiver)
    {
        var config = Path.Combine(RuleFiles.Folder, "alertmanager", "alertmanager.yml");
        var check = await RuleFiles.AskAsync("amtool", RuleFiles.Folder, "check-config", config);
        var route = await RuleFiles.AskAsync("amtool", RuleFiles.Folder, "config", "routes", "test", $"--config.file={config}", "alertname=X", label);

        Assert.True(check.Code == 0, check.Said);
        Assert.Equal((0, receiver), (route.Code, route.Said.Split('\n')[0]));
    }

    [Fact]
    [Trait("id", "D8.2-06")]
    public void The_dashboard_is_JSON_with_a_query_in_every_panel()
    {
        var board = Json.Parse(File.ReadAllBytes(Path.Combine(RuleFiles.Folder, "grafana", "costsim.json")));
        var panels = board.GetProperty("panels").EnumerateArray().ToList();

        Assert.True(panels.Count >= 20);
        Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(panels, panel => Assert.All(panel.GetProperty("targets").EnumerateArray(), target => Assert.NotEmpty(RuleFiles.Metrics(target.GetText("expr")!))));
        Assert.All(panels, panel => Assert.Equal(JsonValueKind.Object, panel.GetProperty("gridPos").ValueKind));
    }
}
