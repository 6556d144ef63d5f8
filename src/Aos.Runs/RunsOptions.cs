namespace Aos.Runs;

/// <summary>How much the run host does at once.</summary>
public sealed class RunsOptions
{
    /// <summary>Skill calls at once in this process; further ones wait in order. 1 to 100,000, default 512.</summary>
    public int CallsMax { get; set; } = 512;

    /// <summary>Runs in memory at once before the wake clerk takes no more. Runs being started are not held back. Default 20,000.</summary>
    public int LiveMax { get; set; } = 20_000;

    /// <summary>A run found orphaned this often in a row, without an outcome in between, is quarantined at the next time.</summary>
    public int AdoptionsMax { get; set; } = 5;
}
