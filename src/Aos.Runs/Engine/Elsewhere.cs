using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Runs that other nodes drive. A command for one goes into its inbox, a poke makes its driver look at once, and the answer
/// comes back with the decision. When the driver dies meanwhile, the next one decides.
/// </summary>
internal sealed class Elsewhere(Engine engine, IJournal journal, IRunRows rows, IPokes pokes)
{
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(250);

    /// <summary>Looks for an answer before the run's row is looked at as well.</summary>
    private const int PatientLooks = 2;

    /// <summary>Hands a command to the driver of a run and waits for its answer. Ends by <paramref name="cancel"/> alone; the command stays.</summary>
    /// <param name="row">The run as it was just read.</param>
    internal async Task<CommandReply> AskAsync(RunRow row, RunCommand command, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, engine.Stopping);
        try
        {
            var item = new InboxItem(row.Id, $"command:{Guid.CreateVersion7(engine.Now):D}", CommandCodec.Kind, CommandCodec.Write(row.Tenant, command));
            if (!await journal.SendAsync(item, either.Token)) return new CommandReply.Unknown();
            if (row.Owner is { } owner) engine.Track(PokeAsync(owner, row.Id));
            return await AnswerAsync(row, item.Id, either.Token);
        }
        catch (OperationCanceledException) when (engine.IsStopping && !cancel.IsCancellationRequested)
        {
            throw Engine.Ending();
        }
    }

    /// <summary>A run has mail: its driver is told, if it has one elsewhere.</summary>
    internal async Task TellAsync(TenantId tenant, RunId run)
    {
        if (await rows.GetAsync(tenant, run, engine.Stopping) is { Owner: { } owner } && owner != engine.Cluster.Lease.Node) await PokeAsync(owner, run);
    }

    private async Task PokeAsync(NodeId owner, RunId run)
    {
        try
        {
            if (await engine.Cluster.AddressAsync(owner, engine.Stopping) is { } address) await pokes.SendAsync(address, owner, run, engine.Stopping);
        }
        catch (Exception e) when (e is JournalUnavailableException or OperationCanceledException)
        {
            return; // The driver finds its mail at its next heartbeat.
        }
    }

    private async Task<CommandReply> AnswerAsync(RunRow row, string item, CancellationToken cancel)
    {
        var pause = PauseMin;
        for (var looks = 1; ; looks++)
        {
            await Task.Delay(pause, engine.Clock, cancel);
            if (await journal.AnswerAsync(row.Id, item, cancel) is { } answer) return await ReadAsync(row.Id, answer, cancel);
            if (looks > PatientLooks && !await DriveAsync(row, cancel)) return new CommandReply.Unknown();
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }
    }

    /// <summary>
    /// A run that nobody drives, because it ended before the mail came or its driver left, is taken by whoever waits for its
    /// answer. False: it is gone. A node that drains takes nothing, and nobody else would look at mail for a run that has ended: then
    /// whoever waits is told to ask another node.
    /// </summary>
    private async Task<bool> DriveAsync(RunRow row, CancellationToken cancel)
    {
        if (await rows.GetAsync(row.Tenant, row.Id, cancel) is not { ArchivedAt: null } now) return false;
        if (now.Owner is null && now.Status.IsOver() && engine.IsDraining) throw Engine.Ending();
        if (now.Owner is null) await engine.DriveAsync(now);
        else if (now.Owner == engine.Cluster.Lease.Node) await engine.ArrivedAsync(row.Id);
        return true;
    }

    /// <summary>The reply as the driver gave it to its own callers: the run as it was after the decision.</summary>
    private async Task<CommandReply> ReadAsync(RunId run, InboxAnswer answer, CancellationToken cancel)
    {
        var (refusal, seq) = CommandCodec.Read(answer);
        if (refusal is { Code: "RUN_NOT_FOUND" }) return new CommandReply.Unknown();
        if (refusal is not null) return new CommandReply.Refused(refusal);
        var (state, _) = await Loading.FoldAsync(journal, run, cancel, seq);
        return new CommandReply.Done(state);
    }
}
