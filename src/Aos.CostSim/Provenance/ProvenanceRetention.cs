using Aos.Contracts;

namespace Aos.CostSim;

/// <summary>Deletes provenance when its time is over.</summary>
internal sealed class ProvenanceRetention(ProvenanceTable table, ProvenanceOptions options, ICluster cluster) : IChore
{
    public string Name => "provenance-retention";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public Task<int> PassAsync(CancellationToken cancel) => Sweep.AllAsync(max => table.ForgetBeforeAsync(cluster.Now - TimeSpan.FromDays(options.RetentionDays), max, cancel));
}
