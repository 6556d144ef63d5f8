namespace Aos.Kernel;

/// <summary>A way in which a note was found.</summary>
public enum RecallChannel
{
    /// <summary>By its words, <see cref="Bm25"/>.</summary>
    FullText,

    /// <summary>By the vector of a model.</summary>
    Similarity,

    /// <summary>By the vector that is made without a model, <see cref="HashEmbedding"/>.</summary>
    BuiltIn,
}

/// <summary>Brings ranks of several channels, age and importance into one score.</summary>
public static class RecallScore
{
    /// <summary>Notes of a channel that are fused; those behind add next to nothing.</summary>
    public const int Depth = 100;

    private const double RankConstant = 60;
    private const double OfAge = 0.1;
    private const double OfImportance = 0.1;

    /// <summary>After so long the recency of a note is half.</summary>
    public static TimeSpan HalfLife { get; } = TimeSpan.FromDays(30);

    /// <summary>
    /// What a channel counts. The built-in vectors know how words are written and not what they mean, so they count a quarter: they put what was
    /// found in a better order and stand in where nothing was, and what they alone found never comes before what has a word of the question.
    /// </summary>
    public static double Weight(RecallChannel channel) => channel == RecallChannel.BuiltIn ? 0.25 : 1;

    /// <summary>
    /// Reciprocal rank fusion, weighted: <c>Σ weight / (60 + rank)</c> over the channels that found the note (G. Cormack, C. Clarke, S. Büttcher,
    /// "Reciprocal Rank Fusion outperforms Condorcet", 2009), divided by what a note has that is first in all: 0 to 1.
    /// </summary>
    /// <param name="found">Ranks from 1.</param>
    /// <param name="asked">All channels that were asked.</param>
    public static double Fused(IEnumerable<(RecallChannel Channel, int Rank)> found, IEnumerable<RecallChannel> asked)
    {
        var most = asked.Sum(channel => Weight(channel) / (RankConstant + 1));
        return most == 0 ? 0 : found.Sum(one => Weight(one.Channel) / (RankConstant + one.Rank)) / most;
    }

    /// <summary><c>0.5 ^ (age / half life)</c>: 1 for what is new, never 0.</summary>
    public static double Recency(TimeSpan age) => Math.Pow(0.5, Math.Max(0, age / HalfLife));

    /// <summary><c>fused · (0.8 + 0.1·recency + 0.1·importance)</c>: age and importance move a note by a few ranks, and never past what answers much better.</summary>
    /// <param name="importance">0 to 1.</param>
    public static double Of(double fused, double recency, double importance) => fused * (1 - OfAge - OfImportance + (OfAge * recency) + (OfImportance * importance));
}
