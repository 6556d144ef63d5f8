using System.Text;

namespace Aos.Kernel;

/// <summary>
/// A vector of a text without any model: words and their parts, hashed. Equal and kindred words come near one another (<c>deploy</c>,
/// <c>deployment</c>), words that only mean the same do not. Deterministic: the same text has the same bytes on every machine, for ever under this name.
/// </summary>
/// <remarks>
/// Features are each word and the pieces of it with its edges that are 3 to 6 bytes of UTF-8 long (P. Bojanowski et al., "Enriching Word Vectors with Subword
/// Information", 2017). A feature that occurs <c>n</c> times counts <c>1 + ln n</c>; all pieces of a word together count as much as the word. Each is added to
/// one of the dimensions, with a sign, both told by its hash (K. Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009). The sum
/// has length 1. Two texts with nothing in common have a similarity of about 0 ± 1/√dimensions.
/// </remarks>
public static class HashEmbedding
{
    /// <summary>Name of this way to make vectors. Another way gets another name, so that nobody compares the two.</summary>
    public const string Name = "aos-hash-1";

    /// <summary>Numbers of a vector by default.</summary>
    public const int DimensionsDefault = 384;

    private const int PieceMin = 3;
    private const int PieceMax = 6;

    /// <summary>1 + ln n. Written down, since a machine's logarithm may differ in its last digit.</summary>
    private static readonly double[] Damped = [0, 1, 1.6931471805599454, 2.09861228866811, 2.386294361119891, 2.6094379124341, 2.791759469228055, 2.9459101490553135, 3.0794415416798357];

    /// <summary>Of length 1; all 0 where the text has no words.</summary>
    /// <param name="weight">What a word of a question counts, by its stem, for instance as seldom ones count more; null: all the same.</param>
    public static float[] Of(string text, int dimensions = DimensionsDefault, Func<string, double>? weight = null) => Of(RecallWords.Of(text), dimensions, weight);

    /// <summary>The same of words that <see cref="RecallWords"/> made.</summary>
    public static float[] Of(IReadOnlyList<string> words, int dimensions = DimensionsDefault, Func<string, double>? weight = null)
    {
        var sum = new double[dimensions];
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var word in words) counts[word] = counts.GetValueOrDefault(word) + 1;
        foreach (var (word, count) in counts) Add(sum, word, Damped[Math.Min(count, Damped.Length - 1)] * (weight?.Invoke(word) ?? 1));
        var length = 0d;
        foreach (var number in sum) length += number * number;
        length = Math.Sqrt(length); // The square root of IEEE numbers is the same on every machine.
        var vector = new float[dimensions];
        if (length > 0)
        {
            for (var i = 0; i < dimensions; i++) vector[i] = (float)(sum[i] / length);
        }

        return vector;
    }

    private static void Add(double[] sum, string word, double weight)
    {
        var bytes = Encoding.UTF8.GetBytes($"<{word}>");
        Add(sum, Hash(bytes, 'w'), weight);
        var pieces = 0;
        for (var size = PieceMin; size <= PieceMax; size++) pieces += Math.Max(0, bytes.Length - size + 1);
        var each = weight / Math.Sqrt(Math.Max(pieces, 1));
        for (var size = PieceMin; size <= PieceMax; size++)
        {
            for (var at = 0; at + size <= bytes.Length; at++) Add(sum, Hash(bytes.AsSpan(at, size), 'p'), each);
        }
    }

    private static void Add(double[] sum, ulong hash, double weight) => sum[(hash >> 1) % (ulong)sum.Length] += (hash & 1) == 0 ? weight : -weight;

    /// <summary>FNV-1a, its bits mixed as MurmurHash3 does at its end.</summary>
    internal static ulong Hash(ReadOnlySpan<byte> bytes, char kind)
    {
        var hash = (14695981039346656037UL ^ kind) * 1099511628211UL;
        foreach (var one in bytes) hash = (hash ^ one) * 1099511628211UL;
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDUL;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53UL;
        return hash ^ (hash >> 33);
    }
}
