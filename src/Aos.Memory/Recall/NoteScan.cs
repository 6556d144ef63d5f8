using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>
/// One question on its way over the notes: first <see cref="Count"/> over all blocks, which finds by words, then <see cref="Compare"/> over
/// all, which finds by vectors. Exact: every note that the filter means is looked at. The order of the blocks does not matter.
/// </summary>
internal sealed class NoteScan
{
    private readonly NoteFilter filter;
    private readonly long now;
    private readonly string[] words;
    private readonly ulong[] terms;
    private readonly ulong[] signatures;
    private readonly ulong signature;
    private readonly bool meansAll;
    private readonly long[] textsWith;
    private readonly bool comparesBuiltIn;
    private readonly SketchedQuestion? vector;
    private readonly List<(NoteRow Row, int[] Counts)> matches = [];
    private readonly Best bySimilarity = new(), byBuiltIn = new(), byAge = new();
    private SketchedQuestion? builtIn;
    private long texts, length;

    /// <param name="vector">The question's vector of the configured model, of length 1; null: none is compared.</param>
    /// <param name="comparesBuiltIn">False: no vectors at all.</param>
    internal NoteScan(string text, NoteFilter filter, DateTimeOffset now, float[]? vector, bool comparesBuiltIn)
    {
        this.filter = filter;
        this.now = now.UtcTicks;
        this.vector = vector is null ? null : new SketchedQuestion(vector);
        words = [.. RecallWords.Of(text).Distinct(StringComparer.Ordinal)];
        terms = [.. words.Select(RecallTerms.TermOf)];
        textsWith = new long[terms.Length];
        signatures = [.. terms.Select(RecallTerms.SignatureOf)];
        foreach (var one in signatures) signature |= one;
        meansAll = filter is { Agent: null, Workflow: null, Scope: null, Types.Count: 0, Source: null, Run: null, Since: null, Until: null };
        this.comparesBuiltIn = comparesBuiltIn && words.Length > 0;
        TakesNewest = text.Trim().Length == 0;
    }

    /// <summary>The question is empty: the newest notes are its answer.</summary>
    internal bool TakesNewest { get; }

    /// <summary>Whether there is anything to compare: else <see cref="Compare"/> need not be called.</summary>
    internal bool Compares => comparesBuiltIn || vector is not null;

    internal void Count(NoteBlock block)
    {
        foreach (var row in block.Rows)
        {
            if (!IsMeant(row)) continue;
            if (TakesNewest) byAge.Offer(row, 0);
            texts++;
            length += row.Terms.Length;
            if ((row.Terms.Signature & signature) != 0) Match(row);
        }
    }

    internal void Compare(NoteBlock block)
    {
        // Words that few notes have say more, also by their parts.
        if (comparesBuiltIn) builtIn ??= new SketchedQuestion(HashEmbedding.Of(words, weight: word => Bm25.Idf(Math.Max(texts, 1), textsWith[Array.IndexOf(words, word)])));
        var rows = block.Rows;
        for (var slot = 0; slot < rows.Length; slot++)
        {
            var row = rows[slot];
            if (!IsMeant(row)) continue;
            if (builtIn is not null) byBuiltIn.Offer(row, block.BuiltIn, slot, builtIn);
            if (vector is not null && block.Vectors(slot, vector.Vector.Length) is { } own) bySimilarity.Offer(row, own, slot, vector);
        }
    }

    /// <summary>What was found, best first, with the reasons; at most <paramref name="most"/>.</summary>
    internal List<(NoteRow Row, double Score, double Fused, double Recency, List<RecallReason> Reasons)> Found(int most)
    {
        if (TakesNewest) return [.. byAge.InOrder().Take(most).Select(one => Scored(one.Row, 1, []))];
        var reasons = new Dictionary<Guid, (NoteRow Row, List<RecallReason> Own)>();
        var asked = new List<RecallChannel> { RecallChannel.FullText };
        Add(reasons, RecallChannel.FullText, ByText());
        if (vector is not null) asked.Add(RecallChannel.Similarity);
        if (comparesBuiltIn) asked.Add(RecallChannel.BuiltIn);
        Add(reasons, RecallChannel.Similarity, Near(bySimilarity));
        Add(reasons, RecallChannel.BuiltIn, Near(byBuiltIn));
        var found = reasons.Select(pair => Scored(pair.Value.Row, RecallScore.Fused(pair.Value.Own.Select(reason => (reason.Channel, reason.Rank)), asked), pair.Value.Own)).ToList();
        found.Sort(static (a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score) : NoteRow.Compare(a.Row, b.Row));
        return found.Count > most ? found[..most] : found;
    }

