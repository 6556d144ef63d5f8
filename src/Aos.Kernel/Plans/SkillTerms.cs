using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What a repeated call may do to the world.</summary>
public enum EffectClass
{
    /// <summary>Deterministic, free, touches nothing: journaled once, after it ran.</summary>
    Pure,

    /// <summary>May be repeated with the same idempotency key.</summary>
    Idempotent,

    /// <summary>Can be asked whether it happened.</summary>
    Reconcilable,

    /// <summary>Is never repeated on its own: a crash in between leaves the step waiting for a person.</summary>
    AtMostOnce,
}

/// <summary>
/// What the kernel must know of a skill to decide about it: a copy of the contract's decisive part, journaled with the
/// run so that later changes of the skill do not change the run.
/// </summary>
/// <param name="Effect">The class, when no rule of <paramref name="EffectByParam"/> fits.</param>
/// <param name="EffectParam">Name of the parameter that decides (for instance <c>method</c>), or null.</param>
/// <param name="EffectByParam">Upper-case value of that parameter to class.</param>
/// <param name="KeyMakesIdempotent">An explicit idempotency key turns AtMostOnce into Idempotent.</param>
/// <param name="Cost">Upper bound of one call.</param>
/// <param name="TimeoutDefault">Of one call, when the step names none.</param>
/// <param name="KnownParams">Parameter names the skill accepts; empty: any.</param>
/// <param name="RequiredParams">Parameter names it cannot do without.</param>
/// <param name="StableFields">
/// Members of the result that are equal for equal input, seed and version, and alone enter the root hash; empty: the whole result does.
/// </param>
public sealed record SkillTerms(
    string Name,
    string Version,
    EffectClass Effect,
    string? EffectParam,
    ImmutableSortedDictionary<string, EffectClass> EffectByParam,
    bool KeyMakesIdempotent,
    CostModel Cost,
    TimeSpan TimeoutDefault,
    ImmutableArray<string> KnownParams,
    ImmutableArray<string> RequiredParams,
    ImmutableArray<string> StableFields)
{
    /// <summary>What a model is told of the skill; set where an agent step of the run may call it.</summary>
    public ToolTerms? Tool { get; init; }

    /// <summary>
    /// Time for one call: what its parameters ask for where the skill knows <c>timeout_ms</c>, <c>timeout_seconds</c> or
    /// <c>timeout</c> (seconds, or a text such as <c>10s</c>), else the default.
    /// </summary>
    public TimeSpan TimeoutOf(JsonElement parameters)
    {
        foreach (var name in KnownParams)
        {
            if (name is not ("timeout_ms" or "timeout_seconds" or "timeout") || parameters.Get(name) is not { } value) continue;
            if (name == "timeout_ms" && value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var ms)) value = Json.Of(ms / 1000);
            if (Durations.Read(value) is { } time && time > TimeSpan.Zero) return time;
        }

        return TimeoutDefault;
    }

    /// <summary>The class of one call with these parameters.</summary>
    public EffectClass ClassOf(JsonElement parameters, bool hasKey)
    {
        var effect = Effect;
        if (EffectParam is not null
            && EffectByParam.TryGetValue((parameters.GetText(EffectParam) ?? "").ToUpperInvariant(), out var byParam))
        {
            effect = byParam;
        }

        return effect == EffectClass.AtMostOnce && hasKey && KeyMakesIdempotent ? EffectClass.Idempotent : effect;
    }
}

/// <summary>A skill as a model sees it.</summary>
/// <param name="InputSchema">JSON Schema of the parameters, an object.</param>
public sealed record ToolTerms(string Description, JsonElement InputSchema);

/// <summary>Price of tokens, in cents per million.</summary>
public sealed record TokenPrice(decimal InputCentsPerMillion, decimal OutputCentsPerMillion)
{
    /// <summary>Of a token written into the provider's prompt cache, when that is more than of one read; null: it is not.</summary>
    public decimal? CacheWriteCentsPerMillion { get; init; }
}

