using Aos.App.Cli.Watch;
using Aos.Client;
using Spectre.Console;

namespace Aos.E2E.Tests;

/// <summary>What <c>aos run --watch</c> shows of events: a tree of fixed width without colours, by a clock of its own, and lines.</summary>
[Trait("store", "none")]
public sealed class WatchedRuns
{
    private const string Run = "01900000-0000-7000-8000-000000000001";
    private const string Child = "01900000-0000-7000-8000-000000000002";

    private readonly WatchedRun run = new(Run);
    private readonly List<string> lines = [];
    private int seq;
    private double seconds;

    [Fact]
    [Trait("id", "WATCH-01")]
    public void A_tree_shows_status_time_cost_tries_and_progress()
    {
        Start("""
            {"id":"load","skill":"http_call"},{"id":"lines","skill":"llm_invoke","for_each":"x"},{"id":"again","skill":"poll","repeat":{"until":"x"}},
            {"id":"bad","skill":"send"},{"id":"off","skill":"echo"},{"id":"later","skill":"echo"}
            """, """ ,"budget":120 """);
        Tell("step.started.v1", """{"effect":"s0.-1.0"}""");
        Tell("call.failed.v1", """{"effect":"s0.-1.0","outcome":{"failure":{"code":"TIMEOUT","message":"Too slow."},"cost":0,"latency_ticks":0},"retry_at":"2026-01-01T00:00:02Z"}""", 1);
        Tell("step.started.v1", """{"effect":"s0.-1.1"}""", 1);
        Tell("call.succeeded.v1", """{"effect":"s0.-1.1","outcome":{"result":1,"cost":0.25,"latency_ticks":2000000},"input_hash":"ab"}""", 0.4);
        Tell("items.listed.v1", """{"step":1,"items":[1,2,3,4]}""");
        foreach (var item in new[] { 0, 1 }) Tell("step.started.v1", $$"""{"effect":"s1.{{item}}.0"}""");
        Tell("call.succeeded.v1", """{"effect":"s1.0.0","outcome":{"cost":1,"latency_ticks":0}}""");
        Tell("call.failed.v1", """{"effect":"s1.1.0","outcome":{"failure":{"code":"X","message":"No."},"cost":0,"latency_ticks":0}}""");
        Tell("step.started.v1", """{"effect":"s2.-1.0"}""");
        Tell("call.succeeded.v1", """{"effect":"s2.-1.0","outcome":{"cost":0,"latency_ticks":0}}""");
        Tell("wait.started.v1", """{"step":2,"for":"Repeat","until":"2026-01-01T00:00:20Z"}""");
        Tell("step.started.v1", """{"effect":"s3.-1.0"}""");
        Tell("call.failed.v1", """{"effect":"s3.-1.0","outcome":{"failure":{"code":"HTTP_500","message":"It broke."},"cost":0,"latency_ticks":0}}""");
        Tell("step.ended.v1", """{"step":3,"status":"Failed","failure":{"code":"HTTP_500","message":"It broke."}}""");
        Tell("step.ended.v1", """{"step":4,"status":"Skipped"}""");

        Shows(5, """
            > run 01900000-0000-7000-8000-000000000001 digest  running  5.0 s  1.25 cents of 120 cents
            ├── + load   http_call   succeeded  2.4 s  0.25 cents  2 tries
            ├── > lines  llm_invoke  running  2/4, 1 failed  2.6 s  1 cent
            ├── . again  poll        waiting  1 round  2.6 s  for its next round until 2026-01-01 00:00:20Z
            ├── - bad    send        failed  0 ms  HTTP_500: It broke.
            ├── / off    echo        skipped
            └──   later  echo        pending
            """);
    }

