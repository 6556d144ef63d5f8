using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>What calls of a skill cost within a window.</summary>
/// <param name="Average">Cents, 4 decimals.</param>
/// <param name="P50">Cents, 2 decimals, as the two after it: the element that so many hundredths of the calls cost less than.</param>
/// <param name="WindowHours">1, 24 or 168.</param>
/// <param name="LastAt">When the newest call ended.</param>
public sealed record CostBaseline(string Skill, decimal Average, decimal P50, decimal P95, decimal P99, int SampleCount, int WindowHours, DateTimeOffset LastAt)
{
    /// <summary>Null: there was no call.</summary>
    public static CostBaseline? Of(string skill, ImmutableArray<(DateTimeOffset At, decimal Cents)> calls, int windowHours)
    {
        if (calls.IsEmpty) return null;
        var sorted = calls.Select(call => call.Cents).Order().ToArray();
        return new CostBaseline(
            skill, Math.Round(sorted.Average(), 4), Quantiles.Of(sorted, 0.5m), Quantiles.Of(sorted, 0.95m), Quantiles.Of(sorted, 0.99m), sorted.Length, windowHours, calls.Max(call => call.At));
    }
}
