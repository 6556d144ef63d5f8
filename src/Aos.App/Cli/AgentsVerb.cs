using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos agents</c> and <c>aos goal</c>.</summary>
internal static class AgentsVerb
{
    internal static Command Command()
    {
        var name = new Argument<string>("name") { Description = "Name of the agent." };
        var create = Create("create", "Makes an agent.\n\nExample: aos agents create bookkeeper", parsed => parsed.GetValue(name)!);
        create.Add(name);
        var id = new Argument<string>("agent") { Description = "Agent id." };
        var show = new Command("show", "Prints an agent.") { id };
        show.SetAction((parsed, cancel) => Shown(parsed, HttpMethod.Get, $"agents/{Uri.EscapeDataString(parsed.GetValue(id)!)}", null, cancel));
        var command = new Command("agents", "Lists the agents.\n\nExamples:\n  aos agents\n  aos agents create bookkeeper\n  aos goal AGENT \"Summarise the invoices of January\"") { create, show };
        command.Aliases.Add("list-agents");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Get, "agents?limit=1000", null, cancel);
            foreach (var agent in answer.GetProperty("agents").EnumerateArray())
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(agent);
                else Console.Out.WriteLine($"{agent.GetText("agent_id")} {agent.GetText("status"),-8} {agent.GetText("name")}");
            }

            return 0;
        }, cancel));
        return command;
    }

    /// <summary>The older spelling, <c>create-agent --name X</c>.</summary>
    internal static Command OldCreate()
    {
        var name = new Option<string>("--name", "-n") { Description = "Name of the agent.", Required = true, HelpName = "NAME" };
        var command = Create("create-agent", "Makes an agent.", parsed => parsed.GetValue(name)!);
        command.Hidden = true;
        command.Add(name);
        return command;
    }

    internal static Command Goal()
    {
        var agent = new Argument<string>("agent") { Description = "Agent id." };
        var text = new Argument<string>("goal") { Description = "What is to be done, in words." };
        var key = new Option<string?>("--key") { Description = "Idempotency key: the same key gives the same run.", HelpName = "TEXT" };
        var command = new Command("goal", """
            Hands an agent a goal: it is planned, checked and run. Prints the result.

            Examples:
              aos goal AGENT "Get https://example.com and keep the title"
              aos goal AGENT "..." --wait 0      only start it

            Exit code: as of aos run.
            """)
        {
            agent, text, key, RunVerb.Wait, RunVerb.Watch,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var reply = await house.AskAsync(HttpMethod.Post, $"agents/{Uri.EscapeDataString(parsed.GetValue(agent)!)}/goals", Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("goal", parsed.GetValue(text));
                if (parsed.GetValue(key) is { } given) writer.WriteString("idempotency_key", given);
                writer.WriteEndObject();
            }), cancel);
            return await RunVerb.FollowAsync(house, reply.GetText("run_id")!, parsed, Directory.GetCurrentDirectory(), cancel);
        }, cancel));
        return command;
    }

    private static Command Create(string verb, string description, Func<ParseResult, string> name)
    {
        var command = new Command(verb, description);
        command.SetAction((parsed, cancel) => Shown(parsed, HttpMethod.Post, "agents", Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("name", name(parsed));
            writer.WriteEndObject();
        }), cancel));
        return command;
    }

    private static Task<int> Shown(ParseResult parsed, HttpMethod method, string path, JsonElement? body, CancellationToken cancel) =>
        Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Report.Pretty(await house.AskAsync(method, path, body, cancel));
            return 0;
        }, cancel);
}
