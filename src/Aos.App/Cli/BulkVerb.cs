using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos runs cancel|pause|resume|retry --where ...</c>: one order for many runs.</summary>
internal static class BulkVerb
{
    private static readonly string[] Names = ["status", "workflow", "agent_id", "created_before", "created_after", "ids"];

    private static readonly Option<string[]> Where = new("--where", "-w")
    {
        Description = "Which runs, instead of one: status, workflow, agent_id, created_before, created_after, ids or label.NAME. May be repeated; all must fit.", HelpName = "NAME=VALUE",
    };

    private static readonly Option<bool> Preview = new("--preview") { Description = "Tells which runs they are, and does nothing." };
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Does it. Without it the runs are only told." };
    private static readonly Option<int> Max = new("--max") { Description = "At most so many runs, the newest first. Default 10000.", DefaultValueFactory = _ => 10_000, HelpName = "NUMBER" };

    internal static Argument<string?> Run() => new("run") { Description = "Run id. aos runs list shows them.", Arity = ArgumentArity.ZeroOrOne };

    internal static void Add(Command command)
    {
        command.Add(Where);
        command.Add(Preview);
        command.Add(Yes);
        command.Add(Max);
    }

    /// <summary>Whether many runs are meant; exactly one of the two is given.</summary>
    internal static bool IsMeant(ParseResult parsed, Argument<string?> run)
    {
        var isMany = parsed.GetValue(Where) is { Length: > 0 };
        if (isMany == parsed.GetValue(run) is not null) throw new PlanFileException("Name one run, or with --where which runs.");
        return isMany;
    }

    internal static async Task<int> OrderAsync(IHouse house, string action, string reason, ParseResult parsed, CancellationToken cancel)
    {
        var isJson = parsed.GetValue(CommandLine.AsJson);
        var filter = Filter(parsed.GetValue(Where)!);
        var preview = await house.AskAsync(HttpMethod.Post, "api/v1/runs/bulk", Body(action, filter, reason, parsed.GetValue(Max), null), cancel);
        if (parsed.GetValue(Preview) || !parsed.GetValue(Yes)) return Told(preview, action, isJson, parsed.GetValue(Preview));
        var reply = await house.AskAsync(HttpMethod.Post, "api/v1/runs/bulk", Body(action, filter, reason, parsed.GetValue(Max), preview.GetText("token")), cancel);
        while (reply.GetText("status") != "ended")
            reply = await house.AskAsync(HttpMethod.Get, $"api/v1/runs/bulk/{reply.GetText("operation_id")}?wait=20&limit=10000", null, cancel);
        return await DoneAsync(house, reply, action, isJson, cancel);
    }

    private static int Told(JsonElement preview, string action, bool isJson, bool isAsked)
    {
        if (isJson) Report.Line(preview);
        else
        {
            foreach (var id in preview.GetProperty("run_ids").EnumerateArray()) Console.Out.WriteLine(id.GetString());
            Console.Error.WriteLine($"{action} would be ordered for {preview.GetProperty("count")} runs{(preview.GetProperty("has_more").GetBoolean() ? ", and there are more" : "")}.");
        }

        return isAsked ? 0 : Report.Fail(2, "nothing was done.", "With --yes it is.");
    }

    private static async Task<int> DoneAsync(IHouse house, JsonElement reply, string action, bool isJson, CancellationToken cancel)
    {
        var (total, done) = (reply.GetProperty("total").GetInt32(), reply.GetProperty("done").GetInt32());
        for (var page = reply; ;)
        {
            if (isJson) Report.Line(page);
            else
            {
                foreach (var run in page.GetProperty("runs").EnumerateArray())
                    Console.Out.WriteLine($"{run.GetText("run_id")} {run.GetText("outcome")} {run.GetText("code")}".TrimEnd());
            }

            if (page.Get("next_after") is not { } after) break;
            page = await house.AskAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"api/v1/runs/bulk/{reply.GetText("operation_id")}?after={after}&limit=10000"), null, cancel);
        }

        if (!isJson) await Console.Error.WriteLineAsync($"{action}: {done} done, {total - done} refused.");
        return done == total ? 0 : 1;
    }

    private static JsonElement Body(string action, JsonElement filter, string reason, int max, string? token) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("action", action);
        writer.WritePropertyName("filter");
        filter.WriteTo(writer);
        writer.WriteString("reason", reason);
        writer.WriteNumber("max", max);
        if (token is null) writer.WriteBoolean("preview", true);
        else writer.WriteString("token", token);
        writer.WriteEndObject();
    });

    private static JsonElement Filter(string[] pairs) => Json.Write(writer =>
    {
        var labels = new List<(string Name, string Value)>();
        writer.WriteStartObject();
        foreach (var (name, value) in RunVerb.Labels(pairs))
        {
            if (name.StartsWith("label.", StringComparison.Ordinal)) labels.Add((name[6..], value));
            else if (!Names.Contains(name)) throw new PlanFileException($"--where {name}: there are {string.Join(", ", Names)} and label.NAME.");
            else if (name is "status" or "ids") Texts(writer, name, value);
            else writer.WriteString(name, value);
        }

        if (labels.Count > 0)
        {
            writer.WriteStartObject("label");
            foreach (var (name, value) in labels) writer.WriteString(name, value);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    });

    private static void Texts(Utf8JsonWriter writer, string name, string value)
    {
        writer.WriteStartArray(name);
        foreach (var text in value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }
}
