using System.Runtime.CompilerServices;
using System.Text.Json;
using Aos.App.Cli;
using Aos.App.Cli.Watch;
using Aos.Client;
using Spectre.Console;

namespace Aos.E2E.Tests;

/// <summary>What <c>aos run --watch</c> shows of a model that writes.</summary>
[Trait("store", "none")]
public sealed class WatchedTexts
{
    private const string Run = "01900000-0000-7000-8000-000000000001";

    private static readonly (string Kind, string Data)[] Began =
    [
        ("run.started.v1", """{"plan":{"name":"digest","steps":[{"id":"ask","skill":"llm_invoke"}]}}"""),
        ("step.started.v1", """{"effect":"s0.-1.0"}"""),
    ];

    [Fact]
    [Trait("id", "F5.47-10")]
    public async Task Elsewhere_than_on_a_terminal_whole_lines_are_written_and_the_rest_before_the_call_ends()
    {
        using var written = new StringWriter();
        await using var house = new Told(
        [
            .. Began, Piece(0, "One"), Piece(1, " line.\nAnd \u001b[31mmore"), Piece(2, " of it"),
            ("call.succeeded.v1", """{"effect":"s0.-1.0","outcome":{"cost":1,"latency_ticks":0}}"""), ("run.ended.v1", """{"status":"Succeeded","root_hash":"ab"}"""),
        ]);
        await new Watcher(house, TimeProvider.System, isTerminal: false, written).FollowAsync(Run, TestContext.Current.CancellationToken);

        Assert.True(house.AskedForDeltas);
        Assert.Equal("""
              run running: digest
              > ask                llm_invoke       started
              " ask                One line.
              " ask                And \u001b[31mmore of it
              + ask                llm_invoke       succeeded, 0 ms, 1 cent
              run succeeded
            """, string.Join('\n', written.ToString().TrimEnd().Split('\n').Select(line => line.TrimEnd())));
    }

    [Fact]
    [Trait("id", "F5.47-10")]
    public void On_a_terminal_the_end_of_the_text_stands_below_its_step_while_it_is_written()
    {
        var run = new WatchedRun(Run);
        foreach (var (kind, data) in Began) run.Apply(Message(kind, data));
        foreach (var text in new[] { "Once upon\n", "a time" }) run.Written(Delta(Piece(text[0] == 'O' ? 0 : 1, text).Data));

        Assert.EndsWith("└── Once upon a time", Rendered(run), StringComparison.Ordinal);
        run.Written(Delta(Piece(0, "Anew").Data));
        Assert.EndsWith("└── Anew", Rendered(run), StringComparison.Ordinal);
        var end = Message("call.succeeded.v1", """{"effect":"s0.-1.0","outcome":{"cost":1,"latency_ticks":0}}""");
        run.Written(end);
        run.Apply(end);
        Assert.DoesNotContain("Anew", Rendered(run), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.47-10")]
    public void A_line_without_an_end_is_cut_and_each_call_has_its_own()
    {
        var texts = new Aos.App.Cli.Watch.WatchedTexts();

        Assert.Equal([new string('a', 160)], texts.Take("one", 0, new string('a', 200)));
        Assert.Empty(texts.Take("two", 0, "b"));
        Assert.Equal([new string('a', 40) + "c"], texts.Take("one", 1, "c\n"));
        Assert.Equal(["b"], texts.End("two"));
        Assert.Empty(texts.End("two"));
    }

    private static (string Kind, string Data) Piece(int number, string text) => ("delta", $$"""{"step_id":"ask","effect":"s0.-1.0","provider":"own","n":{{number}},"text":{{JsonSerializer.Serialize(text)}} }""");

    private static RunEventMessage Delta(string body) => new(2, "delta", Json.Parse(body));

    private static RunEventMessage Message(string kind, string data) => new(1, kind, Json.Parse($$"""{"kind":"{{kind}}","at":"2026-01-01T00:00:00Z","data":{{data}} }"""));

    private static string Rendered(WatchedRun run)
    {
        using var written = new StringWriter();
        var screen = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(written) });
        (screen.Profile.Width, screen.Profile.Capabilities.Unicode) = (100, true);
        screen.Write(WatchTree.Of(run, new DateTimeOffset(2026, 1, 1, 0, 0, 1, TimeSpan.Zero)));
        return string.Join('\n', written.ToString().TrimEnd().Split('\n').Select(line => line.TrimEnd()));
    }

    /// <summary>Has these events of one run, and nothing else.</summary>
    private sealed class Told((string Kind, string Data)[] events) : IHouse
    {
        internal bool AskedForDeltas { get; private set; }

        public string Name => "told";

        public async IAsyncEnumerable<RunEventMessage> FollowAsync(string run, int after, bool follow, [EnumeratorCancellation] CancellationToken cancel, bool deltas = false)
        {
            AskedForDeltas = deltas;
            await Task.Yield();
            foreach (var (kind, data) in events) yield return kind == "delta" ? Delta(data) : Message(kind, data);
        }

        public Task<JsonElement> StartAsync(RunOrder order, CancellationToken cancel) => throw new NotSupportedException();

        public Task<JsonElement> ReadAsync(string run, TimeSpan wait, CancellationToken cancel) => throw new NotSupportedException();

        public Task<JsonElement> AskAsync(HttpMethod method, string path, JsonElement? body, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
