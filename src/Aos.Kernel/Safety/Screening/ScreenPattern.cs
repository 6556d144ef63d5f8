using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>One place of a pattern: one of these words, up to <paramref name="Gap"/> other words in front of it.</summary>
/// <param name="Not">The word behind must not be one of these instead.</param>
internal readonly record struct ScreenItem(int Set, int Gap, bool Not);

/// <summary>Words that must follow each other within one sentence, with some others between them.</summary>
internal sealed record ScreenPattern(int Number, string Rule, int Score, ImmutableArray<ScreenItem> Items);

/// <summary>
/// The patterns of <see cref="ScreenRules"/>, read once. What they cost is bounded by the words of the text, the patterns that begin with
/// each, and the gaps within them: no text makes them search again and again.
/// </summary>
internal sealed class ScreenPatterns
{
    private readonly SortedDictionary<string, int> sets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> prefixes = new(StringComparer.Ordinal);
    /// <summary>Hits of one pattern in one text that are kept: more say nothing new.</summary>
    private const int HitsMax = 50;

    private const int PrefixMin = 3;
    private const int PrefixMax = 20;

    private readonly List<(string Ending, int Set)> endings = [];

    /// <summary>The first letters of all prefixes: most words begin with none of them, and need no further look.</summary>
    private readonly HashSet<long> begins = [];
    private readonly Dictionary<int, List<ScreenPattern>> byFirst = [];
    private int count;
    private readonly Dictionary<string, List<int>>.AlternateLookup<ReadOnlySpan<char>> exactly;
    private readonly Dictionary<string, List<int>>.AlternateLookup<ReadOnlySpan<char>> beginning;

    internal ScreenPatterns(string text)
    {
        var names = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line[0] == '@')
            {
                var parts = line.Split(" = ");
                names.Add(parts[0], Expanded(parts[1], names));
                continue;
            }

            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Add(words[0], words[1][0] - '0', [.. words.Skip(2).Select(item => Expanded(item, names))]);
        }

        foreach (var prefix in prefixes.Keys) begins.Add(First(prefix));
        exactly = exact.GetAlternateLookup<ReadOnlySpan<char>>();
        beginning = prefixes.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Places of all patterns that the words hold; of one pattern each beginning counts once.</summary>
    internal void Match(ScreenWords words, List<ScreenHit> hits)
    {
        var known = new List<int>[words.All.Count];
        for (var i = 0; i < known.Length; i++) known[i] = Sets(words[words.All[i]]);
        var (from, to, kept) = (new List<int>(), new List<int>(), new int[count]);
        for (var i = 0; i < known.Length; i++)
        {
            foreach (var set in known[i])
            {
                if (!byFirst.TryGetValue(set, out var patterns)) continue;
                foreach (var pattern in patterns)
                {
                    if (kept[pattern.Number] == HitsMax) continue;
                    if (End(pattern, i, words.All, known, from, to) is not (>= 0 and var last)) continue;
                    var (start, end) = (words.All[i].Start, words.All[last].End);
                    kept[pattern.Number]++;
                    hits.Add(new ScreenHit(pattern.Rule, pattern.Score, start, end - start));
                }
            }
        }
    }

    /// <summary>The last word of the shortest match that begins here, or -1.</summary>
    private static int End(ScreenPattern pattern, int first, List<ScreenWord> words, List<int>[] known, List<int> from, List<int> to)
    {
        from.Clear();
        from.Add(first);
        foreach (var item in pattern.Items.AsSpan()[1..])
        {
            to.Clear();
            foreach (var at in from)
            {
                if (item.Not)
                {
                    if (at + 1 >= words.Count || !known[at + 1].Contains(item.Set)) to.Add(at);
                    continue;
                }

                for (var next = at + 1; next <= at + 1 + item.Gap && next < words.Count && !words[next].Breaks; next++)
                {
                    if (known[next].Contains(item.Set) && !to.Contains(next)) to.Add(next);
                }
            }

            if (to.Count == 0) return -1;
            (from, to) = (to, from);
        }

        return from[0];
    }

    private static long First(ReadOnlySpan<char> word) => ((long)word[0] << 32) | ((long)word[1] << 16) | word[2];

    private List<int> Sets(ReadOnlySpan<char> word)
    {
        var found = Plain(word);
        if (found.Count > 0 || word.Length is < 3 or > 40 || !word.ContainsAnyInRange('0', '9') || !word.ContainsAnyInRange('a', 'z')) return found;
        Span<char> read = stackalloc char[word.Length];
        for (var i = 0; i < word.Length; i++)
        {
            read[i] = word[i] switch { '0' => 'o', '1' => 'i', '3' => 'e', '4' => 'a', '5' => 's', '7' => 't', var c => c };
        }

        return Plain(read);
    }

    private List<int> Plain(ReadOnlySpan<char> word)
    {
        List<int>? found = null;
        if (exactly.TryGetValue(word, out var whole)) (found ??= []).AddRange(whole);
        for (var length = PrefixMin; length <= Math.Min(word.Length, PrefixMax) && (length > PrefixMin || begins.Contains(First(word))); length++)
        {
            if (beginning.TryGetValue(word[..length], out var begun)) (found ??= []).AddRange(begun);
        }

        foreach (var (ending, set) in endings)
        {
            if (word.Length > ending.Length && word.EndsWith(ending, StringComparison.Ordinal)) (found ??= []).Add(set);
        }

        return found ?? None;
    }

    private static readonly List<int> None = [];

    private void Add(string rule, int score, string[] texts)
    {
        var items = ImmutableArray.CreateBuilder<ScreenItem>();
        var gap = 0;
        foreach (var text in texts)
        {
            if (text[0] == '_')
            {
                gap = text[1] - '0';
                continue;
            }

            var isNot = text[0] == '!';
            items.Add(new ScreenItem(SetOf(isNot ? text[1..] : text), gap, isNot));
            gap = 0;
        }

        var pattern = new ScreenPattern(count++, rule, score, items.ToImmutable());
        if (!byFirst.TryGetValue(items[0].Set, out var list)) byFirst.Add(items[0].Set, list = []);
        list.Add(pattern);
    }

    private int SetOf(string text)
    {
        if (sets.TryGetValue(text, out var known)) return known;
        var set = sets.Count;
        sets.Add(text, set);
        foreach (var word in text.Split('|'))
        {
            if (word[0] == '*') endings.Add((word[1..], set));
            else if (word[^1] == '*') Each(prefixes, word[..^1], set);
            else Each(exact, word, set);
        }

        return set;
    }

    /// <summary>A word folds otherwise in capitals: some look like other letters than their small ones do.</summary>
    private static void Each(Dictionary<string, List<int>> into, string word, int set)
    {
        foreach (var spelling in new[] { word, word[..1].ToUpperInvariant() + word[1..], word.ToUpperInvariant() })
        {
            var folded = TextFold.Skeleton(spelling).ToLowerInvariant();
            if (!into.TryGetValue(folded, out var list)) into.Add(folded, list = []);
            if (!list.Contains(set)) list.Add(set);
        }
    }

    private static string Expanded(string item, SortedDictionary<string, string> names) =>
        string.Join('|', item.Split('|').Select(word => names.GetValueOrDefault(word) ?? (word[0] == '!' && names.TryGetValue(word[1..], out var inner) ? "!" + inner : word)));
}
