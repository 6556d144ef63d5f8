using Aos.Contracts;

namespace Aos.CostSim;

/// <summary>Deletes cost records when their time is over.</summary>
internal sealed class CostRecordRetention(CostRecordTable table, ProvenanceOptions options, ICluster cluster) : IChore
{
    public string Name => "cost-record-retention";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public Task<int> PassAsync(CancellationToken cancel) => Sweep.AllAsync(max => table.ForgetBeforeAsync(cluster.Now - TimeSpan.FromDays(options.RecordDays), max, cancel));
}
