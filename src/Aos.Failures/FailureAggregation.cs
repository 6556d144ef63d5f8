using Aos.Contracts;

namespace Aos.Failures;

/// <summary>Gathers unknown failures of all tenants once an hour.</summary>
internal sealed class FailureAggregation(CandidateTable table, ICluster cluster, FailureMeter meter) : IChore
{
    internal const int DaysDefault = 7;
    internal const int OccurrencesDefault = 3;

    public string Name => "failure-aggregation";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var gathered = !await table.HasWorkAsync(cancel) ? 0 : await table.GatherAsync(null, cluster.Now - TimeSpan.FromDays(DaysDefault), OccurrencesDefault, cancel);
        meter.Aggregated(cluster.Now);
        return gathered;
    }
}
