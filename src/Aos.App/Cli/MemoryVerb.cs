using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos memory</c>: the tenant's memory, JSON objects by key.</summary>
internal static class MemoryVerb
{
    internal const string Pins = "api/v1/memory/pins";

    internal static Option<string?> Tenant { get; } = new("--tenant") { Description = "Of this tenant; for callers of the house. Default: the caller's own.", Recursive = true, HelpName = "NAME" };

    internal static Command Command()
    {
        var command = new Command("memory", """
            Lists the tenant's memory: JSON objects by key, which plans read as memory["KEY"].

            Examples:
              aos memory put tone '{"style": "dry"}'
              aos memory get tone
              aos memory list --prefix agent:
              aos memory increment visits /today --create
              aos memory delete tone
            """)
        {
            List(), Get(), Put(), MemoryChangeVerb.Patch(), MemoryChangeVerb.Increment(), MemoryChangeVerb.Append(), Delete(), MemoryFileVerb.Import(), MemoryFileVerb.Export(), MemoryFileVerb.Seed(),
            MemoryAuditVerb.Command(), MemoryRulesVerb.Command(), MemoryDriftVerb.Command(), Cleanup(),
        };
        command.Options.Add(Tenant);
        command.SetAction((parsed, cancel) => ListAsync(parsed, null, 100, 0, false, null, cancel));
        return command;
    }

    internal static Argument<string> Key() => new("key") { Description = "Key of the entry: 1 to 512 characters without .. / and \\." };

    internal static string Path(string key) => $"{Pins}/{Uri.EscapeDataString(key)}";

    /// <summary>The tenant and other words of the query, with their question mark where there is any.</summary>
    internal static string Query(ParseResult parsed, params (string Name, string? Value)[] words)
    {
        var all = words.Append((Name: "tenant_id", Value: parsed.GetValue(Tenant))).Where(word => word.Value is not null).Select(word => $"{word.Name}={Uri.EscapeDataString(word.Value!)}").ToList();
        return all.Count == 0 ? "" : $"?{string.Join('&', all)}";
    }

    /// <summary>Prints an entry that was written.</summary>
    internal static int Written(ParseResult parsed, JsonElement pin, string how)
    {
        if (parsed.GetValue(CommandLine.AsJson)) Report.Line(pin);
        else Console.Out.WriteLine($"{PlainText.Of(pin.GetText("key")!)} {how}{(pin.GetText("expires_at") is { } end ? $" until {end}" : "")}");
        return 0;
    }

    private static Command List()
    {
        var prefix = new Option<string?>("--prefix") { Description = "Only keys that begin so.", HelpName = "TEXT" };
        var limit = new Option<int>("--limit") { Description = "At most so many, 1 to 1,000. Default 100.", DefaultValueFactory = _ => 100, HelpName = "NUMBER" };
        var offset = new Option<int>("--offset") { Description = "Leaves out the first ones. Default 0.", HelpName = "NUMBER" };
        var expired = new Option<bool>("--include-expired") { Description = "Also those whose time is over and that are not removed yet." };
        var order = new Option<string?>("--order") { Description = "created_at (newest first, default) or key.", HelpName = "NAME" };
        var command = new Command("list", "Lists entries, newest first.\n\nExample: aos memory list --prefix agent: --json") { prefix, limit, offset, expired, order };
        command.SetAction((parsed, cancel) => ListAsync(parsed, parsed.GetValue(prefix), parsed.GetValue(limit), parsed.GetValue(offset), parsed.GetValue(expired), parsed.GetValue(order), cancel));
        return command;
    }

    private static Task<int> ListAsync(ParseResult parsed, string? prefix, int limit, int offset, bool expired, string? order, CancellationToken cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
    {
        var query = Query(parsed, ("limit", $"{limit}"), ("offset", $"{offset}"), ("include_expired", expired ? "true" : "false"), ("prefix", prefix), ("order", order));
        var page = await house.AskAsync(HttpMethod.Get, Pins + query, null, cancel);
        foreach (var pin in page.GetProperty("pins").EnumerateArray())
        {
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(pin);
            else Console.Out.WriteLine($"{PlainText.Of(pin.GetText("key")!),-40} {pin.GetText("updated_at")}{(pin.GetText("expires_at") is { } end ? $" until {end}" : "")}");
        }

        return 0;
    }, cancel);

