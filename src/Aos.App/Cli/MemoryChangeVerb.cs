using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos memory patch</c>, <c>increment</c> and <c>append</c>: changes of what is stored, of which none is lost.</summary>
internal static class MemoryChangeVerb
{
    internal static Command Patch()
    {
        var (key, create, keep) = (MemoryVerb.Key(), Create(), Keep());
        var value = new Argument<string?>("patch") { Description = "A JSON object: members replace members, null takes one away. Default: what --file says.", Arity = ArgumentArity.ZeroOrOne };
        var file = new Option<string?>("--file") { Description = "File with the object, JSON or YAML; - reads standard input.", HelpName = "FILE" };
        var ttl = new Option<string?>("--ttl") { Description = "Seconds to live from now, or none. Default: those of the entry begin anew.", HelpName = "SECONDS" };
        var command = new Command("patch", "Changes members of an entry: a JSON merge patch (RFC 7396).\n\nExample: aos memory patch tone '{\"style\": \"loud\", \"old\": null}'") { key, value, file, create, ttl, keep };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var patch = await MemoryVerb.ValueAsync(parsed.GetValue(value), parsed.GetValue(file), cancel);
            var query = MemoryVerb.Query(parsed, ("create", Flag(parsed.GetValue(create))), ("ttl_seconds", parsed.GetValue(ttl)), ("keep_ttl", Flag(parsed.GetValue(keep))));
            return MemoryVerb.Written(parsed, await house.AskAsync(HttpMethod.Patch, MemoryVerb.Path(parsed.GetValue(key)!) + query, patch, cancel), "changed");
        }, cancel));
        return command;
    }

    internal static Command Increment()
    {
        var (key, path, create, keep) = (MemoryVerb.Key(), Pointer("number"), Create(), Keep());
        var by = new Option<decimal>("--by") { Description = "How much, also less than 0. Default 1.", DefaultValueFactory = _ => 1, HelpName = "NUMBER" };
        var command = new Command("increment", "Adds to a number of an entry and prints it.\n\nExample: aos memory increment visits /today --by 2 --create") { key, path, by, create, keep };
        command.SetAction((parsed, cancel) => SendAsync(parsed, "increment", parsed.GetValue(key)!, parsed.GetValue(create), parsed.GetValue(keep), writer =>
        {
            writer.WriteString("path", parsed.GetValue(path));
            writer.WriteNumber("by", parsed.GetValue(by));
        }, cancel));
        return command;
    }

    internal static Command Append()
    {
        var (key, path, create, keep) = (MemoryVerb.Key(), Pointer("list"), Create(), Keep());
        var items = new Argument<string[]>("items") { Description = "What is added, each JSON.", Arity = ArgumentArity.OneOrMore };
        var most = new Option<int?>("--max-items") { Description = "So many stay, the oldest go. Default: all stay.", HelpName = "NUMBER" };
        var command = new Command("append", "Adds to the end of a list of an entry.\n\nExample: aos memory append log:nightly /lines '\"started\"' --max-items 100 --create") { key, path, items, most, create, keep };
        command.SetAction((parsed, cancel) => SendAsync(parsed, "append", parsed.GetValue(key)!, parsed.GetValue(create), parsed.GetValue(keep), writer =>
        {
            writer.WriteString("path", parsed.GetValue(path));
            writer.WriteStartArray("items");
            foreach (var item in parsed.GetValue(items)!) PlanFile.Value(item, "An item").WriteTo(writer);
            writer.WriteEndArray();
            if (parsed.GetValue(most) is { } number) writer.WriteNumber("max_items", number);
        }, cancel));
        return command;
    }

    private static Task<int> SendAsync(ParseResult parsed, string operation, string key, bool create, bool keep, Action<Utf8JsonWriter> write, CancellationToken cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
    {
        var body = Json.Write(writer =>
        {
            writer.WriteStartObject();
            write(writer);
            if (create) writer.WriteBoolean("create", true);
            if (keep) writer.WriteBoolean("keep_ttl", true);
            if (parsed.GetValue(MemoryVerb.Tenant) is { } tenant) writer.WriteString("tenant_id", tenant);
            writer.WriteEndObject();
        });
        var pin = await house.AskAsync(HttpMethod.Post, $"{MemoryVerb.Path(key)}/{operation}", body, cancel);
        if (parsed.GetValue(CommandLine.AsJson)) Report.Line(pin);
        else Report.Pretty(pin.GetProperty("value"));
        return 0;
    }, cancel);

    private static Argument<string> Pointer(string to) => new("path") { Description = $"JSON pointer to the {to}, for instance /per/day." };

    private static Option<bool> Create() => new("--create") { Description = "What is not there yet is made." };

    private static Option<bool> Keep() => new("--keep-ttl") { Description = "The entry ends when it was to end." };

    private static string? Flag(bool isSet) => isSet ? "true" : null;
}
