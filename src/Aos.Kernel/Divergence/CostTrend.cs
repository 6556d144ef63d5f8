using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>Where spending goes: a straight line through the sums of whole days, by least squares.</summary>
/// <param name="Direction"><c>increasing</c> or <c>decreasing</c> when the slope is no chance (p below 0.05), else <c>stable</c>.</param>
/// <param name="Confidence">1 − p of the slope (Student's t, two-sided), 0 to 1; 0 with fewer than 3 days.</param>
/// <param name="SlopePerDay">Cents a day more each day; 4 decimals.</param>
/// <param name="MeanPerDay">Cents; 4 decimals.</param>
/// <param name="Forecast">Null with fewer than 3 days.</param>
public sealed record CostTrend(string Direction, double Confidence, double SlopePerDay, double MeanPerDay, int Days, CostForecast? Forecast)
{
    private const double Chance = 0.05;
    private const int DaysMin = 3;

    /// <param name="days">Cents of each day, the oldest first, days without any included.</param>
    /// <param name="ahead">Days to forecast.</param>
    public static CostTrend Of(ImmutableArray<decimal> days, int ahead)
    {
        var mean = days.IsEmpty ? 0 : (double)days.Average();
        if (days.Length < DaysMin) return new CostTrend("stable", 0, 0, Math.Round(mean, 4), days.Length, null);
        var (n, middle) = (days.Length, (days.Length - 1) / 2d);
        var spread = Enumerable.Range(0, n).Sum(x => (x - middle) * (x - middle));
        var slope = days.Select((y, x) => (x - middle) * ((double)y - mean)).Sum() / spread;
        var rest = days.Select((y, x) => Math.Pow((double)y - mean - (slope * (x - middle)), 2)).Sum() / (n - 2);
        var p = slope == 0 ? 1 : Distributions.StudentTails(slope / Math.Sqrt(rest / spread), n - 2);
        return new CostTrend(
            p >= Chance ? "stable" : slope > 0 ? "increasing" : "decreasing", Math.Round(1 - p, 4), Math.Round(slope, 4), Math.Round(mean, 4), n,
            CostForecast.Of(mean, slope, rest, spread, n, ahead));
    }
}

/// <summary>The sum of coming days: the line drawn on.</summary>
/// <param name="Low">Lower end of the 95 % prediction interval, cents, 0 or more. All three have 2 decimals.</param>
/// <param name="High">Its upper end: it counts what is uncertain about the line and how days scatter around it.</param>
public sealed record CostForecast(int Days, double Cents, double Low, double High)
{
    private const double Outside = 0.05;

    internal static CostForecast Of(double mean, double slope, double rest, double spread, int n, int ahead)
    {
        // Sum over the days ahead of x less the middle of the days there were.
        var reach = Enumerable.Range(n, ahead).Sum(x => x - ((n - 1) / 2d));
        var sum = (mean * ahead) + (slope * reach);
        var deviation = Math.Sqrt(rest * (ahead + ((double)ahead * ahead / n) + (reach * reach / spread)));
        var width = Distributions.StudentLimit(Outside, n - 2) * deviation;
        return new CostForecast(ahead, Round(sum), Round(sum - width), Round(sum + width));
    }

    private static double Round(double cents) => Math.Round(Math.Max(cents, 0), 2);
}
