namespace Aos.CostSim;

/// <summary>Something that is wrong.</summary>
/// <param name="Reason">What, where, and which limit it is beyond.</param>
/// <param name="Severity">Above 0, up to 1.</param>
internal sealed record Finding(string Reason, double Severity = 1)
{
    /// <summary>
    /// What the breaker is told of a run that failed: above its limit, however small the finding, since a report below it would say that all is well; and never above 1.
    /// </summary>
    internal static double Score(IEnumerable<Finding> findings, double limit) => Math.Round(limit + ((1 - limit) * Math.Clamp(findings.Max(finding => finding.Severity), 0.01, 1)), 4);
}
