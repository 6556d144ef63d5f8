using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>
/// How differently two lists of costs are spread: the divergence of Kullback and Leibler of the first from the second, over ten bins of equal width between
/// the least and the greatest cost of both.
/// </summary>
/// <remarks>
/// Each bin counts half a cost more than it holds (the estimate after Jeffreys' prior), so an empty bin means "not seen yet", not "impossible": a small list
/// can differ by a few nats at most, whereas a tiny constant in the place of 0 says 20 and more for one cost out of place. Costs below 1 cent count as 1.
/// </remarks>
internal static class CostHistogram
{
    private const int Bins = 10;
    private const double Unseen = 0.5;

    /// <summary>Nats, 0 or more, 4 decimals. 0 where all costs are equal.</summary>
    internal static double Kl(ImmutableArray<CostPair> pairs)
    {
        var (first, second) = (pairs.Select(pair => Clamp(pair.First)).ToArray(), pairs.Select(pair => Clamp(pair.Second)).ToArray());
        var (min, max) = (Math.Min(first.Min(), second.Min()), Math.Max(first.Max(), second.Max()));
        if (min == max) return 0;
        var (p, q) = (Shares(first, min, max), Shares(second, min, max));
        var sum = 0d;
        for (var i = 0; i < Bins; i++) sum += p[i] * Math.Log(p[i] / q[i]);
        return Math.Round(Math.Max(sum, 0), 4);
    }

    private static double Clamp(decimal cents) => (double)Math.Max(cents, 1);

    private static double[] Shares(double[] costs, double min, double max)
    {
        var shares = new double[Bins];
        Array.Fill(shares, Unseen / (costs.Length + (Bins * Unseen)));
        // The last bin is closed: the greatest cost is in it.
        foreach (var cost in costs) shares[Math.Min((int)((cost - min) / (max - min) * Bins), Bins - 1)] += 1 / (costs.Length + (Bins * Unseen));
        return shares;
    }
}
