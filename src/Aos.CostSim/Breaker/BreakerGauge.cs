using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>How the breaker and the queue of alerts stand in the store: the same on every node and after every start.</summary>
internal sealed class BreakerGauge : IScraped
{
    private readonly Glance<Figures> glance;

    public BreakerGauge(IMeterFactory factory, BreakerTable table, IOutbox outbox, TimeProvider clock)
    {
        glance = new Glance<Figures>(
            async cancel => new Figures(await table.ReadAsync(cancel), (await outbox.CountAsync(TenantId.Default, AlertQueue.Kind, cancel)).Waiting), clock);
        var meter = factory.Create("Aos.CostSim.Breaker");
        meter.CreateObservableGauge(
            "costsim_v2_circuit_breaker_state", () => Shown(seen => new Measurement<int>(seen.Row.Status == BreakerStatus.Open ? 1 : 0, TenantLabels.Tag(TenantLabels.House))), null,
            "1: the breaker is open, the second model is not asked; 0: it is closed, or half open and lets probes through. One for the house, whose tenant_id it has.");
        meter.CreateObservableGauge("costsim_cb_consecutive_failures", () => Shown(seen => new Measurement<int>(seen.Row.Failures)), null, "Failures in a row that the breaker has counted.");
        meter.CreateObservableGauge("costsim_cb_alert_queue_depth", () => Shown(seen => new Measurement<long>(seen.Alerts)), null, "Alerts in the outbox that are not taken yet; those that were given up are not among them.");
    }

    public Task LookAsync(CancellationToken cancel) => glance.LookAsync(cancel);

    /// <summary>What is not known is not shown.</summary>
    private IEnumerable<Measurement<T>> Shown<T>(Func<Figures, Measurement<T>> show)
        where T : struct => glance.Known is { } seen ? [show(seen)] : [];

    private sealed record Figures(BreakerRow Row, long Alerts);
}
