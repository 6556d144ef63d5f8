using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What came of asking for vectors.</summary>
/// <param name="Vectors">One for each text, in their order, all equally long; null: there are none, and <paramref name="Failure"/> says why.</param>
/// <param name="Tokens">Tokens that the provider read.</param>
public sealed record EmbedReply(IReadOnlyList<float[]>? Vectors, long Tokens, Failure? Failure);

/// <summary>Asks models for vectors of texts. Keys of tenants, their quota of tokens, the egress guard and what was asked before are minded.</summary>
public interface IEmbedder
{
    /// <summary>Most texts of one call.</summary>
    const int TextsMax = 128;

    /// <summary>Never throws but when cancelled.</summary>
    /// <param name="provider">As calls of <c>llm_embed</c> name it.</param>
    /// <param name="dimensions">Null: the model's own number.</param>
    /// <param name="texts">1 to 128, none empty, at most 32 KiB each.</param>
    Task<EmbedReply> EmbedAsync(TenantId tenant, string provider, string model, int? dimensions, IReadOnlyList<string> texts, CancellationToken cancel);
}
