using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Runs this node owns without driving them, because the answer to a claim or a start got lost. The statement may even be stored
/// after it was given up, so they are looked for a while longer.
/// </summary>
internal sealed class Strays(Engine engine, IRunRows rows)
{
    private const int PageMax = 500;

    /// <summary>Longer than the store keeps a statement whose client is gone.</summary>
    private static readonly TimeSpan DoubtMax = TimeSpan.FromSeconds(60);

    private long until;

    internal bool AreSuspected => Volatile.Read(ref until) != 0;

    internal void Suspect() => Volatile.Write(ref until, (engine.Now + DoubtMax).UtcTicks);

    /// <summary>Brings all of them in.</summary>
    internal async Task CollectAsync()
    {
        var doubt = Volatile.Read(ref until);
        var node = engine.Cluster.Lease.Node;
        RunId? last = null;
        while (true)
        {
            var page = await rows.OwnedAsync(node, last, PageMax, engine.Stopping);
            foreach (var row in page)
            {
                if (engine.Live(row.Id) is null) await (row.Lane is null ? engine.ReviveAsync(row) : engine.YieldAsync(row));
                last = row.Id;
            }

            if (page.Count < PageMax) break;
        }

        // The embedded store answers all that it stores; only a connection can store later than it answers.
        if (!engine.Cluster.IsShared || engine.Now.UtcTicks >= doubt) Interlocked.CompareExchange(ref until, 0, doubt);
    }
}
