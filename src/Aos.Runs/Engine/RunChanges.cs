using System.Collections.Concurrent;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Tells whoever looks at a run that it has changed. Take the task first, then look, then await it.</summary>
internal sealed class RunChanges
{
    private readonly ConcurrentDictionary<RunId, TaskCompletionSource> waiting = new();

    internal Task Next(RunId run) =>
        waiting.GetOrAdd(run, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    internal void Changed(RunId run)
    {
        if (waiting.TryRemove(run, out var pulse)) pulse.TrySetResult();
    }
}
