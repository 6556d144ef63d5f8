using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Reads a conversation, and says everything that is wrong with it. Every call of a tool is answered right after the
/// message that makes it, as all providers ask.
/// </summary>
internal sealed class MessageReader(string name, List<SchemaProblem> problems)
{
    private const int MessagesMax = 10_000;

    private static readonly JsonSchema CallsShape = JsonSchema.Known(Json.Parse("""
        {
          "type": "array",
          "maxItems": 128,
          "items": {
            "type": "object",
            "required": ["id", "name", "arguments"],
            "properties": {
              "id": { "type": "string", "minLength": 1, "maxLength": 256 },
              "name": { "type": "string", "minLength": 1, "maxLength": 256 },
              "arguments": { "type": "object" }
            }
          }
        }
        """));

    private readonly List<string> system = [];
    private readonly ImmutableArray<ChatMessage>.Builder messages = ImmutableArray.CreateBuilder<ChatMessage>();
    private readonly HashSet<string> ids = new(StringComparer.Ordinal);

    /// <summary>Calls of the last message of the assistant that wait for their answer, with their places.</summary>
    private readonly Dictionary<string, string> open = new(StringComparer.Ordinal);

    internal static (string? System, ImmutableArray<ChatMessage> Messages) Read(LlmInvokeIn input, List<SchemaProblem> problems)
    {
        if (input is { Prompt: not null, Messages: not null })
        {
            problems.Add(new SchemaProblem("messages", "not", "and prompt are the same: give one, not both"));
            return (null, []);
        }

        if ((input.Prompt ?? input.Messages) is not { } given)
        {
            problems.Add(new SchemaProblem("prompt", "required", "is missing: a text, or a list of messages"));
            return (null, []);
        }

        if (given.ValueKind != JsonValueKind.String) return new MessageReader(input.Prompt is null ? "messages" : "prompt", problems).Read(given, input.SystemPrompt);
        if (string.IsNullOrWhiteSpace(given.GetString())) problems.Add(new SchemaProblem("prompt", "minLength", "is empty"));
        return (input.SystemPrompt, [new ChatMessage("user", given.GetString()!)]);
    }

    private (string? System, ImmutableArray<ChatMessage> Messages) Read(JsonElement given, string? above)
    {
        if (given.ValueKind != JsonValueKind.Array || given.GetArrayLength() is 0 or > MessagesMax)
        {
            Wrong(name, "type", $"is a text, or a list of 1 to {MessagesMax} messages");
            return (null, []);
        }

        if (above is not null) system.Add(above);
        foreach (var (i, message) in given.EnumerateArray().Index()) Add(message, $"{name}[{i}]");
        Close();
        if (messages.Count == 0 && problems.Count == 0) Wrong(name, "minItems", "holds no message of the user");
        return (system.Count == 0 ? null : string.Join("\n\n", system), messages.ToImmutable());
    }

    private void Add(JsonElement message, string path)
    {
        switch (message.GetText("role"))
        {
            case "tool":
                AddAnswer(message, path);
                break;
            case "system":
                if (Text(message, path) is { } text) system.Add(text);
                break;
            case "user":
                Close();
                if (Text(message, path) is { } said) messages.Add(new ChatMessage("user", said));
                break;
            case "assistant":
                Close();
                AddAssistant(message, path);
                break;
            default:
                Wrong(path + ".role", "enum", "is system, user, assistant or tool");
                break;
        }
    }

    private void AddAssistant(JsonElement message, string path)
    {
        var calls = Calls(message, path);
        if (calls.IsEmpty)
        {
            if (Text(message, path) is { } text) messages.Add(new ChatMessage("assistant", text));
            return;
        }

        // Beside calls a text may be missing.
        if (message.Get("content") is not { ValueKind: not JsonValueKind.Null } content) messages.Add(new ChatMessage("assistant", "") { ToolCalls = calls });
        else if (Content(content) is { } said) messages.Add(new ChatMessage("assistant", said) { ToolCalls = calls });
        else Wrong(path + ".content", "type", "is a text");
    }

    private ImmutableArray<ToolCall> Calls(JsonElement message, string path)
    {
        if (message.Get("tool_calls") is not { ValueKind: not JsonValueKind.Null } given) return [];
        path += ".tool_calls";
        var wrong = CallsShape.Check(given, path);
        foreach (var problem in wrong) Wrong(problem.Path, problem.Keyword, problem.Message);
        if (wrong.Count > 0) return [];
        var calls = ImmutableArray.CreateBuilder<ToolCall>();
        foreach (var (i, entry) in given.EnumerateArray().Index())
        {
            var call = new ToolCall(entry.GetText("id")!, entry.GetText("name")!, entry.GetProperty("arguments"));
            if (!ids.Add(call.Id)) Wrong($"{path}[{i}].id", "uniqueItems", "is the id of another call too");
            else open[call.Id] = $"{path}[{i}]";
            calls.Add(call);
        }

        return calls.ToImmutable();
    }

    private void AddAnswer(JsonElement message, string path)
    {
        var content = Content(message.Get("content"));
        if (content is null) Wrong(path + ".content", "type", "is a text");
        var isError = message.Get("is_error");
        if (isError is { ValueKind: not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null) }) Wrong(path + ".is_error", "type", "is true or false");
        if (message.GetText("tool_call_id") is not { } id) Wrong(path + ".tool_call_id", "required", "is the id of the call that this answers");
        else if (open.Remove(id)) messages.Add(new ChatMessage("tool", Shown(content ?? "")) { ToolCallId = id, IsError = isError is { ValueKind: JsonValueKind.True } });
        else Wrong(path + ".tool_call_id", "enum", ids.Contains(id) ? "answers a call that is answered already, or does not stand right before" : "is the id of no call before it");
    }

    /// <summary>Calls without an answer, once something else follows.</summary>
    private void Close()
    {
        foreach (var path in open.Values) Wrong(path, "required", "has no answer: a message of role tool with its id must follow right after");
        open.Clear();
    }

    private string? Text(JsonElement message, string path)
    {
        if (message.Get("tool_calls") is { ValueKind: not JsonValueKind.Null } && message.GetText("role") != "assistant")
            Wrong(path + ".tool_calls", "not", "stands in a message of the assistant only");
        if (Content(message.Get("content")) is { Length: > 0 } text) return text;
        Wrong(path + ".content", "minLength", "is a text that is not empty");
        return null;
    }

    /// <summary>A text, or a list of text parts.</summary>
    private static string? Content(JsonElement? content)
    {
        if (content is { ValueKind: JsonValueKind.String } text) return text.GetString();
        if (content is not { ValueKind: JsonValueKind.Array } parts) return null;
        var texts = parts.EnumerateArray().Select(part => part.GetText("type") is null or "text" ? part.GetText("text") : null).ToList();
        return texts.Contains(null) ? null : string.Concat(texts);
    }

    /// <summary>What a tool answered leaves the house here: members whose names say that they are secret are hidden, as elsewhere.</summary>
    private static string Shown(string content)
    {
        if (content.AsSpan().TrimStart() is not ['{' or '[', ..]) return content;
        try
        {
            var value = Json.Parse(content);
            var shown = Redactor.Redact(value);
            return shown.Raw().SequenceEqual(value.Raw()) ? content : CanonicalJson.Text(shown);
        }
        catch (JsonException)
        {
            return content;
        }
    }

    private void Wrong(string path, string keyword, string message)
    {
        if (problems.Count < JsonSchema.ProblemsMax) problems.Add(new SchemaProblem(path, keyword, message));
    }
}
