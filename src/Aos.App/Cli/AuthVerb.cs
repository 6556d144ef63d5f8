using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos auth whoami|can|roles|reload</c>.</summary>
internal static class AuthVerb
{
    internal static Command Command() => new("auth", """
        Who a key is and what it may do.

        Examples:
          aos auth whoami
          aos auth can 0f3c9a6b1d2e4f58 write run
          aos auth can me use skill:http_call --agent AGENT --url https://api.example.com/
        """)
    {
        WhoAmI(), AuthCan.Command(), Roles(), Reload(),
    };

    private static Command WhoAmI()
    {
        var command = new Command("whoami", "Prints who you are to the house: principal, tenant, roles, scopes, tier, permissions.\n\nExample: aos auth whoami --server http://127.0.0.1:8000");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var me = await house.AskAsync(HttpMethod.Get, "api/v1/me", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson))
            {
                Report.Line(me);
                return 0;
            }

            Console.Out.WriteLine($"{me.GetText("principal")} of {me.GetText("tenant_id")}{(me.Get("is_house") is { ValueKind: JsonValueKind.True } ? ", of the house" : "")}");
            Console.Out.WriteLine($"roles        {Words(me, "roles")}");
            Console.Out.WriteLine($"scopes       {(me.Get("scopes") is { ValueKind: JsonValueKind.Array } ? Words(me, "scopes") : "all that the roles allow")}");
            Console.Out.WriteLine($"tier         {me.GetText("tier")}");
            if (Limit(me) is { } limit) Console.Out.WriteLine($"limit        {limit}");
            if (me.GetText("agent_id") is { } agent) Console.Out.WriteLine($"agent        {agent}");
            if (me.GetText("expires_at") is { } end) Console.Out.WriteLine($"expires      {end}");
            Console.Out.WriteLine($"permissions  {Words(me, "permissions")}");
            return 0;
        }, cancel));
        return command;
    }

    private static Command Roles()
    {
        var command = new Command("roles", "Prints what each role may do.\n\nExample: aos auth roles");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Get, "api/v1/rbac/matrix", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson))
            {
                Report.Line(answer);
                return 0;
            }

            foreach (var role in answer.GetProperty("matrix").EnumerateObject())
            {
                Console.Out.WriteLine(role.Name);
                foreach (var row in role.Value.EnumerateObject()) Console.Out.WriteLine($"  {row.Name,-12} {string.Join(' ', row.Value.EnumerateArray().Select(one => one.GetString()))}");
            }

            return 0;
        }, cancel));
        return command;
    }

    private static Command Reload()
    {
        var command = new Command("reload", "Reads the policy file anew (AOS_RBAC_POLICY_FILE); it holds on all nodes within a second.\n\nExample: aos auth reload");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Post, "api/v1/rbac/reload", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(answer);
            else Console.Out.WriteLine($"{answer.GetText("message")} {answer.GetText("previous_hash")} -> {answer.GetText("new_hash")}");
            return 0;
        }, cancel));
        return command;
    }

    /// <summary>Null: nobody is limited there, or the server is older than its telling.</summary>
    private static string? Limit(JsonElement me)
    {
        if (me.Get("rate_limit") is not { ValueKind: JsonValueKind.Object } limit) return null;
        var reset = DateTimeOffset.FromUnixTimeSeconds(limit.GetProperty("reset").GetInt64());
        return string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{limit.GetProperty("remaining").GetInt64()} of {limit.GetProperty("limit").GetInt64()} requests a minute left, all of them at {reset.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}");
    }

    private static string Words(JsonElement value, string name) => string.Join(' ', value.GetProperty(name).EnumerateArray().Select(one => one.GetString()));
}
