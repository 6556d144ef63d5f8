using System.Text;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>
/// Regular expressions as JSON Schema means them (ECMA-262, unanchored): <c>\d</c> and <c>\w</c> are ASCII and <c>$</c>
/// is the very end. They run in linear time; one that needs backtracking is cut off after <see cref="TimeMax"/>.
/// </summary>
internal static class SchemaPattern
{
    internal static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(1);

    internal static Regex? Read(string pattern, out string why)
    {
        why = "";
        if (pattern.Length > JsonSchema.PatternMax)
        {
            why = $"must be at most {JsonSchema.PatternMax} characters long";
            return null;
        }

        var text = Translate(pattern);
        try
        {
            // Linear either way: a clock could only err on a busy machine.
            return new Regex(text, RegexOptions.CultureInvariant | (IsStraight(pattern) ? RegexOptions.None : RegexOptions.NonBacktracking));
        }
        catch (NotSupportedException)
        {
            return new Regex(text, RegexOptions.CultureInvariant, TimeMax);
        }
        catch (ArgumentException e)
        {
            why = $"must be a regular expression: {e.Message}";
            return null;
        }
    }

    /// <summary>Null: it took too long.</summary>
    internal static bool? Matches(Regex regex, string text)
    {
        try
        {
            return regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
    }

    /// <summary>
    /// Whether there is but one way to match, from the start: the plain engine then has nothing to go back to, and is ready
    /// a twentieth of a second sooner than the one that never does.
    /// </summary>
    private static bool IsStraight(string pattern) => pattern.StartsWith('^') && pattern.AsSpan().IndexOfAny("*+?|(,") < 0;

    private static string Translate(string pattern)
    {
        var text = new StringBuilder(pattern.Length + 16);
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                text.Append(Escaped(pattern[++i], inClass));
                continue;
            }

            if (c == '[') inClass = true;
            if (c == ']') inClass = false;
            text.Append(c == '$' && !inClass ? "\\z" : c.ToString());
        }

        return text.ToString();
    }

    private static string Escaped(char c, bool inClass) => (c, inClass) switch
    {
        ('d', true) => "0-9",
        ('d', false) => "[0-9]",
        ('D', false) => "[^0-9]",
        ('w', true) => "A-Za-z0-9_",
        ('w', false) => "[A-Za-z0-9_]",
        ('W', false) => "[^A-Za-z0-9_]",
        _ => "\\" + c,
    };
}
