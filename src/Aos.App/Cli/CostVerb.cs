using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos cost</c>: what was spent, and what may be.</summary>
internal static class CostVerb
{
    internal static Command Command() => new("cost", """
        Shows what the tenant has spent.

        Examples:
          aos cost today
          aos cost by-skill --days 30 --csv
          aos cost forecast
        """)
    {
        Today(), By("by-skill", "skill", "skills"), By("by-agent", "agent_id", "agents"), By("by-model", "model", "models"), By("by-run", "run_id", "runs"), Daily(), Forecast(),
    };

    private static Command Today()
    {
        var command = new Command("today", "Shows what was spent since midnight, UTC.\n\nExample: aos cost today --json");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var sum = await house.AskAsync(HttpMethod.Get, "api/v1/costs/summary?days=1", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(sum);
            else Console.Out.WriteLine($"{sum.Get("total_cost_cents")} cents in {sum.Get("request_count")} calls; {sum.Get("total_input_tokens")} tokens in, {sum.Get("total_output_tokens")} out.");
            return 0;
        }, cancel));
        return command;
    }

    private static Command By(string verb, string member, string what) => Sums(verb, verb, member, $"Shows which {what} spent most.\n\nExamples:\n  aos cost {verb}\n  aos cost {verb} --days 30 --csv");

    private static Command Daily() => Sums("daily", "daily", "day", "Shows what was spent day by day.\n\nExample: aos cost daily --days 30");

    private static Command Sums(string verb, string path, string member, string description)
    {
        var days = new Option<int>("--days") { Description = "Of so many days, today's included, 1 to 400. Default 7.", DefaultValueFactory = _ => 7, HelpName = "NUMBER" };
        var csv = new Option<bool>("--csv") { Description = "As comma-separated values." };
        var command = new Command(verb, description) { days, csv };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"api/v1/costs/{path}?days={parsed.GetValue(days)}"), null, cancel);
            if (parsed.GetValue(csv)) Console.Out.WriteLine($"{member},cost_cents,calls,input_tokens,output_tokens");
            foreach (var one in answer.GetProperty("costs").EnumerateArray()) Tell(one, member, parsed.GetValue(csv), parsed.GetValue(CommandLine.AsJson));
            return 0;
        }, cancel));
        return command;
    }

    private static void Tell(JsonElement one, string member, bool isCsv, bool isJson)
    {
        if (isJson) Report.Line(one);
        else if (isCsv) Console.Out.WriteLine($"{Field(one.GetText(member)!)},{one.Get("cost_cents")},{one.Get("calls")},{one.Get("input_tokens")},{one.Get("output_tokens")}");
        else Console.Out.WriteLine(PlainText.Of($"{one.GetText(member),-40} {one.Get("cost_cents"),14} cents {one.Get("calls"),8} calls"));
    }

    private static string Field(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static Command Forecast()
    {
        var days = new Option<int>("--days") { Description = "For so many days ahead, 1 to 90. Default 7.", DefaultValueFactory = _ => 7, HelpName = "NUMBER" };
        var command = new Command("forecast", "Says what the next days may cost, and how sure that is.\n\nExample: aos cost forecast --days 30") { days };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"api/v1/costs/forecast?days={parsed.GetValue(days)}"), null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(answer);
            else Console.Out.WriteLine($"{answer.Get("total_cents")} cents in {parsed.GetValue(days)} days, {answer.GetText("direction")} by {answer.Get("change_per_day_cents")} a day; confidence {answer.Get("confidence")}. Method: {answer.GetText("method")}.");
            return 0;
        }, cancel));
        return command;
    }
}
