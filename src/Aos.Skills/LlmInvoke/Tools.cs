using System.Text;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What the model may ask for.</summary>
/// <param name="Input">Shape of the arguments, an object.</param>
internal sealed record Tool(string Name, string? Description, JsonSchema Input);

/// <summary>Whether the model calls tools.</summary>
internal enum ToolUse
{
    /// <summary>As it likes.</summary>
    Auto,

    None,

    /// <summary>One at least.</summary>
    Required,

    /// <summary>The named one.</summary>
    Named,
}

/// <param name="Name">The tool to call, with <see cref="ToolUse.Named"/>.</param>
internal sealed record ToolChoice(ToolUse Use, string? Name = null)
{
    internal static ToolChoice Auto { get; } = new(ToolUse.Auto);
}

/// <summary>A call that stands in the conversation.</summary>
internal sealed record ToolCall(string Id, string Name, JsonElement Arguments);

/// <summary>A call as it arrives, piece by piece.</summary>
internal sealed class CallDraft
{
    /// <summary>Its place in the answer as the provider counts; pieces are told apart by it.</summary>
    internal long? Index { get; init; }

    internal string? Id { get; set; }

    internal string? Name { get; set; }

    /// <summary>JSON text.</summary>
    internal StringBuilder Arguments { get; } = new();
}
