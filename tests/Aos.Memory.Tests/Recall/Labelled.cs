using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Memory.Tests;

/// <summary>A note of the labelled set.</summary>
public sealed record LabelledNote(string Id, string Agent, string Type, string Text);

/// <summary>A question and the one note that answers it.</summary>
public sealed record LabelledQuestion(string Id, string Class, string Text, string Note);

/// <summary>The labelled set, and what counts in it as a word of content. Written before the search was; it is not tuned to it.</summary>
public static class Labelled
{
    private static readonly HashSet<string> Stop =
    [
        .. """
        a about after again all am an and any anybody are as at be because been before being below between both but by can could did do does done
        during each else every few for from get gets got had has have having he her here him his how i if in into is it its itself just may me might
        more most much must my never no nor not of off often on once one ones only or other our out over own s same shall she should so some somebody
        such t than that the their them then there these they this those through to too under until up us use used very was we were what when where
        whether which while who whom whose why will with without would you your
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
    ];

    public static IReadOnlyList<LabelledNote> Notes { get; } = Lines("notes.jsonl", line => new LabelledNote(Text(line, "id"), Text(line, "agent"), Text(line, "type"), Text(line, "text")));

    public static IReadOnlyList<LabelledQuestion> Questions { get; } = Lines("questions.jsonl", line => new LabelledQuestion(Text(line, "id"), Text(line, "class"), Text(line, "text"), Text(line, "note")));

    /// <summary>Words of the question that the note has too, in the same or an inflected form.</summary>
    public static int Shared(string question, string note)
    {
        var held = Words(note);
        return Words(question).Count(word => held.Any(other => IsSame(word, other)));
    }

    private static HashSet<string> Words(string text)
    {
        var word = new StringBuilder();
        var words = new HashSet<string>(StringComparer.Ordinal);
        foreach (var c in text.ToLowerInvariant().Normalize(NormalizationForm.FormD) + ' ')
        {
            if (char.IsLetterOrDigit(c)) word.Append(c);
            else if (CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark && word.Length > 0)
            {
                if (!Stop.Contains(word.ToString())) words.Add(word.ToString());
                word.Clear();
            }
        }

        return words;
    }

    /// <summary>invoice and invoices, carry and carried, stop and stopped; deploy and deployment are two words.</summary>
    private static bool IsSame(string a, string b)
    {
        if (a == b) return true;
        var (shorter, longer) = a.Length < b.Length ? (a, b) : (b, a);
        if (shorter.Length < 3) return false;
        string[] stems = shorter[^1] is 'e' or 'y' ? [shorter, shorter[..^1]] : [shorter, shorter + shorter[^1]];
        return stems.Any(stem => new[] { "s", "es", "d", "ed", "ing", "ies", "ied", "er" }.Any(ending => longer == stem + ending));
    }

    private static List<T> Lines<T>(string file, Func<JsonElement, T> read) =>
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Recall", file)).Select(line => read(Json.Parse(line)))];

    private static string Text(JsonElement line, string name) => line.GetProperty(name).GetString()!;
}
