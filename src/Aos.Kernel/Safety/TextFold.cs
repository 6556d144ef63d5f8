using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Aos.Kernel;

/// <summary>
/// Brings text that only looks different into one form, without the tables of a locale library: the part of NFKC that is used
/// to hide words (full-width, mathematical, enclosed letters, ligatures), invisible characters, and letters of other scripts
/// that look like Latin ones (a selection of Unicode's confusables, UTS 39).
/// </summary>
public static class TextFold
{
    private static readonly FrozenDictionary<int, string> Forms = Pairs(
        "ﬀ=ff ﬁ=fi ﬂ=fl ﬃ=ffi ﬄ=ffl ﬅ=st ﬆ=st ℂ=C ℊ=g ℋ=H ℌ=H ℍ=H ℎ=h ℐ=I ℑ=I ℒ=L ℓ=l ℕ=N ℙ=P ℚ=Q ℛ=R ℜ=R ℝ=R ℤ=Z ℨ=Z ℬ=B ℭ=C ℯ=e ℰ=E ℱ=F ℳ=M ℴ=o ⓪=0 ․=. …=... ⁄=/");

    private static readonly FrozenDictionary<int, string> Looks = Pairs(string.Join(' ',
        Each("àáâãäåāăąǎạảấầẩẫậắằẳẵặаαɑᴀ", "a"), Each("ÀÁÂÃÄÅĀĂĄǍАΑ", "A"), Each("ьβʙ", "b"), Each("ВΒ", "B"), Each("çćĉċčсϲᴄ", "c"), Each("ÇĆĈĊČСϹ", "C"),
        Each("ďđԁᴅ", "d"), Each("ĎĐ", "D"), Each("èéêëēĕėęěẹẻẽếềểễệеєεᴇ", "e"), Each("ÈÉÊËĒĔĖĘĚЕΕ", "E"), Each("ғ", "f"), Each("ĝğġģɡɢ", "g"), Each("ĜĞĠĢԌ", "G"),
        Each("ĥħһнʜ", "h"), Each("ĤĦНΗ", "H"), Each("ìíîïĩīĭįıỉịіιɪ", "i"), Each("ÌÍÎÏĨĪĬĮİІΙ", "I"), Each("ĵјᴊ", "j"), Each("Ј", "J"), Each("ķкκᴋ", "k"),
        Each("ĶКΚ", "K"), Each("ĺļľŀłʟӏ", "l"), Each("ĹĻĽĿŁ", "L"), Each("мᴍ", "m"), Each("МΜ", "M"), Each("ñńņňŉηɴ", "n"), Each("ÑŃŅŇΝ", "N"),
        Each("òóôõöøōŏőơọỏốồổỗộоοσᴏ", "o"), Each("ÒÓÔÕÖØŌŎŐОΟ", "O"), Each("рρᴘ", "p"), Each("РΡ", "P"), Each("ԛ", "q"), Each("ŕŗřгʀ", "r"), Each("ŔŖŘ", "R"),
        Each("śŝşšșѕ", "s"), Each("ŚŜŞŠȘЅ", "S"), Each("ţťŧțтτᴛ", "t"), Each("ŢŤŦТΤ", "T"), Each("ùúûüũūŭůűųưụủυᴜ", "u"), Each("ÙÚÛÜŨŪŬŮŰŲ", "U"), Each("νѵᴠ", "v"),
        Each("Ѵ", "V"), Each("ŵԝᴡ", "w"), Each("Ŵ", "W"), Each("хχ", "x"), Each("ХΧ", "X"), Each("ýÿŷỳỵуγʏ", "y"), Each("ÝŶŸУΥ", "Y"), Each("źżžᴢ", "z"), Each("ŹŻŽΖ", "Z"),
        Each("‐‑‒–—−", "-"), Each("‘’ʼ", "'"), Each("“”", "\""), Each("。｡", "."), Each("∕", "/"), Each("∶", ":")));

    /// <summary>Invisible characters dropped, compatibility forms written plainly, every other white space as a space.</summary>
    public static string Plain(string text) => Map(text, static rune => Form(rune));

    /// <summary>What a reader sees: the plain form with marks dropped and look-alikes as Latin letters. For detection only.</summary>
    public static string Skeleton(string text) => Map(Plain(text), static rune =>
        IsMark(rune) ? "" : Looks.GetValueOrDefault(rune.Value));

    /// <summary>The same of one rune: what it is replaced by, or null: it stays as it is.</summary>
    internal static string? Skeleton(Rune rune)
    {
        if (rune.Value is > ' ' and < 0x7F) return null;
        if (Form(rune) is { } form) return form;
        return IsMark(rune) ? "" : Looks.GetValueOrDefault(rune.Value);
    }

    /// <summary>True: it looks like a Latin letter, and is one of another script.</summary>
    internal static bool IsLookAlike(Rune rune) => rune.Value is >= 0x370 and < 0x590 && Looks.ContainsKey(rune.Value);

    /// <summary>True: nobody sees it.</summary>
    internal static bool IsInvisible(Rune rune) => IsInvisible(rune.Value);

    /// <summary>The replacement, or null: the rune itself.</summary>
    private static string? Form(Rune rune)
    {
        var c = rune.Value;
        if (c < 0x7F) return c < ' ' && c is not ('\n' or '\t' or '\r') ? " " : null;
        if (IsInvisible(c)) return "";
        if (Forms.TryGetValue(c, out var form)) return form;
        if (Rune.IsWhiteSpace(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control) return " ";
        return c switch
        {
            >= 0xFF01 and <= 0xFF5E => Ascii(c - 0xFEE0), // full-width
            >= 0x1D400 and <= 0x1D6A3 => Letter((c - 0x1D400) % 52), // mathematical
            >= 0x1D7CE and <= 0x1D7FF => Ascii('0' + ((c - 0x1D7CE) % 10)),
            >= 0x2460 and <= 0x2468 => Ascii('1' + c - 0x2460), // enclosed
            >= 0x249C and <= 0x24B5 => Ascii('a' + c - 0x249C),
            >= 0x24B6 and <= 0x24E9 => Letter(c - 0x24B6),
            >= 0x1F130 and <= 0x1F149 => Ascii('A' + c - 0x1F130),
            >= 0x1F150 and <= 0x1F169 => Ascii('A' + c - 0x1F150),
            >= 0x1F170 and <= 0x1F189 => Ascii('A' + c - 0x1F170),
            _ => null,
        };
    }

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark;

    private static bool IsInvisible(int c) => c is 0xAD or 0x34F or 0x61C or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x3164 or 0xFEFF or 0xFFA0
        or (>= 0x180B and <= 0x180F) or (>= 0x200B and <= 0x200F) or (>= 0x202A and <= 0x202E) or (>= 0x2060 and <= 0x206F) or (>= 0xFE00 and <= 0xFE0F)
        or (>= 0xE0000 and <= 0xE0FFF);

    private static string Map(string text, Func<Rune, string?> replacement)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (replacement(rune) is { } other) result.Append(other);
            else result.Append(rune.ToString());
        }

        return result.ToString();
    }

    private static string Ascii(int c) => ((char)c).ToString();

    private static string Letter(int index) => Ascii(index < 26 ? 'A' + index : 'a' + index - 26);

    private static string Each(string letters, string latin) => string.Join(' ', letters.EnumerateRunes().Select(rune => $"{rune}={latin}"));

    private static FrozenDictionary<int, string> Pairs(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => (From: pair.EnumerateRunes().First(), Pair: pair))
        .ToFrozenDictionary(pair => pair.From.Value, pair => pair.Pair[(pair.From.Utf16SequenceLength + 1)..]);
}
