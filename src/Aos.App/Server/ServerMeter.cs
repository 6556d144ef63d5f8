using System.Diagnostics.Metrics;
using Aos.Contracts;

namespace Aos.App.Server;

/// <summary>Gauges read when somebody looks at <c>/metrics</c>, and how long requests stand at the gate.</summary>
internal sealed class ServerMeter
{
    private static readonly InstrumentAdvice<double> GateTimes = new() { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1] };
    private readonly Histogram<double> gate;

    public ServerMeter(IMeterFactory factory, IRunLoad load, IKillSwitches switches)
    {
        var meter = factory.Create("Aos.Server");
        gate = meter.CreateHistogram("rbac_latency_seconds", "s", "Time from a request's head to the decision about it: credential, limit, permission.", null, GateTimes);
        meter.CreateObservableGauge("nova_worker_pool_size", () => Environment.ProcessorCount, null, "Processors that runs share.");
        meter.CreateObservableGauge(
            "workflow_active_runs",
            () => load.LiveByWorkflow.Select(spec => new Measurement<int>(spec.Value, new KeyValuePair<string, object?>("spec_id", spec.Key))), null,
            "Runs in memory, by spec_id (the stored workflow). Counted when somebody looks: what is gone is not there.");
        meter.CreateObservableGauge(
            "nova_policy_emergency_stop_enabled",
            () => Enum.GetValues<KillScope>().Select(scope => new Measurement<int>(switches.Known.All.Count(one => one.Scope == scope), new KeyValuePair<string, object?>("scope", scope.ToString().ToLowerInvariant()))), null,
            "Kill switches that are engaged, as this node knows, by scope (house, tenant, workflow).");
        meter.CreateObservableGauge("nova_runs_live", () => load.Live, null, "Runs in memory.");
        meter.CreateObservableGauge("nova_runs_queued", () => load.Queued, null, "Runs of all tenants that wait for a slot, in the whole store.");
    }

    internal void Entered(TimeSpan took) => gate.Record(took.TotalSeconds);
}
