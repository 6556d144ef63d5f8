using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary>Reads runs in their wire form.</summary>
internal static class RunText
{
    internal static bool IsOver(JsonElement run) => run.GetText("status") is "succeeded" or "failed" or "cancelled";

    /// <summary>Over, or standing still until somebody does something.</summary>
    internal static bool IsSettled(JsonElement run) =>
        IsOver(run) || run.GetText("status") is "paused" or "quarantined"
        || (run.Get("steps") is { ValueKind: JsonValueKind.Array } steps && steps.EnumerateArray().Any(IsUnknown));

    /// <summary>Exit code by outcome: 0 succeeded, 1 failed, 3 waits for somebody, 4 cancelled.</summary>
    internal static int ExitCode(JsonElement run) => run.GetText("status") switch { "succeeded" => 0, "failed" => 1, "cancelled" => 4, _ => 3 };

    /// <summary>Prints a run's end: its result on standard output, how it went on standard error.</summary>
    internal static int Print(JsonElement run)
    {
        var id = run.GetText("run_id");
        if (run.Get("outcome")?.Get("result") is { } result) Report.Value(result);
        if (run.Get("outcome")?.Get("error") is { } error) Report.Fail(1, $"{error.GetText("code")}: {error.GetText("message")}", error.GetText("recovery_suggestion"));
        if (IsOver(run)) Console.Error.WriteLine($"{run.GetText("status")}, {Counted(run.Get("steps")?.GetArrayLength() ?? 0, "step")}, {Cents(run)} cents, root {run.GetText("root_hash")}");
        else Report.Fail(3, $"the run is {run.GetText("status")}.", Advice(run, id));
        return ExitCode(run);
    }

    private static string Advice(JsonElement run, string? id)
    {
        if (run.Get("steps") is { ValueKind: JsonValueKind.Array } steps && steps.EnumerateArray().FirstOrDefault(IsUnknown) is { ValueKind: JsonValueKind.Object } step)
            return $"Nobody knows whether step {step.GetText("id")} was done. Find out, then: aos runs resolve {id} {step.GetText("id")} done|not_done|abort";
        return run.GetText("status") is "waiting" or "running" or "retry" or "queued" ? $"Look at it: aos runs show {id}   Go on with it: aos runs resume {id}" : $"Let it go on: aos runs resume {id}";
    }

    /// <summary>Such as <c>1 step</c> and <c>2 steps</c>.</summary>
    internal static string Counted(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private static string Cents(JsonElement run) =>
        run.Get("cost_cents_exact") is { ValueKind: JsonValueKind.Number } cost && cost.TryGetDecimal(out var cents) ? cents.ToString("0.######", CultureInfo.InvariantCulture) : "0";

    private static bool IsUnknown(JsonElement step) => step.GetText("code") == "OUTCOME_UNKNOWN";
}
