using System.Text;
using Aos.App.Cli.Watch;

namespace Aos.App.Cli.Timelines;

/// <summary>Draws a timeline: a bar for each step on one axis, with what it took and cost. Every line fits the width.</summary>
internal static class TimelineText
{
    private const int NameMax = 20;
    private const int ActionMax = 16;
    private const int StatusMax = 12;
    private const int BarMin = 16;
    private const int TimeWidth = 12;
    private const int HashDigits = 8;

    /// <summary>Lines of text, each with the status that it is about.</summary>
    internal static IEnumerable<(string Text, string Status)> Lines(Timeline timeline, int width)
    {
        yield return (Cut($"{timeline.Title}  {timeline.Status}  {WatchText.Length(timeline.Length)}  {WatchText.Cents(timeline.Cost)}  ({timeline.Form})", width), timeline.Status);
        foreach (var (name, hash) in timeline.Hashes) yield return (Cut($"{name,-5} {hash}", width), "");
        if (timeline.Rows.Count == 0)
        {
            yield return ("No step has ended.", "");
            yield break;
        }

        var columns = Columns.Of(timeline, width);
        yield return ("", "");
        yield return (columns.Before() + Axis(timeline.Length, columns.Bar), "");
        foreach (var row in timeline.Rows)
        {
            yield return (Cut(columns.Before(row) + Bar(row, timeline.Length, columns.Bar) + columns.After(row), width), row.Status);
            if (row is { Status: "failed" or "failure", Why: { } why }) yield return (Cut($"{new string(' ', 2)}{why}", width), row.Status);
        }
    }

    /// <summary>Where time begins, its half and its end.</summary>
    private static string Axis(TimeSpan length, int width)
    {
        var (half, end) = (WatchText.Length(length / 2), WatchText.Length(length));
        var axis = new StringBuilder("0".PadRight(width));
        if (half.Length + end.Length + 4 < width / 2 + end.Length) Put(axis, half, Math.Min(width / 2, width - end.Length - half.Length - 1));
        Put(axis, end, width - end.Length);
        return axis.ToString();
    }

    private static void Put(StringBuilder axis, string text, int at)
    {
        if (at > 1) axis.Remove(at, text.Length).Insert(at, text);
    }

    /// <summary>Full blocks for work, light ones for waiting. What has a length has one block at least; what never began has none.</summary>
    private static string Bar(TimelineRow row, TimeSpan all, int width)
    {
        if (row.Status is "pending" or "skipped") return new string(' ', width);
        var scale = all > TimeSpan.Zero ? width / all.TotalMilliseconds : 0;
        var from = Math.Clamp((int)Math.Floor(row.From.TotalMilliseconds * scale), 0, width - 1);
        var to = Math.Clamp((int)Math.Ceiling(row.To.TotalMilliseconds * scale), from + 1, width);
        return new string(' ', from) + new string(row.Waits || row.Status == "waiting" ? '░' : '█', to - from) + new string(' ', width - to);
    }

    private static string Cut(string text, int width)
    {
        var plain = PlainText.Of(text).TrimEnd();
        return plain.Length <= width ? plain : WatchText.Fit(plain, width);
    }

    /// <summary>Widths of the columns around the bars, as what stands in them needs.</summary>
    private sealed record Columns(int Name, int Action, int Status, int Bar, int Cost, int Tries, bool HasInput, bool HasOutput)
    {
        internal static Columns Of(Timeline timeline, int width)
        {
            var name = Math.Min(NameMax, timeline.Rows.Max(row => row.Name.Length));
            var action = Math.Min(ActionMax, timeline.Rows.Max(row => row.Action.Length));
            var status = Math.Min(StatusMax, timeline.Rows.Max(row => row.Status.Length));
            var cost = timeline.Rows.Max(row => row.Cost > 0 ? WatchText.Cents(row.Cost).Length + 2 : 0);
            var tries = timeline.Rows.Max(row => row.Tries > 1 ? Of(row.Tries).Length + 2 : 0);
            var (input, output) = (timeline.Rows.Any(row => row.Input is { Length: > 0 }), timeline.Rows.Any(row => row.Output is { Length: > 0 }));
            var hashes = (input ? HashDigits + 5 : 0) + (output ? HashDigits + 6 : 0);
            var bar = width - (2 + name + 2 + action + 2 + status + 2) - TimeWidth - cost - tries - hashes;
            // On a narrow screen the bars stay and hashes go.
            if (bar < BarMin) (input, output, bar) = (false, false, bar + hashes);
            // Then the words for what the marks say too.
            if (bar < BarMin) (status, bar) = (-2, bar + status + 2);
            return new Columns(name, action, status, Math.Max(BarMin, bar), cost, tries, input, output);
        }

        internal string Before() => new(' ', Name + Action + Status + 8);

        internal string Before(TimelineRow row) =>
            $"{Mark(row.Status)} {WatchText.Fit(row.Name, Name)}  {WatchText.Fit(row.Action, Action)}  {(Status > 0 ? WatchText.Fit(row.Status, Status) + "  " : "")}";

        internal string After(TimelineRow row)
        {
            var time = row.Status is "pending" or "skipped" ? "" : WatchText.Length(row.Length);
            return time.PadLeft(TimeWidth) + (row.Cost > 0 ? WatchText.Cents(row.Cost) : "").PadLeft(Cost) + (row.Tries > 1 ? Of(row.Tries) : "").PadLeft(Tries)
                + (HasInput ? Hash("in", row.Input) : "") + (HasOutput ? Hash("out", row.Output) : "");
        }

        private static string Of(int tries) => WatchText.Many(tries, "try", "tries");

        private static string Hash(string name, string? hash) =>
            (hash is { Length: > 0 } ? $"  {name} {(hash.Length > HashDigits ? hash[..HashDigits] : hash)}" : "").PadRight(name.Length + HashDigits + 3);

        private static char Mark(string status) => WatchText.Mark(status switch { "success" or "completed" => "succeeded", "failure" => "failed", _ => status });
    }
}
