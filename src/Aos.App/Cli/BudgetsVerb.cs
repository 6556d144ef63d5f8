using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos budgets</c>: limits that runs share.</summary>
internal static class BudgetsVerb
{
    internal static Command Command()
    {
        var command = new Command("budgets", """
            Lists the budgets that the tenant's runs share, with what is used of them.

            Examples:
              aos budgets
              aos budgets set tenant day --hard 5000 --soft 4000
              aos budgets set agent month --name AGENT --hard 2000
              aos budgets set model day --name claude-sonnet-4-20250514 --hard 800 --on-limit fail
              aos budgets remove tenant day
            """)
        {
            List(), Show(), Set(), Remove(), Events(),
        };
        command.SetAction((parsed, cancel) => ListAsync(parsed, cancel));
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "Lists the budgets with what is used of them.\n\nExample: aos budgets list --json");
        command.SetAction((parsed, cancel) => ListAsync(parsed, cancel));
        return command;
    }

    private static Command Show()
    {
        var (scope, period, name) = Which();
        var command = new Command("show", "Shows one budget.\n\nExample: aos budgets show agent month --name AGENT") { scope, period, name };
        command.SetAction((parsed, cancel) => OneAsync(parsed, HttpMethod.Get, Path(parsed, scope, period, name), null, cancel));
        return command;
    }

    private static Command Set()
    {
        var (scope, period, name) = Which();
        var hard = new Option<decimal?>("--hard") { Description = "Cents that are never exceeded.", HelpName = "CENTS" };
        var soft = new Option<decimal?>("--soft") { Description = "Cents from which on it is said; nothing stops.", HelpName = "CENTS" };
        var warn = new Option<decimal?>("--warn-at") { Description = "Share of the lower limit from which on there is a warning. Default 0.8.", HelpName = "SHARE" };
        var onLimit = new Option<string>("--on-limit") { Description = "pause: a run waits until there is room, and goes on by itself; fail: its step fails.", DefaultValueFactory = _ => "pause", HelpName = "WORD" };
        onLimit.AcceptOnlyFromAmong("pause", "fail");
        var command = new Command("set", "Sets a budget as given, and opens one that was halted.\n\nExamples:\n  aos budgets set tenant day --hard 5000\n  aos budgets set skill month --name llm_invoke --soft 20000") { scope, period, name, hard, soft, warn, onLimit };
        command.SetAction((parsed, cancel) => OneAsync(parsed, HttpMethod.Put, Path(parsed, scope, period, name), Json.Write(writer =>
        {
            writer.WriteStartObject();
            if (parsed.GetValue(hard) is { } most) writer.WriteNumber("hard_limit_cents", most);
            if (parsed.GetValue(soft) is { } said) writer.WriteNumber("soft_limit_cents", said);
            if (parsed.GetValue(warn) is { } share) writer.WriteNumber("warn_at", share);
            writer.WriteString("on_limit", parsed.GetValue(onLimit));
            writer.WriteEndObject();
        }), cancel));
        return command;
    }

    private static Command Remove()
    {
        var (scope, period, name) = Which();
        var command = new Command("remove", "Takes a budget away: nothing is limited by it any more.\n\nExample: aos budgets remove tenant day") { scope, period, name };
        command.SetAction((parsed, cancel) => OneAsync(parsed, HttpMethod.Delete, Path(parsed, scope, period, name), null, cancel));
        return command;
    }

    private static Command Events()
    {
        var limit = new Option<int>("--limit") { Description = "At most so many, 1 to 1000. Default 50.", DefaultValueFactory = _ => 50, HelpName = "NUMBER" };
        var command = new Command("events", "Lists what was said of budgets, the newest first: each limit once a period.\n\nExample: aos budgets events --limit 10") { limit };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"api/v1/budgets/events?limit={parsed.GetValue(limit)}"), null, cancel);
            foreach (var one in answer.GetProperty("events").EnumerateArray())
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(one);
                else Console.Out.WriteLine(PlainText.Of($"{one.GetText("at")}  {one.GetText("level"),-9} {one.GetText("message")}"));
            }

            return 0;
        }, cancel));
        return command;
    }

    private static (Argument<string> Scope, Argument<string> Period, Option<string?> Name) Which()
    {
        var scope = new Argument<string>("scope") { Description = "tenant, agent, model or skill." };
        var period = new Argument<string>("period") { Description = "total, month or day; of the tenant hour too." };
        scope.AcceptOnlyFromAmong("tenant", "agent", "model", "skill");
        period.AcceptOnlyFromAmong("total", "month", "day", "hour");
        return (scope, period, new Option<string?>("--name") { Description = "The agent's id, the model, the skill.", HelpName = "NAME" });
    }

    private static string Path(ParseResult parsed, Argument<string> scope, Argument<string> period, Option<string?> name) =>
        $"api/v1/budgets/{parsed.GetValue(scope)}/{parsed.GetValue(period)}{(parsed.GetValue(name) is { } one ? $"?name={Uri.EscapeDataString(one)}" : "")}";

    private static Task<int> ListAsync(ParseResult parsed, CancellationToken cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
    {
        var answer = await house.AskAsync(HttpMethod.Get, "api/v1/budgets", null, cancel);
        foreach (var one in answer.GetProperty("budgets").EnumerateArray()) Tell(parsed, one);
        return 0;
    }, cancel);

    private static Task<int> OneAsync(ParseResult parsed, HttpMethod method, string path, JsonElement? body, CancellationToken cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
    {
        Tell(parsed, await house.AskAsync(method, path, body, cancel));
        return 0;
    }, cancel);

    private static void Tell(ParseResult parsed, JsonElement one)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(one);
            return;
        }

        var whose = $"{one.GetText("scope")} {one.GetText("name")}".Trim();
        var limits = string.Join(", ", new[] { ("hard", one.Get("hard_limit_cents")), ("soft", one.Get("soft_limit_cents")) }.Where(limit => limit.Item2 is not null).Select(limit => $"{limit.Item1} {limit.Item2}"));
        var halted = one.GetText("halted") is { } why ? $"  HALTED: {why}" : "";
        Console.Out.WriteLine(PlainText.Of($"{whose,-32} {one.GetText("current"),-13} spent {one.Get("spent_cents")}, reserved {one.Get("reserved_cents")}; {limits} ({one.GetText("on_limit")}){halted}"));
    }
}
