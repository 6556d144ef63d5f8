using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>Values that stand behind a name that says they are secret, and credentials behind their scheme.</summary>
internal static class Assignments
{
    private const int ValueMin = 4;
    private const int ValueMax = 1024;
    private const int HexMin = 32;

    private static readonly System.Buffers.SearchValues<char> Hex = System.Buffers.SearchValues.Create("0123456789abcdefABCDEF");

    private static readonly System.Buffers.SearchValues<char> NameLetters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    /// <summary>Secret in settings and connection strings, beside the names of <see cref="Redactor.IsSecret"/>.</summary>
    private static readonly string[] Names = ["accountkey", "passwort", "kennwort", "sharedaccesssignature", "clientkey"];

    private static readonly string[] Words = ["true", "false", "null", "none", "required", "optional", "undefined", "string", "redacted", "hidden", "changeme", "empty", "bearer", "basic", "digest", "negotiate"];

    internal static (int Start, int Length)? Value(Match match, string text)
    {
        var (name, quoted) = (match.Groups["name"].Value, match.Groups["quoted"]);
        var group = quoted.Success ? quoted : match.Groups["value"];
        if (!IsSecret(name) && !(name.Equals("key", StringComparison.OrdinalIgnoreCase) && IsHex(group.ValueSpan))) return null;
        var next = group.Index + group.Length;
        if (!quoted.Success && next < text.Length && text[next] is '(' or '[') return null;
        if (!quoted.Success) next = EndOf(text, next);
        var value = text[group.Index..next];
        return IsValue(value, isSure: quoted.Success || match.Groups["sign"].Value != ":") ? (group.Index, value.Length) : null;
    }

    /// <summary>Behind the header's name, or another one that says secret, all of them; elsewhere a bearer's token has a digit in it, and what is basic is a name and a password.</summary>
    internal static (int Start, int Length)? Credential(Match match, string text)
    {
        var value = match.Groups["value"];
        var isBasic = match.Groups["scheme"].ValueSpan[1] is 'a' or 'A';
        return IsNamed(text.AsSpan(0, match.Index).TrimEnd(":= \"'")) || (isBasic ? IsPair(value.Value) : value.ValueSpan.ContainsAnyInRange('0', '9')) ? (value.Index, value.Length) : null;
    }

    private static bool IsNamed(ReadOnlySpan<char> before)
    {
        var name = before[(before.LastIndexOfAnyExcept(NameLetters) + 1)..];
        return name.EndsWith("authorization", StringComparison.OrdinalIgnoreCase) || (name.Length is > 0 and <= 64 && IsSecret(name.ToString()));
    }

    /// <summary>A key may be of anything; one of 32 hex digits or more opens something.</summary>
    private static bool IsHex(ReadOnlySpan<char> value) => value.Length >= HexMin && value.IndexOfAnyExcept(Hex) < 0;

    /// <summary>A value goes on to where it may end: at a sign that parts it from the next one.</summary>
    private static int EndOf(string text, int at)
    {
        var end = at;
        while (end < text.Length && end - at < ValueMax && !Ends(text, end)) end++;
        return end;
    }

    private static bool Ends(string text, int at) => char.IsWhiteSpace(text[at]) || text[at] is '"' or '\'' or ',' or ';' or '<' or '>' or '{' or '}' or '[' or ']' or '(' or ')'
        || (text[at] == '&' && at + 2 < text.Length && char.IsAsciiLetter(text[at + 1]) && text.AsSpan(at + 1, Math.Min(64, text.Length - at - 1)).Contains('='));

    /// <summary>True: what stands behind this name, in a text, is secret.</summary>
    internal static bool IsSecret(string name)
    {
        if (Redactor.IsSecret(name)) return true;
        var plain = name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
        return Names.Any(known => plain.EndsWith(known, StringComparison.OrdinalIgnoreCase));
    }

    /// <param name="isSure">False: it may be the next word of a sentence.</param>
    private static bool IsValue(string value, bool isSure)
    {
        if (value.Length < ValueMin || value[0] is '$' or '<' or '{' or '[' or '*' or '%' || value.StartsWith("secret:", StringComparison.Ordinal)) return false;
        if (Words.Contains(value, StringComparer.OrdinalIgnoreCase) || value.AsSpan().IndexOfAnyExcept(value[0]) < 0) return false;
        if (IsPath(value)) return false;
        if (!value.AsSpan().ContainsAnyExceptInRange('0', '9')) return value.Length > 7;
        return isSure || value.AsSpan().ContainsAnyExceptInRange('a', 'z');
    }

    /// <summary><c>process.env.API_KEY</c>: where a value comes from.</summary>
    private static bool IsPath(string value)
    {
        if (!value.Contains('.', StringComparison.Ordinal)) return false;
        return value.Split('.').All(static part => part.Length > 0 && (char.IsAsciiLetter(part[0]) || part[0] == '_') && part.All(static c => char.IsAsciiLetter(c) || c == '_'));
    }

    private static bool IsPair(string value)
    {
        var bytes = new byte[value.Length];
        return Convert.TryFromBase64String(value, bytes, out var count) && bytes.AsSpan(0, count).IndexOf((byte)':') > 0;
    }
}
