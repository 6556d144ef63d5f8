using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>Settings of <see cref="GoalSanitizer"/>.</summary>
/// <param name="LengthMax">Characters.</param>
/// <param name="Forbidden">Domains forbidden beside the inner ones.</param>
public sealed record GoalLimits(int LengthMax = 10_000, bool DetectInjection = true, bool SanitizeUrls = true, ImmutableArray<string> Forbidden = default)
{
    public IReadOnlyCollection<string> ForbiddenDomains => Forbidden.IsDefault ? [] : Forbidden;
}

/// <summary>A goal as it may be used.</summary>
/// <param name="Text">Invisible characters dropped, white space collapsed, unsafe URLs replaced.</param>
/// <param name="Safe">False: reject it, for <paramref name="BlockedReason"/>.</param>
/// <param name="Patterns">Names of all families found, blocking ones or not.</param>
public sealed record SanitizedGoal(string Text, bool Safe, ImmutableArray<string> Warnings, string? BlockedReason, ImmutableArray<string> Patterns);

/// <summary>Looks at a goal before a planner does. Pure; names are resolved outside and come in as verdicts.</summary>
public static partial class GoalSanitizer
{
    /// <summary>Stands where an unsafe URL stood.</summary>
    public const string BlockedUrl = "[BLOCKED_URL]";

    /// <summary>Schemes beside http and https that reach into machines.</summary>
    private static readonly string[] HarmfulSchemes = ["file", "gopher", "dict", "ldap", "ldaps", "ftp", "sftp", "tftp", "jar", "netdoc", "smb", "telnet"];

    /// <summary>URLs of the goal that are reached over http, each once.</summary>
    public static IReadOnlyList<string> Urls(string goal) =>
        [.. Url().Matches(Clean(goal)).Select(match => Trimmed(match.Value)).Where(url => url.StartsWith("http", StringComparison.OrdinalIgnoreCase)).Distinct(StringComparer.Ordinal)];

    /// <summary>Checks and cleans a goal.</summary>
    /// <param name="judged">Verdicts of the way out by URL, true: let out. They count more than the URL's text.</param>
    public static SanitizedGoal Check(string goal, GoalLimits limits, IReadOnlyDictionary<string, bool>? judged = null)
    {
        if (goal.Length > limits.LengthMax)
        {
            var cut = char.IsHighSurrogate(goal[limits.LengthMax - 1]) ? limits.LengthMax - 1 : limits.LengthMax;
            return new SanitizedGoal(goal[..cut], false, [], $"its length of {goal.Length} characters is more than {limits.LengthMax}", ["length"]);
        }

        var text = Clean(goal);
        var warnings = ImmutableArray.CreateBuilder<string>();
        var patterns = ImmutableArray.CreateBuilder<string>();
        string? blocked = null;
        if (limits.DetectInjection)
        {
            foreach (var family in Families(goal))
            {
                patterns.Add(family.Name);
                if (family.Blocks) blocked ??= $"it looks like {family.Name}";
                else warnings.Add($"The goal looks like {family.Name}.");
            }

            blocked ??= Screened(goal, warnings, patterns);
        }

        if (limits.SanitizeUrls) text = Url().Replace(text, match => Judged(match.Value, limits, judged, warnings));
        return new SanitizedGoal(text, blocked is null, warnings.ToImmutable(), blocked, patterns.ToImmutable());
    }

    /// <summary>Families found, looking at the words as they stand and with spaced-out words drawn together.</summary>
    internal static IEnumerable<GoalFamily> Families(string text)
    {
        var skeleton = TextFold.Skeleton(text);
        var plain = Spaces().Replace(skeleton, " ");
        var drawn = Spaces().Replace(SpacedOut().Replace(skeleton, static word => Gaps().Replace(word.Value, "")), " ");
        return GoalPatterns.All.Where(family => family.Patterns.Any(pattern => pattern.IsMatch(plain) || (drawn.Length != plain.Length && pattern.IsMatch(drawn))));
    }

    /// <summary>What the screen adds to the families, and why it rejects the goal.</summary>
    private static string? Screened(string goal, ImmutableArray<string>.Builder warnings, ImmutableArray<string>.Builder patterns)
    {
        var screened = InjectionScreen.Screen(goal, TextOrigin.Goal);
        if (screened.Verdict == ScreenVerdict.Clean) return null;
        foreach (var rule in screened.Rules.Where(rule => !patterns.Contains(rule)))
        {
            patterns.Add(rule);
            if (screened.Verdict != ScreenVerdict.Hostile) warnings.Add($"The goal looks like {rule}.");
        }

        return screened.Verdict == ScreenVerdict.Hostile ? $"it looks like {string.Join(" and ", screened.Rules)}" : null;
    }

    private static string Clean(string goal) => Spaces().Replace(TextFold.Plain(goal), " ").Trim();

    private static string Judged(string match, GoalLimits limits, IReadOnlyDictionary<string, bool>? judged, ImmutableArray<string>.Builder warnings)
    {
        var url = Trimmed(match);
        var scheme = url[..url.IndexOf(':', StringComparison.Ordinal)];
        var isWeb = scheme.Equals("http", StringComparison.OrdinalIgnoreCase) || scheme.Equals("https", StringComparison.OrdinalIgnoreCase);
        if (!isWeb && !HarmfulSchemes.Contains(scheme, StringComparer.OrdinalIgnoreCase)) return match;
        var why = Targets.Refusal(url, limits.ForbiddenDomains);
        if (judged is not null && judged.TryGetValue(url, out var allowed)) why = allowed ? null : why ?? "its name leads to an address that is not public";
        if (why is null) return match;
        warnings.Add($"A URL was replaced by {BlockedUrl}: {why}.");
        return BlockedUrl + match[url.Length..];
    }

    /// <summary>Without the punctuation that ends a sentence.</summary>
    private static string Trimmed(string url) => url.TrimEnd('.', ',', ';', ':', '!', '?', ')', '\'');

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();

    [GeneratedRegex(@"(?<![\w])[a-z][a-z0-9+.\-]{1,20}://(?:\[[0-9a-fA-F:.%]+\])?[^\s""'<>\[\]{}|\\^`]*", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Url();

    /// <summary>Three or more single letters, each with one gap behind it: "i g n o r e".</summary>
    [GeneratedRegex(@"(?<![\w])(?:[a-z][ ._*\-]){2,60}[a-z](?![\w])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SpacedOut();

    [GeneratedRegex(@"[ ._*\-]", RegexOptions.CultureInvariant)]
    private static partial Regex Gaps();
}
