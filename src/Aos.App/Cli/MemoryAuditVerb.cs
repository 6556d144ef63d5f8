using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos memory audit</c>: what was done with the memory.</summary>
internal static class MemoryAuditVerb
{
    internal static Command Command()
    {
        var key = new Option<string?>("--key") { Description = "About this entry only.", HelpName = "KEY" };
        var operation = new Option<string?>("--operation") { Description = "put, patch, increment, append, get, list, delete, cleanup, sweep or run_read only.", HelpName = "NAME" };
        var since = new Option<string?>("--since") { Description = "Not older than this time, ISO 8601.", HelpName = "TIME" };
        var until = new Option<string?>("--until") { Description = "Older than this time, ISO 8601.", HelpName = "TIME" };
        var limit = new Option<int>("--limit") { Description = "At most so many, 1 to 1,000. Default 100.", DefaultValueFactory = _ => 100, HelpName = "NUMBER" };
        var command = new Command("audit", """
            Lists what was done with the memory and who read it, newest first: number, time, who, what, key, what came of it, hashes before and after.

            Example: aos memory audit --key tone --operation put
            """) { key, operation, since, until, limit };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var query = MemoryVerb.Query(
                parsed, ("key", parsed.GetValue(key)), ("operation", parsed.GetValue(operation)), ("since", parsed.GetValue(since)), ("until", parsed.GetValue(until)), ("limit", $"{parsed.GetValue(limit)}"));
            var page = await house.AskAsync(HttpMethod.Get, $"api/v1/memory/audit{query}", null, cancel);
            foreach (var entry in page.GetProperty("entries").EnumerateArray())
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(entry);
                else Console.Out.WriteLine(PlainText.Of(Told(entry)));
            }

            return 0;
        }, cancel));
        return command;
    }

    private static string Told(JsonElement entry) =>
        $"{entry.GetProperty("id").GetInt64(),8} {entry.GetText("ts")} {entry.GetText("subject")} {entry.GetText("operation")} {entry.GetText("key")} {entry.GetText("error_code") ?? entry.GetText("outcome")} {entry.GetText("old_value_hash") ?? "-"} {entry.GetText("new_value_hash") ?? "-"}";
}
