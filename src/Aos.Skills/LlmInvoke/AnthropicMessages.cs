using System.Text.Json;

namespace Aos.Skills;

/// <summary>A conversation as the Messages API takes it: calls and their answers are blocks, and all answers to one message stand in one message of the user.</summary>
internal static class AnthropicMessages
{
    private const int IdMax = 64;

    internal static void Write(Utf8JsonWriter writer, ModelRequest request)
    {
        var names = request.Names();
        writer.WriteStartArray("messages");
        for (var i = 0; i < request.Messages.Length; i++)
        {
            var message = request.Messages[i];
            writer.WriteStartObject();
            writer.WriteString("role", message.Role == "tool" ? "user" : message.Role);
            if (message.Role == "tool") i = WriteAnswers(writer, request, i);
            else if (message.ToolCalls.IsEmpty) writer.WriteString("content", message.Content);
            else WriteCalls(writer, message, names);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteCalls(Utf8JsonWriter writer, ChatMessage message, ToolNames names)
    {
        writer.WriteStartArray("content");
        if (!string.IsNullOrWhiteSpace(message.Content)) WriteText(writer, message.Content);
        foreach (var call in message.ToolCalls)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "tool_use");
            writer.WriteString("id", ToolNames.Id(call.Id, IdMax));
            writer.WriteString("name", names.Theirs(call.Name));
            writer.WritePropertyName("input");
            call.Arguments.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>The answers from this place on, and what the user says after them. Gives the place of the last one written.</summary>
    private static int WriteAnswers(Utf8JsonWriter writer, ModelRequest request, int at)
    {
        writer.WriteStartArray("content");
        for (; at < request.Messages.Length && request.Messages[at] is { Role: "tool" } answer; at++)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "tool_result");
            writer.WriteString("tool_use_id", ToolNames.Id(answer.ToolCallId!, IdMax));
            if (answer.Content.Length > 0) writer.WriteString("content", answer.Content);
            if (answer.IsError) writer.WriteBoolean("is_error", true);
            writer.WriteEndObject();
        }

        for (; at < request.Messages.Length && request.Messages[at] is { Role: "user" } said; at++) WriteText(writer, said.Content);
        writer.WriteEndArray();
        return at - 1;
    }

    private static void WriteText(Utf8JsonWriter writer, string text)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "text");
        writer.WriteString("text", text);
        writer.WriteEndObject();
    }
}
