using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// How JSON of a given shape is asked for: by the provider's own means where it has them, else in words. Whatever the way,
/// the answer is checked against the schema afterwards.
/// </summary>
internal static class NativeShape
{
    /// <summary>The tool whose arguments are the answer.</summary>
    internal const string ToolName = "answer";

    private const int PropertiesMax = 100;
    private const int DepthMax = 5;

    /// <summary>Anthropic: the one tool there is must be called, and its arguments are the answer.</summary>
    internal static bool ByTool(ModelEndpoint endpoint, ModelRequest request) =>
        endpoint is { IsOfficial: true, Wire: ModelWire.Anthropic } && request.Shape is { } shape && IsObject(shape)
        && request.Tools.IsEmpty && request.Messages.All(message => message.ToolCalls.IsEmpty);

    /// <summary>OpenAI: <c>response_format</c>, which takes schemas of objects only.</summary>
    internal static bool ByFormat(ModelEndpoint endpoint, ModelRequest request) =>
        endpoint is { IsOfficial: true, Wire: ModelWire.OpenAi } && request.Shape is { } shape && IsObject(shape);

    /// <summary>The system prompt, with the schema in words where the provider's own means do not hold it.</summary>
    internal static string? System(ModelEndpoint endpoint, ModelRequest request)
    {
        if (request.Shape is not { } shape || ByTool(endpoint, request) || (ByFormat(endpoint, request) && IsStrict(shape))) return request.System;
        return (request.System is null ? "" : request.System + "\n\n")
            + (request.Tools.IsEmpty ? "Answer" : "When you call no tool, answer")
            + " with one JSON value that fits the following JSON Schema, and with nothing else: no explanation, no code fence.\n" + shape.Source.GetRawText();
    }

    /// <summary>
    /// The schema stays within what OpenAI promises to hold to the letter: every member required, none besides, and few
    /// keywords. A schema beyond that would be refused as strict.
    /// </summary>
    internal static bool IsStrict(JsonSchema shape)
    {
        var properties = 0;
        return Fits(shape.Source, 0);

        bool Fits(JsonElement schema, int depth) =>
            depth <= DepthMax && schema.ValueKind == JsonValueKind.Object && schema.EnumerateObject().All(member => member.Name switch
            {
                "type" => !Types(member.Value).Contains("object", StringComparer.Ordinal) || IsClosed(schema),
                "properties" => member.Value.EnumerateObject().All(property => ++properties <= PropertiesMax && Fits(property.Value, depth + 1)),
                "items" => Fits(member.Value, depth + 1),
                "anyOf" => depth > 0 && member.Value.EnumerateArray().All(branch => Fits(branch, depth + 1)),
                "required" or "additionalProperties" or "enum" or "const" or "description" or "title" => true,
                _ => false,
            }) && (schema.Get("type") ?? schema.Get("anyOf") ?? schema.Get("enum") ?? schema.Get("const")) is not null;
    }

    private static bool IsClosed(JsonElement schema)
    {
        var required = schema.Get("required") is { } names ? names.EnumerateArray().Select(name => name.GetString()!).ToHashSet(StringComparer.Ordinal) : [];
        return schema.Get("additionalProperties") is { ValueKind: JsonValueKind.False }
            && schema.Get("properties") is { } properties && properties.EnumerateObject().All(property => required.Contains(property.Name));
    }

    private static IEnumerable<string> Types(JsonElement type) => type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(one => one.GetString()!) : [type.GetString()!];

    private static bool IsObject(JsonSchema shape) =>
        shape.Source.GetText("type") == "object" && !new[] { "anyOf", "oneOf", "allOf", "$ref" }.Any(keyword => shape.Source.Get(keyword) is not null);
}
