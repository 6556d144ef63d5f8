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

        var problems = new List<SchemaProblem>();
        var (system, messages) = MessageReader.Read(input, problems);
        var (tools, choice) = ToolReader.Read(input, problems);
        if (problems.Count > 0) return (null, SchemaFailure.Of("INVALID_INPUT", problems));
        var model = input.Model ?? options.Endpoints.FirstOrDefault(endpoint => endpoint.Name == provider)?.Model ?? ModelsOptions.Scripted;
        return (new ModelRequest(
            provider, model, system, messages, input.MaxTokens ?? MaxTokensDefault, input.Temperature, input.StopSequences ?? [], input.Seed, shape, tools, choice,
            timeout), null);
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
