using System.Text;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>What equal failures have in common: code, skill, and the message without what differs from call to call.</summary>
public static partial class FailureSignature
{
    /// <summary>Characters of a message that count.</summary>
    private const int CharsMax = 200;

    private const RegexOptions Options = RegexOptions.CultureInvariant;

    /// <summary>The first 16 hex digits of SHA-256 over code, skill and message.</summary>
    /// <param name="skill">Null: the step calls none.</param>
    public static string Of(string code, string? skill, string message) =>
        ContentHash.Hex(Encoding.UTF8.GetBytes($"{code.Trim().ToUpperInvariant()}\n{skill}\n{Normal(message)}"))[..16];

    /// <summary>The message in small letters, with marks for addresses, ids, quoted values and numbers, and single spaces.</summary>
    public static string Normal(string message)
    {
        var text = (message.Length > 4 * CharsMax ? message[..(4 * CharsMax)] : message).ToLowerInvariant();
        text = Address().Replace(text, "<url>");
        text = Id().Replace(text, "<id>");
        text = Quoted().Replace(text, "<text>");
        text = Number().Replace(text, "<n>");
        text = Space().Replace(text, " ").Trim();
        return text.Length > CharsMax ? text[..CharsMax] : text;
    }

    [GeneratedRegex(@"\b[a-z][a-z0-9+.-]{1,15}://[^\s'""<>]+", Options)]
    private static partial Regex Address();

    [GeneratedRegex(@"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b(?=[a-z_-]*[0-9])[0-9a-f]{8,}\b", Options)]
    private static partial Regex Id();

    [GeneratedRegex(@"'[^'\r\n]{1,200}'|""[^""\r\n]{1,200}""", Options)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"[0-9]+([.,:][0-9]+)*", Options)]
    private static partial Regex Number();

    [GeneratedRegex(@"\s+", Options)]
    private static partial Regex Space();
}
