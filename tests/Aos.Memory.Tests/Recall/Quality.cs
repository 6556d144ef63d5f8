using Aos.Contracts;

namespace Aos.Memory.Tests;

/// <summary>How well notes are found, on the labelled set. The same figures are printed by <c>bench/run recall</c>.</summary>
public sealed class Quality
{
    private const int FoundAt = 5;
    private const double Tolerance = 0.02 + 1e-9;

    [Fact]
    [Trait("id", "E5-03")]
    public async Task Lexical_questions_are_answered_and_fusing_loses_nothing()
    {
        await using var house = new RecallHouse();
        var ids = new Dictionary<string, Guid>(StringComparer.Ordinal);
        foreach (var note in Labelled.Notes)
        {
            ids[note.Id] = (await house.AddAsync(note.Text, note.Agent, more: wish => wish with { Type = note.Type })).Id;
            house.Clock.Advance(TimeSpan.FromMilliseconds(1)); // Equal answers come in the same order whatever their ids.
        }

        foreach (var group in Labelled.Questions.GroupBy(question => question.Class))
        {
            var (text, builtIn, fused) = (new Figures(), new Figures(), new Figures());
            foreach (var question in group)
            {
                var hits = await house.FindAsync(question.Text, count: IRecall.HitsMax);
                text.Add(RankIn(hits, RecallChannel.FullText, ids[question.Note]));
                builtIn.Add(RankIn(hits, RecallChannel.BuiltIn, ids[question.Note]));
                fused.Add(hits.Select(hit => hit.Note.Id).ToList().IndexOf(ids[question.Note]) + 1);
            }

            TestContext.Current.SendDiagnosticMessage($"{group.Key}: recall@5 and MRR of full text {text}, built-in vectors {builtIn}, fused {fused}");
            Assert.True(fused.Recall >= Math.Max(text.Recall, builtIn.Recall) - Tolerance, $"{group.Key}: full text {text}, built-in {builtIn}, fused {fused}");
            Assert.True(fused.Mrr >= Math.Max(text.Mrr, builtIn.Mrr) - Tolerance, $"{group.Key}: full text {text}, built-in {builtIn}, fused {fused}");
            if (group.Key == "lexical") Assert.True(fused.Recall >= 0.95, fused.ToString());
        }
    }

    /// <summary>0: the channel did not find it.</summary>
    private static int RankIn(IReadOnlyList<RecallHit> hits, RecallChannel channel, Guid id) =>
        hits.FirstOrDefault(hit => hit.Note.Id == id)?.Reasons.FirstOrDefault(reason => reason.Channel == channel)?.Rank ?? 0;

    private sealed class Figures
    {
        private readonly List<int> ranks = [];

        internal double Recall => (double)ranks.Count(rank => rank is > 0 and <= FoundAt) / ranks.Count;

        internal double Mrr => ranks.Sum(rank => rank == 0 ? 0 : 1.0 / rank) / ranks.Count;

        internal void Add(int rank) => ranks.Add(rank);

        public override string ToString() => FormattableString.Invariant($"{Recall:0.00} {Mrr:0.000}");
    }
}
