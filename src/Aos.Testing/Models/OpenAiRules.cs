using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>What Chat Completions refuses of a request with tools.</summary>
internal static partial class OpenAiRules
{
    private const int IdMax = 40;

    /// <summary>Why the provider refuses the body, or null.</summary>
    internal static string? Problem(JsonElement body)
    {
        var tools = body.Get("tools")?.EnumerateArray().ToList() ?? [];
        return tools.Select(Tool).FirstOrDefault(problem => problem is not null)
            ?? Choice(body, tools)
            ?? Format(body)
            ?? Messages(body);
    }

    private static string? Tool(JsonElement tool)
    {
        if (tool.GetText("type") != "function" || tool.Get("function") is not { } function) return "Missing required parameter: 'tools[0].function'.";
        if (!Name().IsMatch(function.GetText("name") ?? "")) return "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.";
        return function.Get("parameters")?.GetText("type") == "object" ? null : "Invalid schema for function: schema must be a JSON Schema of 'type: \"object\"'.";
    }

    private static string? Choice(JsonElement body, List<JsonElement> tools)
    {
        if (body.Get("tool_choice") is not { } choice) return null;
        if (tools.Count == 0) return "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.";
        if (choice.ValueKind == JsonValueKind.String) return choice.GetString() is "auto" or "none" or "required" ? null : "Invalid value for 'tool_choice'.";
        var name = choice.GetText("type") == "function" ? choice.Get("function")?.GetText("name") : null;
        return tools.Exists(tool => tool.Get("function")?.GetText("name") == name) ? null : "Invalid value for 'tool_choice': no function named so in the 'tools' parameter.";
    }

    private static string? Format(JsonElement body) =>
        body.Get("response_format")?.Get("json_schema") is { } format && format.Get("schema")?.GetText("type") != "object"
            ? "Invalid schema for response_format 'answer': schema must be a JSON Schema of 'type: \"object\"'."
            : null;

    private static string? Messages(JsonElement body)
    {
        var waiting = new HashSet<string>(StringComparer.Ordinal);
        foreach (var message in body.GetProperty("messages").EnumerateArray())
        {
            var role = message.GetText("role");
            if (role == "tool")
            {
                if (!waiting.Remove(message.GetText("tool_call_id") ?? "")) return "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.";
                if (message.GetText("content") is null) return "Invalid value for 'content': expected a string, got null.";
                continue;
            }

            if (waiting.Count > 0) return Unanswered(waiting);
            if (role is not ("system" or "developer" or "user" or "assistant")) return "Invalid value for 'role'.";
            if (message.Get("tool_calls") is not { } calls)
            {
                if (message.GetText("content") is null) return "Invalid value for 'content': expected a string, got null.";
                continue;
            }

            if (calls.GetArrayLength() == 0) return "Invalid 'messages.tool_calls': empty array.";
            foreach (var call in calls.EnumerateArray())
            {
                if (Call(call) is { } problem) return problem;
                waiting.Add(call.GetText("id")!);
            }
        }

        return waiting.Count > 0 ? Unanswered(waiting) : null;
    }

    private static string? Call(JsonElement call)
    {
        if (call.GetText("type") != "function" || call.GetText("id") is not { Length: > 0 } id) return "Missing required parameter: 'messages.tool_calls.id'.";
        if (id.Length > IdMax) return $"Invalid 'messages.tool_calls[0].id': string too long. Expected a string with maximum length {IdMax}.";
        if (!Name().IsMatch(call.Get("function")?.GetText("name") ?? "")) return "Invalid 'messages.tool_calls[0].function.name': string does not match pattern.";
        return call.Get("function")?.GetText("arguments") is null ? "Invalid type for 'messages.tool_calls[0].function.arguments': expected a string." : null;
    }

    private static string Unanswered(IEnumerable<string> ids) =>
        $"An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {string.Join(", ", ids)}";

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
