using System.Collections.Concurrent;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>
/// Has every simulation recorded, off the way of whoever asked. Who simulates one plan again and again has it recorded once a day, and pays for that once.
/// </summary>
internal sealed class SimulationRecorder(ProvenanceBuffer buffer, ProvenanceOptions options, TimeProvider clock)
{
    /// <summary>Simulations that are known to be recorded; when there are more all are forgotten, and the store tells equal ones by itself.</summary>
    private const int KnownMax = 4_096;

    private readonly ConcurrentDictionary<SimulationKey, bool> known = [];
    private int count;

    internal Simulation Record(SimulationRequest request, Func<Simulation> simulate)
    {
        if (!options.Enabled) return simulate();
        var started = clock.GetTimestamp();
        var simulation = simulate();
        var (at, took) = (clock.GetUtcNow(), (int)clock.GetElapsedTime(started).TotalMilliseconds);
        var key = SimulationKey.Of(request, simulation, at);
        if (key is not { } one) buffer.Add(() => Simulated.Of(request, simulation, at, took));
        else if (Claim(one)) buffer.Add(() => Simulated.Of(request, simulation, at, took), () => Forget(one));
        return simulation;
    }

    private bool Claim(SimulationKey key)
    {
        if (!known.TryAdd(key, true)) return false;
        if (Interlocked.Increment(ref count) <= KnownMax) return true;
        known.Clear();
        Volatile.Write(ref count, 0);
        return true;
    }

    private void Forget(SimulationKey key)
    {
        if (known.TryRemove(key, out _)) Interlocked.Decrement(ref count);
    }
}
