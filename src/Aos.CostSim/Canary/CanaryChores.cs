using Aos.Contracts;

namespace Aos.CostSim;

/// <summary>
/// Runs the canary once a day: at its time, or as soon after it as a node is there. Of several nodes one does it; were there two for a moment, the lease lets one of them.
/// </summary>
internal sealed class CanaryChore(CanaryDesk desk, CanaryTable table, CanaryOptions options, ICluster cluster) : IChore
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>The time whose run is on record already; null: nobody has looked.</summary>
    private DateTimeOffset? held;

    public string Name => "costsim-canary";

    /// <summary>On nodes at rest a chore comes as seldom as each 64th time: a run is at most 16 minutes late.</summary>
    public TimeSpan Interval => TimeSpan.FromSeconds(15);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var due = Due(cluster.Now);
        if (!options.Enabled || due == held) return await desk.TellAsync(cancel);
        if (await table.WasScheduledAsync(due, cancel))
        {
            held = due;
            return 0;
        }

        await desk.RunAsync(CanaryDesk.Scheduled, new CanaryOrder(), cancel);
        return 1;
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
