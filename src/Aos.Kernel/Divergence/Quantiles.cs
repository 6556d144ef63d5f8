namespace Aos.Kernel;

/// <summary>Elements of sorted lists.</summary>
internal static class Quantiles
{
    /// <summary>The element at an index, 2 decimals.</summary>
    internal static decimal At(decimal[] sorted, int index) => Math.Round(sorted[Math.Min(index, sorted.Length - 1)], 2, MidpointRounding.AwayFromZero);

    /// <summary>The element that <paramref name="share"/> of the list lies below.</summary>
    /// <param name="share">0 to 1.</param>
    internal static decimal Of(decimal[] sorted, decimal share) => At(sorted, (int)(share * sorted.Length));

    /// <summary>The middle of a sorted list; between two elements, their mean.</summary>
    internal static double Median(double[] sorted) => (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}
