using System.Text;

namespace Aos.Kernel;

/// <summary>A word of a text: its letters in the folded text, its place in the one that was given.</summary>
/// <param name="Breaks">A sentence or paragraph ends in front of it.</param>
internal readonly record struct ScreenWord(int At, int Length, int Start, int End, bool Breaks);

/// <summary>
/// The words of a text as a reader sees them: folded, in small letters, words that were spaced out drawn together. Made in one pass.
/// Letters of scripts without spaces between words are no words here.
/// </summary>
internal sealed class ScreenWords
{
    private readonly StringBuilder folded;
    private char[] letters = [];
    private int start = -1;
    private int end;
    private int at;
    private bool breaks;
    private bool mixed;
    private bool latin;

    private ScreenWords(int length) => folded = new StringBuilder(length);

    internal List<ScreenWord> All { get; private set; } = [];

    /// <summary>Zero-width characters between Latin letters: no script needs them there.</summary>
    internal int Hidden { get; private set; }

    /// <summary>Words in which letters of another script stand for Latin ones.</summary>
    internal int LookAlikes { get; private set; }

    internal ReadOnlySpan<char> this[ScreenWord word] => letters.AsSpan(word.At, word.Length);

    internal static ScreenWords Of(ReadOnlySpan<char> text)
    {
        var words = new ScreenWords(text.Length);
        words.Read(text);
        words.letters = new char[words.folded.Length];
        words.folded.CopyTo(0, words.letters, words.letters.Length);
        words.Draw(text);
        return words;
    }

    internal static bool IsScriptWithoutSpaces(Rune rune) => rune.Value is (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x9FFF) or (>= 0xAC00 and <= 0xD7AF);

    private void Read(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length;)
        {
            _ = Rune.DecodeFromUtf16(text[i..], out var rune, out var length);
            if (rune.IsAscii) Add(text, (char)rune.Value, i);
            else Add(rune, text, i, length);
            i += length;
        }

        Close();
    }

    private void Add(ReadOnlySpan<char> text, char c, int i)
    {
        if (char.IsAsciiLetterOrDigit(c))
        {
            latin |= char.IsAsciiLetter(c);
            Letter(char.ToLowerInvariant(c), i, 1);
        }
        else if (c != '\'' || !IsShortened(text[(i + 1)..])) Separator(text, c, i);
    }

    private void Add(Rune rune, ReadOnlySpan<char> text, int i, int length)
    {
        if (rune.Value == 0x2019 && IsShortened(text[(i + 1)..])) return;
        var shown = TextFold.Skeleton(rune);
        if (shown is { Length: 0 })
        {
            if (rune.Value is 0x200B or (>= 0x2060 and <= 0x2064) or 0xFEFF && start >= 0 && i + length < text.Length && char.IsAsciiLetter(text[i + length])) Hidden++;
            return;
        }

        if (shown is null && (IsScriptWithoutSpaces(rune) || !IsLetter(rune)))
        {
            Separator(text, rune.Value is 0x3002 or 0xFF01 or 0xFF1F ? '.' : ' ', i);
            return;
        }

        if (TextFold.IsLookAlike(rune)) mixed = true;
        foreach (var c in shown ?? rune.ToString())
        {
            if (char.IsAscii(c) && !char.IsAsciiLetterOrDigit(c)) Separator(text, c, i);
            else Letter(char.ToLowerInvariant(c), i, length);
        }
    }

    private void Letter(char c, int i, int length)
    {
        if (start < 0) (start, at) = (i, folded.Length);
        folded.Append(c);
        end = i + length;
    }

    private void Separator(ReadOnlySpan<char> text, char c, int i)
    {
        Close();
        breaks |= c switch
        {
            '.' or '!' or '?' or ';' => i + 1 >= text.Length || char.IsWhiteSpace(text[i + 1]) || text[i + 1] is '"' or '\'' or ')',
            '\n' => i + 1 < text.Length && text[i + 1] is '\n' or '\r',
            _ => false,
        };
    }

    private void Close()
    {
        if (start < 0) return;
        var word = new ScreenWord(at, folded.Length - at, start, end, breaks);
        if (mixed && latin && word.Length > 2) LookAlikes++;
        All.Add(word);
        (start, breaks, mixed, latin) = (-1, false, false, false);
    }

    private static bool IsLetter(Rune rune) => Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) == System.Globalization.UnicodeCategory.SpacingCombiningMark;

    /// <summary>"don't" and "you're" are one word, "l'ami" is two.</summary>
    private static bool IsShortened(ReadOnlySpan<char> rest)
    {
        var length = 0;
        while (length < rest.Length && length < 3 && char.IsAsciiLetter(rest[length])) length++;
        return length is 1 or 2 && (length == rest.Length || !char.IsLetter(rest[length]))
            && rest[..length] is "t" or "s" or "m" or "d" or "re" or "ve" or "ll";
    }

    /// <summary>"i g n o r e" and "i-g-n-o-r-e": single letters, each with the same one character behind it, are one word.</summary>
    private void Draw(ReadOnlySpan<char> text)
    {
        if (!All.Any(word => word.Length == 1)) return;
        var drawn = new List<ScreenWord>(All.Count);
        for (var i = 0; i < All.Count; i++)
        {
            var last = i;
            while (last + 1 < All.Count && Touch(text, All[i], All[last], All[last + 1])) last++;
            if (last - i < 2)
            {
                drawn.Add(All[i]);
                continue;
            }

            // The letters stand one behind the other in the folded text already.
            drawn.Add(new ScreenWord(All[i].At, last - i + 1, All[i].Start, All[last].End, All[i].Breaks));
            i = last;
        }

        All = drawn;
    }

    private static bool Touch(ReadOnlySpan<char> text, ScreenWord first, ScreenWord left, ScreenWord right) =>
        left.Length == 1 && right.Length == 1 && right.Start == left.End + 1 && text[left.End] == text[first.End];
}
