namespace Aos.Kernel;

/// <summary>Where a text quotes something: pairs of quotation marks with little between them.</summary>
internal static class Quotes
{
    private const int CharsMax = 300;
    private const int CountMax = 2_000;

    internal static List<(int Start, int End)> In(string text)
    {
        var quotes = new List<(int, int)>();
        for (var i = 0; i < text.Length && quotes.Count < CountMax; i++)
        {
            if (Closing(text, i) is not { } close) continue;
            var end = text.AsSpan(i + 1, Math.Min(CharsMax, text.Length - i - 1)).IndexOf(close);
            if (end < 0) continue;
            quotes.Add((i, i + 1 + end));
            i += end + 1;
        }

        return quotes;
    }

    internal static bool Hold(List<(int Start, int End)> quotes, ScreenHit hit) => quotes.Any(quote => quote.Start <= hit.Start && hit.Start + hit.Length <= quote.End);

    private static char? Closing(string text, int at) => text[at] switch
    {
        '"' => '"',
        '`' => '`',
        '“' => '”',
        '„' => '“',
        '«' => '»',
        '‹' => '›',
        '「' => '」',
        '《' => '》',
        '\'' when at == 0 || !char.IsLetterOrDigit(text[at - 1]) => '\'',
        _ => null,
    };
}
