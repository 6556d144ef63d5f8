using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Aos.Testing;

/// <summary>Streams of Chat Completions.</summary>
public static class OpenAiChunks
{
    /// <summary>The chunks of an answer of text alone.</summary>
    public static string Text(string text, string? usage = """{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}""", string finish = "stop", bool done = true)
    {
        var half = text.Length / 2;
        return Delta("""{"role":"assistant","content":""}""") + Content("content", text[..half]) + Content("content", text[half..]) + End(finish, usage, done);
    }

    /// <summary>The chunks of a turn.</summary>
    /// <param name="first">Number of its first call; ids are made of it.</param>
    /// <param name="isNamed">The tool was named by the request: the provider then ends with <c>stop</c>.</param>
    public static string Of(ModelTurn turn, int first = 0, bool isNamed = false)
    {
        var chunks = new StringBuilder(Delta("""{"role":"assistant","content":null}"""));
        if (turn.Text.Length > 0) chunks.Append(Content(turn.IsRefusal ? "refusal" : "content", turn.Text));
        foreach (var (i, call) in turn.Calls.Index()) chunks.Append(Call(i, string.Create(CultureInfo.InvariantCulture, $"call_{first++:D4}"), call));
        var finish = turn.IsCut ? "length" : turn.Calls.Count > 0 && !isNamed ? "tool_calls" : "stop";
        var (input, output) = (turn.InputTokens ?? 12, turn.OutputTokens ?? 5);
        var usage = string.Create(CultureInfo.InvariantCulture, $$"""{"prompt_tokens":{{input}},"completion_tokens":{{output}},"total_tokens":{{input + output}}}""");
        return chunks.Append(End(finish, usage, done: true)).ToString();
    }

    private static string Content(string member, string text) => Delta($$"""{"{{member}}":{{JsonSerializer.Serialize(text)}}}""");

    private static string Call(int index, string id, ModelToolCall call)
    {
        var half = call.Arguments.Length / 2;
        return Delta(string.Create(CultureInfo.InvariantCulture, $$"""
                {"tool_calls":[{"index":{{index}},"id":"{{id}}","type":"function","function":{"name":{{JsonSerializer.Serialize(call.Name)}},"arguments":""} }]}
                """))
            + Piece(index, call.Arguments[..half])
            + Piece(index, call.Arguments[half..]);
    }

    private static string Piece(int index, string arguments) =>
        Delta(string.Create(CultureInfo.InvariantCulture, $$"""{"tool_calls":[{"index":{{index}},"function":{"arguments":{{JsonSerializer.Serialize(arguments)}}} }]}"""));

    private static string Delta(string delta) =>
        $$"""data: {"id":"c1","object":"chat.completion.chunk","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{{delta}},"finish_reason":null}],"usage":null}""" + "\r\n\r\n";

    private static string End(string finish, string? usage, bool done) =>
        $$"""data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"{{finish}}"}]}""" + "\r\n\r\n"
        + (usage is null ? "" : $$"""data: {"id":"c1","choices":[],"usage":{{usage}}}""" + "\r\n\r\n")
        + (done ? "data: [DONE]\r\n\r\n" : "");
}
