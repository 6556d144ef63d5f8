using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>How far what a skill's calls cost or take is from what was estimated. On the wire in upper case.</summary>
public enum DriftLevel
{
    /// <summary>Within 25 %, or nothing that chance would not do.</summary>
    None,

    /// <summary>More than 25 %.</summary>
    Warn,

    /// <summary>More than 50 %.</summary>
    Error,

    /// <summary>More than 100 %, in three windows in a row.</summary>
    Critical,
}

/// <summary>One call: estimated and real, in cents or in milliseconds.</summary>
/// <param name="Run">For the evidence; null: it was told by hand.</param>
public readonly record struct DriftSample(double Estimated, double Actual, RunId? Run);

/// <summary>What one window of a skill's calls says.</summary>
/// <param name="Drift">Median of actual / estimated, less 1: 0.3 is 30 % more than estimated.</param>
/// <param name="PValue">How probable so lopsided a window is when estimates are right in the middle (sign test, two-sided).</param>
/// <param name="IsSignificant">Enough calls, and too lopsided for chance among all skills looked at.</param>
public sealed record WindowDrift(int SampleCount, double Drift, double PValue, bool IsSignificant)
{
    /// <summary>More than 100 %, and no chance.</summary>
    public bool IsExtreme => IsSignificant && Math.Abs(Drift) > 1;
}

/// <summary>A skill's drift.</summary>
/// <param name="Windows">The newest first; as many as were looked at.</param>
/// <param name="Evidence">Runs whose calls drifted most, in the direction of the drift; at most 5.</param>
public sealed record SkillDrift(string Skill, DriftLevel Level, WindowDrift Newest, ImmutableArray<WindowDrift> Windows, ImmutableArray<RunId> Evidence);

/// <summary>
/// Finds skills whose calls cost something else than estimated. An exact sign test on the ratios: it assumes nothing about how costs scatter, so one absurd
/// bill does no harm. Its limit is divided by the number of skills (Bonferroni), so that all of them together raise a false alarm in fewer than one of 200
/// windows; and a level needs a median beyond 25 % besides.
/// </summary>
public static class DriftDetection
{
    /// <summary>Calls of a window below which nothing is said.</summary>
    public const int SamplesMin = 20;

    /// <summary>Windows in a row that make more than 100 % critical.</summary>
    public const int WindowsCritical = 3;

    private const double FalseAlarmsMax = 0.005;
    private const double Warn = 0.25;
    private const double Error = 0.5;
    private const int EvidenceMax = 5;

    /// <summary>Skills in the order of their names, each with its windows, the newest first.</summary>
    /// <param name="least">Of a cent or millisecond: is added to both sides, so that what was thought to be free has a ratio too.</param>
    public static ImmutableArray<SkillDrift> Of(ImmutableSortedDictionary<string, ImmutableArray<ImmutableArray<DriftSample>>> skills, double least)
    {
        var limit = FalseAlarmsMax / Math.Max(skills.Count(skill => skill.Value is [var newest, ..] && newest.Length >= SamplesMin), 1);
        return [.. skills.Where(skill => skill.Value is [{ IsEmpty: false }, ..]).Select(skill => Of(skill.Key, skill.Value, least, limit))];
    }

    private static SkillDrift Of(string skill, ImmutableArray<ImmutableArray<DriftSample>> samples, double least, double limit)
    {
        ImmutableArray<WindowDrift> windows = [.. samples.Select(window => Of(window, least, limit))];
        var newest = windows[0];
        return new SkillDrift(skill, Level(windows), newest, windows, Evidence(samples[0], least, newest.Drift));
    }

    private static DriftLevel Level(ImmutableArray<WindowDrift> windows)
    {
        if (!windows[0].IsSignificant) return DriftLevel.None;
        if (windows.Length >= WindowsCritical && windows.Take(WindowsCritical).All(window => window.IsExtreme)) return DriftLevel.Critical;
        return Math.Abs(windows[0].Drift) switch
        {
            > Error => DriftLevel.Error,
            > Warn => DriftLevel.Warn,
            _ => DriftLevel.None,
        };
    }

    private static WindowDrift Of(ImmutableArray<DriftSample> samples, double least, double limit)
    {
        if (samples.IsEmpty) return new WindowDrift(0, 0, 1, false);
        var logs = samples.Select(sample => Log(sample, least)).Order().ToArray();
        var (above, below) = (logs.Count(log => log > 0), logs.Count(log => log < 0));
        var chance = Distributions.SignTest(above, below);
        return new WindowDrift(samples.Length, Math.Round(Math.Exp(Quantiles.Median(logs)) - 1, 6), chance, samples.Length >= SamplesMin && chance < limit);
    }

    private static ImmutableArray<RunId> Evidence(ImmutableArray<DriftSample> samples, double least, double drift) =>
    [
        .. samples.Where(sample => sample.Run is not null && Log(sample, least) * drift > 0).OrderByDescending(sample => Math.Abs(Log(sample, least))).ThenBy(sample => sample.Run!.Value.Value)
            .Select(sample => sample.Run!.Value).Distinct().Take(EvidenceMax),
    ];

    private static double Log(DriftSample sample, double least) => Math.Log((sample.Actual + least) / (sample.Estimated + least));
}
