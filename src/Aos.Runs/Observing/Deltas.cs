using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Who watches which run for the texts of models. A run that nobody watches costs one look-up.</summary>
/// <param name="engine">Asked for late: what the engine needs tells texts here.</param>
internal sealed class Deltas(Func<Engine> engine) : IDeltas
{
    /// <summary>Pieces that wait for one who watches; more are left out.</summary>
    internal const int WaitingMax = 256;

    private readonly ConcurrentDictionary<RunId, ImmutableArray<Watcher>> watched = new();

    /// <summary>Runs that are watched now.</summary>
    internal int Count => watched.Count;

    public bool IsWatched(RunId run) => watched.ContainsKey(run);

    public void Tell(TextDelta delta)
    {
        if (!watched.TryGetValue(delta.Run, out var all)) return;
        var told = delta with { After = engine().Live(delta.Run)?.State.Seq ?? 0 };
        foreach (var one in all)
        {
            if (one.Tenant == delta.Tenant) one.Channel.Writer.TryWrite(told);
        }
    }

    public IDeltaWatch Watch(TenantId tenant, RunId run)
    {
        var one = new Watcher(this, tenant, run);
        watched.AddOrUpdate(run, [one], (_, all) => all.Add(one));
        return one;
    }

    private void Leave(Watcher one)
    {
        while (watched.TryGetValue(one.Run, out var all) && all.Contains(one))
        {
            var left = all.Remove(one);
            if (left.IsEmpty ? watched.TryRemove(KeyValuePair.Create(one.Run, all)) : watched.TryUpdate(one.Run, left, all)) return;
        }
    }

    private sealed class Watcher(Deltas deltas, TenantId tenant, RunId run) : IDeltaWatch
    {
        internal TenantId Tenant { get; } = tenant;

        internal RunId Run { get; } = run;

        internal Channel<TextDelta> Channel { get; } = System.Threading.Channels.Channel.CreateBounded<TextDelta>(new BoundedChannelOptions(WaitingMax) { SingleReader = true });

        ChannelReader<TextDelta> IDeltaWatch.Deltas => Channel.Reader;

        public void Dispose() => deltas.Leave(this);
    }
}
