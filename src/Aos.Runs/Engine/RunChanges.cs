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

    internal void Changed(RunId run)
    {
        if (watched.TryGetValue(run, out var found)) found.Pulse();
    }

    internal sealed class Watched
    {
        private TaskCompletionSource pulse = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal int Watchers { get; set; }

        internal bool IsGone { get; set; }

        internal Task Next => Volatile.Read(ref pulse).Task;

        internal void Pulse() =>
            Interlocked.Exchange(ref pulse, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    /// <summary>Take <see cref="Next"/> first, then look at the run, then await it.</summary>
    internal readonly struct Watch(RunChanges changes, RunId run, Watched found) : IDisposable
    {
        internal Task Next => found.Next;

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
