using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos nodes</c> and <c>aos nodes drain NODE</c>.</summary>
internal static class NodesVerb
{
    internal static Command Command()
    {
        var command = new Command("nodes", """
            Lists the nodes that share the store: id, state, runs it drives, last heartbeat, build, address.

            Examples:
              aos nodes --server http://127.0.0.1:8000
              aos nodes drain NODE
            """)
        {
            Drain(),
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var nodes = await house.AskAsync(HttpMethod.Get, "api/v1/nodes", null, cancel);
            foreach (var node in nodes.GetProperty("nodes").EnumerateArray())
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(node);
                else Print(node);
            }

            return 0;
        }, cancel));
        return command;
    }

    private static Command Drain()
    {
        var id = new Argument<string>("node") { Description = "Id of the node, as aos nodes shows it." };
        var command = new Command("drain", """
            Has a node hand its runs back and take no new ones; its process goes on.

            Example: aos nodes drain 01a2122c-ddac-7cbf-baf6-4f44a9ade912
            """)
        {
            id,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Post, $"api/v1/nodes/{Uri.EscapeDataString(parsed.GetValue(id)!)}/drain", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(answer);
            else await Console.Out.WriteLineAsync($"{answer.GetText("id")} {answer.GetText("state")}");
            return 0;
        }, cancel));
        return command;
    }

    private static void Print(JsonElement node)
    {
        var renewed = node.Get("renewed_at") is { } at && at.TryGetDateTimeOffset(out var time) ? time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "";
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{node.GetText("id")} {node.GetText("state"),-8} {node.GetProperty("runs").GetInt64(),6} {renewed} {node.GetText("build")} {node.GetText("address")}").TrimEnd());
    }
}
