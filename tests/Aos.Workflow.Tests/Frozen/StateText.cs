using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Aos.Kernel;

namespace Aos.Workflow.Tests.Frozen;

/// <summary>A folded state as JSON, and what of a frozen one is not so any more.</summary>
internal static class StateText
{
    private static readonly JsonSerializerOptions Form = new() { WriteIndented = true, MaxDepth = 256, Converters = { new JsonStringEnumConverter() }, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Everything but the start, which stands in the first event, and what follows from it.</summary>
    internal static JsonNode Of(RunState state)
    {
        var all = new JsonObject { ["RootHash"] = RootHash.Of(state) };
        foreach (var property in typeof(RunState).GetProperties().Where(property => property.GetMethod is { IsStatic: false } && property.Name is not ("Start" or "Plan" or "Budget")).OrderBy(property => property.Name, StringComparer.Ordinal))
            all[property.Name] = JsonSerializer.SerializeToNode(property.GetValue(state), property.PropertyType, Form);
        return all;
    }

    internal static string Written(JsonNode state) => state.ToJsonString(Form) + "\n";

    /// <summary>The first place where the states differ. A member that a later build has and the frozen state has not must hold nothing.</summary>
    internal static string? Difference(JsonNode? frozen, JsonNode? now, string path)
    {
        switch (frozen, now)
        {
            case (JsonObject was, JsonObject @is):
                return was.Select(member => member.Key).Union(@is.Select(member => member.Key), StringComparer.Ordinal).Select(name =>
                    was.ContainsKey(name) ? Difference(was[name], @is[name], $"{path}.{name}")
                    : IsNothing(@is[name]) ? null : $"{path}.{name}: the frozen state has no such member, now it is {@is[name]!.ToJsonString()}").FirstOrDefault(found => found is not null);
            case (JsonArray was, JsonArray @is) when was.Count == @is.Count:
                return Enumerable.Range(0, was.Count).Select(i => Difference(was[i], @is[i], $"{path}[{i}]")).FirstOrDefault(found => found is not null);
            default:
                return JsonNode.DeepEquals(frozen, now) ? null : $"{path}: it was {frozen?.ToJsonString() ?? "null"}, now it is {now?.ToJsonString() ?? "null"}";
        }
    }

    private static bool IsNothing(JsonNode? value) => value switch
    {
        null or JsonObject { Count: 0 } or JsonArray { Count: 0 } => true,
        JsonObject members => members.All(member => IsNothing(member.Value)),
        JsonValue one => one.ToJsonString() is "0" or "false" or "\"\"",
        _ => false,
    };
}
