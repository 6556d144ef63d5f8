using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos memory notes</c>, <c>search</c> and <c>backfill</c>: what agents remember.</summary>
internal static class RecallVerbs
{
    private const int LineChars = 100;
    private const string Notes = "api/v1/memory/notes";

    internal static Command AddTo(Command memory)
    {
        memory.Add(NotesVerb());
        memory.Add(Search());
        memory.Add(Backfill());
        return memory;
    }

    private static Command NotesVerb() => new("notes", """
        Keeps, lists and removes notes: texts that agents remember.

        Examples:
          aos memory notes add "Bengt wants the aisle seat." --agent a7 --type preference
          aos memory notes list --agent a7
          aos memory notes forget --run RUN
        """)
    {
        Add(), List(), Delete(), Forget(),
    };

    private static Command Add()
    {
        var text = new Argument<string>("text") { Description = "1 to 8,000 characters. Secrets in it are hidden." };
        var (agent, workflow, scope) = Place();
        var type = Option("--type", "fact, preference, user_input, ... Default general.", "TYPE");
        var importance = new Option<double?>("--importance") { Description = "0 to 1. Default 0.5.", HelpName = "NUMBER" };
        var ttl = new Option<int?>("--ttl") { Description = "Seconds to live. Default: without end.", HelpName = "SECONDS" };
        var command = new Command("add", """
            Keeps a note and prints its id; the same text in the same place is kept once.

            Example: aos memory notes add "The VAT id of Kobayashi ends in 7731." --agent billing --type fact
            """)
        {
            text, agent, workflow, scope, type, importance, ttl,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var body = Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("text", parsed.GetValue(text));
                writer.WriteString("source", "cli");
                foreach (var (name, option) in new[] { ("agent_id", agent), ("workflow", workflow), ("scope", scope), ("memory_type", type) })
                {
                    if (parsed.GetValue(option) is { } value) writer.WriteString(name, value);
                }

                if (parsed.GetValue(importance) is { } number) writer.WriteNumber("importance", number);
                if (parsed.GetValue(ttl) is { } seconds) writer.WriteNumber("ttl_seconds", seconds);
                writer.WriteEndObject();
            });
            var note = await house.AskAsync(HttpMethod.Post, Notes, body, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(note);
            else Console.Out.WriteLine($"{note.GetText("id")} {(note.GetProperty("existing").GetBoolean() ? "is there already" : "kept")}{(note.GetText("trust") == "untrusted" ? ", as untrusted" : "")}");
            return 0;
        }, cancel));
        return command;
    }

    private static Command List()
    {
        var (agent, workflow, scope) = Place();
        var type = Option("--type", "Only of this type; several with commas.", "TYPE");
        var run = Option("--run", "Only of this run.", "RUN");
        var limit = new Option<int>("--limit") { Description = "At most so many, 1 to 1,000. Default 100.", DefaultValueFactory = _ => 100, HelpName = "NUMBER" };
        var command = new Command("list", "Lists notes, newest first.\n\nExample: aos memory notes list --agent a7 --json") { agent, workflow, scope, type, run, limit };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var query = Query(("agent_id", parsed.GetValue(agent)), ("workflow", parsed.GetValue(workflow)), ("scope", parsed.GetValue(scope)), ("types", parsed.GetValue(type)), ("run_id", parsed.GetValue(run)), ("limit", Text(parsed.GetValue(limit))));
            foreach (var note in (await house.AskAsync(HttpMethod.Get, $"{Notes}?{query}", null, cancel)).GetProperty("notes").EnumerateArray())
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(note);
                else Console.Out.WriteLine($"{note.GetText("id")} {note.GetText("created_at")} {PlainText.Of(note.GetText("memory_type")!),-12} {Start(note)}");
            }

            return 0;
        }, cancel));
        return command;
    }

    private static Command Delete()
    {
        var id = new Argument<string>("id") { Description = "Id of the note." };
        var command = new Command("delete", "Removes a note. Exit code 1 when there is none.\n\nExample: aos memory notes delete ID") { id };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var gone = await house.AskAsync(HttpMethod.Delete, $"{Notes}/{Uri.EscapeDataString(parsed.GetValue(id)!)}", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(gone);
            else Console.Out.WriteLine($"{gone.GetText("id")} deleted");
            return 0;
        }, cancel));
        return command;
    }

    private static Command Forget()
    {
        var agent = Option("--agent", "Notes of this agent.", "AGENT");
        var run = Option("--run", "Notes that this run wrote.", "RUN");
        var before = Option("--before", "Notes written before this time.", "TIME");
        var command = new Command("forget", "Removes all notes of an agent, of a run, or from before a time; what is given holds together.\n\nExample: aos memory notes forget --agent a7 --before 2026-01-31T00:00:00Z") { agent, run, before };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var query = Query(("agent_id", parsed.GetValue(agent)), ("run_id", parsed.GetValue(run)), ("before", parsed.GetValue(before)));
            var done = await house.AskAsync(HttpMethod.Delete, $"{Notes}?{query}", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(done);
            else Console.Out.WriteLine($"{done.GetProperty("deleted_count").GetInt32()} forgotten");
            return 0;
        }, cancel));
        return command;
    }

    private static Command Search()
    {
        var text = new Argument<string>("text") { Description = "What to look for: words or a question." };
        var (agent, workflow, scope) = Place();
        var type = Option("--type", "Only of this type; several with commas.", "TYPE");
        var count = new Option<int>("-k") { Description = "At most so many, 1 to 100. Default 5.", DefaultValueFactory = _ => 5, HelpName = "NUMBER" };
        var explain = new Option<bool>("--explain") { Description = "Says why each was found." };
        var command = new Command("search", "Finds notes by their words and by similarity, best first.\n\nExample: aos memory search \"which seat for Bengt?\" --agent a7 --explain") { text, agent, workflow, scope, type, count, explain };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var query = Query(
                ("q", parsed.GetValue(text)), ("agent_id", parsed.GetValue(agent)), ("workflow", parsed.GetValue(workflow)), ("scope", parsed.GetValue(scope)), ("types", parsed.GetValue(type)),
                ("k", Text(parsed.GetValue(count))), ("explain", parsed.GetValue(explain) ? "true" : "false"));
            var reply = await house.AskAsync(HttpMethod.Get, $"api/v1/memory/search?{query}", null, cancel);
            if (reply.GetText("degraded") is { } why) await Console.Error.WriteLineAsync($"aos: the model's vectors were not compared ({why}): see aos memory backfill");
            foreach (var hit in reply.GetProperty("hits").EnumerateArray())
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(hit);
                else Console.Out.WriteLine($"{hit.GetProperty("score").GetDouble().ToString("0.000", CultureInfo.InvariantCulture)} {hit.GetText("id")} {Start(hit)}{(hit.Get("explain") is { } reasons ? $"\n      {reasons.GetRawText()}" : "")}");
            }

            return 0;
        }, cancel));
        return command;
    }

    private static Command Backfill()
    {
        var command = new Command("backfill", "Says how many notes have the configured model's vectors, wait for them or were given up, and what of the day's quota is left.\n\nExample: aos memory backfill");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var state = await house.AskAsync(HttpMethod.Get, "api/v1/memory/backfill", null, cancel);
            var quota = await house.AskAsync(HttpMethod.Get, "api/v1/embedding/quota", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WritePropertyName("backfill");
                state.WriteTo(writer);
                writer.WritePropertyName("quota");
                quota.WriteTo(writer);
                writer.WriteEndObject();
            }));
            else Print(state, quota);
            return 0;
        }, cancel));
        return command;
    }

    private static void Print(JsonElement state, JsonElement quota)
    {
        Console.Out.WriteLine($"model    {PlainText.Of(state.GetText("model")!)}");
        foreach (var name in (ReadOnlySpan<string>)["notes", "done", "pending", "failed"]) Console.Out.WriteLine($"{name,-8} {state.GetProperty(name).GetInt64()}");
        if (state.GetText("last_error") is { } error) Console.Out.WriteLine($"error    {PlainText.Of(error)}");
        var left = quota.GetProperty("remaining").GetInt64();
        Console.Out.WriteLine($"quota    {(left < 0 ? "no limit" : $"{left} of {quota.GetProperty("daily_quota").GetInt64()} left until {quota.GetText("reset_at")}")}");
    }

    private static (Option<string?> Agent, Option<string?> Workflow, Option<string?> Scope) Place() => (
        Option("--agent", "The agent: its notes, and those of its tenant.", "AGENT"), Option("--workflow", "The workflow: its notes too.", "NAME"), Option("--scope", "agent, workflow or tenant.", "SCOPE"));

    private static Option<string?> Option(string name, string description, string value) => new(name) { Description = description, HelpName = value };

    private static string Query(params (string Name, string? Value)[] parts) =>
        string.Join('&', parts.Where(part => part.Value is not null).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}"));

    private static string Start(JsonElement note) => PlainText.Of(note.GetText("text")!) is { Length: > LineChars } text ? text[..LineChars] + "…" : PlainText.Of(note.GetText("text")!);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
