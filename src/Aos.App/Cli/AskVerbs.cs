using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary>Questions that are one request: <c>aos health</c>, <c>capabilities</c> and <c>query</c>. Exit code 1 when refused.</summary>
internal static class AskVerbs
{
    internal static Command Health() => Ask("health", "Says whether the house is healthy, and what is not. Exit code 1 when it is not.", _ => (HttpMethod.Get, "health", null));

    internal static Command Capabilities()
    {
        var agent = new Option<string?>("--agent") { Description = "Of this agent.", HelpName = "AGENT" };
        var tenant = new Option<string?>("--tenant") { Description = "Of this tenant; only the credential's own is answered.", HelpName = "TENANT" };
        var command = Ask("capabilities", "Prints what may be used: skills, budget, rate limits, permissions.\n\nExample: aos capabilities --agent AGENT", parsed =>
        {
            var query = new[] { ("agent_id", parsed.GetValue(agent)), ("tenant_id", parsed.GetValue(tenant)) }
                .Where(pair => pair.Item2 is not null).Select(pair => $"{pair.Item1}={Uri.EscapeDataString(pair.Item2!)}");
            return (HttpMethod.Get, $"api/v1/runtime/capabilities?{string.Join('&', query)}", null);
        });
        command.Add(agent);
        command.Add(tenant);
        return command;
    }

    internal static Command Query()
    {
        var type = new Argument<string>("type") { Description = "remaining_budget_cents, what_did_i_try_already, allowed_skills, last_step_outcome, skills_available_for_goal, ..." };
        var fields = new[] { "goal", "step", "skill" }.Select(name => new Option<string?>("--" + name) { Description = $"Parameter {name} of the query.", HelpName = "TEXT" }).ToArray();
        var agent = new Option<string?>("--agent") { Description = "About this agent.", HelpName = "AGENT" };
        var run = new Option<string?>("--run") { Description = "About this run.", HelpName = "RUN" };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Accepted for older scripts; the answer is always whole." };
        var command = Ask("query", "Asks about an agent or a run while it works.\n\nExample: aos query last_step_outcome --run RUN", parsed => (HttpMethod.Post, "api/v1/runtime/query", Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("query_type", parsed.GetValue(type));
            writer.WriteStartObject("params");
            foreach (var field in fields)
                if (parsed.GetValue(field) is { } value) writer.WriteString(field.Name[2..], value);
            writer.WriteEndObject();
            if (parsed.GetValue(agent) is { } of) writer.WriteString("agent_id", of);
            if (parsed.GetValue(run) is { } about) writer.WriteString("run_id", about);
            writer.WriteEndObject();
        })));
        command.Add(type);
        foreach (var option in fields) command.Add(option);
        command.Add(agent);
        command.Add(run);
        command.Add(verbose);
        return command;
    }

    /// <summary>The older spelling of <c>aos runs show</c>.</summary>
    internal static Command OldRun()
    {
        var run = new Argument<string>("run") { Description = "Run id." };
        var command = Ask("get-run", "Prints a run.", parsed => (HttpMethod.Get, $"api/v1/runs/{Uri.EscapeDataString(parsed.GetValue(run)!)}?wait=0", null));
        command.Hidden = true;
        command.Add(run);
        return command;
    }

    private static Command Ask(string name, string description, Func<ParseResult, (HttpMethod Method, string Path, JsonElement? Body)> request)
    {
        var command = new Command(name, description);
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var (method, path, body) = request(parsed);
            Report.Pretty(await house.AskAsync(method, path, body, cancel));
            return 0;
        }, cancel, refused: 1));
        return command;
    }
}
