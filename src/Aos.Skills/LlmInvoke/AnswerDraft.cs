using System.Text;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>An answer as it arrives, piece by piece.</summary>
internal sealed class AnswerDraft
{
    /// <summary>Most calls of tools in one answer.</summary>
    internal const int CallsMax = 128;

    internal StringBuilder Text { get; } = new();

    /// <summary>The tools that the model asks for, in its order.</summary>
    internal List<CallDraft> Calls { get; } = [];

    internal string? Model { get; set; }

    internal long? InputTokens { get; set; }

    internal long? OutputTokens { get; set; }

    /// <summary>Of the input: found in the provider's prompt cache.</summary>
    internal long? CacheRead { get; set; }

    /// <summary>Of the input: written into it.</summary>
    internal long? CacheWritten { get; set; }

    /// <summary>Who is told what the model writes while it writes it; null: nobody can be.</summary>
    internal Teller? Teller { get; init; }

    internal string? FinishReason { get; set; }

    /// <summary>The content was refused; what it cost may still come.</summary>
    internal Failure? Refusal { get; set; }

    /// <summary>The provider has said that nothing more comes.</summary>
    internal bool Done { get; set; }

    /// <summary>The request may have been read by the model: it is paid for.</summary>
    internal bool Begun => Done || InputTokens is not null || Text.Length > 0 || Calls.Count > 0 || FinishReason is not null;

    /// <summary>Why the answer ended. Providers say of some answers that ask for tools that they just ended, and the other way round.</summary>
    internal string? Finish => (FinishReason, Calls.Count) switch
    {
        ("end_turn", > 0) => "tool_use",
        ("tool_use", 0) => "end_turn",
        _ => FinishReason,
    };

    /// <summary>The next piece of the text.</summary>
    internal void Write(string text)
    {
        Text.Append(text);
        Teller?.Write(text);
    }

    /// <summary>
    /// Token counts as told, or, where nothing believable was told, a byte for a token at most: counts below zero or above
    /// what the request can have used are not believed.
    /// </summary>
    internal (TokenUsage Usage, bool Estimated) Usage(ModelRequest request)
    {
        var input = InputTokens is >= 0 and var i && i <= request.InputTokensMax ? i : (long?)null;
        var output = OutputTokens is >= 0 and var o && o <= request.MaxTokens ? o : (long?)null;
        // Writing into the cache costs more than reading; who did not ask for it has not reserved that.
        var (read, written) = (CacheRead ?? 0, request.CachesPrompt ? CacheWritten ?? 0 : 0);
        var isCached = input is { } all && read >= 0 && written >= 0 && read <= all && written <= all - read;
        return (
            new TokenUsage(
                input ?? Math.Min(request.InputTokensMax, request.InputTokensLikely),
                output ?? Math.Min(request.MaxTokens, (Text.Length + Calls.Sum(call => call.Arguments.Length + (call.Name?.Length ?? 0)) + 3) / 4),
                isCached ? read : 0,
                isCached ? written : 0),
            input is null || output is null);
    }

    /// <summary>A peer that says a secret back must not bring it into the journal.</summary>
    internal void Hide(string secret)
    {
        Text.Replace(secret, Redactor.Marker);
        Model = Model?.Replace(secret, Redactor.Marker, StringComparison.Ordinal);
        FinishReason = FinishReason?.Replace(secret, Redactor.Marker, StringComparison.Ordinal);
        foreach (var call in Calls)
        {
            call.Arguments.Replace(secret, Redactor.Marker);
            call.Name = call.Name?.Replace(secret, Redactor.Marker, StringComparison.Ordinal);
            call.Id = call.Id?.Replace(secret, Redactor.Marker, StringComparison.Ordinal);
        }
    }
}

/// <summary>An answer, or why there is none; the draft tells what was spent in both cases.</summary>
internal sealed record ModelReply(AnswerDraft Draft, Failure? Failure = null);
