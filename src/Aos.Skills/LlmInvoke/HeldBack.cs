using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Where a text that goes on can be cut so that no secret lies across the cut: one that shows by its form, as the redactor knows them, or
/// a known one.
/// </summary>
internal static class HeldBack
{
    private const string KeyBegin = "-----BEGIN ";
    private const string KeyEnd = "-----END ";

    /// <summary>Longest user and password in front of a host, with what is around them.</summary>
    private const int UserMax = 200;

    /// <summary>Longest first line of a private key.</summary>
    private const int HeadMax = 64;

    private static readonly char[] Spaces = [' ', '\t', '\n', '\r'];

    private static readonly string[] Schemes = ["bearer ", "basic "];

    /// <summary>Length of the beginning that can be told; 0: nothing yet.</summary>
    /// <param name="secret">A secret that nobody may read; null: none is known.</param>
    internal static int Cut(string text, string? secret)
    {
        var cut = text.Length;
        while (cut > 0 && IsPart(text[cut - 1])) cut--;
        var word = text.LastIndexOfAny(Spaces) + 1;
        var user = text.IndexOf("://", Math.Max(word, text.Length - UserMax), StringComparison.Ordinal);
        if (user >= 0) cut = Math.Min(cut, user);
        foreach (var scheme in Schemes)
        {
            if (text.AsSpan(0, cut).EndsWith(scheme, StringComparison.OrdinalIgnoreCase)) cut -= scheme.Length;
        }

        cut = OutsideKeys(text, Math.Min(cut, Redactor.Open(text)));
        if (secret is { Length: > 0 }) cut = Outside(text, cut, secret);
        return cut > 0 && char.IsHighSurrogate(text[cut - 1]) ? cut - 1 : cut;
    }

    /// <summary>Secrets that show by their form consist of these; names in addresses also of other Latin letters.</summary>
    private static bool IsPart(char c) => char.IsAsciiLetterOrDigit(c) || c is (>= '\u00C0' and <= '\u024F') or '+' or '/' or '=' or '_' or '.' or '~' or '%' or '@' or ':' or '-';

    /// <summary>A private key goes over many lines: all of it, or nothing.</summary>
    private static int OutsideKeys(string text, int cut)
    {
        for (var begin = text.IndexOf(KeyBegin, StringComparison.Ordinal); begin >= 0 && begin < cut; begin = text.IndexOf(KeyBegin, begin + 1, StringComparison.Ordinal))
        {
            var head = text.IndexOf("-----", begin + KeyBegin.Length, StringComparison.Ordinal);
            if (head < 0)
            {
                if (text.Length - begin < HeadMax) return begin;
                continue;
            }

            if (!text.AsSpan(begin, head - begin).EndsWith("PRIVATE KEY", StringComparison.Ordinal)) continue;
            var end = text.IndexOf(KeyEnd, head, StringComparison.Ordinal);
            var close = end < 0 ? -1 : text.IndexOf("-----", end + KeyEnd.Length, StringComparison.Ordinal);
            if (close < 0) return begin;
            if (cut < close + 5) cut = close + 5;
        }

        return cut;
    }

    /// <summary>The secret is not cut through, and what could be its beginning waits.</summary>
    private static int Outside(string text, int cut, string secret)
    {
        for (var at = Math.Max(0, cut - secret.Length + 1); at < cut; at++)
        {
            var length = Math.Min(secret.Length, text.Length - at);
            if ((at + length > cut || length < secret.Length) && text.AsSpan(at, length).SequenceEqual(secret.AsSpan(0, length))) return at;
        }

        return cut;
    }
}
