using Aos.Contracts;

namespace Aos.Storage;

/// <summary>What a heartbeat does for the chores on its way.</summary>
/// <param name="Names">One of them is taken if it is due.</param>
internal sealed record ChoreAsk(string[] Names, ChoreDone? Done);

/// <summary>A chore this node has to do now.</summary>
internal sealed record ChoreClaim(string Name, NodeId Node);

/// <summary>How a chore went.</summary>
/// <param name="WasEmpty">It found nothing to do.</param>
internal sealed record ChoreDone(ChoreClaim Claim, bool WasEmpty, DateTimeOffset At, TimeSpan Interval);

/// <summary>
/// Where chores and the heart of a node meet: a heartbeat takes the next one that is due and writes down how the last one went, so
/// that neither costs a statement of its own. One chore at a time.
/// </summary>
internal sealed class ChoreSlot
{
    private readonly Lock gate = new();
    private string[] names = [];
    private TaskCompletionSource<ChoreClaim>? waiting;
    private ChoreDone? done;

    /// <summary>What the next heartbeat has to do.</summary>
    internal ChoreAsk Ask
    {
        get
        {
            lock (gate) return new ChoreAsk(waiting is null ? [] : names, done);
        }
    }

    /// <summary>Ends when a heartbeat has taken one of these.</summary>
    internal async Task<ChoreClaim> TakeAsync(string[] among, CancellationToken cancel)
    {
        Task<ChoreClaim> taken;
        lock (gate)
        {
            names = among;
            waiting = new TaskCompletionSource<ChoreClaim>(TaskCreationOptions.RunContinuationsAsynchronously);
            taken = waiting.Task;
        }

        return await taken.WaitAsync(cancel);
    }

    /// <summary>For the next heartbeat to write down.</summary>
    internal void Finish(ChoreDone how)
    {
        lock (gate) done = how;
    }

    /// <summary>A heartbeat did what it was asked.</summary>
    internal void Did(ChoreAsk ask)
    {
        lock (gate)
        {
            if (ReferenceEquals(done, ask.Done)) done = null;
        }
    }

    /// <summary>What a heartbeat has taken may begin.</summary>
    internal void Give(ChoreClaim claim)
    {
        lock (gate)
        {
            waiting?.TrySetResult(claim);
            waiting = null;
        }
    }
}
