using System.Text;

namespace Aos.Memory;

/// <summary>The keys that begin with a text, as a range in the order of their bytes: an index finds it, and no letter of the text is a wildcard.</summary>
internal static class KeyRange
{
    /// <summary>The first text behind all that begin with <paramref name="prefix"/>; null: there is none.</summary>
    internal static string? End(string prefix)
    {
        var runes = prefix.EnumerateRunes().ToList();
        while (runes.Count > 0 && runes[^1].Value == 0x10FFFF) runes.RemoveAt(runes.Count - 1);
        if (runes.Count == 0) return null;
        var last = runes[^1].Value;
        runes[^1] = new Rune(last == 0xD7FF ? 0xE000 : last + 1); // Between them are halves of pairs, which are no letters.
        return string.Concat(runes.Select(rune => rune.ToString()));
    }
}
