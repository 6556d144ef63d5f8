namespace Aos.Kernel;

/// <summary>
/// What the next days may cost: the straight line that lies nearest to the daily spending of the last 7 to 30 days (least squares). Its confidence is the
/// share of the days' differences that the line explains (R²), times how many of 30 days there were.
/// </summary>
/// <param name="PerDay">Cents more from one day to the next; negative: less.</param>
/// <param name="Next">Of each of the following days, never below zero.</param>
/// <param name="Confidence">0 to 1.</param>
public sealed record SpendForecast(decimal PerDay, IReadOnlyList<Cents> Next, decimal Confidence)
{
    /// <summary>Days that a forecast needs at least.</summary>
    public const int DaysMin = 7;

    /// <summary>Days it looks back at most.</summary>
    public const int DaysMax = 30;

    /// <summary>Change a day, as a share of the average, below which spending counts as stable.</summary>
    private const decimal StableShare = 0.02m;

    /// <summary>increasing, decreasing or stable.</summary>
    public string Direction { get; private init; } = "stable";

    public Cents Total => Next.Aggregate(Cents.Zero, (sum, day) => sum + day);

    /// <param name="days">Spending of whole days without gaps, the oldest first; the last 30 count.</param>
    /// <param name="ahead">Days to tell.</param>
    /// <returns>Null: there are fewer than 7 days.</returns>
    public static SpendForecast? Of(IReadOnlyList<Cents> days, int ahead)
    {
        if (days.Count < DaysMin) return null;
        decimal[] y = [.. days.Skip(Math.Max(0, days.Count - DaysMax)).Select(day => day.Value)];
        var n = y.Length;
        var (middle, average) = ((n - 1) / 2m, y.Sum() / n);
        var (xx, xy, yy) = (0m, 0m, 0m);
        for (var x = 0; x < n; x++)
        {
            xx += (x - middle) * (x - middle);
            xy += (x - middle) * (y[x] - average);
            yy += (y[x] - average) * (y[x] - average);
        }

        var slope = xy / xx;
        var explained = yy == 0 ? 1 : xy * xy / (xx * yy);
        Cents[] next = [.. Enumerable.Range(0, ahead).Select(day => new Cents(Math.Max(0, decimal.Round(average + (slope * (n + day - middle)), 6))))];
        return new SpendForecast(decimal.Round(slope, 6), next, decimal.Round(explained * Math.Min(1, n / (decimal)DaysMax), 4))
        {
            Direction = average == 0 || Math.Abs(slope) < StableShare * average ? "stable" : slope > 0 ? "increasing" : "decreasing",
        };
    }
}
