using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos workflows stats</c>: how the runs of a stored plan went.</summary>
internal static class WorkflowStatsVerb
{
    /// <summary>Characters of the longest bar.</summary>
    private const int BarMax = 40;

    internal static Command Command()
    {
        var named = new Argument<string>("workflow") { Description = "NAME, or NAME@VERSION: an exact version, or 2 for all 2.x.", HelpName = "NAME[@VERSION]" };
        var command = new Command("stats", "Counts the runs of a workflow by status, and shows the last ten with how long they took. Exit code 1 when there is no such workflow.\n\nExample: aos workflows stats invoice-digest@2") { named };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var stats = await house.AskAsync(HttpMethod.Get, $"api/v1/workflows/{Uri.EscapeDataString(parsed.GetValue(named)!)}/stats", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(stats);
            else Print(stats);
            return 0;
        }, cancel));
        return command;
    }

    private static void Print(JsonElement stats)
    {
        Console.Out.WriteLine($"{stats.GetText("workflow")}: {stats.GetProperty("total")} runs");
        foreach (var status in stats.GetProperty("statuses").EnumerateArray())
        {
            var percent = status.GetProperty("percent").GetDecimal();
            var bar = new string('#', Math.Max((int)Math.Round(percent * BarMax / 100), 1));
            Console.Out.WriteLine($"  {status.GetText("status"),-11} {status.GetProperty("count"),8} {percent.ToString("0.0", CultureInfo.InvariantCulture),5} % {bar}");
        }

        foreach (var run in stats.GetProperty("recent").EnumerateArray())
        {
            var took = run.GetProperty("duration_seconds") is { ValueKind: JsonValueKind.Number } seconds ? $"{seconds.GetDecimal().ToString("0.###", CultureInfo.InvariantCulture)} s" : "-";
            Console.Out.WriteLine($"  {run.GetText("run_id")} {run.GetText("status"),-11} {took,10} {run.GetText("workflow_id")} {run.GetText("code")}".TrimEnd());
        }
    }
}
