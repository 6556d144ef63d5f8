using Spectre.Console;
using Spectre.Console.Rendering;

namespace Aos.App.Cli.Watch;

/// <summary>A run as a tree: its steps, the calls of agents, child runs with their own steps; under what stands still the command that answers.</summary>
internal static class WatchTree
{
    /// <summary>Steps of one run that are shown; of more, those at work and what failed.</summary>
    private const int StepsMax = 24;

    private const int IdMax = 24;

    private const int ActionMax = 16;

    internal static IRenderable Of(WatchedRun run, DateTimeOffset now)
    {
        var tree = new Tree(Head(run, now));
        AddSteps(tree, run, now);
        return tree;
    }

    private static void AddSteps(IHasTreeNodes at, WatchedRun run, DateTimeOffset now)
    {
        if (run.Status is "paused" or "quarantined") at.AddNode(Command($"aos runs resume {run.Id}"));
        var shown = Shown(run);
        var ids = Math.Min(IdMax, shown.Select(step => step?.Id.Length ?? 0).DefaultIfEmpty().Max());
        var actions = Math.Min(ActionMax, shown.Select(step => step?.Action.Length ?? 0).DefaultIfEmpty().Max());
        var hidden = run.Steps.Count - shown.Count;
        foreach (var step in shown)
        {
            var node = at.AddNode(Line($"{WatchText.Mark(step.Status)} {WatchText.Fit(step.Id, ids)}  {WatchText.Fit(step.Action, actions)}  {string.Join("  ", WatchText.Parts(step, now))}", step.Status));
            if (step.Wait?.Answer is { } answer) node.AddNode(Command(answer));
            if (!step.IsOver)
            {
                foreach (var (name, status) in step.Calls.Values) node.AddNode(Line($"{WatchText.Mark(status)} {name}", status));
            }

            if (!step.IsOver && step.Texts.Last is { Length: > 0 } text) node.AddNode(Line(text, "pending"));
            if (step.Child is { } child) AddSteps(node.AddNode(Head(child, now)), child, now);
        }

        if (hidden > 0) at.AddNode(Line($"… {WatchText.Many(hidden, "step", "steps")} more: {Counts(run.Steps.Except(shown))}", "pending"));
    }

    /// <summary>In the order of the plan: all, or those that say most.</summary>
    private static List<WatchedStep> Shown(WatchedRun run)
    {
        if (run.Steps.Count <= StepsMax) return run.Steps;
        return [.. run.Steps
            .OrderBy(step => step.Status is "running" or "waiting" ? 0 : step.Status == "failed" ? 1 : step.Status == "pending" ? 3 : 2)
            .ThenByDescending(step => step.Status == "pending" ? -step.Index : step.Index)
            .Take(StepsMax).OrderBy(step => step.Index)];
    }

    private static string Counts(IEnumerable<WatchedStep> steps) =>
        string.Join(", ", steps.GroupBy(step => step.Status, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Count()} {group.Key}"));

    private static Text Head(WatchedRun run, DateTimeOffset now)
    {
        var parts = new List<string> { $"{WatchText.Mark(run.Status)} run {run.Id} {run.Name}".TrimEnd(), run.Status };
        if (run.Attempt > 1) parts.Add($"attempt {run.Attempt}");
        if (run.StartedAt is { } from && run.Status != "queued") parts.Add(WatchText.Length((run.EndedAt ?? now) - from));
        if (run.Cost > 0 || run.Budget is not null) parts.Add(run.Budget is { } budget ? $"{WatchText.Cents(run.Cost)} of {WatchText.Cents(budget)}" : WatchText.Cents(run.Cost));
        if (run.Why is { } why) parts.Add(why);
        return Line(string.Join("  ", parts), run.Status);
    }

    private static Text Command(string command) => new($"$ {command}", new Style(Color.Yellow)) { Overflow = Overflow.Fold };

    /// <summary>One line of the screen, whatever is in it.</summary>
    private static Text Line(string text, string status) => new(PlainText.Of(text), new Style(ColourOf(status))) { Overflow = Overflow.Ellipsis };

    internal static Color ColourOf(string status) => status switch
    {
        "succeeded" or "success" or "completed" => Color.Green,
        "failed" or "failure" or "quarantined" or "cancelled" => Color.Red,
        "waiting" or "queued" or "paused" => Color.Aqua,
        "running" or "undoing" => Color.Yellow,
        "pending" or "skipped" or "taken over" => Color.Grey,
        _ => Color.Default,
    };
}
