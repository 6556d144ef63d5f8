using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Aos.Testing;

/// <summary>Streams of the Messages API.</summary>
public static class AnthropicEvents
{
    /// <summary>The events of an answer of text alone.</summary>
    public static string Text(string text, int input = 12, int output = 5, string stop = "end_turn") => Start(input) + TextBlock(0, text) + End(output, stop);

    /// <summary>The same where of the prompt more was read from the provider's cache and written into it; <paramref name="input"/> is what was neither.</summary>
    public static string Cached(string text, long input, long read, long written, int output = 5) => Start(input, read, written) + TextBlock(0, text) + End(output, "end_turn");

    /// <summary>The events of a turn.</summary>
    /// <param name="first">Number of its first call; ids are made of it.</param>
    public static string Of(ModelTurn turn, int first = 0)
    {
        var events = new StringBuilder(Start(turn.InputTokens ?? 12));
        var index = 0;
        if (turn.Text.Length > 0) events.Append(TextBlock(index++, turn.Text));
        foreach (var call in turn.Calls) events.Append(CallBlock(index++, string.Create(CultureInfo.InvariantCulture, $"toolu_{first++:D4}"), call));
        var stop = turn.IsRefusal ? "refusal" : turn.IsCut ? "max_tokens" : turn.Calls.Count > 0 ? "tool_use" : "end_turn";
        return events.Append(End(turn.OutputTokens ?? 5, stop)).ToString();
    }

    private static string Start(long input, long read = 0, long written = 0) =>
        Event("message_start", string.Create(CultureInfo.InvariantCulture, $$"""
            {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-20250514","content":[],"stop_reason":null,"usage":{"input_tokens":{{input}},"cache_creation_input_tokens":{{written}},"cache_read_input_tokens":{{read}},"output_tokens":1} } }
            """));

    private static string TextBlock(int index, string text)
    {
        var half = text.Length / 2;
        return Event("content_block_start", string.Create(CultureInfo.InvariantCulture, $$"""{"type":"content_block_start","index":{{index}},"content_block":{"type":"text","text":""} }"""))
            + Event("ping", """{"type": "ping"}""")
            + Delta(index, $$"""{"type":"text_delta","text":{{JsonSerializer.Serialize(text[..half])}}}""")
            + Delta(index, $$"""{"type":"text_delta","text":{{JsonSerializer.Serialize(text[half..])}}}""")
            + Stop(index);
    }

    private static string CallBlock(int index, string id, ModelToolCall call)
    {
        var half = call.Arguments.Length / 2;
        return Event("content_block_start", string.Create(CultureInfo.InvariantCulture, $$"""
                {"type":"content_block_start","index":{{index}},"content_block":{"type":"tool_use","id":"{{id}}","name":{{JsonSerializer.Serialize(call.Name)}},"input":{} } }
                """))
            + Delta(index, """{"type":"input_json_delta","partial_json":""}""")
            + Delta(index, $$"""{"type":"input_json_delta","partial_json":{{JsonSerializer.Serialize(call.Arguments[..half])}}}""")
            + Delta(index, $$"""{"type":"input_json_delta","partial_json":{{JsonSerializer.Serialize(call.Arguments[half..])}}}""")
            + Stop(index);
    }

    private static string Delta(int index, string delta) =>
        Event("content_block_delta", string.Create(CultureInfo.InvariantCulture, $$"""{"type":"content_block_delta","index":{{index}},"delta":{{delta}}}"""));

    private static string Stop(int index) => Event("content_block_stop", string.Create(CultureInfo.InvariantCulture, $$"""{"type":"content_block_stop","index":{{index}}}"""));

    private static string End(long output, string stop) =>
        Event("message_delta", string.Create(CultureInfo.InvariantCulture, $$"""{"type":"message_delta","delta":{"stop_reason":"{{stop}}","stop_sequence":null},"usage":{"output_tokens":{{output}}} }"""))
        + Event("message_stop", """{"type":"message_stop"}""");

    private static string Event(string name, string data) => $"event: {name}\ndata: {data}\n\n";
}
