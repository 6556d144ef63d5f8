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
    public TokenPrice Price => new(InputCentsPerMillion, OutputCentsPerMillion);

    internal bool Is(string model) => Model == model || Aliases.Contains(model);
}
