using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos auth can</c>: whether a key may do something, and what is asked for it.</summary>
internal static class AuthCan
{
    private static readonly Argument<string> Key = new("key") { Description = "Id of a key, or me." };
    private static readonly Argument<string> Action = new("action") { Description = "For instance write; use, of a skill." };
    private static readonly Argument<string> Resource = new("resource") { Description = "For instance run, or skill:http_call." };
    private static readonly Option<string?> Agent = new("--agent", "-a") { Description = "The agent that would do it: its standing, skills, domains, money and runs are asked too.", HelpName = "AGENT" };
    private static readonly Option<string?> Url = new("--url") { Description = "Where the skill would go.", HelpName = "URL" };
    private static readonly Option<decimal?> Cost = new("--cost-cents") { Description = "What the run may cost.", HelpName = "CENTS" };

    internal static Command Command()
    {
        var command = new Command("can", """
            Says whether a key may do something, by which rule, and all that is asked for it.

            Examples:
              aos auth can 0f3c9a6b1d2e4f58 write run
              aos auth can me use skill:http_call --agent AGENT --url https://api.example.com/ --cost-cents 20

            Exit code: 0 allowed, 1 denied.
            """)
        {
            Key, Action, Resource, Agent, Url, Cost,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Get, Path(parsed), null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(answer);
            else Print(answer, isLong: parsed.GetValue(Agent) is not null || parsed.GetValue(Resource)!.StartsWith("skill:", StringComparison.Ordinal));
            return answer.Get("allowed") is { ValueKind: JsonValueKind.True } ? 0 : 1;
        }, cancel));
        return command;
    }

    private static string Path(ParseResult parsed)
    {
        var who = parsed.GetValue(Key)!;
        var query = new List<string> { Part("action", parsed.GetValue(Action)!), Part("resource", parsed.GetValue(Resource)!) };
        if (who != "me") query.Add(Part("key", who));
        if (parsed.GetValue(Agent) is { } agent) query.Add(Part("agent", agent));
        if (parsed.GetValue(Url) is { } url) query.Add(Part("url", url));
        if (parsed.GetValue(Cost) is { } cost) query.Add(Part("cost_cents", cost.ToString(CultureInfo.InvariantCulture)));
        return $"api/v1/rbac/can?{string.Join('&', query)}";

        static string Part(string name, string value) => $"{name}={Uri.EscapeDataString(value)}";
    }

    private static void Print(JsonElement answer, bool isLong)
    {
        var isAllowed = answer.Get("allowed") is { ValueKind: JsonValueKind.True };
        Console.Out.WriteLine($"{(isAllowed ? "allowed" : "denied")} by {answer.GetText("rule")} (policy {answer.GetText("policy")})");
        // A server of before tells the rule alone.
        if (!isLong || answer.Get("walls") is not { ValueKind: JsonValueKind.Array } walls) return;
        var denied = answer.GetText("denied_by");
        foreach (var wall in walls.EnumerateArray())
        {
            var name = wall.GetText("name");
            var mark = wall.Get("passed") is not { ValueKind: JsonValueKind.True } ? name == denied ? "> " : "x " : wall.Get("waits") is { ValueKind: JsonValueKind.True } ? "~ " : "  ";
            Console.Out.WriteLine($"{mark}{name,-20} {wall.GetText("rule")}{Count(wall)}{(wall.GetText("says") is { } says ? "  " + says : "")}");
        }
    }

    private static string Count(JsonElement wall) => wall.GetText("unit") is not { } unit || wall.Get("limit") is not { ValueKind: JsonValueKind.Number } limit
        ? ""
        : $"  {wall.Get("left")?.GetRawText()} of {limit.GetRawText()} {unit} left";
}
