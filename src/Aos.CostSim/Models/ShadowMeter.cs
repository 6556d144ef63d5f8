using System.Diagnostics.Metrics;

namespace Aos.CostSim;

/// <summary>Counts what did not come to the second model.</summary>
internal sealed class ShadowMeter
{
    private readonly Counter<long> dropped;
    private readonly Counter<long> unread;

    public ShadowMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.CostSim");
        dropped = meter.CreateCounter<long>("costsim_shadow_dropped_total", null, "Simulated plans that were not compared or kept, by reason (queue_full, breaker_open, breaker_unavailable, provenance).");
        unread = meter.CreateCounter<long>("memory_context_injection_failures_total", null, "Questions whose entries of memory could not be read, by reason.");
    }

    internal void Dropped(string reason, int count) => dropped.Add(count, new KeyValuePair<string, object?>("reason", reason));

    internal void Unread(string reason) => unread.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
