using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>How bad a difference is; on the wire in lower case.</summary>
public enum DriftSeverity
{
    /// <summary>Of a result only: nothing differs.</summary>
    None,
    Low,
    Medium,
    High,
    Critical,
}

/// <summary>What differs; on the wire in lower case.</summary>
public enum DriftCategory
{
    Output,
    Timing,
    State,
    Behavior,
}

/// <summary>One place in which two executions differ.</summary>
/// <param name="StepIndex">From 0, of the baseline; -1: it is not a step's.</param>
/// <param name="FieldPath">Such as <c>steps[2].result.data</c> or <c>final_state.total</c>.</param>
/// <param name="BaselineValue">Null: nothing is there.</param>
public sealed record DriftPoint(int StepIndex, string FieldPath, JsonElement? BaselineValue, JsonElement? MemoryValue, DriftSeverity Severity, DriftCategory Category);

/// <summary>What memory changed in an execution.</summary>
/// <param name="HasDrift">The score is above the threshold.</param>
/// <param name="Score">0 to 100: the sum of 25 a critical point, 10 a high, 5 a medium and 2 a low one.</param>
/// <param name="Points">In the order of the steps, then of the paths; at most <see cref="PointsMax"/> of <paramref name="PointCount"/>.</param>
/// <param name="BaselineHash">16 hex digits of SHA-256 over what is compared; equal hashes: nothing differs.</param>
public sealed record DriftResult(
    bool HasDrift, double Score, ImmutableArray<DriftPoint> Points, int PointCount, DriftSeverity Severity, string Summary, string BaselineHash, string MemoryHash, ImmutableArray<string> IgnoredFields)
{
    /// <summary>Points that are told; the score counts all.</summary>
    public const int PointsMax = 1_000;

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("has_drift", HasDrift);
        writer.WriteNumber("drift_score", Score);
        writer.WriteString("severity", Wire(Severity));
        writer.WriteString("summary", Summary);
        writer.WriteString("baseline_hash", BaselineHash);
        writer.WriteString("memory_hash", MemoryHash);
        writer.WriteNumber("drift_point_count", PointCount);
        writer.WriteStartArray("drift_points");
        foreach (var point in Points) Write(writer, point);
        writer.WriteEndArray();
        writer.WriteStartArray("ignored_fields");
        foreach (var field in IgnoredFields) writer.WriteStringValue(field);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    internal static string Say(double score, IReadOnlyList<DriftPoint> points)
    {
        if (points.Count == 0) return "No drift detected";
        var counts = new[] { DriftSeverity.Critical, DriftSeverity.High, DriftSeverity.Medium, DriftSeverity.Low }
            .Select(severity => (severity, Count: points.Count(point => point.Severity == severity)))
            .Where(one => one.Count > 0)
            .Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Count} {Wire(one.severity)}"));
        return string.Create(CultureInfo.InvariantCulture, $"Drift score {score:0.0}/100: {string.Join(", ", counts)}");
    }

    private static string Wire<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static void Write(Utf8JsonWriter writer, DriftPoint point)
    {
        writer.WriteStartObject();
        writer.WriteNumber("step_index", point.StepIndex);
        writer.WriteString("field_path", point.FieldPath);
        Write("baseline_value", point.BaselineValue);
        Write("memory_value", point.MemoryValue);
        writer.WriteString("severity", Wire(point.Severity));
        writer.WriteString("category", Wire(point.Category));
        writer.WriteEndObject();

        void Write(string name, JsonElement? value)
        {
            writer.WritePropertyName(name);
            (value ?? Json.Null).WriteTo(writer);
        }
    }
}
