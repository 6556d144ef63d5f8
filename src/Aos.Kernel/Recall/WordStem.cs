namespace Aos.Kernel;

/// <summary>
/// A light stem, so that inflected forms of a word are one: plurals, <c>-ed</c> and <c>-ing</c>, a final <c>e</c> and <c>y</c>. After steps 1a to 1c
/// of M. F. Porter, "An algorithm for suffix stripping" (1980); words of other languages keep most of their letters.
/// </summary>
public static class WordStem
{
    private const int Shortest = 4;

    /// <summary>Of a word of small letters without marks; anything with another sign in it stays as it is.</summary>
    public static string Of(string word)
    {
        if (word.Length < Shortest || !word.All(char.IsAsciiLetterLower)) return word;
        var stem = WithoutEnding(Singular(word));
        if (stem.Length > Shortest && stem[^1] == 'e') stem = stem[..^1];
        return stem.Length >= Shortest && stem[^1] == 'y' ? stem[..^1] + 'i' : stem;
    }

    private static string Singular(string word) => word switch
    {
        [.., 's', 's', 'e', 's'] => word[..^2],
        [.., 'i', 'e', 's'] => word[..^3] + 'y',
        [.., 's' or 'u', 's'] => word,
        [.., 's'] => word[..^1],
        _ => word,
    };

    private static string WithoutEnding(string word)
    {
        foreach (var ending in (ReadOnlySpan<string>)["ing", "ed"])
        {
            if (!word.EndsWith(ending, StringComparison.Ordinal) || word.Length - ending.Length < Shortest - 1) continue;
            var stem = word[..^ending.Length];
            if (!stem.Any(static c => c is 'a' or 'e' or 'i' or 'o' or 'u' or 'y')) continue;
            return stem[^1] == stem[^2] && stem[^1] is not ('l' or 's' or 'z') ? stem[..^1] : stem;
        }

        return word;
    }
}
