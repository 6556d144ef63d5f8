namespace Aos.Storage;

/// <summary>Tells the post that something new lies in the outbox.</summary>
internal sealed class OutboxSignal : IDisposable
{
    private readonly SemaphoreSlim poke = new(0, 1);

    internal void Poke()
    {
        try
        {
            if (poke.CurrentCount == 0) poke.Release();
        }
        catch (SemaphoreFullException)
        {
            return; // Somebody else poked at the same moment.
        }
    }

    /// <summary>Until somebody pokes or the time is over.</summary>
    internal async Task WaitAsync(TimeSpan atMost, TimeProvider clock, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(atMost, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            await poke.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return; // The time has come.
        }
    }

    public void Dispose() => poke.Dispose();
}
