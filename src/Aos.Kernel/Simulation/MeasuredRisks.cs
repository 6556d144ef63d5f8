using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Aos.Kernel;

/// <summary>What became of the calls of one skill.</summary>
/// <param name="Calls">Retries among them.</param>
/// <param name="Failures">Of them, by code.</param>
public sealed record CallRate(string Skill, long Calls, ImmutableSortedDictionary<string, long> Failures);

/// <summary>
/// How often calls of a tenant really failed, blended with what the contracts say: (p · k + failures) / (k + calls), the mean of a Beta distribution that has seen
/// k calls as the contract foretells them.
/// </summary>
public sealed class MeasuredRisks
{
    /// <summary>Skills with fewer calls keep the contract's figures.</summary>
    public const int CallsMin = 50;

    /// <summary>k: calls that a contract's figure weighs as much as.</summary>
    public const int PriorCalls = 50;

    private readonly ImmutableSortedDictionary<string, CallRate> rates;

    public MeasuredRisks(IEnumerable<CallRate> rates)
    {
        this.rates = rates.Where(rate => rate.Calls >= CallsMin).ToImmutableSortedDictionary(rate => rate.Skill, rate => rate, StringComparer.Ordinal);
        Hash = this.rates.IsEmpty ? null : ContentHash.Hex(Encoding.UTF8.GetBytes(string.Join('\n', this.rates.Values.Select(Text))))[..16];
    }

    public static MeasuredRisks None { get; } = new([]);

    /// <summary>16 hex digits that change with any count; null: no skill has been called often enough.</summary>
    public string? Hash { get; }

    /// <summary>The price with measured risks; the price as it is where there are too few calls.</summary>
    internal SkillPrice On(SkillPrice price) => rates.TryGetValue(price.Skill, out var rate) ? price.With(Blend(price.Risks, rate)) : price;

    private static ImmutableArray<SkillRisk> Blend(ImmutableArray<SkillRisk> told, CallRate rate)
    {
        var risks = ImmutableArray.CreateBuilder<SkillRisk>();
        foreach (var risk in told) risks.Add(risk with { Probability = Blend(risk.Probability, rate.Failures.GetValueOrDefault(risk.Code), rate.Calls) });
        foreach (var (code, failures) in rate.Failures)
        {
            if (told.All(risk => risk.Code != code)) risks.Add(new SkillRisk(code, Blend(0, failures, rate.Calls)));
        }

        return risks.DrainToImmutable();
    }

    private static double Blend(double prior, long failures, long calls) =>
        (double)Math.Round((((decimal)prior * PriorCalls) + Math.Min(failures, calls)) / (PriorCalls + calls), 6);

    private static string Text(CallRate rate) => string.Create(
        CultureInfo.InvariantCulture, $"{rate.Skill} {rate.Calls} {string.Join(' ', rate.Failures.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={pair.Value}")))}");
}
