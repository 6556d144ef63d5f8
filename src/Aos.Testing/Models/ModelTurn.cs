namespace Aos.Testing;

/// <summary>What a <see cref="ModelServer"/> answers to one request, in no provider's own form.</summary>
/// <param name="Text">What the model writes; may be empty beside calls.</param>
/// <param name="Calls">Tools it asks for.</param>
public sealed record ModelTurn(string Text, params IReadOnlyList<ModelToolCall> Calls)
{
    /// <summary>Tokens that the answer tells to have read; null: a token for four bytes of the request.</summary>
    public long? InputTokens { get; init; }

    /// <summary>Tokens that the answer tells to have written; null: a token for four characters.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>The answer is cut off as one that reached <c>max_tokens</c>.</summary>
    public bool IsCut { get; init; }

    /// <summary>The model does not answer this content.</summary>
    public bool IsRefusal { get; init; }

    /// <summary>HTTP status of a refused request; null: it is answered.</summary>
    public int? Status { get; init; }

    /// <summary>The provider's own word for why it refuses the request, such as <c>rate_limit_error</c>.</summary>
    public string? ErrorType { get; init; }

    /// <summary>Seconds that the refusal asks to wait.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>A turn that asks for one tool.</summary>
    /// <param name="arguments">JSON text, sent as it is.</param>
    public static ModelTurn Call(string tool, string arguments) => new("", new ModelToolCall(tool, arguments));

    /// <summary>A refused request.</summary>
    public static ModelTurn Refused(int status, string type, int? retryAfter = null) => new("") { Status = status, ErrorType = type, RetryAfter = retryAfter };
}

/// <param name="Name">As the provider knows it.</param>
/// <param name="Arguments">JSON text, sent as it is, so that it may be broken.</param>
public sealed record ModelToolCall(string Name, string Arguments);
