using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Has every simulation recorded, off the way of whoever asked.</summary>
internal sealed class SimulationRecorder(ProvenanceBuffer buffer, ProvenanceOptions options, TimeProvider clock)
{
    internal Simulation Record(SimulationRequest request, Func<Simulation> simulate)
    {
        if (!options.Enabled) return simulate();
        var started = clock.GetTimestamp();
        var simulation = simulate();
        var (at, took) = (clock.GetUtcNow(), (int)clock.GetElapsedTime(started).TotalMilliseconds);
        buffer.Add(() => Simulated.Of(request, simulation, at, took));
        return simulation;
    }
}
