using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Simulation;

/// <summary>Pokes between nodes; some get lost, as pokes may.</summary>
internal sealed class NodePokes(World world) : IPokes
{
    public Task SendAsync(string address, NodeId to, RunId run, CancellationToken cancel)
    {
        if (!world.Chance.OneIn(4)) world.Time.After(world.Chance.Between(0.2, 3), () => world.Find(to)?.Arrived(run));
        return Task.CompletedTask;
    }

    public Task<bool> IsGenuineAsync(NodeId to, RunId run, string? seal, CancellationToken cancel) => Task.FromResult(true);
}
