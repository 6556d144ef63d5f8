using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// Says what memory changed in an execution: compares it, place by place, with one of the same work without memory. Equal input gives equal
/// points in equal order.
/// </summary>
public sealed class DriftDetector
{
    /// <summary>A score above it is drift; one medium point alone is none.</summary>
    public const double DefaultThreshold = 5.0;

    private static readonly ImmutableArray<string> AlwaysIgnored =
    [
        "timestamp", "ts", "created_at", "updated_at", "execution_time", "duration_ms", "latency_ms", "request_id", "trace_id", "span_id", "memory_context", "context_injected", "memories_loaded",
    ];

    private readonly ImmutableSortedSet<string> ignored;

    /// <param name="ignored">Names of members that are not compared at any depth, beside those that differ in any two executions.</param>
    /// <param name="threshold">0 to 100.</param>
    public DriftDetector(IEnumerable<string>? ignored = null, double threshold = DefaultThreshold)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threshold);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threshold, 100);
        this.ignored = ImmutableSortedSet.CreateRange(StringComparer.Ordinal, AlwaysIgnored.Concat(ignored ?? []));
        Threshold = threshold;
    }

    public double Threshold { get; }

    /// <summary>In ordinal order.</summary>
    public ImmutableArray<string> IgnoredFields => [.. ignored];

    /// <param name="baseline">Without memory.</param>
    /// <param name="memory">With memory.</param>
    public DriftResult Compare(ExecutionTrace baseline, ExecutionTrace memory)
    {
        var points = new List<DriftPoint>();
        var (a, b) = (baseline.Steps, memory.Steps);
        if (a.Length != b.Length)
            points.Add(new DriftPoint(-1, "steps.length", Number(a.Length), Number(b.Length), DriftSeverity.High, DriftCategory.Behavior));
        foreach (var (left, right) in StepAlignment.Of([.. a.Select(step => step.Skill)], [.. b.Select(step => step.Skill)])) Compare(points, left, a[left], b[right]);
        new DriftWalk(points, ignored, -1).Compare("final_state", baseline.FinalState, memory.FinalState);

        var score = Math.Min(100, points.Sum(Weight));
        return new DriftResult(
            score > Threshold, score, [.. points.Take(DriftResult.PointsMax)], points.Count, points.Count == 0 ? DriftSeverity.None : points.Max(point => point.Severity),
            DriftResult.Say(score, points), baseline.Hash(ignored), memory.Hash(ignored), IgnoredFields);
    }

    private static double Weight(DriftPoint point) => point.Severity switch
    {
        DriftSeverity.Critical => 25,
        DriftSeverity.High => 10,
        DriftSeverity.Medium => 5,
        DriftSeverity.Low => 2,
        _ => 0,
    };

    private static bool IsNothing(JsonElement? value) => value is not { } some || some.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined
        || (some.ValueKind == JsonValueKind.Object && some.GetPropertyCount() == 0) || (some.ValueKind == JsonValueKind.Array && some.GetArrayLength() == 0);

    private static JsonElement Number(int value) => Json.Of((decimal)value);

    private void Compare(List<DriftPoint> points, int index, ExecutedStep left, ExecutedStep right)
    {
        var at = string.Create(CultureInfo.InvariantCulture, $"steps[{index}]");
        if (left.Skill != right.Skill)
        {
            // Two calls of different skills have nothing to compare.
            points.Add(new DriftPoint(index, $"{at}.skill", Json.Of(left.Skill), Json.Of(right.Skill), DriftSeverity.Critical, DriftCategory.Behavior));
            return;
        }

        var walk = new DriftWalk(points, ignored, index);
        walk.Compare($"{at}.params", left.Params, right.Params);
        if (IsNothing(left.Result) != IsNothing(right.Result))
            points.Add(new DriftPoint(index, $"{at}.result", left.Result, right.Result, DriftSeverity.High, DriftCategory.Output));
        else if (!IsNothing(left.Result))
            walk.Compare($"{at}.result", left.Result!.Value, right.Result!.Value);
        if (left.Status != right.Status)
            points.Add(new DriftPoint(index, $"{at}.status", Json.Of(left.Status), Json.Of(right.Status), DriftSeverity.High, DriftCategory.State));
    }
}
