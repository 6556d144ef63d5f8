using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Aos.Safety.Tests;

/// <summary>A text that somebody has judged.</summary>
internal sealed record LabelledText(bool Hostile, string Kind, string Text);

/// <summary>A text with the places of what is to be hidden in it.</summary>
internal sealed record LabelledSecrets(string Text, IReadOnlyList<(string Kind, int Start, int Length)> Spans);

/// <summary>The files of the folder <c>Labelled</c>. The held-out halves were written before the rules and are not looked at when they change.</summary>
internal static partial class Labelled
{
    internal const string Development = "development";
    internal const string HeldOut = "held-out";

    internal static IReadOnlyList<LabelledText> Injections(string half) =>
        [.. Lines($"injection.{half}.jsonl").Select(line => new LabelledText(line.GetProperty("hostile").GetBoolean(), line.GetText("kind")!, line.GetText("text")!))];

    internal static IReadOnlyList<LabelledSecrets> Secrets(string half) => [.. Lines($"secrets.{half}.jsonl").Select(line => Read(line.GetText("text")!))];

    /// <summary>A place is written as <c>[[kind|text]]</c>. A middle dot keeps a made-up key from looking like a real one in the tree, and is dropped.</summary>
    private static LabelledSecrets Read(string marked)
    {
        var (text, spans, at) = (new StringBuilder(), new List<(string, int, int)>(), 0);
        foreach (var match in Mark().Matches(marked).AsEnumerable())
        {
            text.Append(marked, at, match.Index - at);
            var value = match.Groups["value"].Value.Replace("·", "", StringComparison.Ordinal);
            spans.Add((match.Groups["kind"].Value, text.Length, value.Length));
            text.Append(value);
            at = match.Index + match.Length;
        }

        return new LabelledSecrets(text.Append(marked, at, marked.Length - at).ToString(), spans);
    }

    private static IEnumerable<JsonElement> Lines(string file) =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Labelled", file)).Where(line => line.Length > 0).Select(line => Json.Parse(line));

    [GeneratedRegex(@"\[\[(?<kind>[a-z_]+)\|(?<value>.+?)\]\]", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Mark();
}
