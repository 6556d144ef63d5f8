using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What <c>llm_invoke</c> says of itself. Its prices are those of the configured providers, so that budgets hold.</summary>
internal static class LlmContract
{
    /// <summary>Tokens that providers put around a prompt, at most, and what a call's parameters may lack of the frame of its one message.</summary>
    private const int TokensAround = ModelRequest.TokensAround + 50;

    internal const string Name = "llm_invoke";

    internal static SkillContract Of(ModelsOptions options) => new()
    {
        Name = Name,
        Version = "2.2.0",
        Description = "Asks a language model and gives back its answer: text, JSON of a given shape, or the tools it asks for.",
        Effect = EffectClass.Idempotent,
        Cost = Cost(options, endpoint => endpoint.Model, options.DefaultProvider, RequestReader.MaxTokensDefault, TokensAround),
        UsesTokens = true,
        CachesAnswers = true,
        TypicalCents = 5,
        TypicalLatencyMs = 2_000,
        TimeoutDefault = TimeSpan.FromSeconds(60),
        FailureModes =
        [
            new("RATE_LIMITED", 0.05, "The provider's limit of requests or tokens is reached; Retry-After is respected."),
            new("LLM_CONTEXT_EXCEEDED", 0.02, "The prompt is longer than the model takes."),
            new("TIMEOUT", 0.03, "No whole answer in time."),
            new("LLM_ERROR", 0.02, "The provider is overloaded or broke off."),
            new("LLM_CONTENT_FILTER", 0.01, "The provider refused the content."),
            new("LLM_INVALID_RESPONSE", 0.02, "The answer does not fit the schema asked for."),
            new("LLM_AUTH_FAILED", 0.01, "The key is missing or refused."),
        ],
        Constraints = ImmutableSortedDictionary.CreateRange(
            StringComparer.Ordinal,
            [
                KeyValuePair.Create("max_tokens", Json.Of(RequestReader.MaxTokensMax)),
                KeyValuePair.Create("max_prompt_tokens", Json.Of(100_000)),
                KeyValuePair.Create("max_output_tokens", Json.Of(RequestReader.MaxTokensMax)),
                KeyValuePair.Create("max_fallbacks", Json.Of(RequestReader.FallbacksMax)),
                KeyValuePair.Create("max_tools", Json.Of(ToolReader.ToolsMax)),
                KeyValuePair.Create("timeout_ms_max", Json.Of(600_000)),
                KeyValuePair.Create("providers", Names(options.Endpoints.Select(endpoint => endpoint.Name).Append(ModelsOptions.Scripted))),
            ]),
        OftenFollowedBy = ["json_transform", "http_call"],
        OftenPrecededBy = ["http_call", "fs_read"],
        AntiPatterns = ["Chains of calls without a seed: nothing is cached."],
        StableFields = ["content_hash", "input_tokens", "output_tokens", "finish_reason", "seed", "tool_calls"],
        FreeParams = ["prompt", "messages", "system_prompt", "stop_sequences", "json_schema", "tools", "script"],
        Tags = ["llm", "ai", "generation"],
    };

    /// <summary>What a call that asks one of the configured providers can cost.</summary>
    /// <param name="modelOf">The model a provider is asked for when a call names none; null: it is not asked.</param>
    /// <param name="around">Input tokens that are in no parameter.</param>
    internal static CostModel Cost(ModelsOptions options, Func<ModelEndpoint, string?> modelOf, string provider, int outputDefault, int around)
    {
        var models = options.Endpoints.Where(endpoint => modelOf(endpoint) is not null).ToDictionary(endpoint => endpoint.Name, endpoint => modelOf(endpoint)!, StringComparer.Ordinal);
        var listed = options.Prices.All.Where(price => models.ContainsKey(price.Provider)).ToList();
        if (listed.Count == 0) return CostModel.Free;
        var prices = ImmutableSortedDictionary.CreateBuilder<string, TokenPrice>(StringComparer.Ordinal);
        foreach (var price in listed)
        {
            foreach (var name in price.Aliases.Append(price.Model).Where(name => name != "*")) prices[name] = Dearer(prices.GetValueOrDefault(name), price.Price);
        }

        // A model nobody lists may be any configured provider's.
        prices["*"] = listed.Where(price => price.Model == "*").Aggregate(new TokenPrice(0, 0), (most, price) => Dearer(most, price.Price));
        var fixedCents = around * listed.Max(price => price.Price.InputCentsPerMillion) / 1_000_000m;
        if (models.TryGetValue("anthropic", out var claude)) models.Add("claude", claude);
        var known = prices.Where(row => row.Key != "*").ToList();
        foreach (var asked in models.Keys) AddForeign(prices, known, listed, asked);
        return new CostModel(fixedCents, 0, models.GetValueOrDefault(provider), prices.ToImmutable(), outputDefault) { ProviderModels = models.ToImmutableSortedDictionary(StringComparer.Ordinal) };
    }

    /// <summary>A model that a provider does not list costs its <c>*</c>, also where another provider lists it for less.</summary>
    private static void AddForeign(ImmutableSortedDictionary<string, TokenPrice>.Builder prices, List<KeyValuePair<string, TokenPrice>> known, List<ModelPrice> listed, string asked)
    {
        var own = listed.Where(price => price.Provider == (asked == "claude" ? "anthropic" : asked)).ToList();
        if (own.Find(price => price.Model == "*") is not { } any) return;
        foreach (var (model, price) in known)
        {
            if (!own.Exists(row => row.Is(model)) && Dearer(price, any.Price) != price) prices[$"{asked}/{model}"] = any.Price;
        }
    }

    private static TokenPrice Dearer(TokenPrice? left, TokenPrice right) => left is null
        ? right
        : new TokenPrice(Math.Max(left.InputCentsPerMillion, right.InputCentsPerMillion), Math.Max(left.OutputCentsPerMillion, right.OutputCentsPerMillion))
        {
            CacheWriteCentsPerMillion = left.CacheWriteCentsPerMillion is null && right.CacheWriteCentsPerMillion is null ? null : Math.Max(Written(left), Written(right)),
        };

    private static decimal Written(TokenPrice price) => price.CacheWriteCentsPerMillion ?? price.InputCentsPerMillion;

    internal static System.Text.Json.JsonElement Names(IEnumerable<string> names) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var name in names) writer.WriteStringValue(name);
        writer.WriteEndArray();
    });
}
