namespace Aos.Runs;

/// <summary>What a stored trace may be.</summary>
internal static class TraceLimits
{
    internal const int StepsMax = 10_000;

    /// <summary>Of the trace's JSON as it came.</summary>
    internal const int BytesMax = 4 * 1024 * 1024;

    /// <summary>Of a trace's id.</summary>
    internal const int IdChars = 64;

    /// <summary>Of the ids of runs and agents, of names, codes and hashes.</summary>
    internal const int NameChars = 255;

    /// <summary>Digits of a seed.</summary>
    internal const int SeedDigits = 64;

    /// <summary>Largest cost of a step in cents, and longest duration in milliseconds.</summary>
    internal const decimal NumberMax = 1_000_000_000;

    /// <summary>Runs whose journals are looked into for a seed or a hash of a plan, which stand nowhere else.</summary>
    internal const int RunsLookedInto = 1_000;

    /// <summary>Mismatches of one trace.</summary>
    internal const int MismatchesMax = 1_000;
}
