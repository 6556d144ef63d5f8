using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos failures aggregate</c> and <c>candidates</c>: unknown failures, gathered.</summary>
internal static class CandidatesVerb
{
    internal static Command Aggregate()
    {
        var days = new Option<int>("--days") { Description = "Failures of so many days, 1 to 365.", HelpName = "NUMBER", DefaultValueFactory = _ => 7 };
        var min = new Option<int>("--min-occurrences") { Description = "Only what occurred so often.", HelpName = "NUMBER", DefaultValueFactory = _ => 3 };
        var command = new Command("aggregate", "Gathers unknown failures by signature now; the server does it by itself, at least once a day.\n\nExample: aos failures aggregate --days 30") { days, min };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Tell(parsed, await house.AskAsync(HttpMethod.Post, $"api/v1/failures/aggregate?days={parsed.GetValue(days)}&min_occurrences={parsed.GetValue(min)}", null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    internal static Command List()
    {
        var command = new Command("candidates", "Lists unknown failures as they were gathered last, most frequent first.\n\nExample: aos failures candidates");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Tell(parsed, await house.AskAsync(HttpMethod.Get, "api/v1/failures/candidates", null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static void Tell(ParseResult parsed, JsonElement found)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(found);
            return;
        }

        Console.Out.WriteLine($"{found.GetProperty("total_patterns")} patterns, {found.GetProperty("total_occurrences")} occurrences");
        foreach (var one in found.GetProperty("patterns").EnumerateArray())
        {
            Console.Out.WriteLine(PlainText.Of(
                $"{one.GetText("signature")}  {one.GetProperty("occurrences"),6}  {one.GetText("error_code")}  {one.GetText("suggested_category")}  {one.GetText("suggested_recovery")}  {one.GetText("error_message")}"));
        }
    }
}