/// <summary>Cost of one call: a base, a part per kB of parameters, and tokens where the skill calls a model.</summary>
/// <param name="ModelDefault">Model whose price counts when the parameters name none.</param>
/// <param name="Prices">Price per model; <c>*</c> is the price of a model the table does not know, <c>PROVIDER/MODEL</c> that of one that this provider charges more for.</param>
/// <param name="OutputTokensDefault">Bound of output tokens when <c>max_tokens</c> is absent.</param>
public sealed record CostModel(
    decimal BaseCents,
    decimal CentsPerKb,
    string? ModelDefault,
    ImmutableSortedDictionary<string, TokenPrice> Prices,
    int OutputTokensDefault)
{
    public static CostModel Free { get; } = new(0, 0, null, ImmutableSortedDictionary<string, TokenPrice>.Empty, 0);

    /// <summary>The model that a provider is asked for when the parameters name the provider alone.</summary>
    public ImmutableSortedDictionary<string, string> ProviderModels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>
    /// Upper bound of a call: base + kB · per kB + (bytes of the parameters as input tokens · price + max_tokens · price).
    /// A token is never shorter than a byte, so the bound holds for every tokenizer. Each provider that <c>fallback</c> names may
    /// bill as much again at its own price, and with <c>cache_prompt</c> every token may be written into the provider's cache.
    /// </summary>
    public Cents UpperBound(JsonElement parameters)
    {
        if (CentsPerKb == 0 && Prices.IsEmpty) return new Cents(BaseCents);
        var bytes = parameters.Bytes();
        var cost = BaseCents + (bytes / 1024m * CentsPerKb);
        if (Prices.IsEmpty) return new Cents(cost);
        cost += Tokens(parameters, parameters, bytes);
        if (parameters.Get("fallback") is not { ValueKind: JsonValueKind.Array } others) return new Cents(cost);
        foreach (var other in others.EnumerateArray()) cost += BaseCents + Tokens(other, parameters, bytes);
        return new Cents(cost);
    }

    /// <summary>The price of the model these parameters name, or null when the skill calls none.</summary>
    public TokenPrice? Price(JsonElement parameters)
    {
        var (provider, model) = (Provider(parameters), Model(parameters));
        if (provider is not null && Prices.TryGetValue($"{provider}/{model}", out var own)) return own;
        if (model is not null && Prices.TryGetValue(model, out var price)) return price;
        return Prices.TryGetValue("*", out var other) ? other : null;
    }

    /// <summary>The model these parameters ask for; null: the skill calls none.</summary>
    public string? Model(JsonElement parameters)
    {
        if (Prices.IsEmpty) return null;
        return parameters.GetText("model") ?? (Provider(parameters) is { } provider ? ProviderModels.GetValueOrDefault(provider) : null) ?? ModelDefault;
    }

    private static string? Provider(JsonElement parameters) => (parameters.GetText("provider") ?? parameters.GetText("adapter"))?.ToLowerInvariant();

    private decimal Tokens(JsonElement named, JsonElement parameters, int bytes)
    {
        if (Price(named) is not { } price) return 0;
        var output = parameters.Get("max_tokens") is { ValueKind: JsonValueKind.Number } max && max.TryGetInt32(out var n)
            ? Math.Max(n, 0)
            : OutputTokensDefault;
        var cost = ((bytes * price.InputCentsPerMillion) + (output * price.OutputCentsPerMillion)) / 1_000_000m;
        if (parameters.Get("cache_prompt") is not { ValueKind: JsonValueKind.True } || price.CacheWriteCentsPerMillion is not { } write || price.InputCentsPerMillion == 0) return cost;
        // What stands around a prompt, which the base is for, is written too.
        return cost + (bytes * (write - price.InputCentsPerMillion) / 1_000_000m) + (BaseCents * ((write / price.InputCentsPerMillion) - 1));
    }
}
