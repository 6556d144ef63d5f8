using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Aos.Contracts;

namespace Aos.CostSim.Tests;

/// <summary>What the routes say of costs, asked for as by somebody from outside.</summary>
public sealed class CostRoutes : IAsyncLifetime
{
    private CostHouse house = null!;
    private string acme = "", rival = "";

    public async ValueTask InitializeAsync()
    {
        house = await CostHouse.OpenAsync();
        (acme, rival) = (await house.KeyAsync("acme"), await house.KeyAsync("rival"));
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "D7.9-07")]
    [Trait("id", "D1.5-01")]
    [Trait("id", "D1.5-02")]
    [Trait("id", "D6.2-07")]
    public async Task A_run_is_followed_from_its_journal_to_every_route_and_only_its_tenant_sees_it()
    {
        var started = await house.AskAsync(acme, "POST", "/api/v1/runs?wait=30", """{"plan":{"steps":[{"id":"a","skill":"paid","params":{"model":"tiny"}},{"id":"b","skill":"json_transform","params":{"operation":"extract","data":{"a":1},"path":"$.a"}}]}}""");
        var run = started.Body.GetText("run_id")!;
        Assert.Equal("succeeded", started.Body.GetText("status"));

        var dry = await house.AskAsync(acme, "POST", "/costsim/v2/cost/backfill", """{"dry_run":true}""");
        var filled = await house.AskAsync(acme, "POST", "/api/v1/costsim/v2/cost/backfill", "{}");
        var again = await house.AskAsync(acme, "POST", "/costsim/v2/cost/backfill", "{}");
        Assert.Equal(("""{"runs":1,"inserted":1,"skipped":0,"damaged":0}""", """{"runs":1,"inserted":1,"skipped":0,"damaged":0}""", """{"runs":1,"inserted":0,"skipped":1,"damaged":0}"""), (dry.Body.GetRawText(), filled.Body.GetRawText(), again.Body.GetRawText()));

        var divergence = (await house.AskAsync(acme, "GET", "/costsim/divergence?against=actual")).Body;
        Assert.Equal((1, 1.5m, 1.5m, 0, 0), (divergence.GetProperty("sample_count").GetInt32(), divergence.GetProperty("delta_p50").GetDecimal(), divergence.GetProperty("delta_p90").GetDecimal(), divergence.GetProperty("outlier_count").GetInt32(), divergence.GetProperty("matching_rate").GetInt32()));
        var sample = divergence.GetProperty("detailed_samples")[0];
        Assert.Equal(("paid", run, 5m, 6.5m, 0.18), (sample.GetText("skill_id"), sample.GetText("run_id"), sample.GetProperty("v1_cost_cents").GetDecimal(), sample.GetProperty("actual_cost_cents").GetDecimal(), sample.GetProperty("drift_score").GetDouble()));
        var page = (await house.AskAsync(acme, "GET", $"/costsim/provenance?variant=actual&run_id={run}")).Body;
        var record = Assert.Single(page.GetProperty("records").EnumerateArray());
        Assert.Equal((1, "run", 5m, 6.5m, "major_drift", "acme"), (page.GetProperty("total").GetInt32(), record.GetText("source"), record.GetProperty("v1_cost_cents").GetDecimal(), record.GetProperty("actual_cost_cents").GetDecimal(), record.GetText("verdict"), record.GetText("tenant_id")));
        var one = await house.AskAsync(acme, "GET", $"/api/v1/costsim/provenance/{record.GetText("id")}");
        Assert.Equal("paid", one.Body.GetProperty("payload").GetProperty("output").GetProperty("calls")[0].GetText("skill_id"));

        Assert.Equal(404, (await house.AskAsync(rival, "GET", $"/costsim/provenance/{record.GetText("id")}")).Status);
        Assert.Equal(0, (await house.AskAsync(rival, "GET", "/costsim/provenance")).Body.GetProperty("total").GetInt32());
        Assert.Equal(0, (await house.AskAsync(rival, "GET", "/costsim/divergence?against=actual")).Body.GetProperty("sample_count").GetInt32());
        Assert.Equal(0, (await house.AskAsync(rival, "POST", "/costsim/v2/cost/backfill", "{}")).Body.GetProperty("runs").GetInt32());
        foreach (var path in new[] { "divergence", "drift", "trend", "provenance", "divergence-report", "v2/cost/baselines" })
            Assert.Equal(403, (await house.AskAsync(rival, "GET", $"/costsim/{path}?tenant_id=acme")).Status);
    }

    [Fact]
    [Trait("id", "D1.5-03")]
    [Trait("id", "D1.5-04")]
    public async Task Pairs_of_models_fill_the_divergence_with_the_members_that_clients_know()
    {
        var empty = (await house.AskAsync(acme, "GET", "/costsim/divergence")).Body;
        Assert.Equal((0, 0, 0), (empty.GetProperty("sample_count").GetInt32(), empty.GetProperty("kl_divergence").GetInt32(), empty.GetProperty("detailed_samples").GetArrayLength()));
        var at = house.Get<ICluster>().Now.AddMinutes(-5);
        await house.Get<IProvenance>().WriteAsync([.. Enumerable.Range(0, 120).Select(n => Records.Provenance("acme", $"q{n}", 5, 4, at: at) with { DriftScore = 0.12, Verdict = "minor_drift" })], TestContext.Current.CancellationToken);

        var full = (await house.AskAsync(acme, "GET", "/api/v1/costsim/divergence?days=1")).Body;

        Assert.Equal((120, 1, 1, "2.0.0", 100), (full.GetProperty("sample_count").GetInt32(), full.GetProperty("delta_p50").GetInt32(), full.GetProperty("delta_p90").GetInt32(), full.GetText("version"), full.GetProperty("detailed_samples").GetArrayLength()));
        string[] known = ["timestamp", "input_hash", "v1_cost_cents", "v2_cost_cents", "cost_delta_cents", "drift_score", "verdict"];
        Assert.Equal(known, full.GetProperty("detailed_samples")[0].EnumerateObject().Select(member => member.Name));
        Assert.Equal(16, full.GetProperty("detailed_samples")[0].GetText("input_hash")!.Length);
        Assert.Equal(0, (await house.AskAsync(acme, "GET", "/costsim/divergence?end_date=2020-01-01&days=90")).Body.GetProperty("sample_count").GetInt32());
        foreach (var wrong in new[] { "days=0", "days=91", "start_date=odd", "start_date=2026-01-02&end_date=2026-01-01", "against=odd" })
            Assert.Equal(422, (await house.AskAsync(acme, "GET", $"/costsim/divergence?{wrong}")).Status);
    }

    [Fact]
    [Trait("id", "D6.4-01")]
    [Trait("id", "D6.4-02")]
    [Trait("id", "D6.4-03")]
    public async Task A_report_is_JSON_CSV_or_lines_by_range_skill_and_version()
    {
        var at = house.Get<ICluster>().Now.AddHours(-1);
        at = at.AddTicks(-(at.UtcTicks % TimeSpan.TicksPerSecond));
        var odd = Records.Cost("acme", "2", "=b,\"c\"", 10, 7.5m, at.AddMinutes(1)) with { Version = "table-2", Run = null };
        var plain = Records.Cost("acme", "1", "a", 2, 2, at);
        await house.Get<ICostRecords>().WriteAsync([plain, odd, Records.Cost("acme", "3", "a", 2, 0, at, ok: false), Records.Cost("rival", "4", "a", 2, 9, at)], TestContext.Current.CancellationToken);

        var csv = await house.TextAsync(acme, "GET", "/costsim/divergence-report?format=csv");
        var lines = await house.TextAsync(acme, "GET", "/costsim/divergence-report?format=jsonl&skill_id=a");
        var json = (await house.AskAsync(acme, "GET", "/costsim/divergence-report?version=table-2")).Body;

        string Time(DateTimeOffset time) => time.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal("text/csv", csv.Type);
        Assert.Equal(
            "timestamp,run_id,step_id,skill_id,model,version,simulated_cents,actual_cents,delta_cents,drift_score,match\r\n"
            + $"{Time(odd.At)},,first,\"'=b,\"\"c\"\"\",tiny,table-2,10,7.5,-2.5,0.15,false\r\n{Time(plain.At)},{plain.Run},first,a,tiny,table-1,2,2,0,0,true\r\n", csv.Text);
        Assert.Equal("application/x-ndjson", lines.Type);
        Assert.Equal(1, lines.Text.Count(c => c == '\n'));
        Assert.Equal("a", Json.Parse(lines.Text).GetText("skill_id"));
        Assert.Equal((1, false, 1), (json.GetProperty("sample_count").GetInt32(), json.GetProperty("truncated").GetBoolean(), json.GetProperty("calls").GetArrayLength()));
        Assert.Equal(422, (await house.AskAsync(acme, "GET", "/costsim/divergence-report?format=parquet")).Status);
    }

    [Fact]
    [Trait("id", "D6.4-04")]
    [Trait("id", "D6.4-05")]
    [Trait("id", "D6.4-06")]
    [Trait("id", "D6.4-07")]
    public async Task Costs_told_by_hand_make_baselines_drift_and_trend()
    {
        const string Body = """{"execution_id":"job-1","skill_id":"mail","simulated_cents":10,"actual_cents":14.5,"duration_ms":250}""";
        var told = await house.AskAsync(acme, "POST", "/costsim/v2/cost/record", Body);
        var twice = await house.AskAsync(acme, "POST", "/api/v1/costsim/v2/cost/record", Body);
        Assert.Equal((201, true, 200, false), (told.Status, told.Body.GetProperty("recorded").GetBoolean(), twice.Status, twice.Body.GetProperty("recorded").GetBoolean()));
        foreach (var wrong in new[] { "{}", """{"execution_id":"a","skill_id":"b","simulated_cents":-1,"actual_cents":0}""", """{"execution_id":"a","skill_id":"b","simulated_cents":1,"actual_cents":"2"}""", """{"execution_id":"","skill_id":"b","simulated_cents":1,"actual_cents":2}""" })
            Assert.Equal(422, (await house.AskAsync(acme, "POST", "/costsim/v2/cost/record", wrong)).Status);
        Assert.Equal(403, (await house.AskAsync(await house.KeyAsync("acme", "readonly"), "POST", "/costsim/v2/cost/record", Body)).Status);
        var now = house.Get<ICluster>().Now;
        await house.Get<ICostRecords>().WriteAsync(
            [
                .. Enumerable.Range(0, 60).SelectMany(n => new[] { Records.Cost("acme", $"m{n}", "mail", 10, 14, now.AddMinutes(-n - 1)), Records.Cost("acme", $"w{n}", "web", 10, 9.5m + (n % 3 / 2m), now.AddMinutes(-n - 1)) }),
                .. Enumerable.Range(1, 7).Select(day => Records.Cost("acme", $"d{day}", "old", 100, 100 - (10 * day), now.AddDays(-day))),
            ],
            TestContext.Current.CancellationToken);

        var baselines = (await house.AskAsync(acme, "GET", "/costsim/v2/cost/baselines?skill_id=mail&window=24h")).Body.GetProperty("baselines");
        var drift = (await house.AskAsync(acme, "GET", "/costsim/drift")).Body.GetProperty("skills").EnumerateArray().ToDictionary(skill => skill.GetText("skill_id")!);
        var slow = (await house.AskAsync(acme, "GET", "/costsim/drift?measure=duration&skill_id=web")).Body.GetProperty("skills")[0];
        var trend = (await house.AskAsync(acme, "GET", "/costsim/trend?skill_id=old&forecast_days=1")).Body;

        Assert.Equal((61, 14m, 14m, 24), (baselines[0].GetProperty("sample_count").GetInt32(), baselines[0].GetProperty("p50_cost_cents").GetDecimal(), baselines[0].GetProperty("p95_cost_cents").GetDecimal(), baselines[0].GetProperty("window_hours").GetInt32()));
        Assert.Equal(("WARN", "NONE"), (drift["mail"].GetText("level"), drift["web"].GetText("level")));
        Assert.Equal(5, drift["mail"].GetProperty("evidence_runs").GetArrayLength());
        Assert.Equal((3, "WARN"), (drift["mail"].GetProperty("windows").GetArrayLength(), slow.GetText("level")));
        Assert.Equal("increasing", trend.GetText("direction"));
        Assert.InRange(trend.GetProperty("forecast").GetProperty("cents").GetDouble(), 95, 105);
        Assert.Equal(0, (await house.AskAsync(rival, "GET", "/costsim/v2/cost/baselines")).Body.GetProperty("baselines").GetArrayLength());
        foreach (var wrong in new[] { "drift?measure=odd", "drift?window_hours=0", "trend?days=2", "v2/cost/baselines?window=1y" }) Assert.Equal(422, (await house.AskAsync(acme, "GET", $"/costsim/{wrong}")).Status);
    }

    [Fact]
    [Trait("id", "D6.3-01")]
    [Trait("id", "D6.3-02")]
    [Trait("id", "D6.3-03")]
    public async Task Old_files_are_taken_in_as_what_they_are_and_bad_records_are_told_by_their_place()
    {
        const string Output = """{"status":"success","estimated_cost_cents":4}""";
        var line = $$"""{"timestamp":"2025-01-02T03:04:05","input_json":"{\"plan\":[]}","output_json":{{JsonSerializer.Serialize(Output)}},"compressed":false,"model_version":"2.0.0","runtime_ms":3,"status":"success","tenant_id":null,"run_id":"old-1"}""";
        var packed = $$"""{"timestamp":"2025-01-03T03:04:05Z","input_json":"{{Gzip("{}")}}","output_json":"{{Gzip(Output)}}","compressed":true,"model_version":"2.0.0","status":"success"}""";
        var paid = """{"plan":[{"skill":"a"}],"cost_cents":12,"duration_ms":30}""";
        var body = $$"""{"records":[{{line}},3,{{packed}},{"tenant_id":"rival","plan":[],"cost_cents":1},{{paid}},{"plan":[],"cost_cents":-1},{"output_json":"{","input_json":"{}"}]}""";

        var dry = (await house.AskAsync(acme, "POST", "/costsim/provenance/backfill", body[..^1] + ""","dry_run":true}""")).Body;
        var first = (await house.AskAsync(acme, "POST", "/costsim/provenance/backfill", body)).Body;
        var second = (await house.AskAsync(acme, "POST", "/costsim/provenance/backfill", body)).Body;

        Assert.Equal((3, 0, 3, 0, 0, 3), (dry.GetProperty("inserted").GetInt32(), dry.GetProperty("skipped").GetInt32(), first.GetProperty("inserted").GetInt32(), first.GetProperty("skipped").GetInt32(), second.GetProperty("inserted").GetInt32(), second.GetProperty("skipped").GetInt32()));
        Assert.Equal([1, 3, 5, 6], first.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("index").GetInt32()));
        var old = (await house.AskAsync(acme, "GET", "/costsim/provenance?source=backfill&variant=v2")).Body.GetProperty("records");
        Assert.Equal((2, JsonValueKind.Null, 4), (old.GetArrayLength(), old[0].GetProperty("v1_cost_cents").ValueKind, old[0].GetProperty("v2_cost_cents").GetInt32()));
        Assert.Equal(12, Assert.Single((await house.AskAsync(acme, "GET", "/costsim/provenance?source=backfill&variant=actual")).Body.GetProperty("records").EnumerateArray()).GetProperty("actual_cost_cents").GetInt32());
        Assert.Equal(422, (await house.AskAsync(acme, "POST", "/costsim/provenance/backfill", """{"records":[]}""")).Status);
    }

    [Fact]
    [Trait("id", "D6.1-04")]
    public async Task What_was_simulated_is_there_after_the_server_was_stopped_and_started()
    {
        var simulated = await house.AskAsync(acme, "POST", "/api/v1/simulate", """{"plan":{"steps":[{"id":"a","skill":"paid","params":{}}]}}""");
        Assert.Equal(5, simulated.Body.GetProperty("estimated_cost_cents").GetInt32());

        await house.RestartAsync();

        var record = Assert.Single((await house.AskAsync(acme, "GET", "/costsim/provenance?variant=v1&source=simulate")).Body.GetProperty("records").EnumerateArray());
        Assert.Equal((5, "feasible"), (record.GetProperty("v1_cost_cents").GetInt32(), record.GetText("status")));
    }

    private static string Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return Convert.ToBase64String(packed.ToArray());
    }
}
