using System.Text.Json;

namespace Aos.Kernel;

/// <summary>One difference of two traces; a null side has nothing there.</summary>
public sealed record TraceDifference(string Field, JsonElement Trace1, JsonElement Trace2);

/// <summary>What two traces differ in, in the SDK's words and order.</summary>
public sealed record TraceDiff(IReadOnlyList<TraceDifference> Differences)
{
    public bool Match => Differences.Count == 0;

    /// <summary>One line: identical, or the count and the first three fields.</summary>
    public string Summary
    {
        get
        {
            if (Match) return "Traces are identical";
            var names = string.Join(", ", Differences.Take(3).Select(difference => difference.Field));
            return $"{Differences.Count} difference(s): {names}{(Differences.Count > 3 ? $" and {Differences.Count - 3} more" : "")}";
        }
    }

    /// <summary>Compares in the SDK's order: seed, timestamp, tenant, step count, the common steps, root.</summary>
    public static TraceDiff Of(Trace11 left, Trace11 right)
    {
        var found = new Found();
        found.Add("seed", Json.Parse(left.Seed), Json.Parse(right.Seed));
        found.Add("timestamp", left.Timestamp, right.Timestamp);
        found.Add("tenant_id", left.Tenant, right.Tenant);
        found.Add("step_count", Json.Of(left.Steps.Length), Json.Of(right.Steps.Length));
        for (var i = 0; i < left.Steps.Length && i < right.Steps.Length; i++)
        {
            var (a, b) = (left.Steps[i], right.Steps[i]);
            found.Add($"step[{i}].skill_id", a.SkillId, b.SkillId);
            found.Add($"step[{i}].input_hash", a.InputHash, b.InputHash);
            found.Add($"step[{i}].output_hash", a.OutputHash, b.OutputHash);
            found.Add($"step[{i}].rng_state", a.RngStateBefore, b.RngStateBefore);
            found.Add($"step[{i}].outcome", a.Outcome, b.Outcome);
        }

        found.Add("root_hash", left.RootHash, right.RootHash);
        return new TraceDiff(found.Differences);
    }

    /// <summary>The reply of a diff: <c>{match, differences, summary}</c>.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("match", Match);
        WriteDifferences(writer);
        writer.WriteEndObject();
    }

    /// <summary>The members <c>differences</c> and <c>summary</c>.</summary>
    public void WriteDifferences(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("differences");
        foreach (var difference in Differences)
        {
            writer.WriteStartObject();
            writer.WriteString("field", difference.Field);
            writer.WritePropertyName("trace1");
            difference.Trace1.WriteTo(writer);
            writer.WritePropertyName("trace2");
            difference.Trace2.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("summary", Summary);
    }

    /// <summary>Collects differences.</summary>
    public sealed class Found
    {
        public List<TraceDifference> Differences { get; } = [];

        public void Add(string field, string? left, string? right)
        {
            if (string.Equals(left, right, StringComparison.Ordinal)) return;
            Differences.Add(new TraceDifference(field, left is null ? Json.Null : Json.Of(left), right is null ? Json.Null : Json.Of(right)));
        }

        public void Add(string field, JsonElement left, JsonElement right)
        {
            if (left.GetRawText() != right.GetRawText()) Differences.Add(new TraceDifference(field, left, right));
        }
    }
}

/// <summary>What became of one step at a replay.</summary>
/// <param name="Action"><c>executed</c>, <c>skipped</c>, <c>checked</c> or <c>failed</c>.</param>
public sealed record StepReplay(int StepIndex, string Action, string Reason, bool? OutputMatch = null)
{
    /// <summary>
    /// Replays a step by its <c>replay_behavior</c>. <paramref name="done"/> holds the idempotency keys executed so far and
    /// gets this step's. Without <paramref name="execute"/> it is a dry run.
    /// </summary>
    /// <param name="execute">Gives the output, or a failure; it does not throw.</param>
    public static StepReplay Of(TraceStep11 step, Func<TraceStep11, (JsonElement? Output, string? Error)>? execute, ISet<string> done)
    {
        var skips = step.ReplayBehavior == "skip";
        var checks = step.ReplayBehavior == "check";
        if (skips && step.IdempotencyKey is { } known && done.Contains(known))
            return new StepReplay(step.StepIndex, "skipped", "The idempotency key was executed already.");
        if (execute is null)
        {
            if (skips && step.IdempotencyKey is { } key) done.Add(key);
            return checks
                ? new StepReplay(step.StepIndex, "checked", "Dry run: nothing to compare.", true)
                : new StepReplay(step.StepIndex, "executed", "Dry run.");
        }

        var (output, error) = execute(step);
        if (error is not null) return new StepReplay(step.StepIndex, "failed", error);
        if (step.IdempotencyKey is { } added) done.Add(added);
        if (!checks) return new StepReplay(step.StepIndex, "executed", "Executed.");
        var hash = PythonJson.HashData(output ?? Json.Null);
        return hash == step.OutputHash
            ? new StepReplay(step.StepIndex, "checked", "The output is the recorded one.", true)
            : new StepReplay(step.StepIndex, "failed", $"Output hash {hash}, recorded {step.OutputHash}.", false);
    }
}
