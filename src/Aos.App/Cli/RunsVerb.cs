using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos runs list|show|inspect|events|cancel|pause|resume|retry|signal|approve|resolve|diff|fork</c>.</summary>
internal static class RunsVerb
{
    internal static Command Command() => new("runs", "Looks at runs and steers them.\n\nExample: aos runs list --status failed")
    {
        List(),
        One("show", "Prints a run as the HTTP API gives it.", async (house, run, _, cancel) => Shown(await house.ReadAsync(run, TimeSpan.Zero, cancel))),
        InspectVerb.Command(),
        Events(),
        Order("cancel", "Cancels a run, or with --where many."),
        Order("pause", "Lets a run start nothing more, or with --where many."),
        Resume(),
        Retry(),
        Signal(),
        Approve(),
        Resolve(),
        ForkVerbs.Diff(),
        ForkVerbs.Fork(),
    };

    private static Command List()
    {
        var status = new Option<string?>("--status") { Description = "Only runs of this status.", HelpName = "STATUS" };
        status.AcceptOnlyFromAmong(Enum.GetValues<RunStatus>().Select(one => one.Wire()).ToArray());
        var agent = new Option<string?>("--agent") { Description = "Only runs of this agent.", HelpName = "AGENT" };
        var label = new Option<string?>("--label", "-l") { Description = "Only runs with this label.", HelpName = "NAME=VALUE" };
        var workflow = new Option<string?>("--workflow") { Description = "Only runs of this workflow, or of this version of it.", HelpName = "NAME[@VERSION]" };
        var before = new Option<string?>("--before") { Description = "Only runs older than this one.", HelpName = "RUN" };
        var limit = new Option<int>("--limit") { Description = "At most so many, 1 to 1000. Default 50.", DefaultValueFactory = _ => 50, HelpName = "NUMBER" };
        var command = new Command("list", "Lists runs, newest first.\n\nExamples:\n  aos runs list --status failed\n  aos runs list --json --limit 1000") { status, agent, workflow, label, before, limit };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var query = string.Create(CultureInfo.InvariantCulture, $"api/v1/runs?limit={parsed.GetValue(limit)}");
            foreach (var (name, value) in new[] { ("status", parsed.GetValue(status)), ("agent_id", parsed.GetValue(agent)), ("workflow", parsed.GetValue(workflow)), (LabelName(parsed.GetValue(label)), parsed.GetValue(label)?.Split('=', 2)[^1]), ("before", parsed.GetValue(before)) })
                if (value is not null) query += $"&{name}={Uri.EscapeDataString(value)}";
            var page = await house.AskAsync(HttpMethod.Get, query, null, cancel);
            foreach (var row in page.GetProperty("runs").EnumerateArray()) Print(row, parsed.GetValue(CommandLine.AsJson));
            if (page.GetText("next_before") is { } next && !parsed.GetValue(CommandLine.AsJson)) await Console.Error.WriteLineAsync($"There are more: --before {next}");
            return 0;
        }, cancel));
        return command;
    }

    private static string LabelName(string? label) => label is null || label.Contains('=', StringComparison.Ordinal)
        ? "label." + Uri.EscapeDataString(label?.Split('=')[0] ?? "")
        : throw new PlanFileException($"'{label}' is no NAME=VALUE.");

    private static void Print(JsonElement row, bool isJson)
    {
        if (isJson)
        {
            Report.Line(row);
            return;
        }

        var created = row.Get("created_at") is { ValueKind: JsonValueKind.String } at && at.TryGetDateTimeOffset(out var time) ? time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "";
        Console.Out.WriteLine($"{row.GetText("run_id")} {row.GetText("status"),-11} {created} {row.GetText("agent_id")} {row.GetText("code")}".TrimEnd());
    }

    private static Command Events()
    {
        var id = Run();
        var follow = new Option<bool>("--follow", "-f") { Description = "Goes on with new events until the run is over." };
        var after = new Option<int>("--after") { Description = "Only events after this number.", HelpName = "SEQ" };
        var kind = new Option<string?>("--kind") { Description = "Only kinds that begin so, for instance step or call.failed.", HelpName = "KIND" };
        var step = new Option<string?>("--step") { Description = "Only events of the step with this index.", HelpName = "INDEX" };
        var command = new Command("events", "Prints a run's journal, one event a line, as JSON.\n\nExample: aos runs events RUN --kind call --follow") { id, follow, after, kind, step };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            await foreach (var message in house.FollowAsync(parsed.GetValue(id)!, parsed.GetValue(after), parsed.GetValue(follow), cancel))
            {
                if (parsed.GetValue(kind) is { } prefix && !message.Kind.StartsWith(prefix, StringComparison.Ordinal)) continue;
                if (parsed.GetValue(step) is { } index && !IsOf(message.Body, index)) continue;
                Report.Line(message.Body);
            }

            return 0;
        }, cancel));
        return command;
    }

    private static bool IsOf(JsonElement body, string step) => body.Get("data") is { } data
        && (data.Get("step")?.ToString() == step || (data.GetText("effect") is { } effect && Regex.IsMatch(effect, $"^[sc]{Regex.Escape(step)}\\.")));

    private static Argument<string> Run() => new("run") { Description = "Run id. aos runs list shows them." };

    private static Command One(string name, string description, Func<IHouse, string, ParseResult, CancellationToken, Task<int>> act)
    {
        var id = Run();
        var command = new Command(name, description) { id };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), house => act(house, parsed.GetValue(id)!, parsed, cancel), cancel));
        return command;
    }

    private static Command Retry()
    {
        var with = new Option<string?>("--with") { Description = "As this suggestion says, which was approved (aos recovery): a new attempt, or a fork with what it changes.", HelpName = "SUGGESTION" };
        var budget = new Option<decimal?>("--budget") { Description = "What the run may spend in all from now on, in cents: for one that its budget ended.", HelpName = "CENTS" };
        var command = Order("retry", "Starts a new attempt of a failed run, or with --where of many; finished steps are kept.", with, budget);
        command.Add(with);
        command.Add(budget);
        return command;
    }

    private static Command Order(string name, string description, Option<string?>? with = null, Option<decimal?>? budget = null)
    {
        var reason = new Option<string>("--reason") { Description = "Why, for the journal.", DefaultValueFactory = _ => "asked on the command line", HelpName = "TEXT" };
        var id = BulkVerb.Run();
        var command = new Command(name, $"{description}\n\nExamples:\n  aos runs {name} RUN\n  aos runs {name} --where workflow=invoices --where created_before=2026-01-31 --preview") { id, reason };
        BulkVerb.Add(command);
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house => BulkVerb.IsMeant(parsed, id)
            ? (with is null || parsed.GetValue(with) is null) && (budget is null || parsed.GetValue(budget) is null)
                ? await BulkVerb.OrderAsync(house, name, parsed.GetValue(reason)!, parsed, cancel)
                : throw new PlanFileException("A suggestion or a budget is for one run: name it.")
            : Shown(await house.AskAsync(
                HttpMethod.Post, Path(parsed.GetValue(id)!, $"{name}?reason={Uri.EscapeDataString(parsed.GetValue(reason)!)}"), with is null ? null : Again(parsed.GetValue(with), budget is null ? null : parsed.GetValue(budget)), cancel)), cancel));
        return command;
    }

    private static JsonElement? Again(string? suggestion, decimal? budget) => suggestion is null && budget is null ? null : Json.Write(writer =>
    {
        writer.WriteStartObject();
        if (suggestion is not null) writer.WriteString("suggestion_id", suggestion);
        if (budget is { } cents) writer.WriteNumber("budget_cents", cents);
        writer.WriteEndObject();
    });

    private static Command Resume()
    {
        var id = BulkVerb.Run();
        var command = new Command("resume", "Lets a run go on and stays with it to its end, as aos run does; or with --where lets many go on.\n\nExamples:\n  aos runs resume RUN --workspace samples/invoices\n  aos runs resume --where status=paused --yes")
        {
            id, RunVerb.Wait, RunVerb.Watch, RunVerb.Workspace,
        };
        BulkVerb.Add(command);
        command.SetAction((parsed, cancel) =>
        {
            if (BulkVerb.IsMeant(parsed, id))
                return Houses.InAsync(CommandLine.Place(parsed), house => BulkVerb.OrderAsync(house, "resume", "asked on the command line", parsed, cancel), cancel);
            var work = parsed.GetValue(RunVerb.Workspace) ?? Directory.GetCurrentDirectory();
            return Houses.InAsync(CommandLine.Place(parsed, work), async house =>
            {
                var run = parsed.GetValue(id)!;
                var state = await house.ReadAsync(run, TimeSpan.Zero, cancel);
                if (state.GetText("status") is "paused" or "quarantined")
                    await house.AskAsync(HttpMethod.Post, Path(run, "resume?reason=asked%20on%20the%20command%20line"), null, cancel);
                return await RunVerb.FollowAsync(house, run, parsed, work, cancel);
            }, cancel);
        });
        return command;
    }

    private static Command Signal()
    {
        var name = new Argument<string>("name") { Description = "Name of the signal." };
        var payload = new Option<string>("--payload") { Description = "JSON. Default null.", DefaultValueFactory = _ => "null", HelpName = "JSON" };
        var command = One("signal", "Sends a signal to a run.\n\nExample: aos runs signal RUN payment --payload '{\"id\": 7}'", async (house, run, parsed, cancel) =>
            Shown(await house.AskAsync(
                HttpMethod.Post, Path(run, $"signals/{Uri.EscapeDataString(parsed.GetValue(name)!)}"), PlanFile.Value(parsed.GetValue(payload)!, "--payload"), cancel)));
        command.Add(name);
        command.Add(payload);
        return command;
    }

    private static Command Approve()
    {
        var step = new Argument<string>("step") { Description = "Step id." };
        var reject = new Option<bool>("--reject") { Description = "Rejects it instead." };
        var note = new Option<string?>("--note") { Description = "Why, for the journal.", HelpName = "TEXT" };
        var call = new Option<int?>("--call") { Description = "Number of an agent step's call. Default: what the step waits for.", HelpName = "NUMBER" };
        var command = One("approve", "Approves what a step waits for, or rejects it.\n\nExample: aos runs approve RUN pay --note 'looked at it'", async (house, run, parsed, cancel) =>
            Shown(await house.AskAsync(
                HttpMethod.Post, Path(run, $"steps/{Uri.EscapeDataString(parsed.GetValue(step)!)}/{(parsed.GetValue(reject) ? "reject" : "approve")}"), Json.Write(writer =>
                {
                    writer.WriteStartObject();
                    if (parsed.GetValue(note) is { } why) writer.WriteString("note", why);
                    if (parsed.GetValue(call) is { } number) writer.WriteNumber("call", number);
                    writer.WriteEndObject();
                }), cancel)));
        command.Add(step);
        command.Add(reject);
        command.Add(note);
        command.Add(call);
        return command;
    }

    private static Command Resolve()
    {
        var step = new Argument<string>("step") { Description = "Step id." };
        var verdict = new Argument<string>("verdict") { Description = "done, not_done or abort." };
        verdict.AcceptOnlyFromAmong("done", "not_done", "abort");
        var result = new Option<string>("--result") { Description = "JSON: the result, when it was done. Default null.", DefaultValueFactory = _ => "null", HelpName = "JSON" };
        var item = new Option<int>("--item") { Description = "Index of the for_each item. Default: the step has none.", DefaultValueFactory = _ => -1, HelpName = "INDEX" };
        var command = One("resolve", "Says what became of a step whose outcome is unknown.\n\nExample: aos runs resolve RUN pay done --result '{\"id\": 7}'", async (house, run, parsed, cancel) =>
        {
            var value = PlanFile.Value(parsed.GetValue(result)!, "--result");
            return Shown(await house.AskAsync(HttpMethod.Post, Path(run, $"steps/{Uri.EscapeDataString(parsed.GetValue(step)!)}/resolve"), Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("verdict", parsed.GetValue(verdict));
                writer.WriteNumber("item", parsed.GetValue(item));
                writer.WritePropertyName("result");
                value.WriteTo(writer);
                writer.WriteEndObject();
            }), cancel));
        });
        command.Add(step);
        command.Add(verdict);
        command.Add(result);
        command.Add(item);
        return command;
    }

    private static string Path(string run, string rest) => $"api/v1/runs/{Uri.EscapeDataString(run)}/{rest}";

    private static int Shown(JsonElement run)
    {
        Report.Pretty(run);
        return 0;
    }
}
