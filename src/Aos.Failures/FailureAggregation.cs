using Aos.Contracts;

namespace Aos.Failures;

/// <summary>Gathers unknown failures of all tenants.</summary>
internal sealed class FailureAggregation(CandidateTable table, ICluster cluster, FailureMeter meter) : IChore
{
    internal const int DaysDefault = 7;
    internal const int OccurrencesDefault = 3;

    public string Name => "failure-aggregation";

    /// <summary>So short that it is done each day also where nothing has been found for long, and it comes in a sixty-fourth of its turns.</summary>
    public TimeSpan Interval => TimeSpan.FromMinutes(20);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var since = cluster.Now - TimeSpan.FromDays(DaysDefault);
        var hasWork = await table.HasWorkAsync(since, cancel);
        var gathered = hasWork ? await table.GatherAsync(null, since, OccurrencesDefault, cancel) : 0;
        meter.Aggregated(cluster.Now);
        return hasWork ? Math.Max(gathered, 1) : 0; // What is seldom now may be frequent at the next turn.
    }
}
