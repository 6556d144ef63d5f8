using System.Text.Json;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Parameters of a step that a caller forces, made from the goal: its first URL, and its text.</summary>
internal static class ForcedStep
{
    private static readonly string[] TextNames = ["prompt", "message", "text", "content", "query", "body"];

    internal static (JsonElement Params, IReadOnlyList<string> Warnings) Params(JsonElement schema, string goal)
    {
        var names = schema.Get("properties") is { ValueKind: JsonValueKind.Object } properties
            ? properties.EnumerateObject().Select(property => property.Name).ToHashSet(StringComparer.Ordinal)
            : [];
        if (names.Contains("url"))
        {
            return GoalSanitizer.Urls(goal) is [var url, ..]
                ? (Object("url", url), [])
                : (Object("url", PlannerRules.UrlDefault), [$"The goal names no URL; {PlannerRules.UrlDefault} is used."]);
        }

        var name = TextNames.FirstOrDefault(names.Contains) ?? (names.Count == 0 ? "message" : null);
        return (name is null ? Json.EmptyObject : Object(name, goal), []);
    }

    internal static JsonElement Object(string name, string value) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString(name, value);
        writer.WriteEndObject();
    });
}
