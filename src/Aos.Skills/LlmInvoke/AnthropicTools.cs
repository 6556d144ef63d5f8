using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Tools as the Messages API takes them.</summary>
internal static class AnthropicTools
{
    private static readonly string[] Unions = ["anyOf", "oneOf", "allOf"];

    internal static void Write(Utf8JsonWriter writer, ModelEndpoint endpoint, ModelRequest request)
    {
        if (NativeShape.ByTool(endpoint, request))
        {
            writer.WriteStartArray("tools");
            WriteTool(writer, NativeShape.ToolName, "Takes the answer.", request.Shape!.Source, request.CachesPrompt);
            writer.WriteEndArray();
            WriteChoice(writer, "tool", NativeShape.ToolName);
            return;
        }

        var names = request.Names();
        if (!request.Tools.IsEmpty) WriteOffered(writer, request, names);
        else WriteCalled(writer, request, names);
    }

    /// <summary>The one tool of a wanted shape was called: its arguments are the answer. A model that just wrote has written the answer.</summary>
    internal static void TakeShape(AnswerDraft draft)
    {
        if (draft.Calls.Count == 0) return;
        draft.Text.Clear().Append(draft.Calls[0].Arguments);
        draft.Calls.Clear();
    }

    private static void WriteOffered(Utf8JsonWriter writer, ModelRequest request, ToolNames names)
    {
        writer.WriteStartArray("tools");
        foreach (var (i, tool) in request.Tools.Index())
            WriteTool(writer, names.Theirs(tool.Name), tool.Description, tool.Input.Source, request.CachesPrompt && i == request.Tools.Length - 1);
        writer.WriteEndArray();
        if (request.Choice.Use == ToolUse.None) WriteChoice(writer, "none");
        else if (request.Choice.Use == ToolUse.Required) WriteChoice(writer, "any");
        else if (request.Choice is { Use: ToolUse.Named, Name: { } name }) WriteChoice(writer, "tool", names.Theirs(name));
    }

    /// <summary>A conversation with calls is refused without tools: those called are declared, and none may be called.</summary>
    private static void WriteCalled(Utf8JsonWriter writer, ModelRequest request, ToolNames names)
    {
        var called = request.Messages.SelectMany(message => message.ToolCalls).Select(call => call.Name).Distinct(StringComparer.Ordinal).ToList();
        if (called.Count == 0) return;
        writer.WriteStartArray("tools");
        foreach (var name in called) WriteTool(writer, names.Theirs(name), null, Json.Parse("""{"type":"object"}"""));
        writer.WriteEndArray();
        WriteChoice(writer, "none");
    }

    /// <summary>Unions at the top of a schema are refused: the model does without them, and the arguments are checked here.</summary>
    private static void WriteTool(Utf8JsonWriter writer, string name, string? description, JsonElement schema, bool isMarked = false)
    {
        writer.WriteStartObject();
        writer.WriteString("name", name);
        if (description is not null) writer.WriteString("description", description);
        writer.WriteStartObject("input_schema");
        foreach (var member in schema.EnumerateObject().Where(member => !Unions.Contains(member.Name, StringComparer.Ordinal))) member.WriteTo(writer);
        writer.WriteEndObject();
        if (isMarked) AnthropicMessages.WriteMark(writer);
        writer.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter writer, string type, string? name = null)
    {
        writer.WriteStartObject("tool_choice");
        writer.WriteString("type", type);
        if (name is not null) writer.WriteString("name", name);
        writer.WriteEndObject();
    }
}
