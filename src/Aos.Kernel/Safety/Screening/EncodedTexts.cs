using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace Aos.Kernel;

/// <summary>Texts within a text that are written so that a reader does not see what they say: what each says, with its place.</summary>
internal static class EncodedTexts
{
    /// <summary>Shorter runs say nothing worth hiding.</summary>
    private const int RunMin = 24;

    private static readonly SearchValues<char> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_");

    /// <summary>Words of which three make it worth to read a text backwards, or by thirteen letters shifted.</summary>
    private static readonly string[] Keywords =
        ["ignore", "disregard", "forget", "previous", "prior", "instructions", "prompt", "system", "rules", "reveal", "password", "secret", "all", "your"];

    private static readonly System.Collections.Frozen.FrozenSet<string> Shifted =
        System.Collections.Frozen.FrozenSet.ToFrozenSet(Keywords.Select(word => Shift(word)), StringComparer.Ordinal);

    private static readonly System.Collections.Frozen.FrozenSet<string> Reversed =
        System.Collections.Frozen.FrozenSet.ToFrozenSet(Keywords.Select(word => Reverse(word)), StringComparer.Ordinal);

    internal static IEnumerable<(string Text, int Start, int Length, string Rule)> In(string text, ScreenWords words)
    {
        foreach (var (start, length) in Runs(text))
        {
            var run = text.AsSpan(start, length);
            if (OfHex(run) is { } hex) yield return (hex, start, length, "encoded_payload");
            else if (OfBase64(run) is { } plain) yield return (plain, start, length, "encoded_payload");
        }

        if (Count(text, "%") > 5 && Uri.UnescapeDataString(text) is var open && open.Length < text.Length) yield return (open, 0, text.Length, "encoded_payload");
        if (Count(text, "&#") > 3 && WebUtility.HtmlDecode(text) is var html && html.Length < text.Length) yield return (html, 0, text.Length, "encoded_payload");
        if (Count(text, "\\u") > 3 && Unescaped(text) is var signs && signs.Length < text.Length) yield return (signs, 0, text.Length, "encoded_payload");
        var (shifted, reversed) = Known(words);
        if (shifted > 2) yield return (Shift(text), 0, text.Length, "encoded_payload");
        if (reversed > 2) yield return (Reverse(text), 0, text.Length, "encoded_payload");
        if (Tags(text) is { } tags) yield return (tags.Text, tags.Start, tags.Length, "hidden_characters");
    }

    /// <summary>Runs of letters that may be Base64 or hex.</summary>
    internal static List<(int Start, int Length)> Runs(string text)
    {
        var runs = new List<(int, int)>();
        var at = 0;
        while (text.AsSpan(at).IndexOfAny(Base64) is >= 0 and var found)
        {
            at += found;
            var length = text.AsSpan(at).IndexOfAnyExcept(Base64);
            if (length < 0) length = text.Length - at;
            if (length >= RunMin) runs.Add((at, length));
            at += length;
        }

        return runs;
    }

    private static string? OfHex(ReadOnlySpan<char> run)
    {
        if (run.Length % 2 != 0) return null;
        var bytes = new byte[run.Length / 2];
        return Convert.FromHexString(run, bytes, out _, out _) == OperationStatus.Done ? Readable(bytes) : null;
    }

    /// <summary>The text it says, or null: it is none, or says data.</summary>
    internal static string? OfBase64(ReadOnlySpan<char> run)
    {
        var padded = run.ToString().Replace('-', '+').Replace('_', '/');
        padded = padded[..(padded.Length - (padded.Length % 4 == 1 ? 1 : 0))];
        padded = padded.PadRight((padded.Length + 3) / 4 * 4, '=');
        var bytes = new byte[padded.Length];
        return Convert.TryFromBase64String(padded, bytes, out var count) ? Readable(bytes.AsSpan(0, count)) : null;
    }

    /// <summary>Text with words, or null: it is data.</summary>
    private static string? Readable(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 12 || !System.Text.Unicode.Utf8.IsValid(bytes)) return null;
        var text = Encoding.UTF8.GetString(bytes);
        return text.Any(c => char.IsControl(c) && !char.IsWhiteSpace(c)) || !text.Any(char.IsLetter) ? null : text;
    }

    private static (int Shifted, int Reversed) Known(ScreenWords words)
    {
        var (shifted, reversed) = (0, 0);
        var (asShifted, asReversed) = (Shifted.GetAlternateLookup<ReadOnlySpan<char>>(), Reversed.GetAlternateLookup<ReadOnlySpan<char>>());
        foreach (var word in words.All)
        {
            if (asShifted.Contains(words[word])) shifted++;
            if (asReversed.Contains(words[word])) reversed++;
        }

        return (shifted, reversed);
    }

    /// <summary>Letters of the block of tags, which stand for ASCII and are not shown. Behind a black flag they name a country's part.</summary>
    private static (string Text, int Start, int Length)? Tags(string text)
    {
        if (!text.Contains('\uDB40', StringComparison.Ordinal)) return null;
        var (shown, first, last, isFlag) = (new StringBuilder(), -1, 0, false);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is >= 0xE0020 and <= 0xE007E && !isFlag)
            {
                shown.Append((char)(rune.Value - 0xE0000));
                (first, last) = (first < 0 ? at : first, at + 2);
            }

            isFlag = rune.Value == 0x1F3F4 || (isFlag && rune.Value is >= 0xE0020 and <= 0xE007F);
            at += rune.Utf16SequenceLength;
        }

        return shown.Length < 4 ? null : (shown.ToString(), first, last - first);
    }

    private static string Unescaped(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 5 < text.Length && text[i + 1] == 'u' && ushort.TryParse(text.AsSpan(i + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            {
                result.Append((char)code);
                i += 5;
            }
            else
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }

    private static int Count(string text, string sign) => text.AsSpan().Count(sign);

    private static string Shift(string text) => string.Create(text.Length, text, static (to, from) =>
    {
        for (var i = 0; i < to.Length; i++)
        {
            var c = from[i];
            to[i] = char.IsAsciiLetter(c) ? (char)((((c | 0x20) - 'a' + 13) % 26) + (char.IsAsciiLetterUpper(c) ? 'A' : 'a')) : c;
        }
    });

    private static string Reverse(string text)
    {
        var letters = text.ToCharArray();
        Array.Reverse(letters);
        return new string(letters);
    }
}
