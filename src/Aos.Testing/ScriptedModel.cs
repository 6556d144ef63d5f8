using System.Text.Json;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>
/// A model for agent steps: calls one of its tools after the other, then says that it is done. What it says follows from what it is asked,
/// so that the same question has the same answer.
/// </summary>
public static class ScriptedModel
{
    /// <summary>Result of an <c>llm_invoke</c> with these parameters.</summary>
    /// <param name="asked">Parameters of a turn: messages and tools.</param>
    /// <param name="rounds">Answers with tools before the last one.</param>
    public static JsonElement Answer(JsonElement asked, int rounds = 3)
    {
        var said = asked.Get("messages") is { ValueKind: JsonValueKind.Array } messages ? messages.EnumerateArray().Count(message => message.GetText("role") == "assistant") : 0;
        var tools = asked.Get("tools") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().Select(tool => tool.GetText("name")!).ToList() : [];
        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("content", said < rounds ? "I look." : "done");
            if (said < rounds && tools.Count > 0)
            {
                writer.WriteStartArray("tool_calls");
                writer.WriteStartObject();
                writer.WriteString("id", $"call-{said}");
                writer.WriteString("name", tools[said % tools.Count]);
                writer.WriteStartObject("arguments");
                writer.WriteNumber("n", said);
                writer.WriteEndObject();
                writer.WriteEndObject();
                writer.WriteEndArray();
            }

            writer.WriteString("finish_reason", said < rounds && tools.Count > 0 ? "tool_use" : "end_turn");
            writer.WriteEndObject();
        });
    }
}
