using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos connections</c>: named connections of the tenant. A file says kind, settings and who may use it; secrets stand in it by name.</summary>
internal static class ConnectionsVerb
{
    internal static Command Command()
    {
        var command = new Command("connections", """
            Lists the connections of the tenant: name, version, kind, where they lead.

            Examples:
              aos connections
              aos connections set crm --file crm.yaml
              aos connections test crm
              aos connections remove crm
            """)
        {
            List(), Show(), Set(), Test(), Remove(),
        };
        command.Aliases.Add("connection");
        command.SetAction(ListAsync);
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "Lists the connections of the tenant.\n\nExample: aos connections list --json");
        command.SetAction(ListAsync);
        return command;
    }

    private static Task<int> ListAsync(ParseResult parsed, CancellationToken cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
    {
        var answer = await house.AskAsync(HttpMethod.Get, "api/v1/connections", null, cancel);
        foreach (var connection in answer.GetProperty("connections").EnumerateArray()) Tell(parsed, connection);
        return 0;
    }, cancel);

    private static Command Show()
    {
        var name = Name();
        var command = new Command("show", "Prints a connection with its settings; secrets stand there by name.\n\nExample: aos connections show crm") { name };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var connection = await house.AskAsync(HttpMethod.Get, Path(parsed.GetValue(name)!), null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(connection);
            else Report.Pretty(connection);
            return 0;
        }, cancel));
        return command;
    }

    private static Command Set()
    {
        var name = Name();
        var file = new Option<string>("--file") { Description = "File with kind, settings and allow, JSON or YAML; - reads standard input.", Required = true, HelpName = "FILE" };
        var command = new Command("set", """
            Makes a connection, or changes one. Settings are replaced as a whole; what the file does not say (kind, allow) stays.

            Examples:
              aos connections set crm --file crm.yaml
              echo '{"kind": "http", "settings": {"base_url": "https://api.example.com/v1", "auth": {"type": "bearer", "token": "secret:CRM_TOKEN"}}}' | aos connections set crm --file -
            """)
        {
            name, file,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var body = await PlanFile.ReadAsync(parsed.GetValue(file)!, cancel);
            Tell(parsed, await house.AskAsync(HttpMethod.Put, Path(parsed.GetValue(name)!), body, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Test()
    {
        var name = Name();
        var agent = new Option<string?>("--agent") { Description = "Tries it as this agent. Default: the first one that it is for.", HelpName = "AGENT" };
        var command = new Command("test", "Tries a connection for real, at most 10 s. Exit code 1 when it does not work.\n\nExample: aos connections test crm") { name, agent };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var body = Json.Write(writer =>
            {
                writer.WriteStartObject();
                if (parsed.GetValue(agent) is { } who) writer.WriteString("agent_id", who);
                writer.WriteEndObject();
            });
            var test = await house.AskAsync(HttpMethod.Post, Path(parsed.GetValue(name)!) + "/test", body, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(test);
            else Console.Out.WriteLine(Told(test));
            return test.GetProperty("ok").GetBoolean() ? 0 : 1;
        }, cancel));
        return command;
    }

    private static Command Remove()
    {
        var name = Name();
        var command = new Command("remove", "Takes a connection away, on all nodes at once. Its secrets stay.\n\nExample: aos connections remove crm") { name };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Tell(parsed, await house.AskAsync(HttpMethod.Delete, Path(parsed.GetValue(name)!), null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Argument<string> Name() => new("name") { Description = "Name of the connection: a letter or _, then up to 63 letters, digits, _ and -." };

    private static string Path(string name) => $"api/v1/connections/{Uri.EscapeDataString(name)}";

    private static string Told(JsonElement test)
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"{test.GetText("name")} v{test.GetProperty("version").GetInt64()} {(test.GetProperty("ok").GetBoolean() ? "ok" : "failed")} in {test.GetProperty("latency_ms").GetInt64()} ms");
        var seen = string.Join(", ", test.GetProperty("checked").EnumerateArray().Select(one => one.GetString()));
        var tail = test.Get("error") is { } error ? $": {error.GetText("code")}: {PlainText.Of(error.GetText("message")!)}" : "";
        return head + (seen.Length > 0 ? $" ({seen})" : "") + tail;
    }

    private static void Tell(ParseResult parsed, JsonElement connection)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(connection);
            return;
        }

        var settings = connection.GetProperty("settings");
        var place = settings.GetText("base_url") ?? settings.GetText("host") ?? settings.GetText("url") ?? "";
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{connection.GetText("name"),-24} v{connection.GetProperty("version").GetInt64(),-4} {connection.GetText("kind"),-9} {PlainText.Of(place)}"));
    }
}
