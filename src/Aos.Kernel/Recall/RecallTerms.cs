using System.Text;

namespace Aos.Kernel;

/// <summary>The words of a text, counted, in a form that is small and quickly asked. A word is its hash of 48 bits.</summary>
public sealed class RecallTerms
{
    private const int CountBits = 16;
    private const ulong CountMax = (1UL << CountBits) - 1;

    private readonly ulong[] counted;

    /// <param name="words">As <see cref="RecallWords"/> made them.</param>
    public RecallTerms(IReadOnlyCollection<string> words)
    {
        Length = words.Count;
        var counts = new SortedDictionary<ulong, ulong>();
        foreach (var word in words)
        {
            var term = TermOf(word);
            counts[term] = Math.Min(counts.GetValueOrDefault(term) + 1, CountMax);
            Signature |= SignatureOf(term);
        }

        counted = [.. counts.Select(pair => (pair.Key << CountBits) | pair.Value)];
    }

    /// <summary>All words, also repeated ones.</summary>
    public int Length { get; }

    /// <summary>A bit for each word: a text that lacks the bit of a word lacks the word.</summary>
    public ulong Signature { get; }

    /// <summary>Bytes it takes, about.</summary>
    public int Bytes => 56 + (counted.Length * sizeof(ulong));

    public static ulong TermOf(string word) => HashEmbedding.Hash(Encoding.UTF8.GetBytes(word), 't') >> CountBits;

    public static ulong SignatureOf(ulong term) => 1UL << (int)(term & 63);

    /// <summary>How often the text has the word; 0: it has not.</summary>
    public int CountOf(ulong term)
    {
        var (low, high) = (0, counted.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var at = counted[middle] >> CountBits;
            if (at == term) return (int)(counted[middle] & CountMax);
            if (at < term) low = middle + 1;
            else high = middle - 1;
        }

        return 0;
    }
}
