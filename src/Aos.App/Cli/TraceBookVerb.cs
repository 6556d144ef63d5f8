using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos trace list|store|delete|mismatches</c>: the traces of runs and those that clients stored.</summary>
internal static class TraceBookVerb
{
    internal static Command List()
    {
        var agent = new Option<string?>("--agent") { Description = "Of this agent only.", HelpName = "AGENT" };
        var status = new Option<string?>("--status") { Description = "completed, failed, running, or what a client wrote.", HelpName = "STATUS" };
        var root = new Option<string?>("--root-hash") { Description = "With this root only.", HelpName = "HASH" };
        var source = new Option<string?>("--source") { Description = "run or client. Default: both.", HelpName = "SOURCE" };
        source.AcceptOnlyFromAmong("run", "client");
        var from = new Option<string?>("--from") { Description = "Not older than this time, ISO 8601.", HelpName = "TIME" };
        var to = new Option<string?>("--to") { Description = "Not newer than this time, ISO 8601.", HelpName = "TIME" };
        var limit = new Option<int>("--limit") { Description = "1 to 1000, 100 by default.", DefaultValueFactory = _ => 100, HelpName = "N" };
        var command = new Command("list", "Lists traces of runs and of clients, newest first: id, source, status, steps, seed, root.\n\nExample: aos trace list --source client --status failed")
        {
            agent, status, root, source, from, to, limit,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var query = $"limit={parsed.GetValue(limit)}";
            foreach (var (name, option) in new[] { ("agent_id", agent), ("status", status), ("root_hash", root), ("source", source), ("from_date", from), ("to_date", to) })
            {
                if (parsed.GetValue(option) is { } value) query += $"&{name}={Uri.EscapeDataString(value)}";
            }

            var answer = await house.AskAsync(HttpMethod.Get, $"api/v1/traces?{query}", null, cancel);
            foreach (var trace in answer.GetProperty("traces").EnumerateArray())
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(trace);
                else Console.Out.WriteLine(PlainText.Of($"{trace.GetText("trace_id"),-38} {trace.GetText("source"),-7} {trace.GetText("status"),-10} {trace.Get("total_steps")} steps  seed {trace.Get("seed")}  {trace.GetText("root_hash") ?? "-"}"));
            }

            return 0;
        }, cancel));
        return command;
    }

    internal static Command Store()
    {
        var file = new Argument<string>("file") { Description = "A trace of schema 1.1, as the SDKs save it." };
        var id = new Option<string?>("--id") { Description = "Id to store it under, 1 to 64 characters. Default: what the file says, else the file's name.", HelpName = "ID" };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replaces a stored trace of this id." };
        var command = new Command("store", "Checks a trace file here and on the server, and stores it without its secrets.\n\nExample: aos trace store a.trace.json --id nightly-17") { file, id, overwrite };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var path = parsed.GetValue(file)!;
            JsonElement trace;
            try
            {
                await TraceVerb.ReadSdkAsync(path, cancel);
                trace = Named(await PlanFile.ReadAsync(path, cancel), parsed.GetValue(id), path);
            }
            catch (PlanFileException e)
            {
                return Report.Fail(1, e.Message);
            }

            Report.Pretty(await house.AskAsync(HttpMethod.Post, "api/v1/traces", Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WritePropertyName("trace");
                trace.WriteTo(writer);
                writer.WriteBoolean("overwrite", parsed.GetValue(overwrite));
                writer.WriteEndObject();
            }), cancel));
            return 0;
        }, cancel, refused: 1));
        return command;
    }

    internal static Command Delete()
    {
        var id = new Argument<string>("id") { Description = "Id of a stored trace." };
        var command = new Command("delete", "Deletes a stored trace with its mismatches. The trace of a run is its journal, and stays.\n\nExample: aos trace delete nightly-17") { id };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            await house.AskAsync(HttpMethod.Delete, $"api/v1/traces/{Uri.EscapeDataString(parsed.GetValue(id)!)}", null, cancel);
            Console.Out.WriteLine(PlainText.Of($"{parsed.GetValue(id)} is deleted."));
            return 0;
        }, cancel));
        return command;
    }

    internal static Command Mismatches()
    {
        var id = new Argument<string>("id") { Description = "Id of a run, or of a stored trace." };
        var command = new Command("mismatches", "Lists what replays of a trace were reported to differ in, newest first.\n\nExample: aos trace mismatches nightly-17") { id };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Get, $"api/v1/traces/{Uri.EscapeDataString(parsed.GetValue(id)!)}/mismatches", null, cancel);
            foreach (var one in answer.GetProperty("mismatches").EnumerateArray())
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(one);
                else Console.Out.WriteLine(PlainText.Of($"{one.GetText("mismatch_id")}  step {one.Get("step_index")}  {(one.Get("resolved") is { ValueKind: JsonValueKind.True } ? "resolved" : "open"),-8}  {one.GetText("reason")}  {one.GetText("issue_url")}"));
            }

            return 0;
        }, cancel));
        return command;
    }

    /// <summary>The file with the id it is stored under; a trace of an SDK has none of its own.</summary>
    private static JsonElement Named(JsonElement file, string? id, string path)
    {
        if (id is null && (file.GetText("trace_id") ?? file.GetText("run_id")) is not null) return file;
        var name = id ?? Path.GetFileName(path).Split('.')[0];
        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in file.EnumerateObject().Where(member => member.Name != "trace_id")) member.WriteTo(writer);
            writer.WriteString("trace_id", name);
            writer.WriteEndObject();
        });
    }
}
