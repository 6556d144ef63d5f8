using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>The engine as a node among others: what it passes on, what it is told, how it leaves.</summary>
internal sealed partial class Engine
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public bool IsDraining => Draining.IsOn;

    internal Draining Draining { get; }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Before the server stops listening: it refuses starts and passes commands on while runs are handed back.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await Draining.BeginAsync();
        await Stage.CancelAsync(stopping);
        changes.End();
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancel)
    {
        await StoppingAsync(cancel);
        Cluster.Pulsed -= clerk.Pulsed;
        Cluster.Pulsed -= Queue.Pulsed;
        Cluster.Pulsed -= Draining.Beat;
        await Task.WhenAll(clerk.EndAsync(), Queue.EndAsync(), Kills.EndAsync());
        Leave();
        await Task.WhenAny(idle.Task, Task.Delay(StopMax, Clock, cancel));
        // In the embedded store nothing fences what may still write: the next process adopts it.
        if (Cluster.IsShared || idle.Task.IsCompleted) await Draining.LeaveAsync();
    }

    public void Drain() => Track(Draining.DrainAndLeaveAsync());

    public async Task ArrivedAsync(RunId run)
    {
        if (Live(run) is { } here) await ReadInboxAsync(here);
        else clerk.Poke();
    }

    /// <summary>Why this node starts nothing now; null: it does.</summary>
    internal Failure? Refusal() => IsDraining ? FailureCatalog.Fail("SERVICE_UNAVAILABLE", "This node is handing its runs back and takes no new ones; ask another.", RetryAfter) : null;

    /// <summary>True when the state of a run in memory here is its newest: other nodes cannot have gone on with it.</summary>
    internal bool IsNewest(LiveRun run) => !Cluster.IsShared || (run.Row.Owned && Cluster.MayAct);

    /// <summary>This node drives the run: whatever happens to it happens here.</summary>
    internal bool IsHere(RunId run) => Live(run) is { } here && IsNewest(here);

    /// <summary>Has every run look whether it can leave. False: there is none.</summary>
    internal bool HandOver()
    {
        foreach (var (_, run) in live) run.HandOver();
        return LiveCount > 0;
    }

    /// <summary>Gives a run of this node free, due now. What fails here is freed when the node leaves.</summary>
    internal async Task FreeAsync(RunRow row)
    {
        if (!Cluster.IsShared) return; // The next process is the next driver: all are freed at once when this one leaves.
        try
        {
            await rows.ReleaseAsync(row.Owner!.Value, row.Id, Now, Stopping);
        }
        catch (Exception e) when (e is JournalUnavailableException or OperationCanceledException)
        {
            log.NotReleased(e);
        }
    }

    /// <summary>Gives a run back that was only visited: due now, so that it gets in line.</summary>
    internal async Task YieldAsync(RunRow row)
    {
        await PersistAsync(() => rows.ReleaseAsync(row.Owner!.Value, row.Id, Now, Stopping));
        clerk.Poke();
    }

    /// <summary>Goes on with a run that nobody drives; nothing when another is quicker. Throws when the run cannot be read.</summary>
    internal async Task DriveAsync(RunRow row)
    {
        if (!IsDraining && entrances.TryEnter(row.Id)) await EnterAsync(row, null);
    }

    /// <summary>For whoever still waits for an answer.</summary>
    internal static JournalUnavailableException Ending() => new("This node is stopping, or hands its runs back; the command may still take effect. Ask another node.", RetryAfter);

    /// <summary>The answer to a command for a run that this node does not drive; null: it drives it, or may take it.</summary>
    private async Task<CommandReply?> AskAsync(RunRow row, RunCommand command, CancellationToken cancel)
    {
        var isMine = row.Owner == Cluster.Lease.Node;
        // In line for a slot it decides what might go on with it when its turn has come.
        if (row is { Owner: null, Lane: Lane.Begun } && Need(row, command) == Taking.Drive) return await elsewhere.AskAsync(row, command, cancel);
        if (Cluster.IsShared && (row.Owner is not null ? !isMine : IsDraining && !row.Status.IsOver())) return await elsewhere.AskAsync(row, command, cancel);
        return IsDraining && Live(row.Id) is null ? new CommandReply.Refused(Refusal()!) : null;
    }
}
