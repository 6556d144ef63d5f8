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
    internal const int FallbacksMax = 4;
    private const int StopMax = 16;

    internal (ModelRequest? Request, Failure? Failure) Read(LlmInvokeIn input, SkillCall call)
    {
        var provider = Provider(input);
        if (provider != ModelsOptions.Scripted && !options.Endpoints.Any(endpoint => endpoint.Name == provider)) return (null, Unknown(provider));
        if (input.MaxTokens is < 1 or > MaxTokensMax) return Wrong($"max_tokens is a whole number from 1 to {MaxTokensMax}.");
        if (input.Temperature is < 0 or > 2) return Wrong("temperature is a number from 0 to 2.");
        if (input.StopSequences is { Length: > StopMax }) return Wrong($"stop_sequences holds at most {StopMax} texts.");
        if (CallTime.Of(input.TimeoutMs, input.TimeoutSeconds ?? input.Timeout, call) is not { } timeout) return Wrong(CallTime.Problem);
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
        var (fallbacks, unknown) = Fallbacks(input, provider);
        if (unknown is not null) return (null, unknown);
        return (new ModelRequest(
            provider, input.Model ?? ModelOf(provider), system, messages, input.MaxTokens ?? MaxTokensDefault, input.Temperature, input.StopSequences ?? [], input.Seed, shape, tools, choice,
            timeout) { CachesPrompt = input.CachePrompt ?? false, Fallbacks = fallbacks }, null);
    }

    /// <summary>A recorded answer in the place of a model's would be no answer; one who is asked for nothing but recorded ones has none to fall back from.</summary>
    private (ImmutableArray<Fallback> Fallbacks, Failure? Failure) Fallbacks(LlmInvokeIn input, string first)
    {
        if (input.Fallback is not { IsDefaultOrEmpty: false } given) return ([], null);
        if (given.Length > FallbacksMax) return ([], FailureCatalog.Fail("INVALID_INPUT", $"fallback holds at most {FallbacksMax} providers."));
        if (first == ModelsOptions.Scripted) return ([], null);
        var read = given.Select(one => new Fallback(Known(one.Provider), one.Model ?? ModelOf(Known(one.Provider)), one.OnContextExceeded ?? false)).ToImmutableArray();
        var wrong = read.FirstOrDefault(one => !options.Endpoints.Any(endpoint => endpoint.Name == one.Provider));
        if (wrong is null) return (read, null);
        return ([], wrong.Provider == ModelsOptions.Scripted ? FailureCatalog.Fail("INVALID_INPUT", "fallback names no scripted answers: they are no model's.") : Unknown(wrong.Provider));
    }

    private string ModelOf(string provider) => options.Endpoints.FirstOrDefault(endpoint => endpoint.Name == provider)?.Model ?? ModelsOptions.Scripted;

    private static string Known(string named) => named.ToLowerInvariant() switch { "claude" => "anthropic", "stub" => ModelsOptions.Scripted, var name => name };

    /// <summary>As named; else the one whose price list has the model, when it is configured; else the default.</summary>
    internal string Provider(LlmInvokeIn input)
    {
        if ((input.Provider ?? input.Adapter) is { } named) return Known(named);
        return input.Model is { } model && options.Owner(model) is { } owner ? owner.Name : options.DefaultProvider;
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
