using System.Text.Json;
using Aos.App.Cli.Watch;
using Aos.Client;
using Aos.Kernel;

namespace Aos.App.Cli.Timelines;

/// <summary>One bar of a timeline.</summary>
/// <param name="From">Since the beginning of the record.</param>
internal sealed record TimelineRow(string Name, string Action, string Status, TimeSpan From, TimeSpan Length, decimal Cost, int Tries, string? Input, string? Output)
{
    /// <summary>True: it does nothing but wait.</summary>
    internal bool Waits { get; init; }

    /// <summary>Why it failed, or null.</summary>
    internal string? Why { get; init; }

    internal TimeSpan To => From + Length;
}

/// <summary>A record of a run or a trace, as bars on one axis of time.</summary>
/// <param name="Form">What it was read from, in words.</param>
/// <param name="Hashes">Name and hex digits.</param>
internal sealed record Timeline(string Title, string Form, string Status, TimeSpan Length, decimal Cost, IReadOnlyList<(string Name, string Hash)> Hashes, IReadOnlyList<TimelineRow> Rows)
{
    /// <summary>
    /// Reads an export of AOS, a record of schema 2, a trace of schema 1.1 or a stored trace. Throws <see cref="TraceException"/> that
    /// says what is missing.
    /// </summary>
    internal static Timeline Read(JsonElement record)
    {
        if (record.ValueKind != JsonValueKind.Object) throw new TraceException("It is no trace: a trace is a JSON object.");
        if (record.Get("events") is { ValueKind: JsonValueKind.Array } events) return OfEvents(record, events);
        if (record.Get("steps") is { ValueKind: JsonValueKind.Array } steps) return TraceTimeline.Of(record, steps);
        throw new TraceException("It is no trace: it has neither events (schema 2) nor steps (schema 1.1).");
    }

    private static Timeline OfEvents(JsonElement record, JsonElement events)
    {
        var run = new WatchedRun(record.GetText("run_id") ?? throw new TraceException("run_id: a record has the id of its run here."));
        DateTimeOffset? first = null, last = null;
        foreach (var (i, e) in events.EnumerateArray().Index())
        {
            var body = Body(e, i);
            var at = WatchedRun.Time(body, "at") ?? throw new TraceException($"events[{i}].at: an event has its time here.");
            (first, last) = (first ?? at, at);
            run.Apply(new RunEventMessage(i + 1, e.GetText("kind") ?? throw new TraceException($"events[{i}].kind: an event has its kind here."), body));
        }

        if (first is not { } from || run.Steps.Count == 0) throw new TraceException("events: a record begins with the start of its run.");
        foreach (var step in run.Steps.Where(step => step.StartedAt is { } begun && begun < from)) from = step.StartedAt!.Value; // Taken over from an earlier run.
        var end = run.EndedAt ?? last!.Value;
        List<(string, string)> hashes = [];
        if ((run.RootHash ?? record.GetText("root_hash")) is { } root) hashes.Add(("root", root));
        if (record.GetText("chain_hash") is { } chain) hashes.Add(("chain", chain));
        if (record.GetText("plan_hash") is { } plan) hashes.Add(("plan", plan));
        return new Timeline(
            $"run {run.Id} {run.Name}".TrimEnd(), record.GetText("format") is null ? "schema 2" : "export", run.Status, end - from, run.Cost, hashes,
            [.. run.Steps.Select(step => Row(step, from, end))]);
    }

    /// <summary>The event as followers see it: an export has it as stored text.</summary>
    private static JsonElement Body(JsonElement e, int at)
    {
        if (e.GetText("body") is not { } text) return e;
        try
        {
            return Json.Parse(text);
        }
        catch (JsonException)
        {
            throw new TraceException($"events[{at}].body: an event of an export is JSON text.");
        }
    }

    private static TimelineRow Row(WatchedStep step, DateTimeOffset from, DateTimeOffset end)
    {
        var begun = step.StartedAt ?? end;
        var length = step.StartedAt is null ? TimeSpan.Zero : (step.EndedAt ?? end) - begun;
        return new TimelineRow(step.Id, step.Action, step.Status, begun - from, length, step.Cost, step.Retries + 1, step.InputHash, null)
        {
            Waits = step.Action is "sleep" or "await" or "run" or "wait", Why = step.Why,
        };
    }
}