    private static Command Get()
    {
        var key = Key();
        var command = new Command("get", "Prints the value of an entry; with --json the whole entry. Exit code 1 when there is none.\n\nExample: aos memory get tone") { key };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var pin = await house.AskAsync(HttpMethod.Get, Path(parsed.GetValue(key)!) + Query(parsed), null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(pin);
            else Report.Pretty(pin.GetProperty("value"));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Put()
    {
        var key = Key();
        var value = new Argument<string?>("value") { Description = "A JSON object. Default: what --file says.", Arity = ArgumentArity.ZeroOrOne };
        var file = new Option<string?>("--file") { Description = "File with the object, JSON or YAML; - reads standard input.", HelpName = "FILE" };
        var ttl = new Option<int?>("--ttl") { Description = "Seconds to live, at most a year. Default: without end.", HelpName = "SECONDS" };
        var keep = new Option<bool>("--keep-ttl") { Description = "An entry that is there ends when it was to end." };
        var source = new Option<string>("--source") { Description = "Who writes it. Default cli.", DefaultValueFactory = _ => "cli", HelpName = "TEXT" };
        var command = new Command("put", """
            Makes an entry or replaces its value as a whole; its time to live begins anew.

            Examples:
              aos memory put tone '{"style": "dry"}' --ttl 3600
              aos memory put agent:a7:preferences --file preferences.yaml
            """)
        {
            key, value, file, ttl, keep, source,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var given = await ValueAsync(parsed.GetValue(value), parsed.GetValue(file), cancel);
            var body = Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("key", parsed.GetValue(key));
                writer.WritePropertyName("value");
                given.WriteTo(writer);
                writer.WriteString("source", parsed.GetValue(source));
                if (parsed.GetValue(ttl) is { } seconds) writer.WriteNumber("ttl_seconds", seconds);
                if (parsed.GetValue(keep)) writer.WriteBoolean("keep_ttl", true);
                if (parsed.GetValue(Tenant) is { } tenant) writer.WriteString("tenant_id", tenant);
                writer.WriteEndObject();
            });
            return Written(parsed, await house.AskAsync(HttpMethod.Post, Pins, body, cancel), "kept");
        }, cancel));
        return command;
    }

    private static Command Delete()
    {
        var key = Key();
        var command = new Command("delete", "Takes an entry away. Exit code 1 when there is none.\n\nExample: aos memory delete tone") { key };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var gone = await house.AskAsync(HttpMethod.Delete, Path(parsed.GetValue(key)!) + Query(parsed), null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(gone);
            else Console.Out.WriteLine($"{PlainText.Of(gone.GetText("key")!)} deleted");
            return 0;
        }, cancel));
        return command;
    }

    private static Command Cleanup()
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only counts." };
        var command = new Command("cleanup", "Removes what is over now, instead of within the minute.\n\nExample: aos memory cleanup --dry-run") { dryRun };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            if (parsed.GetValue(dryRun)) return await OverAsync(parsed, house, cancel);
            var done = await house.AskAsync(HttpMethod.Post, $"{Pins}/cleanup{Query(parsed)}", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(done);
            else Console.Out.WriteLine($"{done.GetProperty("deleted_count").GetInt32()} removed");
            return 0;
        }, cancel));
        return command;
    }

    private static async Task<int> OverAsync(ParseResult parsed, IHouse house, CancellationToken cancel)
    {
        var all = await house.AskAsync(HttpMethod.Get, Pins + Query(parsed, ("limit", "1"), ("include_expired", "true")), null, cancel);
        var there = await house.AskAsync(HttpMethod.Get, Pins + Query(parsed, ("limit", "1")), null, cancel);
        Console.Out.WriteLine($"{all.GetProperty("total").GetInt64() - there.GetProperty("total").GetInt64()} are over");
        return 0;
    }

    internal static async Task<JsonElement> ValueAsync(string? value, string? file, CancellationToken cancel)
    {
        if (value is null == file is null) throw new PlanFileException("Give the value, or --file with a file that holds it.");
        if (file is not null) return await PlanFile.ReadAsync(file, cancel);
        try
        {
            return Json.Parse(value!);
        }
        catch (JsonException)
        {
            throw new PlanFileException("The value is no JSON object. Example: aos memory put tone '{\"style\": \"dry\"}'");
        }
    }
}
