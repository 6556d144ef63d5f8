using System.Diagnostics.Metrics;

namespace Aos.Memory;

/// <summary>Figures of the memory; names and labels are those that dashboards know. No label holds a tenant or a key.</summary>
internal sealed class PinMeter
{
    private readonly Counter<long> operations, services, hits, misses, dropped;
    private readonly Histogram<double> latency, serviceLatency, sizes;

    public PinMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Memory");
        operations = meter.CreateCounter<long>(
            "memory_pins_operations_total", null, "What was done with entries of the memory, by operation (put, patch, increment, append, get, list, delete, cleanup, sweep, run_read) and status (success, absent, refused, error).");
        services = meter.CreateCounter<long>("memory_service_operations_total", null, "The same with cache: hit, miss, write, delete or none.");
        hits = meter.CreateCounter<long>("memory_cache_hits_total", null, "Reads whose value was at hand in the version that the store said.");
        misses = meter.CreateCounter<long>("memory_cache_misses_total", null, "Reads whose value came from the store.");
        dropped = meter.CreateCounter<long>("memory_audit_dropped_total", null, "Entries of the memory's record that were let go, by reason: full, store.");
        latency = Times("memory_pins_latency_seconds", "Seconds of what succeeded, by operation.", 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1);
        serviceLatency = Times("memory_service_latency_seconds", "Seconds, by operation.", 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1);
        sizes = Times("memory_value_size_bytes", "Bytes of values that were written.", 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576);

        Histogram<double> Times(string name, string description, params double[] bounds) =>
            meter.CreateHistogram(name, null, description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
    }

    internal void Done(string operation, string status, TimeSpan took, string cache = "none")
    {
        operations.Add(1, new("operation", operation), new("status", status));
        services.Add(1, new("operation", operation), new("status", status), new("cache", cache));
        if (status == "success") latency.Record(took.TotalSeconds, new KeyValuePair<string, object?>("operation", operation));
        serviceLatency.Record(took.TotalSeconds, new KeyValuePair<string, object?>("operation", operation));
        if (cache == "hit") hits.Add(1);
        if (cache == "miss") misses.Add(1);
    }

    internal void Wrote(long bytes) => sizes.Record(bytes);

    internal void Dropped(string reason, int count) => dropped.Add(count, new KeyValuePair<string, object?>("reason", reason));
}
