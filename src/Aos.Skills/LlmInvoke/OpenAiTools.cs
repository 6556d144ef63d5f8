using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Tools, and the conversation with their calls, as Chat Completions takes and gives them.</summary>
internal static class OpenAiTools
{
    /// <summary>Longer ids are refused.</summary>
    private const int IdMax = 40;

    internal static void Write(Utf8JsonWriter writer, ModelRequest request)
    {
        if (request.Tools.IsEmpty) return;
        var names = request.Names();
        writer.WriteStartArray("tools");
        foreach (var tool in request.Tools)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", names.Theirs(tool.Name));
            if (tool.Description is { } description) writer.WriteString("description", description);
            writer.WritePropertyName("parameters");
            tool.Input.Source.WriteTo(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (request.Choice.Use == ToolUse.None) writer.WriteString("tool_choice", "none");
        else if (request.Choice.Use == ToolUse.Required) writer.WriteString("tool_choice", "required");
        else if (request.Choice is { Use: ToolUse.Named, Name: { } name }) WriteNamed(writer, names.Theirs(name));
    }

    internal static void WriteMessages(Utf8JsonWriter writer, ModelEndpoint endpoint, ModelRequest request)
    {
        var names = request.Names();
        writer.WriteStartArray("messages");
        if (NativeShape.System(endpoint, request) is { } system) WriteMessage(writer, new ChatMessage("system", system), names);
        foreach (var message in request.Messages) WriteMessage(writer, message, names);
        writer.WriteEndArray();
    }

    /// <summary>
    /// Takes a piece of a call. Pieces of one call have the same place. Servers that speak this protocol give several calls
    /// the same place, or none, so that another id tells another call too.
    /// </summary>
    internal static Failure? Take(JsonElement piece, AnswerDraft draft, ModelEndpoint endpoint)
    {
        long? index = piece.Get("index") is { ValueKind: JsonValueKind.Number } n && n.TryGetInt64(out var place) ? place : null;
        var id = piece.GetText("id") is { Length: > 0 } told ? told : null;
        var name = piece.Get("function")?.GetText("name") is { Length: > 0 } called ? called : null;
        var call = index is null ? draft.Calls.LastOrDefault() : draft.Calls.LastOrDefault(known => known.Index == index);
        if (call is null || (id is not null && call.Id is not null && call.Id != id) || (index is null && id is null && name is not null))
        {
            if (draft.Calls.Count == AnswerDraft.CallsMax) return FailureCatalog.Fail("LLM_INVALID_RESPONSE", $"{endpoint.Name} asks for more than {AnswerDraft.CallsMax} calls at once.");
            draft.Calls.Add(call = new CallDraft { Index = index });
        }

        call.Id ??= id;
        call.Name ??= name;
        if (piece.Get("function")?.Get("arguments") is { ValueKind: not JsonValueKind.Null } arguments)
            call.Arguments.Append(arguments.ValueKind == JsonValueKind.String ? arguments.GetString() : arguments.GetRawText());
        return null;
    }

    private static void WriteMessage(Utf8JsonWriter writer, ChatMessage message, ToolNames names)
    {
        writer.WriteStartObject();
        writer.WriteString("role", message.Role);
        if (message.ToolCallId is { } id) writer.WriteString("tool_call_id", Id(id));
        // The protocol has no field that says that a tool failed.
        if (message.Content.Length == 0 && !message.ToolCalls.IsEmpty) writer.WriteNull("content");
        else writer.WriteString("content", message.IsError ? "Error: " + message.Content : message.Content);
        if (!message.ToolCalls.IsEmpty) WriteCalls(writer, message, names);
        writer.WriteEndObject();
    }

    private static void WriteCalls(Utf8JsonWriter writer, ChatMessage message, ToolNames names)
    {
        writer.WriteStartArray("tool_calls");
        foreach (var call in message.ToolCalls)
        {
            writer.WriteStartObject();
            writer.WriteString("id", Id(call.Id));
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", names.Theirs(call.Name));
            writer.WriteString("arguments", call.Arguments.GetRawText());
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteNamed(Utf8JsonWriter writer, string name)
    {
        writer.WriteStartObject("tool_choice");
        writer.WriteString("type", "function");
        writer.WriteStartObject("function");
        writer.WriteString("name", name);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>Servers know their own ids again, whatever they are made of.</summary>
    private static string Id(string id) => id.Length <= IdMax ? id : ToolNames.Made(id);
}
