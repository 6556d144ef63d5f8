using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>What was said that something costs, beside what another model said or what it did cost.</summary>
/// <param name="First">Cents of the production model, or as estimated.</param>
/// <param name="Second">Cents of the other model, or as paid.</param>
/// <param name="DriftScore">0 to 1, as the comparison gave it.</param>
public readonly record struct CostPair(decimal First, decimal Second, double DriftScore)
{
    /// <summary>A pair within this share of its first cost is a match.</summary>
    private const decimal MatchShare = 0.1m;

    /// <summary>Cents, signed.</summary>
    public decimal Delta => Second - First;

    /// <summary>Within 10 % of the first cost; where that is 0, only 0 matches.</summary>
    public bool IsMatch => Math.Abs(Delta) <= MatchShare * First;

    /// <summary>A pair of an estimate and what was paid: 0.6 · min(|delta| / first, 1), as between two models that agree otherwise; 0.6 where only the first is 0.</summary>
    public static CostPair Paid(decimal estimated, decimal paid)
    {
        var share = estimated > 0 ? Math.Min(Math.Abs(paid - estimated) / estimated, 1) : paid == 0 ? 0 : 1;
        return new CostPair(estimated, paid, 0.6 * (double)share);
    }
}

/// <summary>How far pairs of costs lie apart.</summary>
/// <param name="DeltaP50">Of |second − first| in cents, the element at n / 2 of the sorted list; 2 decimals.</param>
/// <param name="DeltaP90">The element at 9 n / 10, rounded down; 2 decimals.</param>
/// <param name="KlDivergence">Nats, 0 or more, 4 decimals; see <see cref="CostHistogram"/>.</param>
/// <param name="OutlierCount">Pairs with a drift score above 0.5.</param>
/// <param name="BeyondTwoDeviations">Pairs whose difference lies more than two standard deviations from the mean difference.</param>
/// <param name="FailRatio">Share with a drift score above 0.2; 4 decimals.</param>
/// <param name="MatchingRate">Share within 10 %; 4 decimals.</param>
public sealed record CostDivergence(
    int SampleCount, decimal DeltaP50, decimal DeltaP90, double KlDivergence, int OutlierCount, int BeyondTwoDeviations, double FailRatio, double MatchingRate)
{
    private const double OutlierAbove = 0.5;
    private const double FailAbove = 0.2;

    /// <summary>Of no pairs all is 0.</summary>
    public static CostDivergence None { get; } = new(0, 0, 0, 0, 0, 0, 0, 0);

    public static CostDivergence Of(ImmutableArray<CostPair> pairs)
    {
        if (pairs.IsEmpty) return None;
        var deltas = pairs.Select(pair => Math.Abs(pair.Delta)).Order().ToArray();
        return new CostDivergence(
            pairs.Length, Quantiles.At(deltas, pairs.Length / 2), Quantiles.At(deltas, 9 * pairs.Length / 10), CostHistogram.Kl(pairs), pairs.Count(pair => pair.DriftScore > OutlierAbove),
            Far(pairs), Share(pairs.Count(pair => pair.DriftScore > FailAbove), pairs.Length), Share(pairs.Count(pair => pair.IsMatch), pairs.Length));
    }

    private static int Far(ImmutableArray<CostPair> pairs)
    {
        var mean = pairs.Average(pair => (double)pair.Delta);
        var deviation = Math.Sqrt(pairs.Average(pair => Math.Pow((double)pair.Delta - mean, 2)));
        return deviation == 0 ? 0 : pairs.Count(pair => Math.Abs((double)pair.Delta - mean) > 2 * deviation);
    }

    private static double Share(int part, int all) => Math.Round((double)part / all, 4);
}
