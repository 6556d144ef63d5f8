using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>
/// Looks at a text that is going to be shown to a model, for attempts to steer it: by words (several languages), by signs that break out of
/// data, by what is hidden or encoded. Pure; the time it takes is linear in the text. It finds what looks like such attempts and proves
/// nothing: what a model may do is held elsewhere.
/// </summary>
public static class InjectionScreen
{
    /// <summary>Characters of a text that are looked at; what is behind them is a finding of its own.</summary>
    public const int CharsMax = 1024 * 1024;

    /// <summary>Hits that are told.</summary>
    public const int HitsMax = 50;

    /// <summary>Texts within texts within texts: so deep is decoded.</summary>
    private const int DepthMax = 2;

    private const int Suspicious = 2;
    private const int HostileInData = 4;

    /// <summary>A goal says what to do, so it takes more than one sign; signs of dress do not count, for it is undressed before it is used.</summary>
    private const int HostileInGoal = 6;

    public static Screening Screen(string text, TextOrigin origin = TextOrigin.Data)
    {
        if (text.Length < 4) return Screening.Clean;
        var rest = text.Length - CharsMax;
        var hits = Hits(rest > 0 ? text[..CharsMax] : text, 0);
        if (rest > 0) hits.Add(new ScreenHit("not_looked_at", Suspicious, CharsMax, rest));
        if (origin == TextOrigin.Goal) hits.RemoveAll(static hit => hit.Rule is "invisible_text" or "look_alikes" or "text_direction" or "hint");
        if (hits.Count == 0) return Screening.Clean;
        var score = hits.GroupBy(hit => hit.Rule, StringComparer.Ordinal).Sum(rule => rule.Max(hit => hit.Score));
        var verdict = score >= (origin == TextOrigin.Goal ? HostileInGoal : HostileInData) ? ScreenVerdict.Hostile
            : score >= Suspicious ? ScreenVerdict.Suspicious : ScreenVerdict.Clean;
        return new Screening(verdict, score, [.. hits.Distinct().OrderBy(hit => hit.Start).ThenByDescending(hit => hit.Score).Take(HitsMax)]);
    }

    private static List<ScreenHit> Hits(string text, int depth)
    {
        var words = ScreenWords.Of(text);
        var hits = new List<ScreenHit>();
        ScreenRules.All.Match(words, hits);
        ScreenPhrases.Match(text, hits);
        Quoted(text, hits);
        ScreenMarks.Match(text, words, hits);
        Hidden(text, hits);
        hits.RemoveAll(static hit => hit.Score == 0);
        if (depth < DepthMax) Encoded(text, words, hits, depth);
        return hits;
    }

    /// <summary>Somebody who writes about attacks quotes them; half of the score stays, for somebody who only pretends to.</summary>
    private static void Quoted(string text, List<ScreenHit> hits)
    {
        var talk = hits.Where(static hit => hit.Rule == "talk").ToList();
        if (talk.Count == 0) return;
        var quotes = Quotes.In(text);
        if (quotes.Count == 0 || talk.All(hit => Quotes.Hold(quotes, hit))) return;
        for (var i = 0; i < hits.Count; i++)
        {
            if (hits[i].Score > 1 && Quotes.Hold(quotes, hits[i])) hits[i] = hits[i] with { Score = hits[i].Score / 2 };
        }
    }

    /// <summary>What a reader of a page does not see has no reason to speak to a model.</summary>
    private static void Hidden(string text, List<ScreenHit> hits)
    {
        foreach (var part in ScreenMarks.Hidden(text))
        {
            var (start, length) = part.GetOffsetAndLength(text.Length);
            var inside = hits.Where(hit => hit.Start >= start && hit.Start + hit.Length <= start + length && hit.Rule != "talk").ToList();
            if (inside.Sum(static hit => Math.Max(hit.Score, 1)) is > 0 and var sum && inside.Any(static hit => hit.Score > 0))
                hits.Add(new ScreenHit("hidden_instruction", Math.Min(sum + 1, HostileInData), start, length));
        }
    }

    private static void Encoded(string text, ScreenWords words, List<ScreenHit> hits, int depth)
    {
        foreach (var (inner, start, length, rule) in EncodedTexts.In(text, words))
        {
            var best = Hits(inner, depth + 1).Select(static hit => hit.Score).DefaultIfEmpty().Max();
            if (best >= Suspicious) hits.Add(new ScreenHit(rule, HostileInData, start, length));
            else if (rule == "hidden_characters") hits.Add(new ScreenHit(rule, Suspicious, start, length));
        }
    }
}
