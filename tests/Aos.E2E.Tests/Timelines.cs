using Aos.App.Cli.Timelines;

namespace Aos.E2E.Tests;

/// <summary>Records as timelines: fixed width, no colours, times of the record itself.</summary>
[Trait("store", "none")]
public sealed class Timelines
{
    private const string Events = """
        {"schema":"aos-trace/2","run_id":"01900000-0000-7000-8000-000000000001","plan_hash":"c0ffee00","root_hash":"beef0000","events":[
          {"seq":1,"kind":"run.started.v1","at":"2026-01-01T00:00:00Z","data":{"plan":{"name":"digest","steps":[{"id":"load","skill":"http_call"},{"id":"pause","sleep":"5s"},{"id":"send","skill":"webhook_send"},{"id":"never","skill":"echo"}]}}},
          {"seq":2,"kind":"step.started.v1","at":"2026-01-01T00:00:00Z","data":{"effect":"s0.-1.0"}},
          {"seq":3,"kind":"call.succeeded.v1","at":"2026-01-01T00:00:02Z","data":{"effect":"s0.-1.0","outcome":{"result":1,"cost":0.25,"latency_ticks":0},"input_hash":"0123456789abcdef"}},
          {"seq":4,"kind":"wait.started.v1","at":"2026-01-01T00:00:02Z","data":{"step":1,"for":"Sleep","until":"2026-01-01T00:00:07Z"}},
          {"seq":5,"kind":"step.ended.v1","at":"2026-01-01T00:00:07Z","data":{"step":1,"status":"Succeeded"}},
          {"seq":6,"kind":"step.started.v1","at":"2026-01-01T00:00:07Z","data":{"effect":"s2.-1.0"}},
          {"seq":7,"kind":"call.failed.v1","at":"2026-01-01T00:00:08Z","data":{"effect":"s2.-1.0","outcome":{"failure":{"code":"HTTP_500","message":"It broke."},"cost":0,"latency_ticks":0},"retry_at":"2026-01-01T00:00:09Z","input_hash":"fedcba9876543210"}},
          {"seq":8,"kind":"step.started.v1","at":"2026-01-01T00:00:09Z","data":{"effect":"s2.-1.1"}},
          {"seq":9,"kind":"call.failed.v1","at":"2026-01-01T00:00:10Z","data":{"effect":"s2.-1.1","outcome":{"failure":{"code":"HTTP_500","message":"It broke."},"cost":0,"latency_ticks":0},"input_hash":"fedcba9876543210"}},
          {"seq":10,"kind":"step.ended.v1","at":"2026-01-01T00:00:10Z","data":{"step":2,"status":"Failed","failure":{"code":"HTTP_500","message":"It broke."}}},
          {"seq":11,"kind":"run.ended.v1","at":"2026-01-01T00:00:10Z","data":{"status":"Failed","failure":{"code":"HTTP_500","message":"It broke."},"root_hash":"beef0000"}}],"next_after":null}
        """;

    private const string Sdk = """
        {"version":"1.1.0","seed":42,"timestamp":"2026-01-01T00:00:00Z","tenant_id":"default","plan":[],"root_hash":"beef0001","finalized":true,"metadata":{},"steps":[
          {"step_index":0,"skill_id":"http_call","input_hash":"aaaaaaaaaaaaaaaa","output_hash":"bbbbbbbbbbbbbbbb","rng_state_before":"1","outcome":"success","duration_ms":300},
          {"step_index":1,"skill_id":"llm_invoke","input_hash":"cccccccccccccccc","output_hash":"dddddddddddddddd","rng_state_before":"1","outcome":"failure","duration_ms":700.4,"error_code":"TIMEOUT"}]}
        """;

