using System.Collections.Concurrent;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Runs on their way into memory, so that a run is brought in once, whoever asks for it.</summary>
internal sealed class Entrances
{
    private readonly ConcurrentDictionary<RunId, Entrance> entering = new();

    /// <summary>True: the caller alone brings this run in, and says by <see cref="Leave"/> when it is there or was given up.</summary>
    internal bool TryEnter(RunId run) => entering.TryAdd(run, new Entrance());

    internal async Task EnterAsync(RunId run)
    {
        while (!TryEnter(run)) await Entered(run);
    }

    internal void Leave(RunId run)
    {
        if (entering.TryRemove(run, out var entrance)) entrance.Open();
    }

    /// <summary>Ends when whoever brings the run in is done.</summary>
    internal Task Entered(RunId run) => entering.TryGetValue(run, out var entrance) ? entrance.Opened : Task.CompletedTask;

    /// <summary>Nobody waiting costs no task.</summary>
    private sealed class Entrance
    {
        private readonly Lock gate = new();
        private TaskCompletionSource? opened;
        private bool isOpen;

        internal Task Opened
        {
            get
            {
                lock (gate)
                    return isOpen ? Task.CompletedTask : (opened ??= Stage.Source()).Task;
            }
        }

        internal void Open()
        {
            lock (gate)
            {
                isOpen = true;
                opened?.TrySetResult();
            }
        }
    }
}
