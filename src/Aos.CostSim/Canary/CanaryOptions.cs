using System.Globalization;

namespace Aos.CostSim;

/// <summary>Settings of the canary over the cost models.</summary>
public sealed class CanaryOptions
{
    /// <summary>False: it does not run by itself; whoever orders a run gets one.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Recent simulations that a run looks at, at most, 10 to 1,000; the reference datasets come beside them.</summary>
    public int SampleCount { get; set; } = 100;

    /// <summary>When it runs each day, UTC.</summary>
    public TimeOnly Schedule { get; set; } = new(3, 0);

    /// <summary>Longest that a run takes, 1 s to 1 h; what does not answer by then has failed.</summary>
    public TimeSpan MaxRuntime { get; set; } = TimeSpan.FromSeconds(300);

    /// <summary>Divergence of the costs of both models beyond what is by design, in nats, 0 to 1; above it the run fails.</summary>
    public double DriftThreshold { get; set; } = 0.2;

    /// <summary>Share of samples that are outliers and are not so by design, 0 to 1; above it the run fails.</summary>
    public double OutlierMax { get; set; } = 0.05;

    /// <summary>The same of major drift.</summary>
    public double MajorMax { get; set; } = 0.1;

    /// <summary>Days that reports are kept, 1 to 3,650.</summary>
    public int RetentionDays { get; set; } = 90;

    /// <summary>A dead node's run is over after this; a living one ends before.</summary>
    internal TimeSpan LeaseTime => MaxRuntime + TimeSpan.FromSeconds(60);

    /// <summary>
    /// Reads <c>COSTSIM_CANARY_ENABLED</c>, <c>COSTSIM_CANARY_SAMPLE_COUNT</c>, <c>COSTSIM_CANARY_SCHEDULE</c>, <c>COSTSIM_CANARY_MAX_RUNTIME_SECONDS</c>,
    /// <c>COSTSIM_CANARY_DRIFT_THRESHOLD</c>, <c>COSTSIM_CANARY_OUTLIER_MAX_PCT</c>, <c>COSTSIM_CANARY_MAJOR_MAX_PCT</c> and <c>COSTSIM_CANARY_RETENTION_DAYS</c>.
    /// </summary>
    /// <param name="problems">Takes a sentence of each that cannot be read.</param>
    internal static CanaryOptions Read(Func<string, string?> setting, ICollection<string> problems)
    {
        var options = new CanaryOptions();
        options.SampleCount = Whole("COSTSIM_CANARY_SAMPLE_COUNT", 10, 1_000, options.SampleCount);
        options.MaxRuntime = TimeSpan.FromSeconds(Whole("COSTSIM_CANARY_MAX_RUNTIME_SECONDS", 1, 3_600, (int)options.MaxRuntime.TotalSeconds));
        options.RetentionDays = Whole("COSTSIM_CANARY_RETENTION_DAYS", 1, 3_650, options.RetentionDays);
        options.DriftThreshold = Share("COSTSIM_CANARY_DRIFT_THRESHOLD", options.DriftThreshold);
        options.OutlierMax = Share("COSTSIM_CANARY_OUTLIER_MAX_PCT", options.OutlierMax);
        options.MajorMax = Share("COSTSIM_CANARY_MAJOR_MAX_PCT", options.MajorMax);
        if (Text("COSTSIM_CANARY_ENABLED") is { } enabled)
        {
            if (bool.TryParse(enabled, out var isOn)) options.Enabled = isOn;
            else problems.Add($"COSTSIM_CANARY_ENABLED is '{enabled}'; it must be true or false.");
        }

        if (Text("COSTSIM_CANARY_SCHEDULE") is { } schedule)
        {
            if (TimeOnly.TryParseExact(schedule, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var at)) options.Schedule = at;
            else problems.Add($"COSTSIM_CANARY_SCHEDULE is '{schedule}'; it must be a time of day in UTC such as 03:00.");
        }

        return options;

        string? Text(string name) => setting(name) is { Length: > 0 } text ? text : null;

        int Whole(string name, int from, int to, int otherwise)
        {
            if (Text(name) is not { } text) return otherwise;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to) return number;
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{name} is '{text}'; it must be a whole number from {from} to {to}."));
            return otherwise;
        }

        double Share(string name, double otherwise)
        {
            if (Text(name) is not { } text) return otherwise;
            if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1) return share;
            problems.Add($"{name} is '{text}'; it must be a number from 0 to 1.");
            return otherwise;
        }
    }
}
