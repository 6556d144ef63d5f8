using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>An answer that must be JSON of a given shape.</summary>
internal static class ShapedAnswer
{
    /// <summary>The value, or <c>LLM_INVALID_RESPONSE</c> with the problems, so that a planner can ask again with them.</summary>
    internal static (JsonElement? Value, Failure? Failure) Read(string text, JsonSchema shape)
    {
        try
        {
            var value = Json.Parse(Bare(text));
            var problems = shape.Check(value, "parsed");
            return problems.Count == 0 ? (value, null) : (null, SchemaFailure.Of("LLM_INVALID_RESPONSE", problems));
        }
        catch (JsonException)
        {
            return (null, FailureCatalog.Fail("LLM_INVALID_RESPONSE", "The answer is no JSON, though JSON of a given shape was asked for."));
        }
    }

    /// <summary>Models put code fences around JSON even when told not to.</summary>
    private static string Bare(string text)
    {
        var bare = text.Trim();
        if (!bare.StartsWith("```", StringComparison.Ordinal)) return bare;
        var first = bare.IndexOf('\n', StringComparison.Ordinal);
        var last = bare.LastIndexOf("```", StringComparison.Ordinal);
        return first > 0 && last > first ? bare[(first + 1)..last] : bare;
    }
}
