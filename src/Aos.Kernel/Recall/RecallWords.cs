using System.Collections.Frozen;
using System.Text;

namespace Aos.Kernel;

/// <summary>
/// The words of a text as recall compares them: what a reader sees (<see cref="TextFold.Skeleton(string)"/>: no case, no marks, no look-alikes), cut at
/// everything that is neither letter nor digit, without words that say nothing, each brought to its stem. Scripts that are written without
/// spaces give pairs of neighbouring letters. The same on every machine and in every culture.
/// </summary>
public static class RecallWords
{
    /// <summary>Longer words are cut, characters: nobody writes them, and a text of one word must not cost more than others.</summary>
    public const int WordCharsMax = 64;

    /// <summary>Function words and words of questions, English and the commonest of German, French and Spanish, without marks.</summary>
    private static readonly FrozenSet<string> Empty = """
        a about after again all also am an and any are as at be because been before being below between both but by can could did do does doing down during each few for from
        further had has have having he her here hers him his how i if in into is it its itself just me more most my no nor not now of off on once only or other our out over own s
        same she should so some such t than that the their them then there these they this those through to too under until up us very was we were what when where which while who
        whom why will with would you your
        aber als am auch auf aus bei bin bis das dass dem den der des die ein eine einem einen einer es fur hat ich ihr im ist mit nach nicht noch oder sich sie sind und von war was
        welche welcher welches wenn wer wie wird wo zu zum zur
        au aux ce ces cette dans de elle est et il la le les leur mais ne nous ont ou par pas pour quand que quel quelle qui quoi sa ses son sont sur un une vous
        como con cual cuando del donde el ella en esta este los las mas para pero por quien se sin su sus una y
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>In the order of the text, repeated as often as they stand there. A text of nothing but empty words gives those.</summary>
    public static List<string> Of(string text)
    {
        var all = new List<string>();
        var word = new StringBuilder();
        foreach (var rune in TextFold.Skeleton(text).EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune)) word.Append(Rune.ToLowerInvariant(rune).ToString());
            else Take(all, word);
        }

        Take(all, word);
        var telling = all.Where(static one => !Empty.Contains(one)).ToList();
        return [.. (telling.Count > 0 ? telling : all).Select(WordStem.Of)];
    }

    private static void Take(List<string> all, StringBuilder word)
    {
        if (word.Length == 0) return;
        var whole = word.Length > WordCharsMax ? word.ToString(0, WordCharsMax) : word.ToString();
        word.Clear();
        if (whole.Length < 3 || !whole.All(IsUnspaced)) all.Add(whole);
        else for (var i = 0; i + 1 < whole.Length; i++) all.Add(whole.Substring(i, 2));
    }

    /// <summary>Letters of Chinese, Japanese, Thai and their neighbours.</summary>
    private static bool IsUnspaced(char c) => c is (>= '\u0E00' and <= '\u0EFF') or (>= '\u3040' and <= '\u30FF') or (>= '\u3400' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF');
}