    [Fact]
    [Trait("id", "TIMELINE-01")]
    public void A_record_of_schema_2_is_bars_on_one_axis_with_time_cost_tries_and_hashes() => Draws(Events, 110, """
        run 01900000-0000-7000-8000-000000000001 digest  failed  10.0 s  0.25 cents  (schema 2)
        root  beef0000
        plan  c0ffee00

                                          0              5.0 s    10.0 s
        + load   http_call     succeeded  ██████                               2.0 s  0.25 cents           in 01234567
        + pause  sleep         succeeded        ░░░░░░░░░░░░░░░                5.0 s
        - send   webhook_send  failed                          █████████       3.0 s              2 tries  in fedcba98
          HTTP_500: It broke.
          never  echo          pending
        """);

    [Fact]
    [Trait("id", "TIMELINE-02")]
    public void A_trace_of_schema_1_1_without_times_is_laid_out_one_step_after_another() => Draws(Sdk, 90, """
        trace seed 42  failure  1.0 s  0 cents  (schema 1.1)
        root  beef0001

                                  0           500 ms  1.0 s
        + 0  http_call   success  ████████                       300 ms  in aaaaaaaa  out bbbbbbbb
        - 1  llm_invoke  failure         ██████████████████      700 ms  in cccccccc  out dddddddd
          TIMEOUT
        """);

    [Fact]
    [Trait("id", "TIMELINE-02")]
    public void Where_the_steps_have_times_those_of_their_ends_count()
    {
        var timed = Sdk.Replace("\"duration_ms\":300", "\"duration_ms\":300,\"timestamp\":\"2026-01-01T00:00:01Z\"", StringComparison.Ordinal)
            .Replace("\"duration_ms\":700.4", "\"duration_ms\":1300,\"timestamp\":\"2026-01-01T00:00:02Z\"", StringComparison.Ordinal);

        var rows = Timeline.Read(Json.Parse(timed)).Rows;

        Assert.Equal((TimeSpan.Zero, TimeSpan.Zero), (rows[0].From, rows[1].From));
        Assert.Equal(TimeSpan.FromSeconds(1.3), rows[1].To);
    }

    [Theory]
    [Trait("id", "TIMELINE-03")]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(200)]
    public void Every_line_fits_the_width_and_on_a_narrow_one_the_bars_stay(int width)
    {
        var lines = TimelineText.Lines(Timeline.Read(Json.Parse(Events)), width).Select(line => line.Text).ToList();

        Assert.All(lines, line => Assert.True(line.Length <= width, $"{line.Length}: {line}"));
        Assert.True(lines.Count(line => line.Contains('█', StringComparison.Ordinal)) >= 2);
        Assert.Contains(lines, line => line.Contains("3.0 s", StringComparison.Ordinal));
    }

    [Theory]
    [Trait("id", "TIMELINE-04")]
    [InlineData("[1]", "a trace is a JSON object")]
    [InlineData("{}", "neither events (schema 2) nor steps (schema 1.1)")]
    [InlineData("""{"events":[]}""", "run_id")]
    [InlineData("""{"run_id":"r","events":[]}""", "begins with the start of its run")]
    [InlineData("""{"run_id":"r","events":[{"kind":"x"}]}""", "events[0].at")]
    [InlineData("""{"run_id":"r","events":[{"at":"2026-01-01T00:00:00Z"}]}""", "events[0].kind")]
    [InlineData("""{"run_id":"r","events":[{"kind":"x","body":"{"}]}""", "events[0].body")]
    [InlineData("""{"steps":[]}""", "seed")]
    [InlineData("""{"seed":1,"steps":[1]}""", "steps[0]")]
    [InlineData("""{"seed":1,"steps":[{"outcome":"success"}]}""", "steps[0].skill_id")]
    [InlineData("""{"seed":1,"steps":[{"skill_id":"a"}]}""", "steps[0].outcome")]
    public void What_is_no_trace_says_what_it_lacks(string file, string says) =>
        Assert.Contains(says, Assert.Throws<TraceException>(() => Timeline.Read(Json.Parse(file))).Message, StringComparison.Ordinal);

    private static void Draws(string record, int width, string expected) =>
        Assert.Equal(expected, string.Join('\n', TimelineText.Lines(Timeline.Read(Json.Parse(record)), width).Select(line => line.Text)));
}
