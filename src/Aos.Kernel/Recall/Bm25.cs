namespace Aos.Kernel;

/// <summary>
/// How well a text answers the words of a question: Okapi BM25 (S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework", 2009)
/// with the usual <c>k1 = 1.2</c> and <c>b = 0.75</c>: <c>Σ idf · tf·(k1+1) / (tf + k1·(1 − b + b·length/average))</c>.
/// </summary>
public static class Bm25
{
    private const double K1 = 1.2;
    private const double B = 0.75;

    /// <summary><c>ln(1 + (texts − with + 0.5) / (with + 0.5))</c>: the more texts have a word, the less it says. Above 0.</summary>
    /// <param name="with">Texts with the word, at most all.</param>
    public static double Idf(long texts, long with) => Math.Log(1 + ((texts - with + 0.5) / (with + 0.5)));

    /// <summary>What one word of the question adds.</summary>
    /// <param name="count">How often the text has it, from 1.</param>
    /// <param name="length">Words of the text.</param>
    /// <param name="average">Words of a text on average, above 0.</param>
    public static double Part(double idf, int count, int length, double average) => idf * count * (K1 + 1) / (count + (K1 * (1 - B + (B * length / average))));
}
