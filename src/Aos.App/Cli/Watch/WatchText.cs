using System.Globalization;

namespace Aos.App.Cli.Watch;

/// <summary>Times, money and states in words.</summary>
internal static class WatchText
{
    /// <summary>Such as <c>340 ms</c>, <c>1.2 s</c>, <c>2 min 05 s</c>, <c>3 h 10 min</c>.</summary>
    internal static string Length(TimeSpan time) => time switch
    {
        { Ticks: < 0 } => "0 ms",
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(time.TotalMilliseconds)} ms"),
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds:00} s"),
        { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes:00} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays} d {time.Hours:00} h"),
    };

    internal static string Cents(decimal cents) => string.Create(CultureInfo.InvariantCulture, $"{cents:0.######} {(cents == 1 ? "cent" : "cents")}");

    /// <summary>Empty for nothing.</summary>
    internal static string And(decimal cents) => cents == 0 ? "" : $", {Cents(cents)}";

    internal static string Many(int count, string one, string more) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : more)}");

    /// <summary>A time of today by the clock, another one with its day. UTC, as everywhere in records.</summary>
    internal static string At(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    internal static string Items(WatchedStep step) =>
        string.Create(CultureInfo.InvariantCulture, $"{step.ItemsDone + step.ItemsFailed}/{step.Items}{(step.ItemsFailed > 0 ? $", {step.ItemsFailed} failed" : "")}");

    /// <summary>Tries in all; empty for one.</summary>
    internal static string Tries(WatchedStep step) => step.Retries == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{step.Retries + 1} tries");

    /// <summary>How a step ended.</summary>
    internal static string Outcome(WatchedStep step, DateTimeOffset now) => string.Join(", ", Parts(step, now));

    /// <summary>How a step stands: status, progress, time, cost, tries, in that order.</summary>
    internal static IEnumerable<string> Parts(WatchedStep step, DateTimeOffset now)
    {
        yield return step.Status;
        if (step.Items is not null) yield return Items(step);
        if (step.TurnsMax > 0 && step.Rounds > 0) yield return $"turn {step.Rounds} of {step.TurnsMax}{(step.Tools > 0 ? $", {Many(step.Tools, "tool call", "tool calls")}" : "")}";
        if (step.Repeats && step.Rounds > 0) yield return Many(step.Rounds, "round", "rounds");
        if (step.StartedAt is { } from && step.Status is not ("skipped" or "taken over")) yield return Length((step.EndedAt ?? now) - from);
        if (step.Cost > 0) yield return Cents(step.Cost);
        if (Tries(step) is { Length: > 0 } tries) yield return tries;
        if (step.RetryAt is { } again && !step.IsOver) yield return $"again at {At(again)}";
        if (step.Wait is { } wait) yield return $"for {wait.For}{(wait.Until is { } until ? $" until {At(until)}" : "")}{(wait.Message is { } message ? $": {message}" : "")}";
        if (step.Status == "failed" && step.Why is { } why) yield return why;
    }

    internal static char Mark(string status) => status switch
    {
        "succeeded" => '+',
        "failed" => '-',
        "skipped" or "taken over" => '/',
        "compensated" => '<',
        "waiting" or "queued" or "paused" => '.',
        "running" or "undoing" => '>',
        "cancelled" or "quarantined" => '!',
        _ => ' ',
    };

    /// <summary>Fits the text into a column; a longer one is cut.</summary>
    internal static string Fit(string text, int width) => text.Length <= width ? text.PadRight(width) : string.Concat(text.AsSpan(0, Math.Max(0, width - 1)), "…");
}
