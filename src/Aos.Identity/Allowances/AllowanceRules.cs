using Aos.Contracts;

namespace Aos.Identity;

/// <summary>What an allowance may be.</summary>
internal static class AllowanceRules
{
    /// <summary>Agents of an allowance, and skills.</summary>
    private const int NamesMax = 100;

    private const int NameChars = 255;

    /// <summary>What is wrong with it, null: nothing.</summary>
    internal static string? Problem(Allowance? allowed) => Problem("allow.agents", allowed?.Agents) ?? Problem("allow.skills", allowed?.Skills);

    private static string? Problem(string member, IReadOnlyList<string>? names)
    {
        if (names is null) return null;
        if (names.Count is 0 or > NamesMax) return $"{member}: 1 to {NamesMax} names; leave it out where nobody is to be kept out.";
        return names.Any(name => name.Length is 0 or > NameChars || name.Any(char.IsControl)) ? $"{member}: names have 1 to {NameChars} characters that can be seen." : null;
    }
}
