using System.Diagnostics.Metrics;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Counts what is recorded and what is not.</summary>
internal sealed class ProvenanceMeter
{
    private readonly Counter<long> written;
    private readonly TenantLabels tenants = new();
    private readonly Counter<long> dropped;

    public ProvenanceMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.CostSim.Provenance");
        written = meter.CreateCounter<long>("costsim_v2_provenance_logs_total", null, "Records of simulations and costs that were written, by tenant_id.");
        dropped = meter.CreateCounter<long>("costsim_provenance_dropped_total", null, "Simulations that were not recorded, by reason (full: more than the buffer holds; store: it could not be reached as the node ended; refused: the store would not take it).");
        Wrote(TenantId.Default, 0);
        foreach (var reason in new[] { "full", "store", "refused" }) Dropped(reason, 0);
    }

    internal void Wrote(TenantId tenant, int count) => written.Add(count, TenantLabels.Tag(tenants.Of(tenant).Label));

    internal void Dropped(string reason, int count) => dropped.Add(count, new KeyValuePair<string, object?>("reason", reason));
}
