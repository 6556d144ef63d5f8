namespace Aos.Kernel;

/// <summary>Where one verdict ends and the next begins: inclusive upper bounds of the drift score, 0 to 1.</summary>
/// <param name="Minor">Above <see cref="Match"/> and up to here the drift is minor.</param>
/// <param name="Major">Above <paramref name="Minor"/> and up to here it is major; above it is a mismatch.</param>
public sealed record DriftLimits(double Minor = 0.15, double Major = 0.2)
{
    /// <summary>Up to here two answers are the same.</summary>
    public const double Match = 0.05;

    /// <summary>The verdict for a score that is not rounded.</summary>
    public string Verdict(double score) => score <= Match ? "match" : score <= Minor ? "minor_drift" : score <= Major ? "major_drift" : "mismatch";
}

/// <summary>How the answers of two models to one question differ.</summary>
/// <param name="Verdict"><c>match</c>, <c>minor_drift</c>, <c>major_drift</c> or <c>mismatch</c>.</param>
/// <param name="CostDeltaPct">|delta| / first, a fraction; 0 where the first is 0. Not rounded.</param>
/// <param name="DriftScore">0.6 · min(pct, 1) + 0.4 when the feasibilities differ; 0 to 1. Not rounded.</param>
public sealed record CostComparison(
    string Verdict, long V1CostCents, long V2CostCents, long CostDeltaCents, double CostDeltaPct, long V1DurationMs, long V2DurationMs, long DurationDeltaMs,
    bool V1Feasible, bool V2Feasible, bool FeasibilityMatch, double DriftScore)
{
    private const decimal CostWeight = 0.6m;
    private const decimal FeasibilityWeight = 0.4m;

    /// <summary>Durations, risks and confidence do not enter the score.</summary>
    public static CostComparison Of(CostEstimate first, CostEstimate second, DriftLimits limits)
    {
        var delta = second.CostCents - first.CostCents;
        var share = first.CostCents > 0 ? Math.Abs((decimal)delta) / first.CostCents : 0;
        var agree = first.Feasible == second.Feasible;
        var score = (double)((CostWeight * Math.Min(share, 1)) + (agree ? 0 : FeasibilityWeight));
        return new CostComparison(
            limits.Verdict(score), first.CostCents, second.CostCents, delta, (double)share, first.DurationMs, second.DurationMs, second.DurationMs - first.DurationMs,
            first.Feasible, second.Feasible, agree, score);
    }
}
