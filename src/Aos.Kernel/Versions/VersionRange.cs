using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>
/// Which versions are meant: <c>1.2.3</c> that one, <c>1.2</c> and <c>1</c> all that begin so, <c>^1.2</c> all that serve whoever needs 1.2
/// (for 0.x, where a minor version may break: of the same minor version), <c>~1.2.3</c> later patches, <c>latest</c> any. A pre-release is meant only
/// where one of the same release is named.
/// </summary>
public sealed partial class VersionRange
{
    private readonly string text;
    private readonly SemanticVersion from;
    private readonly SemanticVersion? below;

    private VersionRange(string text, SemanticVersion from, SemanticVersion? below) => (this.text, this.from, this.below) = (text, from, below);

    /// <summary>True: it names one version.</summary>
    public bool IsExact => below is { } end && end.Equals(from);

    /// <summary>Null: the text is none.</summary>
    public static VersionRange? Read(string text)
    {
        if (text == "latest") return new VersionRange(text, Version(0, 0, 0), null);
        if (Form().Match(text) is not { Success: true } match || SemanticVersion.Read(match.Groups["version"].Value) is not { } from) return null;
        var parts = match.Groups["version"].Value.Split('+')[0].Split('-')[0].Split('.').Length;
        return match.Groups["sign"].Value switch
        {
            "^" => new VersionRange(text, from, from.Major > 0 || parts == 1 ? Version(from.Major + 1, 0, 0) : from.Minor > 0 || parts == 2 ? Version(0, from.Minor + 1, 0) : Version(0, 0, from.Patch + 1)),
            "~" => new VersionRange(text, from, parts == 1 ? Version(from.Major + 1, 0, 0) : Version(from.Major, from.Minor + 1, 0)),
            _ => new VersionRange(text, from, parts switch { 1 => Version(from.Major + 1, 0, 0), 2 => Version(from.Major, from.Minor + 1, 0), _ => from }),
        };
    }

    public bool Holds(SemanticVersion version)
    {
        if (IsExact) return version.CompareTo(from) == 0 && (from.Build.Length == 0 || from.Build == version.Build);
        if (!version.IsStable && (from.IsStable || (from.Major, from.Minor, from.Patch) != (version.Major, version.Minor, version.Patch))) return false;
        return version.CompareTo(from) >= 0 && (below is null || version.CompareTo(below) < 0);
    }

    public override string ToString() => text;

    private static SemanticVersion Version(long major, long minor, long patch) => new(major, minor, patch, [], "");

    [GeneratedRegex(@"^(?<sign>[\^~]?)(?<version>[0-9].*)\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex Form();
}

/// <summary>A step that asks for certain versions of a skill: <c>skill: NAME@RANGE</c>.</summary>
/// <param name="Path">Where, for instance <c>steps[0].skill</c>.</param>
public sealed record SkillAsk(string Path, string Skill, VersionRange Range);
