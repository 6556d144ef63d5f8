using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>
/// Where a text that goes on may have begun something to hide: what is secret by a name in front of it or by numbers in groups shows only when
/// both are there. Only the end of the text is looked at, so the time does not grow with it.
/// </summary>
internal static partial class OpenSecrets
{
    /// <summary>A longer value is none that <see cref="SecretTexts"/> knows.</summary>
    private const int CharsMax = 1_200;

    private const RegexOptions Plain = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    /// <summary>The length of the text: nowhere.</summary>
    internal static int At(string text)
    {
        // Numbers may be the end of what stands behind a name: what is in front of them is looked at for itself.
        var told = Groups().Match(text, Math.Max(0, text.Length - CharsMax)) is { Success: true } number ? text[..number.Index] : text;
        return Math.Min(Named(Assignment(), told), Named(Argument(), told));
    }

    private static int Named(Regex pattern, string text)
    {
        var from = Math.Max(0, text.Length - CharsMax);
        for (var match = pattern.Match(text, from); match.Success; match = pattern.Match(text, match.Index + 1))
        {
            var name = match.Groups["name"].Value;
            if (Assignments.IsSecret(name) || name.Equals("key", StringComparison.OrdinalIgnoreCase)) return match.Index;
        }

        return text.Length;
    }

    [GeneratedRegex("(?<![A-Za-z0-9_.-])(?<name>[A-Za-z_][A-Za-z0-9_.-]{1,63})[\"']?[ \\t]{0,3}([:=][ \\t]{0,3}(\"[^\"\\r\\n]{0,512}|'[^'\\r\\n]{0,512}|((?i:bearer|basic) )?[^\\s\"',;<>{}\\[\\]()]{0,1024})|(?i:bearer|basic) [A-Za-z0-9._~+/=-]{0,1024})?\\z", Plain)]
    private static partial Regex Assignment();

    [GeneratedRegex("(?<![A-Za-z0-9_-])--(?<name>[a-z][a-z-]{1,40}) {1,3}[^\\s\"']{0,256}\\z", Plain)]
    private static partial Regex Argument();

    /// <summary>Numbers of cards and telephones, and of accounts.</summary>
    [GeneratedRegex(@"(?<![A-Za-z0-9._+-])([+(]?[0-9][0-9 .()-]{0,40}|[+(]|[A-Z]{2}[0-9]{2}[A-Z0-9 ]{0,40})\z", Plain)]
    private static partial Regex Groups();
}
