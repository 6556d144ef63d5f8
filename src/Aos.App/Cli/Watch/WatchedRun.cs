using System.Globalization;
using System.Text.Json;
using Aos.App.Server;
using Aos.Client;
using Aos.Kernel;

namespace Aos.App.Cli.Watch;

/// <summary>A run as its events tell of it: enough to show it, and where it stands still what would let it go on.</summary>
internal sealed class WatchedRun(string id)
{
    internal string Id { get; } = id;

    internal string Name { get; private set; } = "";

    internal string Status { get; private set; } = "queued";

    /// <summary>Why it is paused, set aside or over.</summary>
    internal string? Why { get; private set; }

    internal int Attempt { get; private set; } = 1;

    internal DateTimeOffset? StartedAt { get; private set; }

    internal DateTimeOffset? EndedAt { get; private set; }

    internal decimal? Budget { get; private set; }

    internal decimal Charged { get; private set; }

    internal string? RootHash { get; private set; }

    internal List<WatchedStep> Steps { get; } = [];

    internal bool IsOver => Status is "succeeded" or "failed" or "cancelled";

    internal decimal Cost => Charged + Steps.Sum(step => step.Cost);

    /// <summary>Takes an event in. What it changed: the step, or null for the run itself; and what happened, in words. Null: nothing to tell.</summary>
    internal WatchChange? Apply(RunEventMessage message)
    {
        if (message.Kind == LiveEvents.Kind) return null; // Written takes it.
        if (message.Body.Get("data") is not { } data) return null;
        var at = Time(message.Body, "at") ?? default;
        return Find(data) is { } step ? WatchedEvents.Apply(this, step, message.Kind, data, at) : Apply(message.Kind, data, at);
    }

    /// <summary>Takes in what a model writes, and the end of what it has written. Lines that are whole by this; null: none can be.</summary>
    internal (WatchedStep Step, IReadOnlyList<string> Lines)? Written(RunEventMessage message)
    {
        var isPiece = message.Kind == LiveEvents.Kind;
        if ((isPiece ? message.Body : message.Body.Get("data")) is not { } data || data.GetText("effect") is not { } effect || Find(data) is not { } step) return null;
        if (!isPiece) return message.Kind is "call.succeeded.v1" or "call.failed.v1" or "call.unknown.v1" ? (step, step.Texts.End(effect)) : null;
        var number = data.Get("n") is { ValueKind: JsonValueKind.Number } n && n.TryGetInt32(out var place) ? place : 0;
        return (step, step.Texts.Take(effect, number, data.GetText("text") ?? ""));
    }

    private WatchedStep? Find(JsonElement data)
    {
        var index = data.Get("step") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var at) ? at
            : EffectId.TryParse(data.GetText("effect"), out var effect) ? effect.Step : -1;
        return index >= 0 && index < Steps.Count ? Steps[index] : null;
    }

    private WatchChange? Apply(string kind, JsonElement data, DateTimeOffset at)
    {
        switch (kind)
        {
            case "run.started.v1":
                Start(data, at);
                return new WatchChange(null, $"run {Status}: {Name}");
            case "run.begun.v1":
                (Status, StartedAt) = ("running", at);
                return new WatchChange(null, "run begun");
            case "run.paused.v1":
                (Status, Why) = ("paused", data.GetText("reason"));
                return new WatchChange(null, $"run paused{Said(Why)}") { Answer = $"aos runs resume {Id}" };
            case "run.quarantined.v1":
                (Status, Why) = ("quarantined", data.GetText("reason"));
                return new WatchChange(null, $"run set aside{Said(Why)}") { Answer = $"aos runs resume {Id}" };
            case "run.resumed.v1":
                (Status, Why) = ("running", null);
                return new WatchChange(null, $"run goes on{Said(data.GetText("reason"))}");
            case "run.retried.v1":
                Retry(data, at);
                return new WatchChange(null, $"attempt {Attempt}{Said(data.GetText("reason"))}");
            case "compensation.started.v1":
                Status = "undoing";
                return new WatchChange(null, $"undoes what was done: {data.Get("cause")?.GetText("code")}");
            case "signal.received.v1":
                return new WatchChange(null, $"signal {data.GetText("name")} came");
            case "memory.read.v1":
                return new WatchChange(null, $"read {WatchText.Many(data.Get("entries")?.GetArrayLength() ?? 0, "entry", "entries")} of memory");
            case "run.ended.v1":
                (Status, EndedAt, RootHash) = (data.GetText("status")?.ToLowerInvariant() ?? "", at, data.GetText("root_hash"));
                Why = data.Get("failure") is { } failure ? $"{failure.GetText("code")}: {failure.GetText("message")}" : null;
                return new WatchChange(null, $"run {Status}{Said(Why)}");
            default:
                return null;
        }
    }

    private void Start(JsonElement data, DateTimeOffset at)
    {
        (Name, StartedAt) = (data.Get("plan")?.GetText("name") ?? "plan", at);
        Status = data.Get("queued") is { ValueKind: JsonValueKind.True } ? "queued" : "running";
        Budget = Number(data, "budget");
        Charged = Number(data, "charged") ?? 0;
        if (data.Get("plan")?.Get("steps") is not { ValueKind: JsonValueKind.Array } listed) return;
        foreach (var step in listed.EnumerateArray()) Steps.Add(WatchedStep.Of(step, Steps.Count));
    }

    private void Retry(JsonElement data, DateTimeOffset at)
    {
        Attempt = data.Get("attempt")?.GetInt32() ?? Attempt + 1;
        (Status, StartedAt, EndedAt, Why) = (data.Get("queued") is { ValueKind: JsonValueKind.True } ? "queued" : "running", at, null, null);
        foreach (var step in Steps.Where(step => step.Status is not ("succeeded" or "skipped"))) step.Again();
    }

    private static string Said(string? text) => text is { Length: > 0 } ? $": {text}" : "";

    internal static DateTimeOffset? Time(JsonElement data, string name) =>
        data.GetText(name) is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    internal static decimal? Number(JsonElement data, string name) => data.Get(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDecimal(out var value) ? value : null;
}

/// <param name="Step">Null: the run.</param>
/// <param name="Text">What happened.</param>
internal sealed record WatchChange(WatchedStep? Step, string Text)
{
    /// <summary>The command that lets it go on, or null.</summary>
    internal string? Answer { get; init; }

    /// <summary>False: on the way only; told where each change is.</summary>
    internal bool IsEnd { get; init; }
}
