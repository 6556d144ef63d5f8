using Aos.Contracts;

namespace Aos.Runs;

/// <summary>
/// Hands all runs of this node back: no new calls, a grace for those under way, then every run is free and due at once, for
/// any node. A run decides nothing more here; what its calls give meanwhile waits in its inbox for the next driver.
/// </summary>
internal sealed class Draining(Engine engine, RunLog log)
{
    /// <summary>What calls under way get to end.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>What runs get to leave memory when the grace has passed.</summary>
    private static readonly TimeSpan Haste = TimeSpan.FromSeconds(0.5);

    /// <summary>What one word with the store may take: a store that hangs must not keep a process from ending.</summary>
    private static readonly TimeSpan StoreMax = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource empty = Stage.Source();
    private readonly Lock gate = new();
    private Task? work;
    private volatile bool isOn;
    private volatile bool isOver;
    private volatile bool hasLeft;

    /// <summary>True from the first moment on.</summary>
    internal bool IsOn => isOn;

    /// <summary>The grace has passed: runs leave, whatever their calls do.</summary>
    internal bool IsOver => isOver;

    /// <summary>The node has left the cluster, and its runs are free.</summary>
    internal bool HasLeft => hasLeft;

    /// <summary>Once; later callers get the same task. Never fails.</summary>
    internal Task BeginAsync()
    {
        lock (gate)
        {
            isOn = true;
            return work ??= RunAsync();
        }
    }

    /// <summary>Heard after each heartbeat: somebody may have told this node to drain.</summary>
    internal void Beat(Pulse pulse)
    {
        if (engine.Cluster.IsDraining && !isOn) engine.Track(DrainAndLeaveAsync());
    }

    /// <summary>Drains without ending the process.</summary>
    internal async Task DrainAndLeaveAsync()
    {
        await BeginAsync();
        await LeaveAsync();
    }

    /// <summary>The last run has left memory.</summary>
    internal void Emptied()
    {
        if (isOn) empty.TrySetResult();
    }

    /// <summary>Gives what is left of this node's runs free, and leaves. Never fails: else a node that is dead in a moment is taken over.</summary>
    internal async Task LeaveAsync()
    {
        if (hasLeft) return;
        hasLeft = await BrieflyAsync(engine.Cluster.LeaveAsync);
    }

    private async Task RunAsync()
    {
        if (engine.LiveCount > 0 && engine.Cluster.IsShared) log.Draining(engine.LiveCount);
        var said = BrieflyAsync(engine.Cluster.DrainAsync);
        await EmptyAsync(Grace);
        isOver = true;
        await EmptyAsync(Haste);
        await said;
    }

    /// <summary>Has every run look whether it can leave, and waits until all have.</summary>
    private async Task EmptyAsync(TimeSpan atMost)
    {
        if (engine.HandOver()) await Task.WhenAny(empty.Task, Task.Delay(atMost, engine.Clock));
    }

    private async Task<bool> BrieflyAsync(Func<CancellationToken, Task> word)
    {
        using var timeout = new CancellationTokenSource(StoreMax, engine.Clock);
        try
        {
            await word(timeout.Token).WaitAsync(StoreMax, engine.Clock, CancellationToken.None);
            return true;
        }
        catch (Exception e)
        {
            // The last catch of a node that leaves: whatever the store says, the process ends; another node takes over what is left.
            log.NotReleased(e);
            return false;
        }
    }
}
