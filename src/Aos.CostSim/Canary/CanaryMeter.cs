using System.Diagnostics.Metrics;

namespace Aos.CostSim;

/// <summary>Counts how runs of the canary ended, and tells how far the models lay apart.</summary>
internal sealed class CanaryMeter
{
    private readonly Counter<long> runs;
    private readonly Gauge<double> divergence;

    public CanaryMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.CostSim.Canary");
        runs = meter.CreateCounter<long>("costsim_v2_canary_runs_total", null, "Runs of the canary over the cost models, by status (pass, fail, error, skipped).");
        divergence = meter.CreateGauge<double>("costsim_v2_kl_divergence", null, "Divergence of the costs of both models beyond what is by design, in nats, as the last canary of this node found it.");
    }

    internal void Ran(string status) => runs.Add(1, new KeyValuePair<string, object?>("status", status));

    internal void Diverged(double nats) => divergence.Record(nats, new KeyValuePair<string, object?>("tenant_id", "default"));
}
