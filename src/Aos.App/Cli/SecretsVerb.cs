using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos secrets</c>: named secrets of the tenant. A value is read from standard input, a file or a prompt, never from the command line.</summary>
internal static class SecretsVerb
{
    private static readonly Option<string?> From = new("--file") { Description = "File with the value. Default: standard input, or a prompt on a terminal. One line break at its end is not part of it.", HelpName = "FILE" };
    private static readonly Option<string?> Overlap = new("--overlap") { Description = "How long runs that began before go on with the value before. Default 1h; 0s ends it at once.", HelpName = "TIME" };
    private static readonly Option<string?> Life = new("--expires-in") { Description = "How long a value is good for, such as 90d; none: without end. Default: as before.", HelpName = "TIME" };

    internal static Command Command()
    {
        var command = new Command("secrets", """
            Lists the secrets of the tenant: name, version, fingerprint, end, last use. Values are shown nowhere.

            Examples:
              aos secrets
              printf %s "$KEY" | aos secrets set STRIPE_KEY --skill http_call
              aos secrets rotate STRIPE_KEY --file new.key --overlap 1d
              aos secrets remove STRIPE_KEY
            """)
        {
            List(), Set(), Rotate(), Remove(), Reencrypt(),
        };
        command.Aliases.Add("secret");
        command.SetAction(ListAsync);
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "Lists the secrets of the tenant.\n\nExample: aos secrets list --json");
        command.SetAction(ListAsync);
        return command;
    }

    private static Task<int> ListAsync(ParseResult parsed, CancellationToken cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
    {
        var answer = await house.AskAsync(HttpMethod.Get, "api/v1/secrets", null, cancel);
        foreach (var secret in answer.GetProperty("secrets").EnumerateArray()) Tell(parsed, secret);
        return 0;
    }, cancel);

    private static Command Set()
    {
        var name = Name();
        var agents = new Option<string[]>("--agent") { Description = "An agent that may use it; several are given one by one. Default: as before, at first all of the tenant.", HelpName = "AGENT" };
        var skills = new Option<string[]>("--skill") { Description = "A skill that may use it; several are given one by one.", HelpName = "SKILL" };
        var all = new Option<bool>("--allow-all") { Description = "Lets every agent and skill of the tenant use it." };
        var command = new Command("set", """
            Makes a secret, or gives one a new value.

            Examples:
              printf %s "$KEY" | aos secrets set STRIPE_KEY
              aos secrets set SMTP_PASSWORD --file password.txt --agent mailer --expires-in 90d
            """)
        {
            name, From, agents, skills, all, Life, Overlap,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var value = await SecretValue.ReadAsync(parsed.GetValue(From), parsed.GetValue(name)!, cancel);
            var body = Json.Write(writer =>
            {
                Begin(writer, parsed, value);
                if (parsed.GetValue(all)) writer.WriteNull("allow");
                else WriteAllow(writer, parsed.GetValue(agents)!, parsed.GetValue(skills)!);
                writer.WriteEndObject();
            });
            Tell(parsed, await house.AskAsync(HttpMethod.Put, Path(parsed.GetValue(name)!), body, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Rotate()
    {
        var name = Name();
        var command = new Command("rotate", "Gives a secret that is there a new value; who may use it stays. Runs that began before go on with the value before for a while.\n\nExample: aos secrets rotate STRIPE_KEY --file new.key --overlap 1d")
        {
            name, From, Life, Overlap,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            await house.AskAsync(HttpMethod.Get, Path(parsed.GetValue(name)!), null, cancel); // A name that was mistyped makes no new secret.
            var value = await SecretValue.ReadAsync(parsed.GetValue(From), parsed.GetValue(name)!, cancel);
            var body = Json.Write(writer =>
            {
                Begin(writer, parsed, value);
                writer.WriteEndObject();
            });
            Tell(parsed, await house.AskAsync(HttpMethod.Put, Path(parsed.GetValue(name)!), body, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Remove()
    {
        var name = Name();
        var command = new Command("remove", "Takes a secret away with all its values, on all nodes at once.\n\nExample: aos secrets remove STRIPE_KEY") { name };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Tell(parsed, await house.AskAsync(HttpMethod.Delete, Path(parsed.GetValue(name)!), null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Reencrypt()
    {
        var command = new Command("reencrypt", "Makes a new encryption key and brings the secrets of all tenants under it. For callers of the house.\n\nExample: aos secrets reencrypt");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var moved = await house.AskAsync(HttpMethod.Post, "api/v1/secrets/reencrypt", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(moved);
            else Console.Out.WriteLine($"key {moved.GetText("key_id")}: {moved.GetProperty("reencrypted")} values, {moved.GetProperty("unreadable")} unreadable");
            return moved.GetProperty("unreadable").GetInt32() == 0 ? 0 : 1;
        }, cancel));
        return command;
    }

    private static Argument<string> Name() => new("name") { Description = "Name of the secret: a letter or _, then up to 63 letters, digits and _." };

    private static string Path(string name) => $"api/v1/secrets/{Uri.EscapeDataString(name)}";

    private static void Begin(Utf8JsonWriter writer, ParseResult parsed, string value)
    {
        writer.WriteStartObject();
        writer.WriteString("value", value);
        if (parsed.GetValue(Overlap) is { } overlap) writer.WriteString("overlap", overlap);
        if (parsed.GetValue(Life) is not { } life) return;
        if (life == "none") writer.WriteNull("expires_in");
        else writer.WriteString("expires_in", life);
    }

    private static void WriteAllow(Utf8JsonWriter writer, string[] agents, string[] skills)
    {
        if (agents.Length + skills.Length == 0) return;
        writer.WriteStartObject("allow");
        if (agents.Length > 0) Server.SkillWire.WriteTexts(writer, "agents", agents);
        if (skills.Length > 0) Server.SkillWire.WriteTexts(writer, "skills", skills);
        writer.WriteEndObject();
    }

    private static void Tell(ParseResult parsed, JsonElement secret)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(secret);
            return;
        }

        var version = secret.GetProperty("version").GetInt64();
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{secret.GetText("name"),-24} v{version,-4} {secret.GetText("fingerprint")} {secret.GetText("expires_at") ?? "no end",-28} {secret.GetText("last_used_at") ?? "never used"}"));
    }
}
