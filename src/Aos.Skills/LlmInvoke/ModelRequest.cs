using System.Collections.Immutable;
using System.Text;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">user, assistant or tool.</param>
/// <param name="Content">May be empty beside calls, and as the answer of a tool.</param>
internal sealed record ChatMessage(string Role, string Content)
{
    /// <summary>What the assistant asked for.</summary>
    public ImmutableArray<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>The call that a tool answers.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The tool failed: the content says why.</summary>
    public bool IsError { get; init; }
}

/// <summary>Who is asked instead.</summary>
/// <param name="OnContextExceeded">Its context is larger: it is asked too when the prompt is too long for the one before.</param>
internal sealed record Fallback(string Provider, string Model, bool OnContextExceeded);

/// <summary>What a provider is asked, in no provider's own form.</summary>
internal sealed record ModelRequest(
    string Provider, string Model, string? System, ImmutableArray<ChatMessage> Messages, int MaxTokens, decimal? Temperature, ImmutableArray<string> Stop,
    ulong? Seed, JsonSchema? Shape, ImmutableArray<Tool> Tools, ToolChoice Choice, TimeSpan Timeout)
{
    /// <summary>Tokens that providers put around a prompt, at most: roles, instructions for a shape, and how tools are called (530 are told of one model).</summary>
    internal const int TokensAround = 1_000;

    /// <summary>The provider is to keep the prompt for the next calls that begin with it.</summary>
    internal bool CachesPrompt { get; init; }

    /// <summary>Who is asked, in this order, when the provider cannot answer.</summary>
    internal ImmutableArray<Fallback> Fallbacks { get; init; } = [];

    /// <summary>
    /// The prompt as <c>role: content</c> lines, the system prompt first; recorded answers are found by it. Calls are lines of
    /// their own, without their ids, which providers draw by chance.
    /// </summary>
    internal string Text { get; } = Render(System, Messages);

    /// <summary>16 hex digits.</summary>
    internal string PromptHash => ContentHash.Hex(Encoding.UTF8.GetBytes(Text))[..16];

    /// <summary>No tokenizer makes more tokens of it: a token is at least a byte, and each message, call and tool has a few around it.</summary>
    internal long InputTokensMax =>
        Encoding.UTF8.GetByteCount(Text) + (Shape?.Source.Bytes() ?? 0) + TokensAround + (16 * Messages.Length) + Messages.Sum(Around) + Tools.Sum(Bytes);

    /// <summary>About four characters a token.</summary>
    internal long InputTokensLikely => (Text.Length + (Shape?.Source.Bytes() ?? 0) + Tools.Sum(Bytes) + 3) / 4;

    /// <summary>The names of all tools, offered and called, as providers take them.</summary>
    internal ToolNames Names() => new(Tools.Select(tool => tool.Name).Concat(Messages.SelectMany(message => message.ToolCalls).Select(call => call.Name)));

    private static long Around(ChatMessage message) =>
        (message.ToolCallId is { } id ? id.Length + 16 : 0) + message.ToolCalls.Sum(call => Encoding.UTF8.GetByteCount(call.Id) + 24L);

    private static long Bytes(Tool tool) => Encoding.UTF8.GetByteCount(tool.Name + tool.Description) + tool.Input.Source.Bytes() + 24;

    private static string Render(string? system, ImmutableArray<ChatMessage> messages)
    {
        var lines = messages.SelectMany(Lines);
        return string.Join('\n', system is null ? lines : lines.Prepend($"system: {system}"));
    }

    private static IEnumerable<string> Lines(ChatMessage message)
    {
        if (message.ToolCalls.IsEmpty || message.Content.Length > 0) yield return $"{message.Role}: {message.Content}";
        foreach (var call in message.ToolCalls) yield return $"call: {call.Name} {CanonicalJson.Text(call.Arguments)}";
    }
}
