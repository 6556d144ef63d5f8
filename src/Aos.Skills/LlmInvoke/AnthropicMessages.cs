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
            var isMarked = request.CachesPrompt && i == request.Messages.Length - 1 && !string.IsNullOrWhiteSpace(message.Content);
            writer.WriteStartObject();
            writer.WriteString("role", message.Role == "tool" ? "user" : message.Role);
            if (message.Role == "tool") i = WriteAnswers(writer, request, i);
            else if (!message.ToolCalls.IsEmpty) WriteCalls(writer, message, names);
            else if (isMarked) WriteMarked(writer, message.Content);
            else writer.WriteString("content", message.Content);
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
            if (request.CachesPrompt && at == request.Messages.Length - 1) WriteMark(writer);
            writer.WriteEndObject();
        }

        for (; at < request.Messages.Length && request.Messages[at] is { Role: "user" } said; at++) WriteText(writer, said.Content, request.CachesPrompt && at == request.Messages.Length - 1);
        writer.WriteEndArray();
        return at - 1;
    }

    /// <summary>What stands up to here is to be kept for the next calls that begin with it.</summary>
    internal static void WriteMark(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("cache_control");
        writer.WriteString("type", "ephemeral");
        writer.WriteEndObject();
    }

    private static void WriteMarked(Utf8JsonWriter writer, string text)
    {
        writer.WriteStartArray("content");
        WriteText(writer, text, isMarked: true);
        writer.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter writer, string text, bool isMarked = false)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "text");
        writer.WriteString("text", text);
        if (isMarked) WriteMark(writer);
        writer.WriteEndObject();
    }
}
