using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos audit</c> and <c>aos audit verify</c>.</summary>
internal static class AuditVerb
{
    internal static Command Command()
    {
        var subject = new Option<string?>("--subject") { Description = "Of this principal only, for instance key:0f3c9a6b1d2e4f58.", HelpName = "WHO" };
        var resource = new Option<string?>("--resource") { Description = "About this kind of thing only, for instance run.", HelpName = "NAME" };
        var denied = new Option<bool>("--denied") { Description = "Only what was refused." };
        var since = new Option<string?>("--since") { Description = "Not older than this time, ISO 8601.", HelpName = "TIME" };
        var all = new Option<bool>("--all-tenants") { Description = "Of every tenant; for callers of the house." };
        var limit = new Option<int>("--limit") { Description = "1 to 1000, 100 by default.", DefaultValueFactory = _ => 100, HelpName = "N" };
        var command = new Command("audit", """
            Lists what was done and refused, newest first: number, time, who, what, answer, why.

            Examples:
              aos audit --denied --since 2026-11-01
              aos audit --all-tenants --json
              aos audit verify
            """)
        {
            subject, resource, denied, since, all, limit, Verify(),
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var query = new List<string> { $"limit={parsed.GetValue(limit)}" };
            foreach (var (name, value) in new[] { ("subject", parsed.GetValue(subject)), ("resource", parsed.GetValue(resource)), ("since", parsed.GetValue(since)) })
            {
                if (value is not null) query.Add($"{name}={Uri.EscapeDataString(value)}");
            }

            if (parsed.GetValue(denied)) query.Add("allowed=false");
            if (parsed.GetValue(all)) query.Add("all_tenants=true");
            var answer = await house.AskAsync(HttpMethod.Get, $"api/v1/audit?{string.Join('&', query)}", null, cancel);
            foreach (var entry in answer.GetProperty("entries").EnumerateArray())
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(entry);
                else Console.Out.WriteLine(PlainText.Of(Told(entry)));
            }

            return 0;
        }, cancel));
        return command;
    }

    private static Command Verify()
    {
        var command = new Command("verify", """
            Checks the whole record: every entry is as it was written, none is missing, the seals hold.

            Example: aos audit verify

            Exit code: 0 when it is whole, else 1.
            """);
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Get, "api/v1/audit/verify", null, cancel);
            var isWhole = answer.Get("ok") is { ValueKind: JsonValueKind.True };
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(answer);
            else Console.Out.WriteLine(isWhole ? $"whole: {answer.GetProperty("entries").GetInt64()} entries, {answer.GetProperty("seals").GetInt64()} seals" : $"NOT whole: {answer.GetText("problem")}");
            return isWhole ? 0 : 1;
        }, cancel));
        return command;
    }

    private static string Told(JsonElement entry) =>
        $"{entry.GetProperty("id").GetInt64(),8} {entry.GetText("ts")} {entry.GetText("tenant_id")} {entry.GetText("subject")} {entry.GetText("resource")}:{entry.GetText("action")} {entry.GetText("method")} {entry.GetText("path")} {entry.GetProperty("status").GetInt32()} {entry.GetText("reason")}";
}
