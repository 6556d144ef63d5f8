using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos failures</c>: what failed, what it is, and what became of it.</summary>
internal static class FailuresVerb
{
    private static readonly (Option<string?> Option, string Query)[] Filters =
    [
        (new("--run") { Description = "Of this run.", HelpName = "ID" }, "run_id"),
        (new("--code") { Description = "Of this code: as the step failed, or of the catalog.", HelpName = "CODE" }, "error_code"),
        (new("--category") { Description = "Of this category, such as TRANSIENT.", HelpName = "CATEGORY" }, "category"),
        (new("--skill") { Description = "Of calls of this skill.", HelpName = "NAME" }, "skill_id"),
        (new("--agent") { Description = "Of runs of this agent.", HelpName = "ID" }, "agent_id"),
        (new("--status") { Description = "all, recovered or unrecovered.", HelpName = "STATUS" }, "status"),
    ];

    internal static Command Command() => new("failures", "What failed in runs, what it is and what to do about it.") { List(), Show(), Stats(), Match(), Recover(), CandidatesVerb.List(), CandidatesVerb.Aggregate() };

    private static Command List()
    {
        var (hours, limit) = (Hours(), new Option<int>("--limit") { Description = "How many, 1 to 1000.", HelpName = "NUMBER", DefaultValueFactory = _ => 100 });
        var offset = new Option<int>("--offset") { Description = "Skips so many.", HelpName = "NUMBER" };
        var command = new Command("list", "Lists failed steps, newest first.\n\nExample: aos failures list --status unrecovered --since-hours 0") { hours, limit, offset };
        foreach (var (option, _) in Filters) command.Options.Add(option);
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var query = string.Concat(Filters.Select(filter => parsed.GetValue(filter.Option) is { } value ? $"&{filter.Query}={Uri.EscapeDataString(value)}" : ""));
            var page = await house.AskAsync(HttpMethod.Get, $"api/v1/failures?limit={parsed.GetValue(limit)}&offset={parsed.GetValue(offset)}&since_hours={parsed.GetValue(hours)}{query}", null, cancel);
            foreach (var failure in page.GetProperty("failures").EnumerateArray()) Tell(parsed, failure);
            return 0;
        }, cancel));
        return command;
    }

    private static Command Show()
    {
        var id = Id();
        var command = new Command("show", "Shows one failed step with what to do about it.\n\nExample: aos failures show 3f2a…") { id };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Report.Pretty(await house.AskAsync(HttpMethod.Get, $"api/v1/failures/{Uri.EscapeDataString(parsed.GetValue(id)!)}", null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Stats()
    {
        var hours = Hours();
        var command = new Command("stats", "Counts failed steps by code, category and severity.\n\nExample: aos failures stats --since-hours 168") { hours };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Report.Pretty(await house.AskAsync(HttpMethod.Get, $"api/v1/failures/stats?since_hours={parsed.GetValue(hours)}", null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Match()
    {
        var said = new Argument<string>("failure") { Description = "A code, or what a failure says." };
        var (status, type) = (new Option<int?>("--http-status") { Description = "Status that the peer answered with.", HelpName = "NUMBER" }, new Option<string?>("--exception") { Description = "Type of the exception.", HelpName = "TYPE" });
        var command = new Command("match", "Says what a failure is by code, status, type or words. Exit code 1 when nobody knows.\n\nExample: aos failures match \"the request timed out\"") { said, status, type };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var (text, number, name) = (parsed.GetValue(said)!, parsed.GetValue(status), parsed.GetValue(type));
            var match = await house.AskAsync(HttpMethod.Post, "api/v1/failures/match", Json.Write(writer =>
            {
                writer.WriteStartObject();
                if (!text.Contains(' ', StringComparison.Ordinal)) writer.WriteString("code", text);
                writer.WriteString("message", text);
                if (number is { } known) writer.WriteNumber("http_status", known);
                if (name is not null) writer.WriteString("exception", name);
                writer.WriteEndObject();
            }), cancel);
            Report.Pretty(match);
            return match.GetProperty("matched").GetBoolean() ? 0 : 1;
        }, cancel));
        return command;
    }

    private static Command Recover()
    {
        var id = Id();
        var (failed, notes) = (new Option<bool>("--failed") { Description = "It was tried, and did not help." }, new Option<string?>("--notes") { Description = "What was done, at most 1000 characters.", HelpName = "TEXT" });
        var command = new Command("recovered", "Puts on record that somebody recovered from a failure, or tried to.\n\nExample: aos failures recovered 3f2a… --notes \"key renewed\"") { id, failed, notes };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var text = parsed.GetValue(notes);
            Report.Line(await house.AskAsync(HttpMethod.Patch, $"api/v1/failures/{Uri.EscapeDataString(parsed.GetValue(id)!)}/recovery", Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteBoolean("recovery_succeeded", !parsed.GetValue(failed));
                if (text is not null) writer.WriteString("notes", text);
                writer.WriteEndObject();
            }), cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Argument<string> Id() => new("failure") { Description = "Id of the failure, as aos failures list prints it." };

    private static Option<int> Hours() => new("--since-hours") { Description = "Only what failed within so many hours; 0: whenever.", HelpName = "NUMBER", DefaultValueFactory = _ => 24 };

    private static void Tell(ParseResult parsed, JsonElement failure)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(failure);
            return;
        }

        var state = failure.GetProperty("recovery_succeeded").GetBoolean() ? "recovered" : failure.GetProperty("recovery_attempted").GetBoolean() ? "tried" : "open";
        Console.Out.WriteLine(PlainText.Of(
            $"{failure.GetText("id")}  {failure.GetText("updated_at")}  {failure.GetText("run_id")} {failure.GetText("step_id")}  {failure.GetText("error_code")}  {state}  {failure.GetText("error_message")}"));
    }
}
