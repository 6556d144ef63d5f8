using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos memory drift</c>: what memory changed between two runs.</summary>
internal static class MemoryDriftVerb
{
    internal static Command Command()
    {
        var baseline = new Argument<string>("baseline") { Description = "Id of the run without memory." };
        var memory = new Argument<string>("memory") { Description = "Id of the run with memory." };
        var ignore = new Option<string?>("--ignore") { Description = "Names of members that are not compared, separated by commas.", HelpName = "NAMES" };
        var threshold = new Option<int>("--threshold") { Description = "A score above it is drift, 0 to 100. Default 5.", DefaultValueFactory = _ => (int)DriftDetector.DefaultThreshold, HelpName = "NUMBER" };
        var command = new Command("drift", "Says what memory changed: compares an ended run without it with one that had it. Exit code 0 without drift, 1 with it.\n\nExample: aos memory drift RUN OTHER --ignore nonce")
        {
            baseline, memory, ignore, threshold,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var path = "api/v1/memory/drift" + MemoryVerb.Query(
                parsed, ("baseline", parsed.GetValue(baseline)), ("memory", parsed.GetValue(memory)), ("threshold", parsed.GetValue(threshold).ToString(CultureInfo.InvariantCulture)), ("ignore", parsed.GetValue(ignore)));
            var drift = await house.AskAsync(HttpMethod.Get, path, null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(drift);
            else Write(drift);
            return drift.Get("has_drift") is { ValueKind: JsonValueKind.True } ? 1 : 0;
        }, cancel));
        return command;
    }

    private static void Write(JsonElement drift)
    {
        Console.Out.WriteLine(PlainText.Of(drift.GetText("summary")!));
        foreach (var point in drift.GetProperty("drift_points").EnumerateArray())
            Console.Out.WriteLine(PlainText.Of($"  {point.GetText("severity"),-8} {point.GetText("field_path")}: {point.GetProperty("baseline_value").GetRawText()} -> {point.GetProperty("memory_value").GetRawText()}"));
    }
}
