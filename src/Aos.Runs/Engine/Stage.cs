namespace Aos.Runs;

/// <summary>
/// Where the engine's work goes on: on the pool, unless the caller runs under a scheduler of its own, as a simulation does. Then
/// nothing leaves that scheduler.
/// </summary>
internal static class Stage
{
    private static bool IsPool => TaskScheduler.Current == TaskScheduler.Default;

    internal static void Queue<T>(Action<T> work, T state)
        where T : class
    {
        if (IsPool) ThreadPool.UnsafeQueueUserWorkItem(work, state, preferLocal: true);
        else Task.Factory.StartNew(() => work(state), CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current);
    }

    /// <summary>
    /// A task to be ended by hand. On the pool, who waits for it goes on elsewhere; under another scheduler that scheduler sees to it,
    /// and the pool must not come in between.
    /// </summary>
    internal static TaskCompletionSource Source() => new(IsPool ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None);

    /// <inheritdoc cref="Source"/>
    internal static TaskCompletionSource<T> Source<T>() => new(IsPool ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None);

    /// <summary>On the pool, whoever waits for the token does not hold up its canceller.</summary>
    internal static Task CancelAsync(CancellationTokenSource source)
    {
        if (IsPool) return source.CancelAsync();
        source.Cancel();
        return Task.CompletedTask;
    }
}
