using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>What a request orders for many runs.</summary>
/// <param name="Filter">As it was written: the token is bound to it.</param>
/// <param name="Given">The token of a preview, or null.</param>
/// <param name="Wait">Seconds to wait for the end.</param>
internal sealed record BulkBody(BulkOrder Order, JsonElement Filter, bool IsPreview, string? Given, int? ExpectedCount, int Wait)
{
    internal const int RunsMax = 10_000;
    private const int ReasonMax = 900;
    private const int WaitDefault = 20;

    internal static BulkBody Read(HttpContext context, JsonElement body)
    {
        WorkflowBody.Only(body, "action", "filter", "preview", "max", "reason", "token", "expected_count", "wait");
        var action = body.TextOf("action") switch
        {
            "cancel" => BulkAction.Cancel,
            "pause" => BulkAction.Pause,
            "resume" => BulkAction.Resume,
            "retry" => BulkAction.Retry,
            _ => throw RefusedException.Wrong("action is cancel, pause, resume or retry."),
        };
        var filter = body.ObjectOf("filter");
        var reason = body.TextOf("reason") ?? $"asked by {context.Caller().Principal}";
        if (reason.Length > ReasonMax) throw RefusedException.Wrong($"reason is longer than {ReasonMax} characters.");
        var order = new BulkOrder(action, FilterOf(filter), Whole(body, "max", 1, RunsMax) ?? RunsMax, reason);
        var read = new BulkBody(
            order, filter, WorkflowBody.Bool(body, "preview"), body.TextOf("token"), Whole(body, "expected_count", 0, RunsMax), Whole(body, "wait", 0, RunRequest.WaitMax) ?? WaitDefault);
        if (!read.IsPreview && read.Given is null && read.ExpectedCount is null)
            throw RefusedException.Wrong("Doing it needs the token of a preview, or expected_count: how many runs are meant. \"preview\": true tells both and does nothing.");
        return read;
    }

    /// <summary>Of these many runs of this filter: whoever has it has seen how many they are.</summary>
    internal string Token(int count) => ContentHash.Short(Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("action", Name(Order.Action));
        writer.WritePropertyName("filter");
        Filter.WriteTo(writer);
        writer.WriteNumber("max", Order.Max);
        writer.WriteNumber("count", count);
        writer.WriteEndObject();
    }));

    internal static string Name(BulkAction action) => action.ToString().ToLowerInvariant();

    private static BulkFilter FilterOf(JsonElement filter)
    {
        WorkflowBody.Only(filter, "status", "workflow", "agent_id", "label", "created_before", "created_after", "ids");
        if (filter.GetPropertyCount() == 0) throw RefusedException.Wrong("filter says nothing: name at least one of status, workflow, agent_id, label, created_before, created_after, ids.");
        return new BulkFilter(
            Texts(filter, "status", 32)?.ConvertAll(Status), filter.TextOf("workflow"), filter.TextOf("agent_id"), Labels(filter.ObjectOf("label")),
            Asked.Time("created_before", filter.TextOf("created_before")), Asked.Time("created_after", filter.TextOf("created_after")), Texts(filter, "ids", RunsMax)?.ConvertAll(Id));
    }

    private static RunStatus Status(string name)
    {
        foreach (var status in Enum.GetValues<RunStatus>())
        {
            if (status.Wire().Equals(name, StringComparison.OrdinalIgnoreCase)) return status;
        }

        throw RefusedException.Wrong($"There is no status {Asked.Short(name)}; there are {string.Join(", ", Enum.GetValues<RunStatus>().Select(status => status.Wire()))}.");
    }

    private static RunId Id(string text) => RunId.TryParse(text, out var id) ? id : throw RefusedException.Wrong($"ids: {Asked.Short(text)} is no run id.");

    /// <summary>One text, or a list of them.</summary>
    private static List<string>? Texts(JsonElement filter, string name, int max)
    {
        if (filter.Get(name) is not { ValueKind: not JsonValueKind.Null } value) return null;
        if (value.ValueKind == JsonValueKind.String) return [Asked.Storable(name, value.GetString()!)];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() is 0 || value.GetArrayLength() > max || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
            throw RefusedException.Wrong($"filter.{name} is a text or a list of 1 to {max} texts.");
        return [.. value.EnumerateArray().Select(item => Asked.Storable(name, item.GetString()!))];
    }

    private static Dictionary<string, string>? Labels(JsonElement given)
    {
        if (given.GetPropertyCount() == 0) return null;
        if (given.GetPropertyCount() > 16) throw RefusedException.Wrong("At most 16 labels can be asked for at once.");
        return given.EnumerateObject().ToDictionary(
            label => Asked.Storable("label", label.Name),
            label => label.Value.ValueKind == JsonValueKind.String ? Asked.Storable("label", label.Value.GetString()!) : throw RefusedException.Wrong($"label.{Asked.Short(label.Name)} is a text."),
            StringComparer.Ordinal);
    }

    private static int? Whole(JsonElement body, string name, int from, int to) => body.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var n) && n >= from && n <= to => n,
        _ => throw RefusedException.Wrong($"{name} is a whole number from {from} to {to}."),
    };
}
