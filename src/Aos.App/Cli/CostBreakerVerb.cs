using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos costsim breaker</c>: whether the second cost model is asked, and why not.</summary>
internal static class CostBreakerVerb
{
    internal static Command Command() => new("breaker", """
        The circuit breaker over the second cost model: it opens when estimates drift apart, and lets probes through when its time is over.

        Examples:
          aos costsim breaker status
          aos costsim breaker disable --reason 'new prices are not in yet' --hours 2
          aos costsim breaker enable --reason 'prices are in'
          aos costsim breaker incidents --all
        """)
    {
        Status(), Disable(), Enable(), Incidents(),
    };

    private static Command Status()
    {
        var command = new Command("status", "Says whether the second model is asked, what changed last, and which alerts wait.\n\nExample: aos costsim breaker status");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var state = await house.AskAsync(HttpMethod.Get, "api/v1/costsim/circuit-breaker", null, cancel);
            Tell(parsed, state);
            if (parsed.GetValue(CommandLine.AsJson)) return 0;
            var alerts = state.GetProperty("alerts");
            Console.Out.WriteLine($"alerts: {alerts.GetProperty("sent")} sent, {alerts.GetProperty("pending")} pending, {alerts.GetProperty("failed")} given up");
            foreach (var change in state.GetProperty("changes").EnumerateArray())
                Console.Out.WriteLine(PlainText.Of($"{change.GetText("at")}  {change.GetText("from")} -> {change.GetText("to")}  {change.GetText("actor")}  {change.GetText("reason")}"));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Disable()
    {
        var reason = new Option<string>("--reason") { Description = "Why, for whoever finds the model switched off.", Required = true, HelpName = "TEXT" };
        var hours = new Option<double?>("--hours") { Description = "For so many hours; 0: until it is enabled. Default: COSTSIM_DISABLE_TTL_HOURS.", HelpName = "NUMBER" };
        var command = new Command("disable", "Opens the breaker: the second model is not asked.\n\nExample: aos costsim breaker disable --reason 'new prices are not in yet' --hours 2") { reason, hours };
        command.SetAction((parsed, cancel) => ChangeAsync(parsed, "disable", writer =>
        {
            writer.WriteString("reason", parsed.GetValue(reason));
            if (parsed.GetValue(hours) is { } number) writer.WriteNumber("ttl_hours", number);
        }, cancel));
        return command;
    }

    private static Command Enable()
    {
        var reason = new Option<string?>("--reason") { Description = "Why, for the record.", HelpName = "TEXT" };
        var command = new Command("enable", "Closes the breaker and resolves its incident.\n\nExample: aos costsim breaker enable --reason 'prices are in'") { reason };
        command.SetAction((parsed, cancel) => ChangeAsync(parsed, "enable", writer =>
        {
            if (parsed.GetValue(reason) is { } why) writer.WriteString("reason", why);
        }, cancel));
        return command;
    }

    private static Command Incidents()
    {
        var all = new Option<bool>("--all") { Description = "Resolved ones too." };
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 100.", HelpName = "NUMBER", DefaultValueFactory = _ => 10 };
        var command = new Command("incidents", "Lists why the breaker opened, newest first.\n\nExample: aos costsim breaker incidents --all") { all, limit };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var query = string.Create(CultureInfo.InvariantCulture, $"include_resolved={(parsed.GetValue(all) ? "true" : "false")}&limit={parsed.GetValue(limit)}");
            var page = await house.AskAsync(HttpMethod.Get, $"api/v1/costsim/v2/incidents?{query}", null, cancel);
            foreach (var incident in page.GetProperty("incidents").EnumerateArray()) TellIncident(parsed, incident);
            return 0;
        }, cancel));
        return command;
    }

    private static Task<int> ChangeAsync(ParseResult parsed, string change, Action<Utf8JsonWriter> members, CancellationToken cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
    {
        var body = Json.Write(writer =>
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        });
        var answer = await house.AskAsync(HttpMethod.Post, $"api/v1/costsim/circuit-breaker/{change}", body, cancel);
        if (parsed.GetValue(CommandLine.AsJson)) Report.Line(answer);
        else Console.Out.WriteLine(PlainText.Of($"{answer.GetText("message")}"));
        return 0;
    }, cancel);

    private static void Tell(ParseResult parsed, JsonElement state)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(state);
            return;
        }

        var why = state.GetText("reason") is { } reason ? $"  since {state.GetText("opened_at")}, until {state.GetText("disabled_until") ?? "it is enabled"}: {reason}" : "";
        Console.Out.WriteLine(PlainText.Of($"{state.GetText("name")}  {state.GetText("status")}{why}"));
    }

    private static void TellIncident(ParseResult parsed, JsonElement incident)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(incident);
            return;
        }

        var end = incident.GetText("resolved_at") is { } at ? $"resolved {at} by {incident.GetText("resolved_by")}" : "stands";
        var alert = incident.GetText("alert_sent_at") is { } sent ? $"alerted {sent}" : "not alerted";
        Console.Out.WriteLine(PlainText.Of($"{incident.GetText("id")}  {incident.GetText("timestamp")}  {incident.GetText("severity")}  {end}, {alert}  {incident.GetText("reason")}"));
    }
}
