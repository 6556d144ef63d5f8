namespace Aos.App.Cli.Watch;

/// <summary>One line for each change, for what is no terminal: it can be kept, searched and read by a program.</summary>
internal static class WatchLines
{
    /// <summary>What a model writes: its whole lines, and cut ones where it writes on and on.</summary>
    internal static IEnumerable<string> Of((WatchedStep Step, IReadOnlyList<string> Lines)? written, string path) =>
        written is not { } told ? [] : told.Lines.Select(line => PlainText.Of($"  \" {path + told.Step.Id,-18} {line}").TrimEnd());

    /// <param name="path">Ids of the steps whose child runs lead here, each with a slash after it.</param>
    internal static IEnumerable<string> Of(WatchChange change, string path)
    {
        var (mark, id, action) = change.Step is { } step ? (WatchText.Mark(step.Status), path + step.Id, step.Action) : (' ', path.TrimEnd('/'), "");
        yield return PlainText.Of(change.Step is null
            ? $"  {(id.Length > 0 ? id + ": " : "")}{change.Text}"
            : $"  {mark} {id,-18} {action,-16} {change.Text}").TrimEnd();
        if (change.Answer is { } answer) yield return PlainText.Of($"    $ {answer}");
    }
}