    [Fact]
    [Trait("id", "WATCH-02")]
    public void What_stands_still_says_what_it_waits_for_and_the_command_that_answers()
    {
        Start("""{"id":"ok","await":{}},{"id":"paid","await":{}},{"id":"pause","sleep":"1h"},{"id":"sent","skill":"post"}""");
        Tell("wait.started.v1", """{"step":0,"for":"Approval","until":"2026-01-01T02:00:00Z","message":"Pay 12?"}""");
        Tell("wait.started.v1", """{"step":1,"for":"Signal","signal":"payment"}""");
        Tell("wait.started.v1", """{"step":2,"for":"Sleep","until":"2026-01-01T01:00:00Z"}""");
        Tell("step.started.v1", """{"effect":"s3.-1.0"}""");
        Tell("call.unknown.v1", """{"effect":"s3.-1.0","why":"The process ended."}""");
        Tell("run.paused.v1", """{"reason":"lunch"}""");

        Shows(60, $"""
            . run {Run} digest  paused  1 min 00 s  lunch
            ├── $ aos runs resume {Run}
            ├── . ok     await  waiting  1 min 00 s  for approval until 2026-01-01 02:00:00Z: Pay 12?
            │   └── $ aos runs approve {Run} ok
            ├── . paid   await  waiting  1 min 00 s  for signal payment
            │   └── $ aos runs signal {Run} payment
            ├── . pause  sleep  waiting  1 min 00 s  for the time until 2026-01-01 01:00:00Z
            └── . sent   post   waiting  1 min 00 s  for somebody to say whether it happened: The process ended.
                └── $ aos runs resolve {Run} sent done|not_done|abort
            """);
    }

    [Fact]
    [Trait("id", "WATCH-03")]
    public void Child_runs_are_nested_and_an_agent_shows_its_turns_and_tools()
    {
        Start("""{"id":"detail","run":{}},{"id":"research","agent":{"max_turns":5}}""");
        Tell("wait.started.v1", $$"""{"step":0,"for":"Child","child":"{{Child}}"}""");
        run.Steps[0].Child!.Apply(Event("run.started.v1", """{"plan":{"name":"invoice","steps":[{"id":"get","skill":"http_call"}]}}"""));
        run.Steps[0].Child!.Apply(Event("step.started.v1", """{"effect":"s0.-1.0"}"""));
        Tell("step.started.v1", """{"effect":"s1.0.0","turn":1}""");
        Tell("call.succeeded.v1", """{"effect":"s1.0.0","outcome":{"cost":2,"latency_ticks":0}}""");
        Tell("step.started.v1", """{"effect":"s1.1.0","skill":"search"}""");
        Tell("call.failed.v1", """{"effect":"s1.1.0","outcome":{"failure":{"code":"X","message":"No."},"cost":0,"latency_ticks":0}}""");
        Tell("step.started.v1", """{"effect":"s1.2.0","turn":2}""");

        Shows(3, $"""
            > run {Run} digest  running  3.0 s  2 cents
            ├── . detail    run    waiting  3.0 s  for run {Child}
            │   └── > run {Child} invoice  running  3.0 s
            │       └── > get  http_call  running  3.0 s
            └── > research  agent  running  turn 2 of 5, 1 tool call  3.0 s  2 cents
                ├── + turn 1
                ├── - search
                └── > turn 2
            """);
    }

    [Fact]
    [Trait("id", "WATCH-04")]
    public void Of_many_steps_those_at_work_are_shown_and_the_others_counted()
    {
        Start(string.Join(',', Enumerable.Range(0, 200).Select(i => $$"""{"id":"s{{i}}","skill":"echo"}""")));
        foreach (var i in Enumerable.Range(0, 100)) Tell("call.succeeded.v1", $$"""{"effect":"s{{i}}.-1.0","outcome":{"cost":0,"latency_ticks":0} }""");
        Tell("step.started.v1", """{"effect":"s100.-1.0"}""");

        var shown = Rendered(1).Split('\n');

        Assert.Equal(26, shown.Length);
        Assert.Contains(shown, line => line.Contains("> s100", StringComparison.Ordinal));
        Assert.Equal("└── … 176 steps more: 99 pending, 77 succeeded", shown[^1]);
    }

