using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Client;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos runs inspect</c>: where a run stands, its steps and newest events in words, and what to do next.</summary>
internal static class InspectVerb
{
    /// <summary>Characters of a result or message; the whole is in <c>runs show</c>.</summary>
    private const int ShownMax = 100;

    internal static Command Command()
    {
        var run = new Argument<string>("run") { Description = "Run id. aos runs list shows them." };
        var events = new Option<int>("--events", "-n") { Description = "Newest events that are shown, 0 to 1000. Default 20.", DefaultValueFactory = _ => 20, HelpName = "NUMBER" };
        var command = new Command("inspect", "Says where a run stands: its steps, its newest events, and what to do next. Exit code 1 when there is no such run.\n\nExample: aos runs inspect RUN -n 50") { run, events };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            if (parsed.GetValue(events) is not (>= 0 and <= 1_000 and var most)) return Report.Fail(2, "--events is a whole number from 0 to 1000.");
            var shown = await house.ReadAsync(parsed.GetValue(run)!, TimeSpan.Zero, cancel);
            var newest = await NewestAsync(house, parsed.GetValue(run)!, most, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(AsJson(shown, newest));
            else Print(shown, newest);
            return 0;
        }, cancel));
        return command;
    }

    private static async Task<IReadOnlyList<RunEventMessage>> NewestAsync(IHouse house, string run, int most, CancellationToken cancel)
    {
        var newest = new Queue<RunEventMessage>();
        if (most == 0) return [];
        await foreach (var message in house.FollowAsync(run, 0, follow: false, cancel))
        {
            if (newest.Count == most) newest.Dequeue();
            newest.Enqueue(message);
        }

        return [.. newest];
    }

    private static JsonElement AsJson(JsonElement run, IReadOnlyList<RunEventMessage> events) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("run");
        run.WriteTo(writer);
        writer.WriteStartArray("events");
        foreach (var one in events) one.Body.WriteTo(writer);
        writer.WriteEndArray();
        writer.WriteString("advice", Advice(run));
        writer.WriteEndObject();
    });

    private static void Print(JsonElement run, IReadOnlyList<RunEventMessage> events)
    {
        var steps = (run.Get("steps") ?? Json.EmptyArray).EnumerateArray().ToList();
        Line("run", run.GetText("run_id"));
        Line("status", $"{run.GetText("status")} (attempt {run.Get("attempt")})");
        Line("plan", run.GetText("workflow_id") ?? run.GetText("plan_name"));
        Line("agent", run.GetText("agent_id"));
        Line("steps", $"{run.Get("current_step")} of {run.Get("total_steps")} over");
        Line("created", run.GetText("created_at"));
        if (run.GetText("completed_at") is { } over) Line("ended", over);
        if (run.GetText("root_hash") is { } root) Line("root", root);
        Console.Out.WriteLine();
        foreach (var step in steps) Console.Out.WriteLine($"  {step.GetText("id"),-20} {step.GetText("status"),-11} {Cut(Came(step))}".TrimEnd());
        if (events.Count > 0) Console.Out.WriteLine();
        foreach (var message in events) Console.Out.WriteLine($"  {message.Seq,5} {message.Body.GetText("at")} {What(message, steps)}".TrimEnd());
        Console.Out.WriteLine();
        Console.Out.WriteLine(PlainText.Of(Advice(run)));
    }

    private static void Line(string name, string? value) => Console.Out.WriteLine($"{name,-8} {PlainText.Of(value ?? "-")}");

    private static string Came(JsonElement step) =>
        step.Get("error") is { } error ? $"{error.GetText("code")}: {error.GetText("message")}"
        : step.GetText("code") is { } code ? code
        : step.Get("result") is { } result ? result.GetRawText() : "";

    /// <summary>An event in words: its kind, its step by name, the code of what failed.</summary>
    private static string What(RunEventMessage message, List<JsonElement> steps)
    {
        var kind = message.Kind.LastIndexOf(".v", StringComparison.Ordinal) is > 0 and var at ? message.Kind[..at] : message.Kind;
        if (message.Body.Get("data") is not { ValueKind: JsonValueKind.Object } data) return kind;
        var index = data.Get("step") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var n) ? n : OfEffect(data.GetText("effect"));
        var step = index is { } i && i >= 0 && i < steps.Count ? steps[i].GetText("id") : null;
        var code = (data.Get("failure") ?? data.Get("outcome")?.Get("failure") ?? data.Get("cause"))?.GetText("code");
        return PlainText.Of(string.Join(' ', new[] { kind, step, code, data.GetText("status")?.ToLowerInvariant(), data.GetText("reason") }.Where(word => word is not null)));
    }

    /// <summary><c>s2.-1.0</c> is of step 2.</summary>
    private static int? OfEffect(string? effect) => EffectId.TryParse(effect, out var id) ? id.Step : null;

    private static string Cut(string text) => PlainText.Of(text.Length <= ShownMax ? text : text[..ShownMax] + "...");

    private static string Advice(JsonElement run)
    {
        var id = run.GetText("run_id");
        return run.GetText("status") switch
        {
            "succeeded" => $"It is done. Its record: aos trace show {id}",
            "failed" => $"Mend what failed, then: aos runs retry {id}   What the code means: docs/errors/{run.Get("outcome")?.Get("error")?.GetText("code")}.md",
            "cancelled" => $"It was stopped on purpose. To begin again: aos runs retry {id}",
            "paused" when run.Get("paused")?.GetText("code") is not null => $"A shared budget has no room: {run.Get("paused")?.GetText("reason")} It goes on by itself; raise the limit with: aos budgets set ...",
            "paused" => $"It stands still until: aos runs resume {id}",
            "quarantined" => $"A rule did not hold; the last event says which. Then: aos runs resume {id}   or: aos runs cancel {id}",
            "waiting" => $"It waits for a time, a signal or a person: aos runs signal|approve|resolve {id} ...",
            "retry" => "A call failed and is tried again by itself; nothing to do.",
            "queued" => "It waits for a slot of its tenant or agent; nothing to do.",
            _ => $"It is at work. To watch it: aos runs events {id} --follow",
        };
    }
}
