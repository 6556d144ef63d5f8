using Aos.Contracts;

namespace Aos.Memory.Tests;

/// <summary>What is left out by a sketch is left out rightly.</summary>
[Trait("store", "none")]
public sealed class Exactness
{
    private const int Notes = 9_000;

    [Fact]
    [Trait("id", "E5-38")]
    public void A_search_of_many_vectors_gives_what_a_plain_loop_gives()
    {
        var random = new Random(7);
        var vectors = new List<float[]>();
        var blocks = new List<NoteBlock> { new() };
        for (var i = 0; i < Notes; i++)
        {
            // Every tenth is a near twin of another, so that there is something near to tell apart.
            vectors.Add(i % 10 == 9 ? Near(random, vectors[i - 5]) : Near(random, new float[HashEmbedding.DimensionsDefault]));
            if (blocks[^1].IsFull) blocks.Add(new NoteBlock());
            blocks[^1].Add(new LoadedNote(new NoteRow(new Guid(i, 0, 0, new byte[8]), i + 1, NoteScope.Tenant, null, null, "fact", "test", null, 0.5, i, null, new RecallTerms([])), vectors[i], null));
        }

        for (var asked = 0; asked < 20; asked++)
        {
            var question = Near(random, vectors[random.Next(Notes)]);
            var (best, sketched) = (new NoteScan.Best(), new SketchedQuestion(question));
            foreach (var block in blocks)
            {
                for (var slot = 0; slot < block.Count; slot++) best.Offer(block.Rows[slot], block.BuiltIn, slot, sketched);
            }

            var plain = vectors.Select((vector, i) => (At: i, Score: VectorMath.Dot(question, vector))).OrderByDescending(one => one.Score).ThenByDescending(one => one.At).Take(RecallScore.Depth);
            Assert.Equal(plain.Select(one => (one.At, (double)one.Score)), best.InOrder().Select(one => ((int)one.Row.CreatedAt, one.Score)));
        }
    }

    private static float[] Near(Random random, float[] other)
    {
        var vector = (float[])other.Clone();
        for (var i = 0; i < vector.Length; i++) vector[i] += (float)(random.NextDouble() - 0.5) * 0.1f;
        VectorMath.Normalise(vector);
        return vector;
    }
}
