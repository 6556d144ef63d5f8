using System.Diagnostics.Metrics;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Counts runs. Made once per room, from the host's meter factory.</summary>
internal sealed class RunMeter
{
    private readonly Counter<long> runs;
    private readonly Counter<long> failed;

    public RunMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Runs");
        runs = meter.CreateCounter<long>("nova_runs_total", null, "Runs started and ended, by status and planner.");
        failed = meter.CreateCounter<long>("nova_runs_failed_total", null, "Runs that ended failed.");
    }

    internal void Started(RunState state) => Count("started", state);

    internal void Ended(RunState state)
    {
        Count(state.Status.Wire(), state);
        if (state.Status == RunStatus.Failed) failed.Add(1);
    }

    /// <summary>The planner stands in the run's labels when one made the plan.</summary>
    private void Count(string status, RunState state) => runs.Add(
        1, new KeyValuePair<string, object?>("status", status), new KeyValuePair<string, object?>("planner", state.Start!.Labels.GetValueOrDefault("planner", "none")));
}
