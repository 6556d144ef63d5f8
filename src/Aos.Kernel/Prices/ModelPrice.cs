using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>What one model costs, from a day on.</summary>
/// <param name="Provider">For instance <c>anthropic</c>, <c>openai</c>, or the name of a configured endpoint.</param>
/// <param name="Model">The provider's name of the model; <c>*</c>: every model of the provider that the table does not name.</param>
/// <param name="InputCentsPerMillion">Cents per million tokens read.</param>
/// <param name="OutputCentsPerMillion">Cents per million tokens written.</param>
/// <param name="Since">First day of this price.</param>
/// <param name="Source">Where the price is published.</param>
/// <param name="Aliases">Other names of the same model.</param>
public sealed record ModelPrice(
    string Provider, string Model, decimal InputCentsPerMillion, decimal OutputCentsPerMillion, DateOnly Since, string Source, ImmutableArray<string> Aliases)
{
    /// <summary>Cents per million tokens written into the provider's prompt cache; null: they cost what tokens read cost.</summary>
    public decimal? CacheWriteCentsPerMillion { get; init; }

    /// <summary>Cents per million tokens read from the provider's prompt cache; null: they cost what tokens read cost.</summary>
    public decimal? CacheReadCentsPerMillion { get; init; }

    /// <summary>The most a token can cost, however the provider counts it.</summary>
    public TokenPrice Price => new(InputCentsPerMillion == 0 ? Math.Max(Read, CacheWriteCentsPerMillion ?? 0) : Read, OutputCentsPerMillion)
    {
        CacheWriteCentsPerMillion = CacheWriteCentsPerMillion is { } write && write > Read ? write : null,
    };

    private decimal Read => Math.Max(InputCentsPerMillion, CacheReadCentsPerMillion ?? 0);

    /// <summary>Whether the row is of this model, by its name or another name of it.</summary>
    public bool Is(string model) => Model == model || Aliases.Contains(model);
}
