namespace Aos.Kernel;

/// <summary>A row of the table of <see cref="TableModel"/>: what one call of a skill costs and takes, and how it fails.</summary>
/// <param name="Cents">Whole cents.</param>
/// <param name="LatencyMs">Milliseconds.</param>
/// <param name="Risk">Probability of the failure, 0 to 1.</param>
/// <param name="RiskType">Lower-case word of it.</param>
public sealed record TableRow(long Cents, long LatencyMs, decimal Risk, string RiskType)
{
    internal string Text => FormattableString.Invariant($"{Cents} {LatencyMs} {CanonicalJson.Number(Risk)} {RiskType}");
}

/// <summary>Coefficients of one skill for <see cref="CoefficientModel"/>. Money in cents, time in milliseconds.</summary>
/// <param name="Cents">Of a call, before its text counts.</param>
/// <param name="LatencyMs">The same in time.</param>
/// <param name="Confidence">0 to 1.</param>
/// <param name="RiskType">Lower-case word of its most probable failure.</param>
/// <param name="Risk">Probability of it, 0 to 1.</param>
public sealed record CoefficientRow(decimal Cents, decimal LatencyMs, decimal Confidence, string RiskType, decimal Risk)
{
    /// <summary>Per thousand characters of the prompt.</summary>
    public decimal CentsPerThousandIn { get; init; }

    /// <summary>Per thousand characters of the answer, which is guessed from the prompt.</summary>
    public decimal CentsPerThousandOut { get; init; }

    /// <summary>Per thousand characters of the prompt.</summary>
    public decimal LatencyPerThousand { get; init; }

    /// <summary>Added to the latency, and bounded with it by a timeout.</summary>
    public decimal LatencyVariance { get; init; }

    internal string Text => string.Join(
        ' ', Array.ConvertAll([Cents, LatencyMs, Confidence, Risk, CentsPerThousandIn, CentsPerThousandOut, LatencyPerThousand, LatencyVariance], CanonicalJson.Number)) + " " + RiskType;
}
