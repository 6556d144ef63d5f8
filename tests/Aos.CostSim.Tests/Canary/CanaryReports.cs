using System.Diagnostics.Metrics;
using System.Text.Json;
using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Aos.CostSim.Tests.CanaryHouse;

namespace Aos.CostSim.Tests;

/// <summary>What is kept of its runs, told to the breaker, and counted.</summary>
public sealed class CanaryReports
{
    private static OtherModel Bent => new(OtherModel.With("llm_invoke", row => row with { Cents = 35 }), CoefficientModel.ShippedVersion);

    [Fact]
    [Trait("id", "D5.9-01")]
    public async Task Reports_are_listed_newest_first_by_status_and_page_as_they_were_replied()
    {
        await using var house = await OpenAsync(second: Bent);
        var reports = new List<CanaryReport>();
        for (var i = 0; i < 3; i++)
        {
            reports.Insert(0, await house.RunAsync());
            house.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        var (all, total) = await house.Desk.ReportsAsync(null, 10, 0, Cancel);
        Assert.Equal(3, total);
        Assert.Equal(reports.Select(Text), all.Select(Text));
        Assert.Equal(reports[1].RunId, Assert.Single((await house.Desk.ReportsAsync(CanaryStatus.Fail, 1, 1, Cancel)).Reports).RunId);
        Assert.Equal(0, (await house.Desk.ReportsAsync(CanaryStatus.Pass, 10, 0, Cancel)).Total);
        Assert.Equal(Text(reports[2]), Text((await house.Desk.FindAsync(reports[2].RunId, Cancel))!));
        Assert.Null(await house.Desk.FindAsync("nothing", Cancel));
    }

    [Fact]
    [Trait("id", "D5.9-02")]
    public async Task Artifacts_are_the_report_a_line_for_each_sample_and_a_line_for_each_that_differs()
    {
        await using var house = await OpenAsync();
        var question = await house.AskedAsync("acme", TimeSpan.FromHours(1), ("llm_invoke", $$"""{"prompt":"{{new string('x', 2_000)}}"}"""));

        var report = await house.RunAsync();

        Assert.Equal(["report.json", "comparisons.jsonl", "diffs.jsonl"], report.Artifacts);
        Assert.Equal(Text(report), CanonicalJson.Text(Json.Parse(await house.ArtifactAsync(report, "report.json"))));
        var lines = (await house.ArtifactAsync(report, "comparisons.jsonl")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Json.Parse(line)).ToList();
        Assert.Equal(85, lines.Count);
        Assert.Equal((CostForms.InputHash(question), "mismatch", 5, 10, 0.6, 0.6), (lines[^1].GetText("input_hash"), lines[^1].GetText("verdict"), lines[^1].GetProperty("v1_cost_cents").GetInt32(), lines[^1].GetProperty("v2_cost_cents").GetInt32(), lines[^1].GetProperty("drift_score").GetDouble(), lines[^1].GetProperty("drift_score_by_design").GetDouble()));
        var diffs = (await house.ArtifactAsync(report, "diffs.jsonl")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Json.Parse(line)).ToList();
        Assert.Equal(report.Figures.MajorDrift, diffs.Count);
        Assert.Equal((5, 0, 64, false), (diffs[^1].GetProperty("cost_diff").GetInt32(), diffs[^1].GetProperty("step_diffs").GetArrayLength(), diffs[^1].GetText("v1_output_hash")!.Length, diffs[^1].GetProperty("is_match").GetBoolean()));
        Assert.Contains(diffs, diff => diff.GetProperty("step_diffs") is { ValueKind: JsonValueKind.Array } steps && steps.GetArrayLength() > 0 && steps[0].GetText("skill_id") == "llm_invoke");
        Assert.Null(await house.Desk.ArtifactAsync(report.RunId, "other.json", Cancel));
        Assert.Null(await house.Desk.ArtifactAsync("nothing", "report.json", Cancel));
    }

    [Fact]
    [Trait("id", "D5.9-03")]
    public async Task Samples_are_of_the_last_week_at_most_so_many_of_each_tenant_in_turn()
    {
        await using var house = await OpenAsync();
        for (var i = 0; i < 20; i++) await house.AskedAsync("acme", TimeSpan.FromMinutes(i), ("kv_get", $$"""{"key":"{{i}}"}"""));
        var few = await house.AskedAsync("rival", TimeSpan.FromDays(6), ("kv_get", """{"key":"rival"}"""));
        var old = await house.AskedAsync("rival", TimeSpan.FromDays(8), ("kv_get", """{"key":"old"}"""));

        Assert.Equal(21, (await house.RunAsync()).Recent);
        var report = await house.RunAsync(new CanaryOrder(SampleCount: 10));

        Assert.Equal(10, report.Recent);
        var lines = await house.ArtifactAsync(report, "comparisons.jsonl");
        Assert.Contains(CostForms.InputHash(few), lines, StringComparison.Ordinal);
        Assert.DoesNotContain(CostForms.InputHash(old), lines, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "D5.9-04")]
    public async Task Reports_and_artifacts_go_when_their_time_is_over()
    {
        await using var house = await OpenAsync(options => options.Canary.RetentionDays = 7);
        var old = await house.RunAsync();
        house.Clock.Advance(TimeSpan.FromDays(6));
        var young = await house.RunAsync();
        house.Clock.Advance(TimeSpan.FromDays(2));

        Assert.Equal(1, await house.Get<CanaryRetention>().PassAsync(Cancel));

        Assert.Equal((null, null), (await house.Desk.FindAsync(old.RunId, Cancel), await house.Desk.ArtifactAsync(old.RunId, "report.json", Cancel)));
        Assert.NotNull(await house.Desk.ArtifactAsync(young.RunId, "report.json", Cancel));
    }

    [Fact]
    [Trait("id", "D5.7-01")]
    public async Task A_failed_run_is_one_failure_for_the_breaker_and_the_third_opens_it_with_one_alert()
    {
        await using var house = await OpenAsync(options => options.Breaker.AlertmanagerUrl = "http://127.0.0.1:1", Bent);
        var breaker = house.Get<ICostBreaker>();
        for (var i = 1; i <= 3; i++)
        {
            Assert.InRange((await house.RunAsync()).DriftScore, 0.2001, 1);
            Assert.Equal(i, (await breaker.StateAsync(Cancel)).ConsecutiveFailures);
        }

        var last = (await house.Desk.ReportsAsync(null, 1, 0, Cancel)).Reports[0];
        var incident = Assert.Single(await breaker.IncidentsAsync(true, 10, Cancel));
        Assert.Equal(("P1", last.DriftScore, 84), (incident.Severity, incident.DriftScore, incident.SampleCount));
        Assert.Equal((last.RunId, last.FailureReasons.Length, last.Figures.Outliers), (incident.Details.GetText("run_id"), incident.Details.GetProperty("failure_reasons").GetArrayLength(), incident.Details.GetProperty("outlier_count").GetInt32()));
        Assert.Equal(1, (await breaker.AlertsAsync(Cancel)).Pending);
        await house.RunAsync(); // Open, it hears nothing.
        Assert.Single(await breaker.IncidentsAsync(true, 10, Cancel));
    }

    [Fact]
    [Trait("id", "D5.7-02")]
    public async Task What_a_dead_node_did_not_tell_is_told_once_by_whoever_comes_first()
    {
        await using var house = await OpenAsync(options => options.Breaker.FailureThreshold = 100, Bent, rooms: 3);
        await house.RunAsync();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => house.Desks[i % 3].TellAsync(Cancel))));
        Assert.Equal(1, (await FailuresAsync(house)));
        await house.WriteAsync("UPDATE costsim_canary_reports SET told_at = NULL"); // As if it had died in between.

        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => house.Desks[i % 3].TellAsync(Cancel))));

        Assert.Equal(2, await FailuresAsync(house));
        await house.WriteAsync("UPDATE costsim_canary_reports SET told_at = NULL");
        house.Clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal(0, await house.Desk.TellAsync(Cancel)); // Too old to say anything.
    }

    [Fact]
    [Trait("id", "D5.7-03")]
    public async Task A_run_that_passes_or_is_skipped_tells_the_breaker_nothing()
    {
        await using var house = await OpenAsync();
        await house.Get<ICostBreaker>().ReportAsync(new BreakerReport(0.9, 1, Json.EmptyObject), Cancel);

        await house.RunAsync();

        Assert.Equal(1, await FailuresAsync(house));
    }

    [Fact]
    [Trait("id", "D5.7-04")]
    public async Task Runs_are_counted_by_status_and_the_divergence_is_told()
    {
        await using var house = await OpenAsync(second: Bent);
        var (runs, nats) = (new SortedDictionary<string, long>(StringComparer.Ordinal), new SortedDictionary<string, double>(StringComparer.Ordinal));
        using var listener = new MeterListener { InstrumentPublished = (instrument, own) => { if (instrument.Meter.Name == "Aos.CostSim.Canary" && instrument.Meter.Scope == house.Get<IMeterFactory>()) own.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((instrument, count, tags, _) => runs[$"{instrument.Name} {tags[0].Key}={tags[0].Value}"] = count);
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => nats[$"{instrument.Name} {tags[0].Key}={tags[0].Value}"] = value);
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.Equal(["error", "fail", "pass", "skipped"], runs.Select(run => run.Key["costsim_v2_canary_runs_total status=".Length..])); // From the start: an alert has something to look at.
        Assert.All(runs.Values, count => Assert.Equal(0, count));
        Assert.Empty(nats);

        var failed = await house.RunAsync();
        var lease = (await house.Get<CanaryLeases>().TakeAsync("other", "other", house.Now, house.Now.AddMinutes(1), Cancel)).Mine!;
        await house.RunAsync();
        await house.Get<CanaryLeases>().ReleaseAsync(lease, Cancel);
        listener.RecordObservableInstruments();

        Assert.Equal([0, 1, 0, 1], runs.Values);
        Assert.Equal(Math.Round(failed.Figures.Kl - failed.ByDesign.Kl, 4), nats[$"costsim_v2_kl_divergence tenant_id={TenantLabels.House}"]);
        Assert.True(nats.Single().Value > 0);
    }

    [Fact]
    [Trait("id", "D5.8-01")]
    public async Task No_word_of_a_tenants_plan_is_in_any_row_of_the_canary()
    {
        const string Secret = "acme-buys-rival-on-friday";
        await using var house = await OpenAsync(second: new OtherModel(new CoefficientModel(), null, question => _ = question.Steps.Any(step => step.Skill == "torn") ? throw new InvalidOperationException(question.Steps[0].Params.GetRawText()) : 0));
        await house.AskedAsync("acme", TimeSpan.FromHours(1), ("llm_invoke", $$"""{"prompt":"{{Secret}}"}"""), (Secret, $$"""{"whose":"{{Secret}}"}"""));
        var question = new CostQuestion([new CostStep("torn", Json.Parse($$"""{"whose":"{{Secret}}"}"""))], 100, []);
        var first = house.Get<ICostModels>().Production.Estimate(question);
        await house.Get<IProvenance>().WriteAsync([ShadowRecords.Of(new TenantId("acme"), null, "manual", question, first, null, null, 1, null, house.Now.AddHours(-1))], Cancel);

        var report = await house.RunAsync();

        Assert.Matches("^v2 2.0.0 threw on 1 of 86 samples, recent/[0-9a-f]{16} first: InvalidOperationException.$", Assert.Single(report.FailureReasons));
        foreach (var name in report.Artifacts) Assert.DoesNotContain(Secret, await house.ArtifactAsync(report, name), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, Text((await house.Desk.FindAsync(report.RunId, Cancel))!), StringComparison.Ordinal);
        Assert.DoesNotContain("acme", Text(report), StringComparison.Ordinal);
    }

    private static async Task<int> FailuresAsync(CanaryHouse house) => (await house.Get<ICostBreaker>().StateAsync(Cancel)).ConsecutiveFailures;

    private static string Text(CanaryReport report) => CanonicalJson.Text(Json.Write(report.Write));
}
