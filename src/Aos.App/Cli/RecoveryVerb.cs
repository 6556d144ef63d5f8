using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos recovery</c>: what to do about failures, and who decided so.</summary>
internal static class RecoveryVerb
{
    internal static Command Command() => new("recovery", "What to do about failures: suggested by what helped before, decided by people.\n\nExample: aos recovery suggest --run RUN")
    {
        Suggest(), Candidates(), Show(), Approve(), Reject(), Stats(),
    };

    private static Command Suggest()
    {
        var what = new Argument<string?>("failure") { Description = "A code, or what a failure says.", Arity = ArgumentArity.ZeroOrOne };
        var (run, kept, skill) = (
            new Option<string?>("--run") { Description = "What failed in this run.", HelpName = "ID" }, new Option<string?>("--failure") { Description = "This kept failure.", HelpName = "ID" },
            new Option<string?>("--skill") { Description = "Of a call of this skill.", HelpName = "NAME" });
        var command = new Command("suggest", "Suggests what to do about a failure, and keeps the suggestion.\n\nExamples:\n  aos recovery suggest --run RUN\n  aos recovery suggest TIMEOUT --skill http_call") { what, run, kept, skill };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var (text, of, id, name) = (parsed.GetValue(what), parsed.GetValue(run), parsed.GetValue(kept), parsed.GetValue(skill));
            if (new[] { text, of, id }.Count(one => one is not null) != 1) throw new PlanFileException("Say what failed, in one way: a code or text, --run RUN, or --failure ID.");
            var proposal = await house.AskAsync(HttpMethod.Post, "api/v1/recovery/suggest", Json.Write(writer =>
            {
                writer.WriteStartObject();
                if (of is not null) writer.WriteString("run_id", of);
                if (id is not null) writer.WriteString("failure_id", id);
                if (text is not null) writer.WriteString(text.Contains(' ', StringComparison.Ordinal) ? "error_message" : "error_code", text);
                if (name is not null)
                {
                    writer.WriteStartObject("context");
                    writer.WriteString("skill", name);
                    writer.WriteEndObject();
                }

                writer.WriteEndObject();
            }), cancel);
            Tell(parsed, proposal);
            if (parsed.GetValue(CommandLine.AsJson)) return 0;
            foreach (var other in proposal.GetProperty("alternatives").EnumerateArray()) Console.Out.WriteLine(PlainText.Of($"  or {Sure(other)}  {other.GetText("suggested_recovery")}"));
            Console.Out.WriteLine($"  by {RunText.Counted(proposal.GetProperty("outcomes").GetInt32(), "outcome")}");
            return 0;
        }, cancel));
        return command;
    }

    private static Command Candidates()
    {
        var status = new Option<string?>("--status") { Description = "all, proposed, approved, rejected or applied.", HelpName = "STATUS" };
        var (run, code) = (new Option<string?>("--run") { Description = "For this run.", HelpName = "ID" }, new Option<string?>("--code") { Description = "Of failures of this code.", HelpName = "CODE" });
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 500.", HelpName = "NUMBER", DefaultValueFactory = _ => 50 };
        var offset = new Option<int>("--offset") { Description = "Skips so many.", HelpName = "NUMBER" };
        var command = new Command("candidates", "Lists suggestions, newest first.\n\nExample: aos recovery candidates --status proposed") { status, run, code, limit, offset };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var query = string.Create(CultureInfo.InvariantCulture, $"api/v1/recovery/candidates?limit={parsed.GetValue(limit)}&offset={parsed.GetValue(offset)}");
            foreach (var (name, value) in new[] { ("status", parsed.GetValue(status)), ("run_id", parsed.GetValue(run)), ("error_code", parsed.GetValue(code)) })
                if (value is not null) query += $"&{name}={Uri.EscapeDataString(value)}";
            foreach (var one in (await house.AskAsync(HttpMethod.Get, query, null, cancel)).GetProperty("candidates").EnumerateArray()) Tell(parsed, one);
            return 0;
        }, cancel));
        return command;
    }

    private static Command Show()
    {
        var (id, named) = Ids();
        var command = new Command("show", "Shows one suggestion with who decided what about it.\n\nExample: aos recovery show ID") { id, named };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Report.Pretty(await house.AskAsync(HttpMethod.Get, $"api/v1/recovery/candidates/{Id(parsed, id, named)}", null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Approve()
    {
        var action = new Option<string?>("--action") { Description = "What is approved in its place, as JSON: kind and what it needs.", HelpName = "JSON" };
        var command = Decision("approve", "Approves a suggestion: aos runs retry RUN --with ID does it then.\n\nExamples:\n  aos recovery approve ID --note \"the peer is back\"\n  aos recovery approve --id ID --action '{\"kind\":\"raise_budget\",\"budget_cents\":50}'", action);
        command.Add(action);
        return command;
    }

    private static Command Reject() => Decision("reject", "Rejects a suggestion.\n\nExample: aos recovery reject ID --note \"the peer is gone for good\"", null);

    private static Command Decision(string name, string description, Option<string?>? action)
    {
        var (id, named) = Ids();
        var note = new Option<string?>("--note") { Description = "Why, at most 1000 characters.", HelpName = "TEXT" };
        var command = new Command(name, description) { id, named, note };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var (why, instead) = (parsed.GetValue(note), action is null ? null : parsed.GetValue(action));
            Tell(parsed, await house.AskAsync(HttpMethod.Post, $"api/v1/recovery/candidates/{Id(parsed, id, named)}/{name}", Json.Write(writer =>
            {
                writer.WriteStartObject();
                if (why is not null) writer.WriteString("note", why);
                if (instead is not null)
                {
                    writer.WritePropertyName("action");
                    PlanFile.Value(instead, "--action").WriteTo(writer);
                }

                writer.WriteEndObject();
            }), cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Stats()
    {
        var hours = new Option<int>("--since-hours") { Description = "Only what was suggested within so many hours; 0: whenever.", HelpName = "NUMBER", DefaultValueFactory = _ => 24 };
        var command = new Command("stats", "Counts suggestions, what was decided and what came of them.\n\nExample: aos recovery stats --since-hours 168") { hours };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Report.Pretty(await house.AskAsync(HttpMethod.Get, $"api/v1/recovery/stats?since_hours={parsed.GetValue(hours)}", null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    /// <summary>The id as an argument, or as scripts have it.</summary>
    private static (Argument<string?> Id, Option<string?> Named) Ids() => (
        new("suggestion") { Description = "Id of the suggestion, as aos recovery candidates prints it.", Arity = ArgumentArity.ZeroOrOne }, new("--id") { Description = "The same.", HelpName = "ID" });

    private static string Id(ParseResult parsed, Argument<string?> id, Option<string?> named) => (parsed.GetValue(id), parsed.GetValue(named)) switch
    {
        ({ } one, null) => Uri.EscapeDataString(one),
        (null, { } one) => Uri.EscapeDataString(one),
        _ => throw new PlanFileException("Name one suggestion."),
    };

    private static void Tell(ParseResult parsed, JsonElement one)
    {
        if (parsed.GetValue(CommandLine.AsJson)) Report.Line(one);
        else
        {
            Console.Out.WriteLine(PlainText.Of(
                $"{one.GetText("id")}  {one.GetText("status"),-8}  {Sure(one)}  {one.GetText("error_code")}  {one.GetText("run_id") ?? "-"}  {one.GetText("suggested_recovery")}{(one.GetText("outcome") is { } outcome ? $"  {outcome}" : "")}"));
        }
    }

    private static string Sure(JsonElement one) => one.GetProperty("confidence").GetDecimal().ToString("0.00", CultureInfo.InvariantCulture);
}
