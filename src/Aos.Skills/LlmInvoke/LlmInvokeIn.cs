using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aos.Skills;

/// <summary>Parameters of <c>llm_invoke</c>. One of prompt and messages is given.</summary>
internal sealed record LlmInvokeIn
{
    [Description("The prompt: a text, or a list of messages {role: system|user|assistant|tool, content}; an assistant's may hold tool_calls: [{id, name, arguments}], a tool's holds tool_call_id and may hold is_error.")]
    public JsonElement? Prompt { get; init; }

    [Description("The same as a list of messages.")]
    public JsonElement? Messages { get; init; }

    [Description("Instructions that stand above the messages.")]
    public string? SystemPrompt { get; init; }

    [Description("anthropic, openai, scripted, or the name of a configured endpoint. Default: told by the model, else the configured one.")]
    public string? Provider { get; init; }

    [Description("Older name of provider; claude means anthropic, stub means scripted.")]
    public string? Adapter { get; init; }

    [Description("Name of the model. Default: the provider's configured one.")]
    public string? Model { get; init; }

    [Description("Most tokens to write, 1 to 100000. Default 1024.")]
    public int? MaxTokens { get; init; }

    [Description("0 to 2. Default: the provider's own.")]
    public decimal? Temperature { get; init; }

    [Description("Texts at which the model stops, at most 16.")]
    public ImmutableArray<string>? StopSequences { get; init; }

    [Description("Asks for the same answer to the same question; answers to a seed are cached. A number, or its digits as run.seed has them.")]
    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)]
    public ulong? Seed { get; init; }

    [Description("Milliseconds, 1 to 600000.")]
    public int? TimeoutMs { get; init; }

    [Description("Seconds.")]
    public decimal? TimeoutSeconds { get; init; }

    [Description("Seconds.")]
    public decimal? Timeout { get; init; }

    [Description("JSON Schema of the wanted answer: it is checked and given back as parsed.")]
    public JsonElement? JsonSchema { get; init; }

    [Description("Tools that the model may ask for, 1 to 128: [{name, description, input_schema}]. A name is 1 to 64 of A-Z a-z 0-9 _ - and dots, a schema is of an object.")]
    public JsonElement? Tools { get; init; }

    [Description("auto (default), none, required, or {name}: whether the model calls tools.")]
    public JsonElement? ToolChoice { get; init; }

    [Description("True: the provider keeps the prompt for a few minutes, and later calls that begin with it read it from there for less. Where the provider does so by itself it says nothing.")]
    public bool? CachePrompt { get; init; }

    [Description("Who is asked in the same call when the provider cannot answer, in this order, at most 4: [{provider, model, on_context_exceeded}].")]
    public ImmutableArray<FallbackIn>? Fallback { get; init; }

    [Description("File of recorded answers in the workspace, for the provider scripted.")]
    public string? Script { get; init; }
}

/// <summary>Who is asked instead.</summary>
internal sealed record FallbackIn
{
    [Description("anthropic, openai, or the name of a configured endpoint.")]
    public required string Provider { get; init; }

    [Description("Name of the model. Default: the provider's configured one.")]
    public string? Model { get; init; }

    [Description("True: it is asked too when the prompt is too long for the one before, since it takes longer ones. Default false.")]
    public bool? OnContextExceeded { get; init; }
}

/// <summary>The answer of a model.</summary>
/// <param name="ResponseText">The text; <paramref name="Content"/> is the same under its other name.</param>
/// <param name="ContentHash">First 16 hex digits of the SHA-256 of the text.</param>
/// <param name="PromptHash">First 16 hex digits of the SHA-256 of the prompt as <c>role: content</c> lines.</param>
/// <param name="LlmModel">The model that answered; <paramref name="Model"/> is the same.</param>
/// <param name="Provider">Who answered; <c>scripted</c> is no model.</param>
/// <param name="FinishReason">end_turn, max_tokens, stop_sequence, tool_use, or the provider's own word.</param>
/// <param name="CostCents">Exact cents; 0 for a cached answer.</param>
/// <param name="Deterministic">The same call gives the same answer again: scripted, cached, or seeded where the provider honours seeds.</param>
/// <param name="UsageEstimated">The provider told no believable token counts: these are estimates.</param>
/// <param name="Parsed">The answer as JSON, when a schema was asked for.</param>
/// <param name="ToolCalls">The tools that the model asks for; absent when there are none.</param>
/// <param name="CachedInputTokens">Of the input tokens: read from the provider's prompt cache, at its price.</param>
/// <param name="CacheWriteTokens">Of the input tokens: written into it, at its price.</param>
/// <param name="Fallbacks">Who was asked before and could not answer; absent when nobody was. What they cost is in <paramref name="CostCents"/>.</param>
/// <param name="Screening">What data in the prompt looked like, when it looked like an attempt to steer the model.</param>
internal sealed record LlmInvokeOut(
    string ResponseText, string Content, string ContentHash, string PromptHash, string LlmModel, string Model, string Provider, long InputTokens, long OutputTokens,
    string FinishReason, decimal CostCents, ulong? Seed, bool Cached, bool Deterministic, bool UsageEstimated, JsonElement? Parsed, ImmutableArray<ToolCallOut>? ToolCalls,
    long CachedInputTokens, long CacheWriteTokens, ImmutableArray<FallbackOut>? Fallbacks, ScreeningOut? Screening = null);

/// <summary>A provider that could not answer.</summary>
/// <param name="Error">Code of the failure.</param>
/// <param name="CostCents">What it costs all the same: more than 0 where the answer had begun.</param>
/// <param name="RetryAfterMs">How long it asks to wait; absent where it does not say.</param>
internal sealed record FallbackOut(string Provider, string Model, string Error, string Message, decimal CostCents, long? RetryAfterMs = null);

/// <summary>A call that the model asks for.</summary>
/// <param name="Id">For the message of role tool that answers; no other call of the conversation has it.</param>
/// <param name="Arguments">An object; empty when what the model wrote is none.</param>
/// <param name="Invalid">Why it cannot be made: it names no tool that was offered, or its arguments do not fit. To be told to the model.</param>
/// <param name="ArgumentsText">What the model wrote, when it is no JSON object.</param>
internal sealed record ToolCallOut(string Id, string Name, JsonElement Arguments, string? Invalid = null, string? ArgumentsText = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LlmInvokeIn))]
[JsonSerializable(typeof(LlmInvokeOut))]
[JsonSerializable(typeof(ScreeningOut))]
internal sealed partial class LlmJson : JsonSerializerContext;
