namespace Aos.Runs;

/// <summary>Wakes one waiter. A ring while nobody waits is kept for the next wait.</summary>
internal sealed class Bell
{
    private TaskCompletionSource rung = Stage.Source();

    internal void Ring() => Volatile.Read(ref rung).TrySetResult();

    /// <summary>Until it rings, or the time has passed, or it is called off; which of them, it does not say.</summary>
    internal async Task WaitAsync(TimeSpan atMost, TimeProvider clock, CancellationToken cancel)
    {
        var ring = rung.Task;
        await ring.WaitAsync(atMost, clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (ring.IsCompleted) Volatile.Write(ref rung, Stage.Source());
    }
}
