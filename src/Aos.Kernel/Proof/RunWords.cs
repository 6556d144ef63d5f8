using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Says in words where two runs part.</summary>
internal static class RunWords
{
    private const int ValueMax = 80;

    /// <summary>What runs are given, and not what comes of it.</summary>
    private static readonly string[] Givens = ["plan", "inputs", "seed"];

    internal static RunDivergence? First(ImmutableArray<RunDifference> whole, ImmutableArray<StepComparison> steps)
    {
        var given = whole.FirstOrDefault(difference => difference.Stable && IsGiven(difference.Member));
        var before = given is null ? "" : $" They were given different things: {Sides(given)}.";
        foreach (var step in steps)
        {
            // Another seed alone is another number at every step: what it does shows elsewhere.
            if (step.Differences.FirstOrDefault(difference => difference.Stable && difference.Member != "seed") is not { } difference) continue;
            var text = difference.Member == "step"
                ? $"Step {step.Id} (index {step.Index}) is in {(difference.Left is null ? "B" : "A")} only."
                : $"Step {step.Id} (index {step.Index}) is the first that differs: {Sides(difference)}.";
            return new RunDivergence(step.Id, step.Index, difference, text + before);
        }

        return (given ?? whole.FirstOrDefault(difference => difference.Stable)) is { } only ? new RunDivergence(null, null, only, $"All steps are the same; {Sides(only)}.") : null;
    }

    private static bool IsGiven(string member) => Array.Exists(Givens, name => member == name || (member.StartsWith(name, StringComparison.Ordinal) && member[name.Length] is '.' or '['));

    private static string Sides(RunDifference difference) => $"{difference.Member} is {Value(difference.Left)} in A and {Value(difference.Right)} in B";

    private static string Value(JsonElement? value)
    {
        if (value is not { } shown) return "absent";
        var text = shown.GetRawText();
        return text.Length <= ValueMax ? text : string.Concat(text.AsSpan(0, ValueMax), "…");
    }
}
