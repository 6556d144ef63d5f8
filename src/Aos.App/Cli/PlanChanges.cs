using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary>One change of a plan.</summary>
/// <param name="Kind">added, removed, moved or changed.</param>
/// <param name="Members">What differs in it.</param>
internal sealed record PlanChange(string Kind, string Step, IReadOnlyList<string> Members);

/// <summary>
/// What changed between two plans, and which runs of the first could go on under the second: those that have not come
/// to the first step that differs. What a run has done must stand in the new plan as it was done.
/// </summary>
internal sealed class PlanChanges
{
    private PlanChanges(Plan before, Plan after)
    {
        Head = [.. Differing(Without(before.Source), Without(after.Source))];
        var (old, now) = (Steps(before), Steps(after));
        Changed = [.. Changes(old, now)];
        var common = old.Zip(now).TakeWhile(pair => CanonicalJson.Text(pair.First) == CanonicalJson.Text(pair.Second)).Count();
        var sameOrder = before.IsGraph == after.IsGraph;
        ResumableSteps = sameOrder ? common : 0;
        FirstDifference = common < old.Count && sameOrder ? before.Steps[common].Id : null;
        AllResume = sameOrder && common == old.Count;
    }

    /// <summary>Members beside the steps that differ.</summary>
    internal IReadOnlyList<string> Head { get; }

    internal IReadOnlyList<PlanChange> Changed { get; }

    internal bool IsEmpty => Head.Count == 0 && Changed.Count == 0;

    /// <summary>Steps from the first on that are the same.</summary>
    internal int ResumableSteps { get; }

    /// <summary>The first step of the old plan that differs, or null.</summary>
    internal string? FirstDifference { get; }

    internal bool AllResume { get; }

    internal static PlanChanges Of(Plan before, Plan after) => new(before, after);

    /// <summary>Prints changes as <see cref="ToJson"/> gives them: this process's own, or those a house has told.</summary>
    internal static void Print(JsonElement changes)
    {
        foreach (var name in changes.GetProperty("members").EnumerateArray()) Console.Out.WriteLine($"changed {name.GetString()}");
        foreach (var change in changes.GetProperty("steps").EnumerateArray())
        {
            var members = string.Join(", ", change.GetProperty("members").EnumerateArray().Select(member => member.GetString()));
            Console.Out.WriteLine($"{change.GetText("kind")} step {change.GetText("id")}{(members.Length > 0 ? ": " + members : "")}");
        }

        Console.Out.WriteLine(changes.GetProperty("match").GetBoolean() ? "The plans are the same." : Resume(changes));
    }

    internal JsonElement ToJson() => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("match", IsEmpty);
        writer.WriteStartArray("members");
        foreach (var name in Head) writer.WriteStringValue(name);
        writer.WriteEndArray();
        writer.WriteStartArray("steps");
        foreach (var change in Changed)
        {
            writer.WriteStartObject();
            writer.WriteString("kind", change.Kind);
            writer.WriteString("id", change.Step);
            writer.WriteStartArray("members");
            foreach (var name in change.Members) writer.WriteStringValue(name);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteBoolean("all_resume", AllResume);
        writer.WriteNumber("resumable_steps", ResumableSteps);
        writer.WriteString("first_difference", FirstDifference);
        writer.WriteEndObject();
    });

    private static string Resume(JsonElement changes)
    {
        if (changes.GetProperty("all_resume").GetBoolean()) return "Every run of the old plan could go on under the new one.";
        var same = changes.GetProperty("resumable_steps").GetInt32();
        return changes.GetText("first_difference") is not { } first || same == 0
            ? "No started run of the old plan could go on under the new one."
            : $"Runs that have not started step {first} (number {same + 1}) could go on under the new one.";
    }

    private static IEnumerable<PlanChange> Changes(List<JsonElement> old, List<JsonElement> now)
    {
        var before = old.Select((step, i) => (Id: step.GetText("id") ?? "", step, i)).ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        var after = now.Select((step, i) => (Id: step.GetText("id") ?? "", step, i)).ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        foreach (var gone in before.Values.Where(entry => !after.ContainsKey(entry.Id))) yield return new PlanChange("removed", gone.Id, []);
        foreach (var entry in after.Values)
        {
            if (!before.TryGetValue(entry.Id, out var was)) yield return new PlanChange("added", entry.Id, []);
            else if (Differing(was.step, entry.step).ToList() is { Count: > 0 } members) yield return new PlanChange("changed", entry.Id, members);
            else if (was.i != entry.i) yield return new PlanChange("moved", entry.Id, []);
        }
    }

    private static IEnumerable<string> Differing(JsonElement before, JsonElement after) =>
        before.EnumerateObject().Concat(after.EnumerateObject()).Select(member => member.Name).Distinct(StringComparer.Ordinal)
            .Where(name => Text(before.Get(name)) != Text(after.Get(name)));

    private static string? Text(JsonElement? value) => value is { } there ? CanonicalJson.Text(there) : null;

    private static List<JsonElement> Steps(Plan plan) => [.. plan.Source.GetProperty("steps").EnumerateArray()];

    private static JsonElement Without(JsonElement source) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in source.EnumerateObject().Where(member => member.Name != "steps")) member.WriteTo(writer);
        writer.WriteEndObject();
    });
}
