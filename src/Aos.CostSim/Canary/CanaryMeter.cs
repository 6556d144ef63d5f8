using System.Diagnostics.Metrics;
using Aos.Contracts;

namespace Aos.CostSim;

/// <summary>Counts how runs of the canary ended, and tells how far the models lay apart.</summary>
internal sealed class CanaryMeter
{
    private readonly long[] runs = new long[Enum.GetValues<CanaryStatus>().Length];
    private readonly Lock gate = new();
    private double? divergence;

    public CanaryMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.CostSim.Canary");
        // Observed, so that each status is there from the start: an alert on runs that never come has a series to look at.
        meter.CreateObservableCounter("costsim_v2_canary_runs_total", Runs, null, "Runs of the canary over the cost models, by status (pass, fail, error, skipped).");
        meter.CreateObservableGauge("costsim_v2_kl_divergence", Divergence, null, "Divergence of the costs of both models beyond what is by design, in nats, as the last canary of this node found it.");
    }

    internal void Ran(CanaryStatus status) => Interlocked.Increment(ref runs[(int)status]);

    internal void Diverged(double nats)
    {
        lock (gate) divergence = nats;
    }

    private IEnumerable<Measurement<long>> Runs() => Enum.GetValues<CanaryStatus>().Select(
        status => new Measurement<long>(Interlocked.Read(ref runs[(int)status]), new KeyValuePair<string, object?>("status", status.ToString().ToLowerInvariant())));

    private IEnumerable<Measurement<double>> Divergence()
    {
        lock (gate) return divergence is { } nats ? [new Measurement<double>(nats, TenantLabels.Tag(TenantLabels.House))] : [];
    }
}