    /// <summary>Whether words found anything, and vectors did not.</summary>
    internal bool FoundByWordsOnly => matches.Count > 0 && Compares && !Near(bySimilarity).Any() && !Near(byBuiltIn).Any();

    private bool IsMeant(NoteRow row)
    {
        if (row.ExpiresAt <= now) return false;
        if (meansAll) return true;
        if ((filter.Agent is not null || filter.Workflow is not null) && !(row.Scope switch
        {
            NoteScope.Tenant => true,
            NoteScope.Agent => filter.Agent is not null && row.Agent == filter.Agent,
            _ => filter.Workflow is not null && row.Workflow == filter.Workflow,
        }))
        {
            return false;
        }

        return (filter.Scope is null || row.Scope == filter.Scope)
            && (filter.Types.Count == 0 || filter.Types.Contains(row.Type, StringComparer.Ordinal))
            && (filter.Source is null || row.Source == filter.Source)
            && (filter.Run is null || row.Run == filter.Run.Value.Value)
            && !(filter.Since?.UtcTicks > row.CreatedAt)
            && !(filter.Until?.UtcTicks <= row.CreatedAt);
    }

    private void Match(NoteRow row)
    {
        int[]? counts = null;
        for (var i = 0; i < terms.Length; i++)
        {
            if ((row.Terms.Signature & signatures[i]) == 0 || row.Terms.CountOf(terms[i]) is not (> 0 and var count)) continue;
            counts ??= new int[terms.Length];
            counts[i] = count;
            textsWith[i]++;
        }

        if (counts is not null) matches.Add((row, counts));
    }

    private IEnumerable<(NoteRow Row, double Score)> ByText()
    {
        var idf = textsWith.Select(with => Bm25.Idf(texts, with)).ToArray();
        var average = (double)length / Math.Max(texts, 1);
        var best = new Best();
        foreach (var (row, counts) in matches)
        {
            var score = 0d;
            for (var i = 0; i < counts.Length; i++) score += counts[i] == 0 ? 0 : Bm25.Part(idf[i], counts[i], row.Terms.Length, average);
            best.Offer(row, score);
        }

        return best.InOrder();
    }

    private static IEnumerable<(NoteRow Row, double Score)> Near(Best best) => best.InOrder().TakeWhile(one => one.Score > 0);

    private static void Add(Dictionary<Guid, (NoteRow Row, List<RecallReason> Own)> reasons, RecallChannel channel, IEnumerable<(NoteRow Row, double Score)> ranked)
    {
        var rank = 0;
        foreach (var (row, score) in ranked)
        {
            if (!reasons.TryGetValue(row.Id, out var one)) reasons[row.Id] = one = (row, []);
            one.Own.Add(new RecallReason(channel, ++rank, score));
        }
    }

    private (NoteRow Row, double Score, double Fused, double Recency, List<RecallReason> Reasons) Scored(NoteRow row, double fused, List<RecallReason> reasons)
    {
        var recency = RecallScore.Recency(TimeSpan.FromTicks(Math.Max(0, now - row.CreatedAt)));
        return (row, RecallScore.Of(fused, recency, row.Importance), fused, recency, reasons);
    }

    /// <summary>The best notes of one channel; of equal scores the same ones, whatever order they came in.</summary>
    internal sealed class Best
    {
        private readonly PriorityQueue<NoteRow, (double Score, NoteRow Row)> worstFirst = new(Comparer<(double Score, NoteRow Row)>.Create(
            static (a, b) => a.Score != b.Score ? a.Score.CompareTo(b.Score) : NoteRow.Compare(b.Row, a.Row)));

        private double least = double.NegativeInfinity;

        internal void Offer(NoteRow row, double score)
        {
            if (score < least) return;
            if (worstFirst.Count < RecallScore.Depth) worstFirst.Enqueue(row, (score, row));
            else worstFirst.EnqueueDequeue(row, (score, row));
            if (worstFirst.Count == RecallScore.Depth && worstFirst.TryPeek(out _, out var worst)) least = worst.Score;
        }

        /// <summary>The vector itself is read only where its sketch does not tell that it is too far away.</summary>
        internal void Offer(NoteRow row, VectorPlane plane, int slot, SketchedQuestion question)
        {
            if (plane.AtMost(question, slot) >= least) Offer(row, VectorMath.Dot(question.Vector, plane[slot]));
        }

        internal IEnumerable<(NoteRow Row, double Score)> InOrder() => worstFirst.UnorderedItems
            .Select(item => (item.Element, item.Priority.Score)).OrderByDescending(one => one.Score).ThenBy(one => one.Element, Comparer<NoteRow>.Create(NoteRow.Compare));
    }
}
