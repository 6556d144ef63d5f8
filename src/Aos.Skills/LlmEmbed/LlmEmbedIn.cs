using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aos.Skills;

/// <summary>Parameters of <c>llm_embed</c>. One of input, inputs and texts is given.</summary>
internal sealed record LlmEmbedIn
{
    [Description("The text, or a list of 1 to 128 texts. A text is 1 to 32768 bytes, all together 1 MiB at most.")]
    public JsonElement? Input { get; init; }

    [Description("The same as a list.")]
    public JsonElement? Inputs { get; init; }

    [Description("The same as a list.")]
    public JsonElement? Texts { get; init; }

    [Description("openai, scripted, or the name of a configured endpoint that gives vectors. Default: told by the model, else the configured one.")]
    public string? Provider { get; init; }

    [Description("Name of the model. Default: the provider's configured one.")]
    public string? Model { get; init; }

    [Description("Numbers of a vector, 1 to 4096, where the model can be told. Default: the model's own; scripted ones have 256.")]
    public int? Dimensions { get; init; }

    [Description("False: the vectors of an earlier call are not taken, and these are not kept. Default true.")]
    public bool? Cache { get; init; }

    [Description("Milliseconds, 1 to 600000.")]
    public int? TimeoutMs { get; init; }

    [Description("Seconds.")]
    public decimal? TimeoutSeconds { get; init; }

    [Description("Seconds.")]
    public decimal? Timeout { get; init; }
}

/// <summary>Vectors of texts.</summary>
/// <param name="Vectors">One for each text, in their order.</param>
/// <param name="Count">Texts.</param>
/// <param name="Dimensions">Numbers of each vector.</param>
/// <param name="Model">The model that was asked.</param>
/// <param name="Provider">Who answered; <c>scripted</c> is no model, and near texts have no near vectors there.</param>
/// <param name="InputTokens">Tokens that the provider read for the texts that were not cached.</param>
/// <param name="OutputTokens">Always 0.</param>
/// <param name="CostCents">Exact cents; 0 when all texts were cached.</param>
/// <param name="Cached">Every vector is that of an earlier call.</param>
/// <param name="CachedCount">Texts whose vector is that of an earlier call.</param>
/// <param name="Deterministic">The same call gives the same vectors again: scripted, or cached.</param>
/// <param name="UsageEstimated">The provider told no believable token count: it is an estimate.</param>
internal sealed record LlmEmbedOut(
    ImmutableArray<ImmutableArray<decimal>> Vectors, int Count, int Dimensions, string Model, string Provider, long InputTokens, long OutputTokens, decimal CostCents,
    bool Cached, int CachedCount, bool Deterministic, bool UsageEstimated);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LlmEmbedIn))]
[JsonSerializable(typeof(LlmEmbedOut))]
internal sealed partial class EmbedJson : JsonSerializerContext;
