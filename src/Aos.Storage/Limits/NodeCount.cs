using Aos.Contracts;

namespace Aos.Storage;

/// <summary>How many nodes divide a limit among them. Asked of the cluster only while that matters.</summary>
/// <param name="count">Asks for the nodes that are alive; null: there is only this one.</param>
internal sealed class NodeCount(Func<CancellationToken, Task<int>>? count, TimeProvider clock)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);
    private readonly Lock gate = new();
    private Task asking = Task.CompletedTask;
    private long at;
    private volatile int known = 1;

    internal static NodeCount Of(ICluster cluster, TimeProvider clock) => new(
        cluster.IsShared ? async cancel => (await cluster.NodesAsync(cancel)).Count(node => node.State != NodeState.Dead) : null, clock);

    /// <summary>As last asked, at least 1.</summary>
    internal int Known => known;

    /// <summary>Nodes that are there now, this one included; as last known when the cluster cannot tell.</summary>
    internal async ValueTask<int> NowAsync(CancellationToken cancel)
    {
        if (count is null) return 1;
        Task asked;
        lock (gate)
        {
            if (at != 0 && clock.GetElapsedTime(at) < Fresh && asking.IsCompleted) return known;
            if (asking.IsCompleted)
            {
                at = clock.GetTimestamp();
                asking = AskAsync();
            }

            asked = asking;
        }

        await asked.WaitAsync(Patience, clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
        return known;
    }

    private async Task AskAsync()
    {
        try
        {
            known = Math.Max(1, await count!(CancellationToken.None));
        }
        catch (Exception)
        {
            // The store of runs is gone too: it says so itself.
        }
    }
}
