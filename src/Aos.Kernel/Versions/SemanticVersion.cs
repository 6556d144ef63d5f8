using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>
/// A version as semver.org 2.0.0 has it. Ordered by its precedence: a pre-release comes before its release, and what stands behind a
/// <c>+</c> counts for nothing; of two that differ in it alone neither is newer.
/// </summary>
/// <param name="PreRelease">Identifiers behind the <c>-</c>; empty: a release.</param>
/// <param name="Build">What stands behind the <c>+</c>, or empty.</param>
public sealed partial record SemanticVersion(long Major, long Minor, long Patch, ImmutableArray<string> PreRelease, string Build) : IComparable<SemanticVersion>
{
    public bool IsStable => PreRelease.IsEmpty;

    /// <summary>Reads <c>1.2.3</c>, <c>1.2.3-rc.1+5</c>; parts that are left out (<c>1.2</c>, <c>1</c>) are zero. Null: the text is no version.</summary>
    public static SemanticVersion? Read(string text)
    {
        if (Form().Match(text) is not { Success: true } match) return null;
        var pre = match.Groups["pre"].Success ? [.. match.Groups["pre"].Value.Split('.')] : ImmutableArray<string>.Empty;
        return new SemanticVersion(Part("major"), Part("minor"), Part("patch"), pre, match.Groups["build"].Value);

        long Part(string name) => match.Groups[name].Success ? long.Parse(match.Groups[name].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>True: whoever needs <paramref name="required"/> is served by this one: the same major version, and a minor one at least as high.</summary>
    public bool Serves(SemanticVersion required) => Major == required.Major && Minor >= required.Minor;

    public int CompareTo(SemanticVersion? other)
    {
        if (other is null) return 1;
        var order = (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
        if (order != 0) return order;
        if (IsStable || other.IsStable) return IsStable.CompareTo(other.IsStable);
        for (var i = 0; i < Math.Min(PreRelease.Length, other.PreRelease.Length); i++)
        {
            order = Compare(PreRelease[i], other.PreRelease[i]);
            if (order != 0) return order;
        }

        return PreRelease.Length.CompareTo(other.PreRelease.Length);
    }

    public bool Equals(SemanticVersion? other) =>
        other is not null && (Major, Minor, Patch, Build) == (other.Major, other.Minor, other.Patch, other.Build) && PreRelease.SequenceEqual(other.PreRelease, StringComparer.Ordinal);

    public override int GetHashCode() => (int)((Major * 31) + Minor + (Patch * 7)) + PreRelease.Length;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}{(IsStable ? "" : "-" + string.Join('.', PreRelease))}{(Build.Length == 0 ? "" : "+" + Build)}");

    /// <summary>Numbers by value and before words; words by their letters.</summary>
    private static int Compare(string a, string b)
    {
        var (left, right) = (IsNumber(a), IsNumber(b));
        if (left != right) return left ? -1 : 1;
        if (left && a.Length != b.Length) return a.Length.CompareTo(b.Length); // No leading zeros: the longer one is greater.
        return Math.Sign(string.CompareOrdinal(a, b));
    }

    private static bool IsNumber(string text) => text.All(char.IsAsciiDigit);

    [GeneratedRegex(
        @"^(?<major>0|[1-9][0-9]{0,8})(\.(?<minor>0|[1-9][0-9]{0,8})(\.(?<patch>0|[1-9][0-9]{0,8})(-(?<pre>(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?(\+(?<build>[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?)?)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
