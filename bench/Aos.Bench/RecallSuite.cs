using System.Diagnostics;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Memory;
using Aos.Memory.Tests;

namespace Aos.Bench;

/// <summary>How well notes are found on the labelled set, by each way and by all together; and what an exact search costs, beside a plain loop.</summary>
internal static class RecallSuite
{
    private const int Notes = 100_000;
    private const int Searches = 200;
    private const int FoundAt = 5;
    private const double Promise = 25;

    /// <summary>False: a promise is not kept.</summary>
    internal static bool Run()
    {
        Quality();
        return Speed();
    }

    private static void Quality()
    {
        var blocks = Blocks(Labelled.Notes.Select((note, i) => Loaded(note.Text, HashEmbedding.Of(note.Text), i)));
        var ids = Labelled.Notes.Select((note, i) => (note.Id, Row: Id(i))).ToDictionary(pair => pair.Id, pair => pair.Row, StringComparer.Ordinal);
        Console.WriteLine($"{"labelled set: 200 notes",-40} {"recall@5",10} {"MRR",10}");
        foreach (var group in Labelled.Questions.GroupBy(question => question.Class))
        {
            var found = group.Select(question => (Answer: ids[question.Note], Hits: Search(blocks, question.Text).Found(IRecall.HitsMax))).ToList();
            Line($"{group.Key}, full text", found.Select(one => RankIn(one.Hits, RecallChannel.FullText, one.Answer)));
            Line($"{group.Key}, built-in vectors", found.Select(one => RankIn(one.Hits, RecallChannel.BuiltIn, one.Answer)));
            Line($"{group.Key}, fused", found.Select(one => one.Hits.FindIndex(hit => hit.Row.Id == one.Answer) + 1));
        }
    }

    private static bool Speed()
    {
        var random = new Random(1);
        var before = GC.GetTotalMemory(true);
        var words = Enumerable.Range(0, 5_000).Select(i => "w" + i.ToString("x", CultureInfo.InvariantCulture)).ToArray();
        var blocks = Blocks(Enumerable.Range(0, Notes).Select(i => Loaded(string.Join(' ', random.GetItems(words, 12)), Vector(random), i)));
        var bytes = GC.GetTotalMemory(true) - before;
        var plain = blocks.SelectMany(block => Enumerable.Range(0, block.Count).Select(slot => block.BuiltIn[slot].ToArray())).ToArray();
        Console.WriteLine();
        Console.WriteLine($"{$"{Notes:N0} notes, {HashEmbedding.DimensionsDefault} dimensions, one thread",-40} {"p50 ms",10} {"p95 ms",10}");
        var ours = Measure(() => (object)Nearest(blocks, Vector(random)));
        Line("exact search of vectors", ours);
        Line("the same by a plain loop", Measure(() => (object)Naive(plain, Vector(random))));
        Line("a whole question: words, vectors, fused", Measure(() => Search(blocks, string.Join(' ', random.GetItems(words, 6))).Found(5)));
        Console.WriteLine($"memory {bytes / 1e6:N0} MB, of which vectors and their sketches {blocks.Sum(block => block.Bytes) / 1e6:N0} MB");
        var kept = At(ours, 0.95) < Promise;
        Console.WriteLine($"exact search p95 < {Promise:N0} ms: {(kept ? "yes" : "NO")}");
        return kept;
    }

    private static NoteScan Search(List<NoteBlock> blocks, string text)
    {
        var scan = new NoteScan(text, new NoteFilter(), DateTimeOffset.UnixEpoch, null, comparesBuiltIn: true);
        foreach (var block in blocks) scan.Count(block);
        foreach (var block in blocks) scan.Compare(block);
        return scan;
    }

    /// <summary>The vectors alone, as of a model: found by no words.</summary>
    private static int Nearest(List<NoteBlock> blocks, float[] vector)
    {
        var (best, question) = (new NoteScan.Best(), new SketchedQuestion(vector));
        foreach (var block in blocks)
        {
            for (var slot = 0; slot < block.Count; slot++) best.Offer(block.Rows[slot], block.BuiltIn, slot, question);
        }

        return best.InOrder().Count();
    }

    private static int Naive(float[][] vectors, float[] question)
    {
        var scores = new (float Score, int At)[vectors.Length];
        for (var i = 0; i < vectors.Length; i++)
        {
            var sum = 0f;
            for (var j = 0; j < question.Length; j++) sum += question[j] * vectors[i][j];
            scores[i] = (sum, i);
        }

        return scores.OrderByDescending(one => one.Score).Take(RecallScore.Depth).Count();
    }

    private static List<NoteBlock> Blocks(IEnumerable<LoadedNote> notes)
    {
        var blocks = new List<NoteBlock> { new() };
        foreach (var note in notes)
        {
            if (blocks[^1].IsFull) blocks.Add(new NoteBlock());
            blocks[^1].Add(note);
        }

        return blocks;
    }

    private static LoadedNote Loaded(string text, float[] vector, int number) => new(
        new NoteRow(Id(number), number + 1, NoteScope.Tenant, null, null, "fact", "bench", null, 0.5, number, null, new RecallTerms(RecallWords.Of(text))), vector, null);

    private static Guid Id(int number) => new(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);

    private static float[] Vector(Random random)
    {
        var vector = new float[HashEmbedding.DimensionsDefault];
        for (var i = 0; i < vector.Length; i++) vector[i] = (float)(random.NextDouble() - 0.5);
        VectorMath.Normalise(vector);
        return vector;
    }

    private static int RankIn(List<(NoteRow Row, double Score, double Fused, double Recency, List<RecallReason> Reasons)> hits, RecallChannel channel, Guid answer) =>
        hits.FirstOrDefault(hit => hit.Row.Id == answer).Reasons?.FirstOrDefault(reason => reason.Channel == channel)?.Rank ?? 0;

    private static double[] Measure(Func<object> search)
    {
        for (var i = 0; i < 20; i++) search();
        var times = new double[Searches];
        for (var i = 0; i < Searches; i++)
        {
            var began = Stopwatch.GetTimestamp();
            search();
            times[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        Array.Sort(times);
        return times;
    }

    private static double At(double[] sorted, double share) => sorted[(int)(share * (sorted.Length - 1))];

    private static void Line(string what, double[] times) => Console.WriteLine($"{what,-40} {At(times, 0.5),10:N2} {At(times, 0.95),10:N2}");

    private static void Line(string what, IEnumerable<int> ranks)
    {
        var all = ranks.ToList();
        Console.WriteLine($"{what,-40} {(double)all.Count(rank => rank is > 0 and <= FoundAt) / all.Count,10:N2} {all.Sum(rank => rank == 0 ? 0 : 1.0 / rank) / all.Count,10:N3}");
    }
}
