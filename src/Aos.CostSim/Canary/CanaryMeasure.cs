using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>The figures of a trial.</summary>
/// <param name="All">Of all samples that both models answered.</param>
/// <param name="Judged">Of those among them whose approved answers are known.</param>
/// <param name="ByDesign">Of the approved answers to the same ones.</param>
/// <param name="OutliersBeyond">Samples that are outliers and are none by design.</param>
/// <param name="MajorBeyond">Samples whose drift is major or more and is not so by design.</param>
internal sealed record CanaryMeasure(CanaryFigures All, CanaryFigures Judged, CanaryFigures ByDesign, int OutliersBeyond, int MajorBeyond)
{
    private const double OutlierAbove = 0.5;

    /// <summary>Of a trial that did not end.</summary>
    internal static CanaryMeasure None { get; } = new(CanaryFigures.None, CanaryFigures.None, CanaryFigures.None, 0, 0);

    /// <summary>Nats, 0 or more.</summary>
    internal double KlBeyond => Math.Max(0, Math.Round(Judged.Kl - ByDesign.Kl, 4));

    internal double OutlierShare => Share(OutliersBeyond);

    internal double MajorShare => Share(MajorBeyond);

    internal static CanaryMeasure Of(ImmutableArray<CanaryAnswer> answers, DriftLimits limits)
    {
        var all = answers.Select(answer => (Now: answer.Now(limits), Design: answer.ByDesign(limits))).Where(pair => pair.Now is not null).ToList();
        var judged = all.Where(pair => pair.Design is not null).Select(pair => (Now: pair.Now!, Design: pair.Design!)).ToList();
        return new CanaryMeasure(
            Figures(all.Select(pair => pair.Now!)), Figures(judged.Select(pair => pair.Now)), Figures(judged.Select(pair => pair.Design)),
            judged.Count(pair => IsOutlier(pair.Now) && !IsOutlier(pair.Design)), judged.Count(pair => IsMajor(pair.Now) && !IsMajor(pair.Design)));
    }

    internal static bool IsMajor(CostComparison comparison) => comparison.Verdict is "major_drift" or "mismatch";

    private static bool IsOutlier(CostComparison comparison) => comparison.DriftScore > OutlierAbove;

    private static CanaryFigures Figures(IEnumerable<CostComparison> comparisons)
    {
        var of = comparisons.ToList();
        var spread = CostDivergence.Of([.. of.Select(one => new CostPair(one.V1CostCents, one.V2CostCents, one.DriftScore))]);
        return new CanaryFigures(
            of.Count, of.Count(one => one.Verdict == "match"), of.Count(one => one.Verdict == "minor_drift"), of.Count(IsMajor), of.Count(IsOutlier), spread.DeltaP50, spread.DeltaP90,
            spread.KlDivergence);
    }

    private double Share(int part) => Judged.Samples == 0 ? 0 : (double)part / Judged.Samples;
}
