namespace Aos.App.Cli.Watch;

/// <summary>What models write while they write it, for the calls of one step.</summary>
internal sealed class WatchedTexts
{
    /// <summary>A line that does not end is cut here.</summary>
    private const int LineMax = 160;

    /// <summary>The unfinished line of each call.</summary>
    private readonly Dictionary<string, string> lines = new(StringComparer.Ordinal);

    /// <summary>The end of what was written last, on one line; empty: nobody writes.</summary>
    internal string Last { get; private set; } = "";

    /// <summary>Takes the next piece of a call. Gives the lines that it makes whole.</summary>
    internal IReadOnlyList<string> Take(string call, int number, string text)
    {
        var begun = number == 0 ? "" : lines.GetValueOrDefault(call, "");
        var whole = new List<string>();
        var parts = (begun + text).ReplaceLineEndings("\n").Split('\n');
        whole.AddRange(parts[..^1].Where(line => line.Length > 0));
        var left = parts[^1];
        for (; left.Length > LineMax; left = left[LineMax..]) whole.Add(left[..LineMax]);
        lines[call] = left;
        var shown = (number == 0 ? "" : Last) + text.ReplaceLineEndings(" ");
        Last = shown.Length > LineMax ? shown[^LineMax..] : shown;
        return whole;
    }

    /// <summary>The call is over: what is left of its last line.</summary>
    internal IReadOnlyList<string> End(string call)
    {
        Last = "";
        return lines.Remove(call, out var left) && left.Length > 0 ? [left] : [];
    }
}
