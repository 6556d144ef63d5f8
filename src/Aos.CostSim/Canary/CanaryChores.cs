using Aos.Contracts;

namespace Aos.CostSim;

/// <summary>
/// Runs the canary once a day: at its time, or as soon after it as a node is there. Of several nodes one does it; were there two for a moment, the lease lets one of them.
/// </summary>
internal sealed class CanaryChore(CanaryDesk desk, CanaryTable table, CanaryOptions options, ICluster cluster) : IChore
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public string Name => "costsim-canary";

    public TimeSpan Interval => TimeSpan.FromMinutes(5);

    /// <summary>Never nothing: a chore that finds nothing to do comes less and less often, and would be an hour late.</summary>
    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var told = await desk.TellAsync(cancel);
        if (options.Enabled && !await table.WasScheduledAsync(Due(cluster.Now), cancel)) await desk.RunAsync(CanaryDesk.Scheduled, new CanaryOrder(), cancel);
        return told + 1;
    }

    /// <summary>The last time that a run was due.</summary>
    internal DateTimeOffset Due(DateTimeOffset now)
    {
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero) + options.Schedule.ToTimeSpan();
        return today <= now ? today : today - Day;
    }
}

/// <summary>Deletes reports of the canary when their time is over.</summary>
internal sealed class CanaryRetention(CanaryTable table, CanaryOptions options, ICluster cluster) : IChore
{
    public string Name => "costsim-canary-retention";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public Task<int> PassAsync(CancellationToken cancel) => Sweep.AllAsync(max => table.ForgetBeforeAsync(cluster.Now - TimeSpan.FromDays(options.RetentionDays), max, cancel));
}
