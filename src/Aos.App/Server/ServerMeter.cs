using System.Diagnostics.Metrics;
using Aos.Contracts;

namespace Aos.App.Server;

/// <summary>Gauges read when somebody looks at <c>/metrics</c>.</summary>
internal sealed class ServerMeter
{
    public ServerMeter(IMeterFactory factory, IRunLoad load)
    {
        var meter = factory.Create("Aos.Server");
        meter.CreateObservableGauge("nova_worker_pool_size", () => Environment.ProcessorCount, null, "Processors that runs share.");
        meter.CreateObservableGauge("nova_runs_live", () => load.Live, null, "Runs in memory.");
        meter.CreateObservableGauge("nova_runs_queued", () => load.Queued, null, "Runs of all tenants that wait for a slot, in the whole store.");
    }
}
