using System.Globalization;

namespace Aos.Failures;

/// <summary>Settings of the failures that are kept.</summary>
public sealed class FailureOptions
{
    private const int RetentionDaysMax = 365;

    /// <summary>Days that a failed step is kept after it failed last, 1 to 365.</summary>
    public int RetentionDays { get; set; } = 30;

    /// <summary>What cannot be read; a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>Reads the settings by their names.</summary>
    public static FailureOptions Read(Func<string, string?> setting)
    {
        if (setting("AOS_FAILURE_RETENTION_DAYS") is not { } text) return new FailureOptions();
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= RetentionDaysMax
            ? new FailureOptions { RetentionDays = days }
            : new FailureOptions { Problems = [$"AOS_FAILURE_RETENTION_DAYS is a whole number of days from 1 to {RetentionDaysMax}."] };
    }
}
