using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos costsim canary</c>: whether both cost models still answer as approved, and as runs really cost.</summary>
internal static class CanaryVerb
{
    internal static Command Command() => new("canary", """
        Asks both cost models about the reference datasets and recent simulations, and holds their answers to those that were approved and to what runs really cost.

        Examples:
          aos costsim canary run
          aos costsim canary reports --status fail
          aos costsim canary golden --save
        """)
    {
        Run(), Reports(), Show(), Golden(),
    };

    private static Command Run()
    {
        var samples = new Option<int?>("--samples") { Description = "Recent simulations at most, 10 to 1000. Default: COSTSIM_CANARY_SAMPLE_COUNT.", HelpName = "NUMBER" };
        var drift = new Option<double?>("--drift-threshold") { Description = "Divergence beyond what is by design, 0 to 1. Default: COSTSIM_CANARY_DRIFT_THRESHOLD.", HelpName = "NUMBER" };
        var command = new Command("run", "Runs it now; exits with 1 when it failed or could not judge. While another one runs it is skipped.\n\nExample: aos costsim canary run --samples 500") { samples, drift };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var query = string.Create(
                CultureInfo.InvariantCulture,
                $"{(parsed.GetValue(samples) is { } count ? $"&sample_count={count}" : "")}{(parsed.GetValue(drift) is { } limit ? string.Create(CultureInfo.InvariantCulture, $"&drift_threshold={limit}") : "")}");
            var report = await house.AskAsync(HttpMethod.Post, $"api/v1/costsim/canary/run?{query.TrimStart('&')}", null, cancel);
            Tell(parsed, report);
            return report.Get("passed") is { ValueKind: JsonValueKind.True } ? 0 : 1;
        }, cancel));
        return command;
    }

    private static Command Reports()
    {
        var status = new Option<string?>("--status") { Description = "Only these: pass, fail, error or skipped.", HelpName = "STATUS" };
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 100.", HelpName = "NUMBER", DefaultValueFactory = _ => 10 };
        var offset = new Option<int>("--offset") { Description = "Skips so many.", HelpName = "NUMBER", DefaultValueFactory = _ => 0 };
        var command = new Command("reports", "Lists what it found, newest first.\n\nExample: aos costsim canary reports --status fail") { status, limit, offset };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var of = parsed.GetValue(status) is { } one ? $"&status={Uri.EscapeDataString(one)}" : "";
            var query = string.Create(CultureInfo.InvariantCulture, $"limit={parsed.GetValue(limit)}&offset={parsed.GetValue(offset)}{of}");
            var page = await house.AskAsync(HttpMethod.Get, $"api/v1/costsim/canary/reports?{query}", null, cancel);
            foreach (var report in page.GetProperty("reports").EnumerateArray()) Tell(parsed, report);
            return 0;
        }, cancel));
        return command;
    }

    private static Command Show()
    {
        var run = new Argument<string>("run") { Description = "Its id." };
        var command = new Command("show", "Shows one report whole.\n\nExample: aos costsim canary show 0b7d2f61-9c4") { run };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Report.Pretty(await house.AskAsync(HttpMethod.Get, $"api/v1/costsim/canary/reports/{Uri.EscapeDataString(parsed.GetValue(run)!)}", null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Golden()
    {
        var save = new Option<bool>("--save") { Description = "Approves what both models answer now." };
        var print = new Option<string?>("--print") { Description = "Prints what this model answers to the reference datasets now, as a golden.", HelpName = "MODEL" };
        var command = new Command("golden", "Which approved answers the models are held to.\n\nExamples:\n  aos costsim canary golden\n  aos costsim canary golden --save\n  aos costsim canary golden --print v2") { save, print };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            if (parsed.GetValue(print) is { } model)
            {
                Report.Line(await house.AskAsync(HttpMethod.Get, $"api/v1/costsim/canary/golden?model={Uri.EscapeDataString(model)}", null, cancel));
                return 0;
            }

            var goldens = await house.AskAsync(parsed.GetValue(save) ? HttpMethod.Post : HttpMethod.Get, "api/v1/costsim/canary/golden", null, cancel);
            foreach (var golden in goldens.GetProperty("models").EnumerateArray())
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(golden);
                else Console.Out.WriteLine(PlainText.Of($"{golden.GetText("model")} {golden.GetText("version")}  {golden.GetText("source")}  {(golden.GetText("golden_version") is { } version ? $"golden of {version}" : "no golden")}"));
            }

            return 0;
        }, cancel));
        return command;
    }

    private static void Tell(ParseResult parsed, JsonElement report)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(report);
            return;
        }

        Console.Out.WriteLine(PlainText.Of(
            $"{report.GetText("run_id")}  {report.GetText("timestamp")}  {report.GetText("status"),-7}  {report.GetProperty("total_samples")} samples, {report.GetProperty("recent_samples")} of them recent  {report.GetText("trigger")} on {report.GetText("instance")}"));
        foreach (var reason in report.GetProperty("failure_reasons").EnumerateArray()) Console.Out.WriteLine(PlainText.Of($"  {reason.GetString()}"));
    }
}
