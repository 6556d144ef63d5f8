using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos keys</c>: API keys.</summary>
internal static class KeysVerb
{
    internal static Command Command()
    {
        var command = new Command("keys", """
            Lists the API keys of the tenant: id, state, tier, roles, last use, name.

            Examples:
              aos keys
              aos keys create --name ci --role machine --expires-in 90d
              aos keys rotate 0f3c9a6b1d2e4f58 --overlap 7d
              aos keys revoke 0f3c9a6b1d2e4f58
            """)
        {
            Create(), Rotate(), Revoke(),
        };
        command.Aliases.Add("key");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Get, "api/v1/keys", null, cancel);
            foreach (var key in answer.GetProperty("keys").EnumerateArray())
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(key);
                else Console.Out.WriteLine(Told(key));
            }

            return 0;
        }, cancel));
        return command;
    }

    private static Command Create()
    {
        var name = new Option<string>("--name") { Description = "What the key is for, for whoever reads the list.", Required = true, HelpName = "TEXT" };
        var roles = new Option<string[]>("--role") { Description = "A role; several are given one by one. aos auth roles lists them.", Required = true, HelpName = "ROLE" };
        var scopes = new Option<string[]>("--scope") { Description = "Narrows the key: run:read, run:*, *:read. Default: all that the roles allow.", HelpName = "SCOPE" };
        var tier = new Option<string?>("--tier") { Description = "free, dev, pro (default), enterprise or unlimited: how often it may ask.", HelpName = "TIER" };
        var agent = new Option<string?>("--agent") { Description = "The only agent it may act as.", HelpName = "AGENT" };
        var tenant = new Option<string?>("--tenant") { Description = "The tenant it is for; a caller of the house may name another than its own.", HelpName = "TENANT" };
        var house = new Option<bool>("--house") { Description = "A key of the house: acts for every tenant, touches nodes, archive and policy." };
        var life = new Option<string?>("--expires-in") { Description = "A time such as 12h or 90d. Default: until it is revoked.", HelpName = "TIME" };
        var command = new Command("create", """
            Makes an API key and prints it, this once: only its hash is stored.

            Examples:
              aos keys create --name ci --role machine --expires-in 90d
              aos keys create --name report --role readonly --scope 'run:read' --tenant acme
            """)
        {
            name, roles, scopes, tier, agent, tenant, house, life,
        };
        command.SetAction((parsed, cancel) => MadeAsync(parsed, "api/v1/keys", Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("name", parsed.GetValue(name));
            Server.SkillWire.WriteTexts(writer, "roles", parsed.GetValue(roles)!);
            if (parsed.GetValue(scopes) is { Length: > 0 } narrowed) Server.SkillWire.WriteTexts(writer, "scopes", narrowed);
            foreach (var (member, value) in new[] { ("tier", parsed.GetValue(tier)), ("agent_id", parsed.GetValue(agent)), ("tenant_id", parsed.GetValue(tenant)), ("expires_in", parsed.GetValue(life)) })
            {
                if (value is not null) writer.WriteString(member, value);
            }

            writer.WriteBoolean("is_house", parsed.GetValue(house));
            writer.WriteEndObject();
        }), cancel));
        return command;
    }

    private static Command Rotate()
    {
        var id = new Argument<string>("key") { Description = "Id of the key." };
        var overlap = new Option<string>("--overlap") { Description = "How long the old key goes on working. Default 1d.", DefaultValueFactory = _ => "1d", HelpName = "TIME" };
        var command = new Command("rotate", "Makes a new key in the place of one, which goes on working for a while. Prints the new one, this once.\n\nExample: aos keys rotate 0f3c9a6b1d2e4f58 --overlap 7d") { id, overlap };
        command.SetAction((parsed, cancel) => MadeAsync(parsed, $"api/v1/keys/{Uri.EscapeDataString(parsed.GetValue(id)!)}/rotate", Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("overlap", parsed.GetValue(overlap));
            writer.WriteEndObject();
        }), cancel));
        return command;
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("key") { Description = "Id of the key." };
        var command = new Command("revoke", "Ends a key, on all nodes within a second.\n\nExample: aos keys revoke 0f3c9a6b1d2e4f58") { id };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var key = await house.AskAsync(HttpMethod.Delete, $"api/v1/keys/{Uri.EscapeDataString(parsed.GetValue(id)!)}", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(key);
            else Console.Out.WriteLine(Told(key));
            return 0;
        }, cancel));
        return command;
    }

    /// <summary>The key alone on standard output, so that it can be piped to where it belongs.</summary>
    private static Task<int> MadeAsync(ParseResult parsed, string path, JsonElement order, CancellationToken cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
    {
        var key = await house.AskAsync(HttpMethod.Post, path, order, cancel);
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(key);
            return 0;
        }

        Console.Out.WriteLine(key.GetText("key"));
        await Console.Error.WriteLineAsync($"This is the only time the key is shown. Its id is {key.GetText("id")}.");
        return 0;
    }, cancel);

    private static string Told(JsonElement key) => string.Create(
        CultureInfo.InvariantCulture,
        $"{key.GetText("id")} {State(key),-8} {key.GetText("tier"),-10} {string.Join(',', key.GetProperty("roles").EnumerateArray().Select(role => role.GetString())),-16} {key.GetText("last_used_at") ?? "never used",-28} {key.GetText("name")}");

    private static string State(JsonElement key) =>
        key.GetText("revoked_at") is not null ? "revoked"
        : key.Get("expires_at") is { ValueKind: JsonValueKind.String } end && end.GetDateTimeOffset() <= TimeProvider.System.GetUtcNow() ? "expired"
        : key.GetText("replaced_by") is not null ? "replaced"
        : "active";
}
