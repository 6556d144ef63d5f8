namespace Aos.Failures;

/// <summary>
/// How likely it is that something helps: what the catalog thinks of it, corrected by what happened. It is the mean of a Beta distribution: the
/// catalog's word weighs as much as <see cref="PriorWeight"/> outcomes of today, and an outcome weighs half as much after each
/// <see cref="HalfLife"/>.
/// </summary>
internal static class RecoveryConfidence
{
    internal const double PriorWeight = 4;

    internal static readonly TimeSpan HalfLife = TimeSpan.FromDays(7);

    /// <summary><c>(4·prior + Σ weight·helped) / (4 + Σ weight)</c>, four decimals.</summary>
    internal static decimal Of(decimal prior, IEnumerable<(bool Helped, TimeSpan Age)> outcomes)
    {
        var (helped, all) = (PriorWeight * (double)prior, PriorWeight);
        foreach (var outcome in outcomes)
        {
            var weight = Weight(outcome.Age);
            if (outcome.Helped) helped += weight;
            all += weight;
        }

        return decimal.Round((decimal)(helped / all), 4);
    }

    /// <summary>1 now, 0.5 after a half-life, 0.25 after two. What is said to happen later counts as of now.</summary>
    internal static double Weight(TimeSpan age) => age <= TimeSpan.Zero ? 1 : Math.Pow(0.5, age / HalfLife);
}
