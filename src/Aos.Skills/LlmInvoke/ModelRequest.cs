using System.Collections.Immutable;
using System.Text;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">user or assistant.</param>
internal sealed record ChatMessage(string Role, string Content);

/// <summary>What a provider is asked, in no provider's own form.</summary>
internal sealed record ModelRequest(
    string Provider, string Model, string? System, ImmutableArray<ChatMessage> Messages, int MaxTokens, decimal? Temperature, ImmutableArray<string> Stop,
    ulong? Seed, JsonSchema? Shape, TimeSpan Timeout)
{
    /// <summary>The prompt as <c>role: content</c> lines, the system prompt first; recorded answers are found by it.</summary>
    internal string Text { get; } = Render(System, Messages);

    /// <summary>16 hex digits.</summary>
    internal string PromptHash => ContentHash.Hex(Encoding.UTF8.GetBytes(Text))[..16];

    /// <summary>No tokenizer makes more tokens of it: a token is at least a byte, and each message has a few around it.</summary>
    internal long InputTokensMax => Encoding.UTF8.GetByteCount(Text) + (Shape is null ? 0 : Encoding.UTF8.GetByteCount(Shape.Source.GetRawText())) + 400 + (16 * Messages.Length);

    private static string Render(string? system, ImmutableArray<ChatMessage> messages)
    {
        var lines = messages.Select(message => $"{message.Role}: {message.Content}");
        return string.Join('\n', system is null ? lines : lines.Prepend($"system: {system}"));
    }
}

/// <summary>An answer as it arrives, piece by piece.</summary>
internal sealed class AnswerDraft
{
    internal StringBuilder Text { get; } = new();

    internal string? Model { get; set; }

    internal long? InputTokens { get; set; }

    internal long? OutputTokens { get; set; }

    internal string? FinishReason { get; set; }

    /// <summary>The provider has said that nothing more comes.</summary>
    internal bool Done { get; set; }

    /// <summary>The request may have been read by the model: it is paid for.</summary>
    internal bool Begun => Done || InputTokens is not null || Text.Length > 0 || FinishReason is not null;

    /// <summary>
    /// Token counts as told, or, where nothing believable was told, a byte for a token at most: counts below zero or above
    /// what the request can have used are not believed.
    /// </summary>
    internal (long Input, long Output, bool Estimated) Usage(ModelRequest request)
    {
        var input = InputTokens is >= 0 and var i && i <= request.InputTokensMax ? i : (long?)null;
        var output = OutputTokens is >= 0 and var o && o <= request.MaxTokens ? o : (long?)null;
        return (
            input ?? Math.Min(request.InputTokensMax, (request.Text.Length + 3) / 4),
            output ?? Math.Min(request.MaxTokens, (Text.Length + 3) / 4),
            input is null || output is null);
    }
}

/// <summary>An answer, or why there is none; the draft tells what was spent in both cases.</summary>
internal sealed record ModelReply(AnswerDraft Draft, Failure? Failure = null);
