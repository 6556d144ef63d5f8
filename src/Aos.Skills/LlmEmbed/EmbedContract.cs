using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What <c>llm_embed</c> says of itself.</summary>
internal static class EmbedContract
{
    internal const string Name = "llm_embed";

    /// <summary>Tokens that models put around one text, at most.</summary>
    internal const int TokensAround = 8;

    internal static SkillContract Of(ModelsOptions options) => new()
    {
        Name = Name,
        Version = "1.0.0",
        Description = "Asks a model for the vectors of texts, by which near texts are found.",
        Effect = EffectClass.Idempotent,
        Cost = LlmContract.Cost(options, endpoint => endpoint.EmbedModel, EmbedReader.DefaultProvider(options), 0, TokensAround * EmbedReader.TextsMax),
        UsesTokens = true,
        CachesAnswers = true,
        TypicalCents = 0.01m,
        TypicalLatencyMs = 300,
        TimeoutDefault = TimeSpan.FromSeconds(60),
        FailureModes =
        [
            new("RATE_LIMITED", 0.03, "The provider's limit of requests or tokens is reached; Retry-After is respected."),
            new("LLM_ERROR", 0.02, "The provider is overloaded or broke off."),
            new("TIMEOUT", 0.02, "No whole answer in time."),
            new("LLM_INVALID_RESPONSE", 0.01, "The answer holds no vector for each text."),
            new("LLM_AUTH_FAILED", 0.01, "The key is missing or refused."),
        ],
        Constraints = ImmutableSortedDictionary.CreateRange(
            StringComparer.Ordinal,
            [
                KeyValuePair.Create("max_texts", Json.Of(EmbedReader.TextsMax)),
                KeyValuePair.Create("max_text_bytes", Json.Of(EmbedReader.TextBytesMax)),
                KeyValuePair.Create("max_all_texts_bytes", Json.Of(EmbedReader.AllBytesMax)),
                KeyValuePair.Create("max_dimensions", Json.Of(EmbedReader.DimensionsMax)),
                KeyValuePair.Create("timeout_ms_max", Json.Of(600_000)),
                KeyValuePair.Create(
                    "providers", LlmContract.Names(options.Endpoints.Where(endpoint => endpoint.EmbedModel is not null).Select(endpoint => endpoint.Name).Append(ModelsOptions.Scripted))),
            ]),
        OftenFollowedBy = ["json_transform", "kv_set"],
        OftenPrecededBy = ["fs_read", "http_call"],
        AntiPatterns = ["One call for each text: a call takes 128."],
        StableFields = ["count", "dimensions", "model"],
        FreeParams = ["input", "inputs", "texts"],
        Tags = ["llm", "ai", "embedding"],
    };
}
