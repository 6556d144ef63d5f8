using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Aos.Memory.Tests;

/// <summary>Words, stems and vectors that need no model.</summary>
[Trait("store", "none")]
public sealed class BuiltIn
{
    private const string Text = "Der Jürgen deployed 3 gateways; naïve Ωmega 東京都庁.";

    [Fact]
    [Trait("id", "E5-30")]
    public void A_text_has_the_same_vector_for_ever_under_this_name()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(HashEmbedding.Of(Text))));

        Assert.Equal("b9a50cc5ad7b3d6c38fd99cb2b53622dde81c73b29102ebf5c7acb88559f2646", hash);
        Assert.Equal("aos-hash-1", HashEmbedding.Name);
    }

    [Fact]
    [Trait("id", "E5-31")]
    public void A_vector_has_length_one_and_kindred_texts_are_nearer_than_others()
    {
        var (one, kin, other) = (HashEmbedding.Of("the deployment of gateways"), HashEmbedding.Of("Deploying a gateway!"), HashEmbedding.Of("walnuts and coffee"));

        Assert.Equal(384, one.Length);
        Assert.Equal(1, VectorMath.Dot(one, one), 1e-5);
        Assert.True(VectorMath.Dot(one, kin) > 0.4);
        Assert.True(Math.Abs(VectorMath.Dot(one, other)) < 0.25);
        Assert.All(HashEmbedding.Of("%!"), number => Assert.Equal(0, number));
    }

    [Theory]
    [Trait("id", "E5-32")]
    [InlineData("The Invoices of JÜRGEN", "invoic jurgen")]
    [InlineData("renewed, renewing renews", "renew renew renew")]
    [InlineData("policies policy", "polici polici")]
    [InlineData("stopped boss glasses", "stop boss glass")]
    [InlineData("slow_path_v2 2024-1187", "slow path v2 2024 1187")]
    [InlineData("東京都", "東京 京都")]
    [InlineData("what is it", "what is it")]
    public void Words_are_folded_cut_and_stemmed(string text, string words) => Assert.Equal(words, string.Join(' ', RecallWords.Of(text)));

    [Theory]
    [Trait("id", "E5-33")]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(384)]
    [InlineData(1537)]
    public void The_quick_product_is_that_of_a_plain_loop(int dimensions)
    {
        var random = new Random(dimensions);
        var (a, b) = (new float[dimensions], new float[dimensions]);
        for (var i = 0; i < dimensions; i++) (a[i], b[i]) = ((float)(random.NextDouble() - 0.5), (float)(random.NextDouble() - 0.5));
        var plain = 0d;
        for (var i = 0; i < dimensions; i++) plain += (double)a[i] * b[i];

        Assert.Equal(plain, VectorMath.Dot(a, b), 1e-4);
        Assert.Throws<ArgumentException>(() => VectorMath.Dot(a, b.AsSpan(1)));
        VectorMath.Normalise(a);
        Assert.Equal(1, VectorMath.Dot(a, a), 1e-4);
    }

    [Theory]
    [Trait("id", "E5-37")]
    [InlineData(5)]
    [InlineData(384)]
    [InlineData(1537)]
    public void A_sketch_never_tells_less_than_the_product_and_is_near_it(int dimensions)
    {
        var random = new Random(dimensions);
        var farthest = 0f;
        for (var round = 0; round < 300; round++)
        {
            var (a, b) = (new float[dimensions], new float[dimensions]);
            for (var i = 0; i < dimensions; i++)
            {
                a[i] = (float)(random.NextDouble() - 0.5);
                b[i] = round % 3 == 0 ? a[i] + (float)(0.1 * random.NextDouble()) : random.Next(9) == 0 ? (float)random.NextDouble() : 0;
            }

            VectorMath.Normalise(a);
            VectorMath.Normalise(b);
            var (x, y) = (new sbyte[dimensions], new sbyte[dimensions]);
            var (one, other) = (VectorSketch.Of(a, x), VectorSketch.Of(b, y));
            var above = one.AtMost(other, VectorSketch.Dot(x, y)) - VectorMath.Dot(a, b);

            Assert.Equal(x.Zip(y, (p, q) => p * q).Sum(), VectorSketch.Dot(x, y));
            Assert.True(above >= 0, above.ToString(System.Globalization.CultureInfo.InvariantCulture));
            farthest = Math.Max(farthest, above);
        }

        Assert.True(farthest < 0.05);
        Assert.Equal(default, VectorSketch.Of(new float[dimensions], new sbyte[dimensions]));
    }

    [Fact]
    [Trait("id", "E5-34")]
    public void Ranks_age_and_importance_come_to_one_score()
    {
        RecallChannel[] both = [RecallChannel.FullText, RecallChannel.BuiltIn];

        Assert.Equal(1, RecallScore.Fused([(RecallChannel.FullText, 1), (RecallChannel.BuiltIn, 1)], both), 12);
        Assert.Equal((1.0 / 62) / (1.25 / 61), RecallScore.Fused([(RecallChannel.FullText, 2)], both), 12);
        Assert.True(RecallScore.Fused([(RecallChannel.BuiltIn, 1)], both) < RecallScore.Fused([(RecallChannel.FullText, RecallScore.Depth)], both));
        Assert.Equal((0.5, 1), (RecallScore.Recency(TimeSpan.FromDays(30)), RecallScore.Recency(TimeSpan.FromDays(-1))));
        Assert.Equal(0.8 * 0.5, RecallScore.Of(0.5, 0, 0), 12);
        Assert.Equal(0.5, RecallScore.Of(0.5, 1, 1), 12);
    }

    [Fact]
    [Trait("id", "E5-35")]
    public void Counted_words_are_those_of_the_text()
    {
        var terms = new RecallTerms(["a", "b", "a"]);

        Assert.Equal((3, 2, 1, 0), (terms.Length, terms.CountOf(RecallTerms.TermOf("a")), terms.CountOf(RecallTerms.TermOf("b")), terms.CountOf(RecallTerms.TermOf("c"))));
        Assert.NotEqual(0UL, terms.Signature & RecallTerms.SignatureOf(RecallTerms.TermOf("a")));
        Assert.True(Bm25.Idf(100, 1) > Bm25.Idf(100, 50) && Bm25.Idf(100, 100) > 0);
        Assert.True(Bm25.Part(1, 2, 10, 10) > Bm25.Part(1, 1, 10, 10) && Bm25.Part(1, 1, 5, 10) > Bm25.Part(1, 1, 20, 10));
    }
}
