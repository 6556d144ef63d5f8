using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary>A diff of two runs as people read it: <c>=</c> the same, <c>!</c> different, <c>~</c> different in what is not compared.</summary>
internal static class RunDiffText
{
    private const int ValueMax = 60;

    internal static string Of(JsonElement diff)
    {
        var text = new StringBuilder();
        Side(text, "A", diff.GetProperty("a"));
        Side(text, "B", diff.GetProperty("b"));
        text.Append('\n');
        foreach (var difference in diff.GetProperty("differences").EnumerateArray()) Line(text, "", difference);
        foreach (var step in diff.GetProperty("steps").EnumerateArray())
        {
            var differences = step.GetProperty("differences");
            var mark = step.GetProperty("match").GetBoolean() ? differences.GetArrayLength() > 0 ? '~' : '=' : '!';
            text.Append(CultureInfo.InvariantCulture, $"{mark} {step.GetProperty("index").GetInt32()} {Plain(step.GetText("id"))} ({Plain(step.GetText("skill"))})\n");
            foreach (var difference in differences.EnumerateArray()) Line(text, "    ", difference);
        }

        text.Append('\n').Append(diff.Get("first_divergence")?.GetText("text") is { } words ? Plain(words) : "The runs are the same in everything that is equal for equal runs.").Append('\n');
        return text.ToString();
    }

    private static void Side(StringBuilder text, string name, JsonElement run) => text.Append(
        CultureInfo.InvariantCulture,
        $"{name} {run.GetText("run_id")} {Plain(run.GetText("plan_name"))}: {run.GetText("status")}, {run.GetProperty("total_steps").GetInt32()} steps, {run.GetProperty("attempts").GetInt32()} tries, {run.GetProperty("cost_cents_exact").GetRawText()} cents, root {(run.GetText("root_hash") is { } root ? root[..16] : "none yet")}\n");

    private static void Line(StringBuilder text, string indent, JsonElement difference) => text.Append(
        CultureInfo.InvariantCulture,
        $"{indent}{(difference.GetProperty("stable").GetBoolean() ? '!' : '~')} {Plain(difference.GetText("member"))}: {Value(difference.GetProperty("a"))} | {Value(difference.GetProperty("b"))}\n");

    private static string Value(JsonElement value)
    {
        var text = value.ValueKind == JsonValueKind.Null ? "-" : value.GetRawText();
        return Plain(text.Length <= ValueMax ? text : text[..ValueMax] + "…");
    }

    private static string Plain(string? text) => PlainText.Of(text ?? "");
}
