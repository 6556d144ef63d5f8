using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>What the Messages API refuses of a request with tools.</summary>
internal static partial class AnthropicRules
{
    private static readonly string[] Unions = ["anyOf", "oneOf", "allOf"];

    /// <summary>Why the provider refuses the body, or null.</summary>
    internal static string? Problem(JsonElement body)
    {
        var tools = body.Get("tools")?.EnumerateArray().ToList() ?? [];
        return tools.Select(Tool).FirstOrDefault(problem => problem is not null)
            ?? (tools.DistinctBy(tool => tool.GetText("name"), StringComparer.Ordinal).Count() < tools.Count ? "tools: Tool names must be unique." : null)
            ?? Choice(body, tools)
            ?? Marks(body)
            ?? Messages([.. body.GetProperty("messages").EnumerateArray()], tools.Count > 0);
    }

    /// <summary>At most four parts of the prompt end what is cached, and no empty text does.</summary>
    private static string? Marks(JsonElement body)
    {
        var marks = Marked(body).ToList();
        if (marks.Count > 4) return $"A maximum of 4 blocks with cache_control may be provided. Found {marks.Count}.";
        return marks.Exists(block => block.Get("text") is not null && block.GetText("text") is not { Length: > 0 }) ? "cache_control cannot be set for empty text blocks" : null;
    }

    private static IEnumerable<JsonElement> Marked(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array) return value.EnumerateArray().SelectMany(Marked);
        if (value.ValueKind != JsonValueKind.Object) return [];
        var within = value.EnumerateObject().SelectMany(member => Marked(member.Value));
        return value.Get("cache_control")?.GetText("type") == "ephemeral" ? within.Prepend(value) : within;
    }

    private static string? Tool(JsonElement tool)
    {
        if (!Name().IsMatch(tool.GetText("name") ?? "")) return "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'";
        if (tool.Get("input_schema") is not { } schema || schema.GetText("type") != "object") return "tools.0.custom.input_schema.type: Field required";
        return Unions.Any(union => schema.Get(union) is not null) ? "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level" : null;
    }

    private static string? Choice(JsonElement body, List<JsonElement> tools)
    {
        if (body.Get("tool_choice") is not { } choice) return null;
        if (tools.Count == 0) return "tool_choice: tool_choice may only be specified while providing tools.";
        return choice.GetText("type") switch
        {
            "auto" or "any" or "none" => null,
            "tool" => tools.Exists(tool => tool.GetText("name") == choice.GetText("name")) ? null : "Tool not found in provided tools",
            _ => "tool_choice: Input tag does not match any of the expected tags",
        };
    }

    private static string? Messages(List<JsonElement> messages, bool hasTools)
    {
        var waiting = new HashSet<string>(StringComparer.Ordinal);
        foreach (var message in messages)
        {
            var role = message.GetText("role");
            if (role is not ("user" or "assistant")) return $"messages: Unexpected role \"{role}\".";
            var blocks = message.Get("content") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().ToList() : [];
            if (blocks.Count == 0 && message.GetText("content") is null or "") return "messages: all messages must have non-empty content";
            if (!hasTools && blocks.Exists(block => block.GetText("type") is "tool_use" or "tool_result")) return "Requests which include `tool_use` or `tool_result` blocks must define tools";
            if (Answers(blocks, waiting) is { } problem) return problem;
            waiting = [.. blocks.Where(block => block.GetText("type") == "tool_use").Select(block => block.GetText("id")!)];
            if (blocks.Exists(block => block.GetText("type") == "text" && string.IsNullOrWhiteSpace(block.GetText("text")))) return "messages: text content blocks must contain non-whitespace text";
            if (waiting.Any(id => !Id().IsMatch(id))) return "messages.content.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'";
        }

        return waiting.Count > 0 ? Unanswered(waiting) : null;
    }

    /// <summary>Every call of the message before is answered, first of all, and nothing else is.</summary>
    private static string? Answers(List<JsonElement> blocks, HashSet<string> waiting)
    {
        var answers = blocks.TakeWhile(block => block.GetText("type") == "tool_result").Select(block => block.GetText("tool_use_id") ?? "").ToList();
        if (answers.Find(id => !waiting.Contains(id)) is { } unknown) return $"messages: unexpected `tool_use_id` found in `tool_result` blocks: {unknown}.";
        if (blocks.Skip(answers.Count).Any(block => block.GetText("type") == "tool_result")) return "messages: `tool_result` blocks must come first.";
        var left = waiting.Except(answers, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        return left.Count > 0 ? Unanswered(left) : null;
    }

    private static string Unanswered(IEnumerable<string> ids) => $"messages: `tool_use` ids were found without `tool_result` blocks immediately after: {string.Join(", ", ids)}.";

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex("^[a-zA-Z0-9_-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}
