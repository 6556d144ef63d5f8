using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>Compares executions, and counts what came of it under the names that dashboards know.</summary>
internal sealed class DriftDesk : IMemoryDrift
{
    private static readonly double[] Seconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
    private readonly Counter<long> comparisons;
    private readonly Histogram<double> latency;
    private readonly TimeProvider clock;

    public DriftDesk(IMeterFactory factory, TimeProvider clock)
    {
        var meter = factory.Create("Aos.Memory");
        this.clock = clock;
        comparisons = meter.CreateCounter<long>("drift_comparisons_total", null, "Executions without memory that were compared with one that had it, by status (drift, no_drift).");
        latency = meter.CreateHistogram("drift_comparison_latency_seconds", "s", "How long a comparison takes.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds });
        foreach (var status in new[] { "drift", "no_drift" }) comparisons.Add(0, new KeyValuePair<string, object?>("status", status));
    }

    public DriftResult Compare(ExecutionTrace baseline, ExecutionTrace memory, IReadOnlyList<string> ignored, double threshold)
    {
        var started = clock.GetTimestamp();
        var result = new DriftDetector(ignored, threshold).Compare(baseline, memory);
        latency.Record(clock.GetElapsedTime(started).TotalSeconds);
        comparisons.Add(1, new KeyValuePair<string, object?>("status", result.HasDrift ? "drift" : "no_drift"));
        return result;
    }
}
