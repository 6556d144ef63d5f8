using System.Diagnostics.Metrics;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Counts what did not come to the second model, and measures what it and the memory say.</summary>
internal sealed class ShadowMeter
{
    private readonly Counter<long> dropped;
    private readonly TenantCounter unread;
    private readonly TenantCounter drifted;
    private readonly TenantLabels tenants = new();
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, double> newest = new(StringComparer.Ordinal);

    public ShadowMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.CostSim");
        dropped = meter.CreateCounter<long>("costsim_shadow_dropped_total", null, "Simulated plans that were not compared or kept, by reason (queue_full, breaker_open, breaker_unavailable, provenance).");
        unread = new(meter, "memory_context_injection_failures_total", "Questions whose entries of memory could not be read or written, by tenant_id and reason.", "reason", "database");
        drifted = new(meter, "drift_detected_total", "Questions that the memory knew something of and whose two answers drift, by tenant_id and severity (low, medium, high).", "severity", "low", "medium", "high");
        meter.CreateObservableGauge(
            "drift_score_current", () => newest.Select(one => new Measurement<double>(one.Value, TenantLabels.Tag(one.Key))), null, "Drift score of the newest such question, 0 to 1, by tenant_id.");
        Answers = new AnswerMeter(meter);
        foreach (var reason in new[] { "queue_full", "breaker_open", "breaker_unavailable", "provenance" }) Dropped(reason, 0);
    }

    /// <summary>What the second model says.</summary>
    internal AnswerMeter Answers { get; }

    internal void Dropped(string reason, int count) => dropped.Add(count, new KeyValuePair<string, object?>("reason", reason));

    internal void Unread(TenantId tenant, string reason) => unread.Add(tenant, reason);

    /// <param name="severity">Null: it is no drift.</param>
    internal void Looked(TenantId tenant, double score, string? severity)
    {
        newest[tenants.Of(tenant).Label] = score;
        if (severity is not null) drifted.Add(tenant, severity);
    }
}
