namespace Aos.Identity;

/// <summary>How often a caller may ask, requests a minute.</summary>
internal static class Tiers
{
    private static readonly (string Name, long PerMinute)[] Table = [("free", 60), ("dev", 300), ("pro", 1_200), ("enterprise", 6_000), ("unlimited", 1_000_000_000)];

    /// <summary>From the lowest to the highest.</summary>
    internal static IReadOnlyList<string> Names { get; } = [.. Table.Select(tier => tier.Name)];

    internal static bool IsKnown(string name) => Rank(name) >= 0;

    /// <summary>Place among the tiers, from 0; -1: unknown.</summary>
    internal static int Rank(string name) => Array.FindIndex(Table, tier => tier.Name == name);

    /// <summary>Requests a minute; of an unknown tier those of the lowest.</summary>
    internal static long PerMinute(string name) => Table[Math.Max(0, Rank(name))].PerMinute;
}
