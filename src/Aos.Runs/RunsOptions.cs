namespace Aos.Runs;

/// <summary>How much the run host does at once.</summary>
public sealed class RunsOptions
{
    /// <summary>Skill calls at once in this process; further ones wait in order. 1 to 100,000, default 512.</summary>
    public int CallsMax { get; set; } = 512;

    /// <summary>Runs in memory at once; further ones wait in line, or for a node that has room. 1 to 1,000,000, default 20,000.</summary>
    public int LiveMax { get; set; } = 20_000;

    /// <summary>Runs of one tenant in line; further starts are refused. 0 to 100,000,000, default 1,000,000. Counted anew every second, or ten while it is far.</summary>
    public int QueueMax { get; set; } = 1_000_000;

    /// <summary>Runs at once per tenant and agent. Default: not limited.</summary>
    public RunLimits Limits { get; set; } = RunLimits.None;

    /// <summary>A run found orphaned this often in a row, without an outcome in between, is quarantined at the next time.</summary>
    public int AdoptionsMax { get; set; } = 5;
}
