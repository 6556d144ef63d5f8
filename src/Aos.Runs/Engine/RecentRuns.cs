using System.Collections.Concurrent;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// The runs that ended last with nobody waiting, as folded: whoever started one asks for its end soon, and need not read the
/// journal for it. Few and small ones are kept: what is kept here is what the collector has to carry on.
/// </summary>
internal sealed class RecentRuns
{
    /// <summary>Runs kept.</summary>
    internal const int RunsMax = 256;

    /// <summary>Journaled bytes of a run above which it is not kept.</summary>
    internal const int BytesMax = 16 * 1024;

    private readonly ConcurrentDictionary<RunId, RunState> states = new();
    private readonly ConcurrentQueue<RunId> order = new();
    private int kept;

    internal RunState? Find(TenantId tenant, RunId run) =>
        states.TryGetValue(run, out var state) && state.Start!.Tenant == tenant ? state : null;

    internal void Keep(RunId run, RunState state, long bytes)
    {
        if (bytes > BytesMax || !states.TryAdd(run, state)) return;
        order.Enqueue(run);
        if (Interlocked.Increment(ref kept) <= RunsMax || !order.TryDequeue(out var oldest)) return;
        Interlocked.Decrement(ref kept);
        states.TryRemove(oldest, out _);
    }

    /// <summary>The run goes on: what is kept of it is no longer true.</summary>
    internal void Drop(RunId run) => states.TryRemove(run, out _);
}
