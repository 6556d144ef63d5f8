using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>One step as <c>/api/v1/runtime/traces</c> shows it.</summary>
/// <param name="Status"><c>success</c>, <c>failure</c>, <c>retry</c> or <c>skipped</c>.</param>
/// <param name="Category"><c>SUCCESS</c>, or the failure's category in upper case.</param>
public sealed record TraceStep(
    int StepIndex, string SkillName, JsonElement Params, string Status, string Category, string? Code, JsonElement? Data, Cents Cost,
    TimeSpan Duration, int Retries, DateTimeOffset At)
{
    /// <summary>The determinism hash: 16 hex digits; data, cost, duration and time are not in it.</summary>
    public string Hash() => PythonJson.Sha(PythonJson.Spaced(Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("step_index", StepIndex);
        writer.WriteString("skill_name", SkillName);
        writer.WriteString("params", PythonJson.Spaced(Params));
        writer.WriteString("status", Status);
        writer.WriteString("outcome_category", Category);
        writer.WriteString("outcome_code", Code);
        writer.WriteNumber("retry_count", Retries);
        writer.WriteEndObject();
    })))[..16];
}

/// <summary>Whether a replay took the same way as the original.</summary>
/// <param name="Step">Where they part, or null.</param>
public sealed record Parity(bool IsParity, string Original, string Replay, int? Step, string? Reason)
{
    /// <summary>32 hex digits over the steps' hashes; of no steps, the hash of the empty text.</summary>
    public static string Signature(IEnumerable<TraceStep> steps) => PythonJson.Sha(string.Join(':', steps.Select(step => step.Hash())))[..32];

    /// <summary>Compares by signature, and names the first step that differs and why.</summary>
    public static Parity Of(ImmutableArray<TraceStep> original, ImmutableArray<TraceStep> replay)
    {
        var (left, right) = (Signature(original), Signature(replay));
        if (left == right) return new Parity(true, left, right, null, null);
        for (var i = 0; i < original.Length && i < replay.Length; i++)
        {
            if (original[i].Hash() != replay[i].Hash()) return new Parity(false, left, right, i, Why(original[i], replay[i]));
        }

        var reason = string.Create(CultureInfo.InvariantCulture, $"step count: {original.Length} vs {replay.Length}");
        return new Parity(false, left, right, Math.Min(original.Length, replay.Length), reason);
    }

    private static string Why(TraceStep original, TraceStep replay)
    {
        var parts = new List<string>();
        if (original.SkillName != replay.SkillName) parts.Add($"skill: {original.SkillName} vs {replay.SkillName}");
        if (original.Status != replay.Status) parts.Add($"status: {original.Status} vs {replay.Status}");
        if (original.Retries != replay.Retries) parts.Add(string.Create(CultureInfo.InvariantCulture, $"retries: {original.Retries} vs {replay.Retries}"));
        if (PythonJson.Spaced(original.Params) != PythonJson.Spaced(replay.Params)) parts.Add("params differ");
        return parts.Count == 0 ? "hash mismatch" : string.Join("; ", parts);
    }
}
