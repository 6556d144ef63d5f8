using System.Collections.Concurrent;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Tells whoever watches a run that it has changed. Nobody watching costs one look-up and no memory.</summary>
internal sealed class RunChanges
{
    private readonly ConcurrentDictionary<RunId, Watched> watched = new();

    /// <summary>Runs somebody watches now.</summary>
    internal int Count => watched.Count;

    internal Watch Of(RunId run)
    {
        while (true)
        {
            var found = watched.GetOrAdd(run, static _ => new Watched());
            lock (found)
            {
                if (found.IsGone) continue;
                found.Watchers++;
                return new Watch(this, run, found);
            }
        }
    }

    /// <summary>True when somebody waited for just this and has got the state.</summary>
    internal bool Changed(RunId run, RunState state)
    {
        if (!watched.TryGetValue(run, out var found)) return false;
        found.Pulse();
        return IsSettled(state) && found.Settle(state);
    }

    /// <summary>This process ends: nobody waits any longer.</summary>
    internal void End()
    {
        foreach (var found in watched.Values) found.End();
    }

    /// <summary>Over, or standing still until a person does something.</summary>
    internal static bool IsSettled(RunState state)
    {
        if (state.Status.IsOver() || state.IsPaused || state.IsQuarantined) return true;
        return state.Status == RunStatus.Waiting && state.HasUnknown;
    }

    internal sealed class Watched
    {
        private TaskCompletionSource? pulse;
        private TaskCompletionSource<RunState>? settling;

        internal int Watchers { get; set; }

        internal bool IsGone { get; set; }

        internal Task Next => Made(ref pulse, static () => Stage.Source()).Task;

        internal Task<RunState> Settled =>
            Made(ref settling, static () => Stage.Source<RunState>()).Task;

        internal void Pulse() => Interlocked.Exchange(ref pulse, null)?.TrySetResult();

        internal bool Settle(RunState state) => Interlocked.Exchange(ref settling, null)?.TrySetResult(state) ?? false;

        internal void End()
        {
            Pulse();
            Interlocked.Exchange(ref settling, null)?.TrySetCanceled();
        }

        private static T Made<T>(ref T? place, Func<T> make)
            where T : class
        {
            if (Volatile.Read(ref place) is { } there) return there;
            var mine = make();
            return Interlocked.CompareExchange(ref place, mine, null) ?? mine;
        }
    }

    /// <summary>Take <see cref="Next"/> first, then look at the run, then await it.</summary>
    internal readonly struct Watch(RunChanges changes, RunId run, Watched found) : IDisposable
    {
        internal Task Next => found.Next;

        /// <summary>Ends with the state in which the run settles; cancelled when this process ends first.</summary>
        internal Task<RunState> Settled => found.Settled;

        public void Dispose()
        {
            lock (found)
            {
                if (--found.Watchers > 0) return;
                found.IsGone = true;
                changes.watched.TryRemove(new KeyValuePair<RunId, Watched>(run, found));
            }
        }
    }
}
