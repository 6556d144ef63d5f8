using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Walks two JSON values side by side and notes where they differ; a missing member equals null.</summary>
internal sealed class DriftWalk(List<DriftPoint> points, ImmutableSortedSet<string> ignored, int step)
{
    /// <summary>Compares two values under one name.</summary>
    /// <param name="path">Where they stand; its last name decides how bad a difference is.</param>
    internal void Compare(string path, JsonElement left, JsonElement right) => Compare(path, path, left, right);

    private static bool IsNull(JsonElement value) => value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    private static bool AreOfOneType(JsonElement left, JsonElement right) =>
        left.ValueKind == right.ValueKind || (IsFlag(left) && IsFlag(right));

    private static bool IsFlag(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False;

    private static DriftSeverity Severity(string name, JsonElement left, JsonElement right) => name switch
    {
        "status" or "error" or "success" or "result_type" => DriftSeverity.Critical,
        "data" or "output" or "response" or "value" => DriftSeverity.High,
        _ when !AreOfOneType(left, right) => DriftSeverity.High,
        _ when left.ValueKind == JsonValueKind.Number => Severity(left.GetDouble(), right.GetDouble()),
        _ => DriftSeverity.Medium,
    };

    private static DriftSeverity Severity(double left, double right) => left == 0 ? DriftSeverity.Medium : Math.Abs((right - left) / left) switch
    {
        > 0.5 => DriftSeverity.High,
        > 0.1 => DriftSeverity.Medium,
        _ => DriftSeverity.Low,
    };

    private static DriftCategory Category(string name) => name switch
    {
        "data" or "output" or "response" or "result" or "value" => DriftCategory.Output,
        "status" or "state" or "phase" or "stage" => DriftCategory.State,
        "duration" or "latency" or "time" or "elapsed" => DriftCategory.Timing,
        _ => DriftCategory.Behavior,
    };

    private void Compare(string path, string name, JsonElement left, JsonElement right)
    {
        if (left.ValueKind == JsonValueKind.Object && right.ValueKind == JsonValueKind.Object) CompareMembers(path, left, right);
        else if (left.ValueKind == JsonValueKind.Array && right.ValueKind == JsonValueKind.Array) CompareItems(path, name, left, right);
        else if (!(IsNull(left) && IsNull(right)) && !JsonElement.DeepEquals(left, right))
            points.Add(new DriftPoint(step, path, left, right, Severity(name, left, right), Category(name)));
    }

    private void CompareMembers(string path, JsonElement left, JsonElement right)
    {
        var names = left.EnumerateObject().Concat(right.EnumerateObject()).Select(member => member.Name).Where(name => !ignored.Contains(name)).Distinct(StringComparer.Ordinal);
        foreach (var name in names.Order(StringComparer.Ordinal)) Compare($"{path}.{name}", name, left.Get(name) ?? Json.Null, right.Get(name) ?? Json.Null);
    }

    private void CompareItems(string path, string name, JsonElement left, JsonElement right)
    {
        var (a, b) = (left.GetArrayLength(), right.GetArrayLength());
        if (a != b) points.Add(new DriftPoint(step, $"{path}.length", Json.Of((decimal)a), Json.Of((decimal)b), DriftSeverity.Medium, DriftCategory.Output));
        foreach (var (i, (one, other)) in left.EnumerateArray().Zip(right.EnumerateArray()).Index())
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            if (one.ValueKind == JsonValueKind.Object && other.ValueKind == JsonValueKind.Object) CompareMembers(at, one, other);
            else if (one.ValueKind == JsonValueKind.Array && other.ValueKind == JsonValueKind.Array) CompareItems(at, name, one, other);
            else if (!JsonElement.DeepEquals(one, other)) points.Add(new DriftPoint(step, at, one, other, DriftSeverity.Medium, DriftCategory.Output));
        }
    }
}
