namespace Aos.Memory.Tests;

/// <summary>The questions that recall is measured by are what they are said to be.</summary>
[Trait("store", "none")]
public sealed class LabelledSet
{
    [Fact]
    [Trait("id", "E5-01")]
    public void There_are_two_hundred_notes_and_fifty_questions_of_each_class_and_nothing_twice()
    {
        Assert.Equal(200, Labelled.Notes.DistinctBy(note => note.Id).Count());
        Assert.Equal(200, Labelled.Notes.DistinctBy(note => note.Text, StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal(200, Labelled.Notes.Count);
        Assert.Equal(100, Labelled.Questions.DistinctBy(question => question.Id).Count());
        Assert.Equal(100, Labelled.Questions.DistinctBy(question => question.Text, StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal(100, Labelled.Questions.DistinctBy(question => question.Note).Count());
        Assert.Equal([("lexical", 50), ("paraphrase", 50)], Labelled.Questions.CountBy(question => question.Class).Select(pair => (pair.Key, pair.Value)));
        Assert.Empty(Labelled.Questions.Select(question => question.Note).Except(Labelled.Notes.Select(note => note.Id)));
    }

    [Fact]
    [Trait("id", "E5-02")]
    public void A_lexical_question_shares_words_with_its_note_and_a_paraphrase_at_most_one()
    {
        var notes = Labelled.Notes.ToDictionary(note => note.Id, note => note.Text);
        var wrong = Labelled.Questions.Where(question => Labelled.Shared(question.Text, notes[question.Note]) is var shared && (question.Class == "lexical" ? shared < 2 : shared > 1));

        Assert.Empty(wrong);
        Assert.Equal(2, Labelled.Shared("Why do invoices stop?", "The invoice was stopped."));
        Assert.Equal(0, Labelled.Shared("a deployment of the", "they deploy a"));
    }
}
