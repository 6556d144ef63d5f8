using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Brings the accepted spellings of a call into one request, or says what is wrong with it.</summary>
internal sealed class RequestReader(ModelsOptions options)
{
    internal const int MaxTokensDefault = 1024;
    internal const int MaxTokensMax = 100_000;
    private const int StopMax = 16;
    private const int MessagesMax = 10_000;
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromMinutes(10);

    internal (ModelRequest? Request, Failure? Failure) Read(LlmInvokeIn input, SkillCall call)
    {
        var provider = Provider(input);
        if (provider != ModelsOptions.Scripted && !options.Endpoints.Any(endpoint => endpoint.Name == provider)) return (null, Unknown(provider));
        if (input.MaxTokens is < 1 or > MaxTokensMax) return Wrong($"max_tokens is a whole number from 1 to {MaxTokensMax}.");
        if (input.Temperature is < 0 or > 2) return Wrong("temperature is a number from 0 to 2.");
        if (input.StopSequences is { Length: > StopMax }) return Wrong($"stop_sequences holds at most {StopMax} texts.");
        var timeout = Timeout(input, call);
        if (timeout <= TimeSpan.Zero || timeout > TimeoutMax) return Wrong("timeout is more than 0 and at most 10 minutes.");
        JsonSchema? shape = null;
        if (input.JsonSchema is { } schema)
        {
            var reading = JsonSchema.Parse(schema, "json_schema");
            if (reading.Schema is null) return (null, SchemaFailure.Of("INVALID_INPUT", reading.Problems));
            shape = reading.Schema;
        }

        var (system, messages, wrong) = Messages(input);
        if (wrong is not null) return Wrong(wrong);
        var model = input.Model ?? options.Endpoints.FirstOrDefault(endpoint => endpoint.Name == provider)?.Model ?? ModelsOptions.Scripted;
        return (new ModelRequest(
            provider, model, system, messages, input.MaxTokens ?? MaxTokensDefault, input.Temperature, input.StopSequences ?? [], input.Seed, shape, timeout), null);
    }

    /// <summary>As named; else the one whose price list has the model, when it is configured; else the default.</summary>
    internal string Provider(LlmInvokeIn input)
    {
        var named = (input.Provider ?? input.Adapter)?.ToLowerInvariant();
        if (named is not null) return named switch { "claude" => "anthropic", "stub" => ModelsOptions.Scripted, _ => named };
        if (input.Model is not { } model) return options.DefaultProvider;
        var owner = options.Prices.All.FirstOrDefault(price => price.Model == model || price.Aliases.Contains(model))?.Provider;
        return owner is not null && options.Endpoints.Any(endpoint => endpoint.Name == owner) ? owner : options.DefaultProvider;
    }

    private static TimeSpan Timeout(LlmInvokeIn input, SkillCall call)
    {
        var seconds = input.TimeoutMs is { } ms ? ms / 1000m : input.TimeoutSeconds ?? input.Timeout;
        return seconds is { } given ? TimeSpan.FromTicks((long)(Math.Clamp(given, -1, 1_000_000) * TimeSpan.TicksPerSecond)) : call.Timeout < TimeoutMax ? call.Timeout : TimeoutMax;
    }

    private static (string? System, ImmutableArray<ChatMessage> Messages, string? Wrong) Messages(LlmInvokeIn input)
    {
        if (input is { Prompt: not null, Messages: not null }) return (null, [], "Give prompt or messages, not both.");
        if ((input.Prompt ?? input.Messages) is not { } given) return (null, [], "prompt is missing: a text, or a list of messages.");
        if (given.ValueKind == JsonValueKind.String)
            return string.IsNullOrWhiteSpace(given.GetString()) ? (null, [], "prompt is empty.") : (input.SystemPrompt, [new ChatMessage("user", given.GetString()!)], null);
        var name = input.Prompt is null ? "messages" : "prompt";
        if (given.ValueKind != JsonValueKind.Array || given.GetArrayLength() is 0 or > MessagesMax) return (null, [], $"{name} is a text, or a list of 1 to {MessagesMax} messages.");
        var system = new List<string>();
        if (input.SystemPrompt is { } above) system.Add(above);
        var messages = ImmutableArray.CreateBuilder<ChatMessage>();
        foreach (var (i, message) in given.EnumerateArray().Index())
        {
            var role = message.GetText("role");
            if (role is not ("system" or "user" or "assistant")) return (null, [], $"{name}[{i}].role is system, user or assistant.");
            if (Content(message.Get("content")) is not { Length: > 0 } content) return (null, [], $"{name}[{i}].content is a text that is not empty.");
            if (role == "system") system.Add(content);
            else messages.Add(new ChatMessage(role, content));
        }

        return messages.Count == 0 ? (null, [], $"{name} holds no message of the user.") : (system.Count == 0 ? null : string.Join("\n\n", system), messages.ToImmutable(), null);
    }

    /// <summary>A text, or a list of text parts.</summary>
    private static string? Content(JsonElement? content)
    {
        if (content is { ValueKind: JsonValueKind.String } text) return text.GetString();
        if (content is not { ValueKind: JsonValueKind.Array } parts) return null;
        var texts = parts.EnumerateArray().Select(part => part.GetText("type") is null or "text" ? part.GetText("text") : null).ToList();
        return texts.Contains(null) ? null : string.Concat(texts);
    }

    private Failure Unknown(string provider)
    {
        if (provider is "anthropic" or "openai") return FailureCatalog.Fail("LLM_AUTH_FAILED", $"No key for {provider}: {provider.ToUpperInvariant()}_API_KEY is not set.");
        return FailureCatalog.Fail("INVALID_INPUT", $"There is no provider {provider}.", null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("provider", provider);
            writer.WriteStartArray("available");
            foreach (var name in options.Endpoints.Select(endpoint => endpoint.Name).Append(ModelsOptions.Scripted)) writer.WriteStringValue(name);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }));
    }

    private static (ModelRequest?, Failure?) Wrong(string message) => (null, FailureCatalog.Fail("INVALID_INPUT", message));
}
