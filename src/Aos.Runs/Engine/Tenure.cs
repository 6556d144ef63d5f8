using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// The leases of this process, one after another. When one ends, its runs leave memory without another word, and the process
/// goes on under the next; what a lease's runs still had to hear reaches them by their inbox.
/// </summary>
internal sealed class Tenure(Engine engine, ICluster cluster)
{
    private volatile bool engaged;

    /// <summary>True while this process may drive runs under that lease.</summary>
    internal bool Holds(NodeId node) => cluster.Lease is var lease && lease.Node == node && !lease.Lost.IsCancellationRequested;

    internal void Watch(Lease lease) => lease.Lost.UnsafeRegister(
        static state =>
        {
            var (tenure, over) = ((Tenure, NodeId))state!;
            tenure.End(over);
        },
        (this, lease.Node));

    /// <summary>Before a run is owned: from here on the heart beats fast.</summary>
    internal void Engage()
    {
        if (engaged) return;
        engaged = true;
        cluster.Busy(true);
    }

    /// <summary>At a heartbeat: without runs it may beat slowly again.</summary>
    internal void Relax()
    {
        if (!engaged || engine.LiveCount > 0) return;
        engaged = false;
        cluster.Busy(false);
        if (engine.LiveCount > 0) Engage(); // One came in between.
    }

    private void End(NodeId over)
    {
        if (!engine.IsDraining) engine.Log.LeaseOver(over); // A node that leaves ends its lease itself.
        engine.DropAll(over);
        engine.Track(GoOnAsync());
    }

    private async Task GoOnAsync()
    {
        try
        {
            Watch(await cluster.ReadyAsync(engine.Stopping));
            engaged = false; // The next lease starts with a slow heart.
            if (engine.LiveCount > 0) Engage();
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }
}
