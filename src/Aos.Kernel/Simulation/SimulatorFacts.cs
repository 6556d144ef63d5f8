using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>Everything an answer of the simulator depends on, beside the request.</summary>
/// <param name="Terms">The skills there are, by name.</param>
/// <param name="Prices">Typical figures by skill name, those of skills that are not there included.</param>
/// <param name="RiskThreshold">Cumulative risk above which a warning is given, 0 to 1.</param>
/// <param name="Versions">Names and versions of the facts above, made when an answer names them; admission does not.</param>
public sealed record SimulatorFacts(
    IReadOnlyDictionary<string, SkillTerms> Terms,
    IReadOnlyDictionary<string, SkillPrice> Prices,
    BudgetLimits Limits,
    double RiskThreshold,
    Lazy<ImmutableSortedDictionary<string, string>> Versions)
{
    /// <summary>Of a skill the parameter that holds the URL its call goes to; null: none does.</summary>
    public Func<string, string?> TargetParam { get; init; } = static _ => null;

    /// <summary>What models cost, by provider; null: no model can be asked here.</summary>
    public PriceTable? Models { get; init; }

    /// <summary>Of a skill; one that nobody knows has a price, too.</summary>
    internal SkillPrice Price(string skill) => Prices.TryGetValue(skill, out var price) ? price : TypicalFigures.Unknown;

    /// <summary>The same facts with the risks of these skills as they were measured.</summary>
    internal SimulatorFacts With(MeasuredRisks measured) =>
        measured.Hash is null ? this : this with { Prices = Prices.ToDictionary(pair => pair.Key, pair => measured.On(pair.Value), StringComparer.Ordinal) };
}
