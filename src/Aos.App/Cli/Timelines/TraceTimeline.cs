using System.Globalization;
using System.Text.Json;
using Aos.App.Cli.Watch;
using Aos.Kernel;

namespace Aos.App.Cli.Timelines;

/// <summary>Timelines of traces of schema 1.1, as the SDKs write them and as the house answers.</summary>
internal static class TraceTimeline
{
    internal static Timeline Of(JsonElement trace, JsonElement steps)
    {
        var read = steps.EnumerateArray().Select(Read).ToList();
        var rows = Laid(read);
        List<(string, string)> hashes = [];
        if (trace.GetText("root_hash") is { } root) hashes.Add(("root", root));
        if (trace.GetText("plan_hash") is { } plan) hashes.Add(("plan", plan));
        if (trace.GetText("full_hash") is { } full) hashes.Add(("full", full));
        var name = trace.GetText("trace_id") ?? trace.GetText("run_id") ?? trace.Get("metadata")?.GetText("run_id");
        var seed = trace.Get("seed") is { } number ? $"seed {number.GetRawText().Trim('"')}" : throw new TraceException("seed: a trace of schema 1.1 has its seed here.");
        var status = trace.GetText("status") ?? (rows.Exists(row => row.Status == "failure") ? "failure" : trace.Get("finalized") is { ValueKind: JsonValueKind.False } ? "not finalized" : "success");
        var length = rows.Count == 0 ? TimeSpan.Zero : rows.Max(row => row.To);
        return new Timeline($"trace {name} {seed}".Replace("  ", " ", StringComparison.Ordinal), "schema 1.1", status, length, rows.Sum(row => row.Cost), hashes, rows);
    }

    private static (TimelineRow Row, DateTimeOffset? EndedAt) Read(JsonElement step, int at)
    {
        if (step.ValueKind != JsonValueKind.Object) throw new TraceException($"steps[{at}]: a step is an object.");
        var skill = step.GetText("skill_id") ?? step.GetText("skill_name") ?? throw new TraceException($"steps[{at}].skill_id: a step has the name of its skill here.");
        var status = step.GetText("outcome") ?? step.GetText("status") ?? throw new TraceException($"steps[{at}].outcome: a step has success, failure or skipped here.");
        var index = step.Get("step_index") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var written) ? written : at;
        var length = WatchedRun.Number(step, "duration_ms") is { } ms and >= 0 and < 1e13m ? TimeSpan.FromMilliseconds((double)ms) : TimeSpan.Zero;
        var tries = step.Get("retry_count") is { ValueKind: JsonValueKind.Number } retries && retries.TryGetInt32(out var more) ? more + 1 : 1;
        var row = new TimelineRow(
            string.Create(CultureInfo.InvariantCulture, $"{index}"), skill, status, TimeSpan.Zero, length, WatchedRun.Number(step, "cost_cents") ?? 0, tries, step.GetText("input_hash"), step.GetText("output_hash"))
        {
            Why = step.GetText("error_code") ?? (step.GetText("outcome_code") is { Length: > 0 } code ? code : null),
        };
        return (row, WatchedRun.Time(step, "timestamp"));
    }

    /// <summary>
    /// By the times in the trace, which are those of the steps' ends; where they say nothing (missing, or all the same) one after another.
    /// </summary>
    private static List<TimelineRow> Laid(List<(TimelineRow Row, DateTimeOffset? EndedAt)> read)
    {
        var times = read.Select(step => step.EndedAt).ToList();
        if (times.Count > 0 && times.TrueForAll(time => time is not null) && (times.Count == 1 || times.Distinct().Count() > 1))
        {
            var first = read.Min(step => step.EndedAt!.Value - step.Row.Length);
            return [.. read.Select(step => step.Row with { From = step.EndedAt!.Value - step.Row.Length - first })];
        }

        var at = TimeSpan.Zero;
        var rows = new List<TimelineRow>();
        foreach (var (row, _) in read)
        {
            rows.Add(row with { From = at });
            at += row.Length;
        }

        return rows;
    }
}
