using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos memory rules</c>: what happens to values as they are written.</summary>
internal static class MemoryRulesVerb
{
    private const string Path = "api/v1/memory/rules";

    internal static Command Command()
    {
        var command = new Command("rules", """
            Shows what happens to values as they are written into the memory.

            Examples:
              aos memory rules set samples/memory/rules.json
              aos memory rules test counter:visits '{"n": 1}' --existing '{"n": 2}'
            """)
        {
            Set(), Try(),
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Show(parsed, await house.AskAsync(HttpMethod.Get, Path + MemoryVerb.Query(parsed), null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Set()
    {
        var file = new Argument<string>("file") { Description = "JSON or YAML: {\"on_conflict\", \"rules\": [{\"name\", \"pattern\", \"merge_strategy\", ...}]}; - reads standard input." };
        var version = new Option<long?>("--version") { Description = "Only if the stored rules have this version.", HelpName = "NUMBER" };
        var command = new Command("set", "Puts a set of rules in the place of the stored one.\n\nExample: aos memory rules set samples/memory/rules.json") { file, version };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var rules = await PlanFile.ReadAsync(parsed.GetValue(file)!, cancel);
            var body = parsed.GetValue(version) is { } one ? With(rules, "version", Json.Of((decimal)one)) : rules;
            Show(parsed, await house.AskAsync(HttpMethod.Put, Path + MemoryVerb.Query(parsed), body, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Command Try()
    {
        var key = MemoryVerb.Key();
        var value = new Argument<string>("value") { Description = "JSON object." };
        var existing = new Option<string?>("--existing") { Description = "JSON object that would be stored already. Default: what is.", HelpName = "JSON" };
        var rules = new Option<string?>("--rules") { Description = "Rules to try in the place of the stored ones.", HelpName = "FILE" };
        var command = new Command("test", "Says what the rules would make of a write; nothing is written. Exit code 1 when it would be refused.\n\nExample: aos memory rules test counter:visits '{\"n\": 1}'") { key, value, existing, rules };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var body = With(With(Json.EmptyObject, "key", Json.Of(parsed.GetValue(key)!)), "value", PlanFile.Value(parsed.GetValue(value)!, "value"));
            if (parsed.GetValue(existing) is { } stored) body = With(body, "existing", PlanFile.Value(stored, "--existing"));
            if (parsed.GetValue(rules) is { } file) body = With(body, "rules", await PlanFile.ReadAsync(file, cancel));
            var tried = await house.AskAsync(HttpMethod.Post, $"{Path}/test{MemoryVerb.Query(parsed)}", body, cancel);
            var accepted = tried.Get("accepted") is { ValueKind: JsonValueKind.True };
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(tried);
            else if (accepted) Report.Value(tried.GetProperty("value"));
            else Console.Error.WriteLine(PlainText.Of(tried.GetText("problem") ?? ""));
            return accepted ? 0 : 1;
        }, cancel));
        return command;
    }

    private static void Show(ParseResult parsed, JsonElement rules)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(rules);
            return;
        }

        foreach (var rule in rules.GetProperty("rules").EnumerateArray())
            Console.Out.WriteLine(PlainText.Of($"{rule.GetText("name"),-24} {rule.GetText("pattern"),-32} {rule.GetText("merge_strategy") ?? "-",-10} {(rule.Get("enabled") is { ValueKind: JsonValueKind.False } ? "off" : "on")}"));
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"version {rules.GetProperty("version").GetInt64()}, {RunText.Counted(rules.GetProperty("rules").GetArrayLength(), "rule")}, on conflict {rules.GetText("on_conflict")}"));
    }

    private static JsonElement With(JsonElement value, string name, JsonElement member) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var one in value.EnumerateObject().Where(one => one.Name != name)) one.WriteTo(writer);
        writer.WritePropertyName(name);
        member.WriteTo(writer);
        writer.WriteEndObject();
    });
}