    [Fact]
    [Trait("id", "WATCH-05")]
    public void Elsewhere_each_change_is_a_line_and_nothing_in_it_acts_on_a_terminal()
    {
        Start("""{"id":"ok","await":{}},{"id":"b","skill":"put"}""");
        Tell("wait.started.v1", """{"step":0,"for":"Approval","message":"Pay\u001b[31m?"}""");
        Tell("approval.decided.v1", """{"step":0,"approved":true,"by":"key:1"}""", 1);
        Tell("step.ended.v1", """{"step":0,"status":"Succeeded","result":{}}""");
        Tell("memory.read.v1", """{"step":1,"entries":[{"key":"k"}]}""");
        Tell("step.started.v1", """{"effect":"s1.-1.0"}""");
        Tell("call.succeeded.v1", """{"effect":"s1.-1.0","outcome":{"cost":3,"latency_ticks":0}}""", 2);
        Tell("run.ended.v1", """{"status":"Succeeded","root_hash":"ab"}""");

        Assert.Equal($"""
              run running: digest
              . ok                 await            waits for approval: Pay\u001b[31m?
                $ aos runs approve {Run} ok
              . ok                 await            approved by key:1
              + ok                 await            succeeded, 1.0 s
                b                  put              read 1 entry of memory
              > b                  put              started
              + b                  put              succeeded, 2.0 s, 3 cents
              run succeeded
            """, string.Join('\n', lines.Select(line => line.TrimEnd())));
    }

    [Fact]
    [Trait("id", "WATCH-06")]
    public void A_new_attempt_begins_anew_what_did_not_succeed()
    {
        Start("""{"id":"a","skill":"put"},{"id":"b","skill":"put"}""");
        Tell("call.succeeded.v1", """{"effect":"s0.-1.0","outcome":{"cost":1,"latency_ticks":10000000}}""", 1);
        Tell("step.started.v1", """{"effect":"s1.-1.0"}""");
        Tell("call.failed.v1", """{"effect":"s1.-1.0","outcome":{"failure":{"code":"X","message":"No."},"cost":2,"latency_ticks":0}}""");
        Tell("step.ended.v1", """{"step":1,"status":"Failed","failure":{"code":"X","message":"No."}}""");
        Tell("run.ended.v1", """{"status":"Failed","failure":{"code":"X","message":"No."},"root_hash":"ab"}""");
        Shows(1, $"""
            - run {Run} digest  failed  1.0 s  3 cents  X: No.
            ├── + a  put  succeeded  1.0 s  1 cent
            └── - b  put  failed  0 ms  2 cents  X: No.
            """);
        Tell("run.retried.v1", """{"attempt":2,"reason":"again"}""", 9);

        Shows(11, $"""
            > run {Run} digest  running  attempt 2  1.0 s  3 cents
            ├── + a  put  succeeded  1.0 s  1 cent
            └──   b  put  pending  2 cents
            """);
    }

    private static DateTimeOffset At(double seconds) => new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(seconds);

    private void Start(string steps, string more = "") => Tell("run.started.v1", $$"""{"plan":{"name":"digest","steps":[{{steps}}]}{{more}} }""");

    private void Tell(string kind, string data, double after = 0)
    {
        seconds += after;
        if (run.Apply(Event(kind, data)) is { } change) lines.AddRange(WatchLines.Of(change, ""));
    }

    private RunEventMessage Event(string kind, string data) => new(++seq, kind, Json.Parse($$"""{"kind":"{{kind}}","at":"{{At(seconds):O}}","data":{{data}} }"""));

    private void Shows(double at, string expected) => Assert.Equal(expected, Rendered(at));

    private string Rendered(double at)
    {
        using var written = new StringWriter();
        var screen = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(written) });
        (screen.Profile.Width, screen.Profile.Capabilities.Unicode) = (100, true);
        screen.Write(WatchTree.Of(run, At(at)));
        return string.Join('\n', written.ToString().TrimEnd().Split('\n').Select(line => line.TrimEnd()));
    }
}
