using System.Collections.Concurrent;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Hosting;

namespace Aos.Runs;

/// <summary>Hosts the runs that are in memory: starts, loads, brings back outcomes, recovers, stops.</summary>
internal sealed partial class Engine : IHostedLifecycleService, INode, IDisposable
{
    /// <summary>What is under way gets to see that its calls were called off; before it, calls had the grace of a drain.</summary>
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ElsewhereWait = TimeSpan.FromMilliseconds(100);
    private readonly SavingJournal journal;
    private readonly RunStory story;
    private readonly IRunRows rows;
    private readonly RunChanges changes;
    private readonly RunLog log;
    private readonly RunSigner signer;
    private readonly RunsOptions options;
    private readonly WakeClerk clerk;
    private readonly Scopes scopes;
    private readonly Elsewhere elsewhere;
    private readonly ConcurrentDictionary<RunId, LiveRun> live = new();
    private readonly Entrances entrances = new();
    private readonly Strays strays;
    private int liveCount;
    private readonly TaskCompletionSource idle = Stage.Source();
    private readonly CancellationTokenSource stopping = new();
    private int busy = 1; // One for the engine itself, until it stops.

    public Engine(IJournal journal, IRunRows rows, ICluster cluster, ISkills skills, TimeProvider clock, RunChanges changes, RunLog log, RunMeter meter, RunSigner signer, IPokes pokes, RunsOptions options, TargetGate? gate = null, Scopes? scopes = null, IKillSwitches? switches = null, IMemory? memory = null, IFailures? failures = null, Purse? purse = null)
    {
        (this.rows, this.changes, this.log, this.signer, this.options, Clock) = (rows, changes, log, signer, options, clock);
        this.journal = new SavingJournal(journal, meter.Workflows, clock);
        story = new RunStory(log);
        Cluster = cluster;
        Meter = meter;
        Dispatcher = new Dispatcher(this, skills, options, gate, memory);
        strays = new Strays(this, rows);
        clerk = new WakeClerk(this, rows, options, log, strays);
        Queue = new QueueClerk(this, rows, options, log, strays);
        Gauge = new QueueGauge(rows, options, clock);
        this.scopes = scopes ?? new Scopes(rows, options);
        this.scopes.Changed = Queue.Poke;
        Tenure = new Tenure(this, cluster);
        elsewhere = new Elsewhere(this, journal, rows, pokes);
        Draining = new Draining(this, log);
        Failing = failures is null ? null : new FailedSteps(failures);
        Purse = purse;
        Kills = new KillWatch(this, rows, log, switches);
        Stopping = stopping.Token;
    }

    internal IJournal Journal => journal;

    internal ICluster Cluster { get; }

    internal Tenure Tenure { get; }

    internal QueueClerk Queue { get; }

    internal QueueGauge Gauge { get; }

    internal KillWatch Kills { get; }

    /// <summary>Null: this house keeps no failures.</summary>
    internal FailedSteps? Failing { get; }

    /// <summary>Null: this house keeps no shared budgets.</summary>
    internal Purse? Purse { get; }

    /// <summary>Runs in memory now.</summary>
    internal IEnumerable<LiveRun> All => live.Values;

    internal Mistakes Mistakes { get; init; } = Mistakes.None;

    internal RunLog Log => log;

    /// <summary>When this node last stored something of a run; null: not since it started.</summary>
    internal DateTimeOffset? SavedAt => journal.SavedAt;

    /// <summary>Runs in memory now by the name of their stored workflow. Counted anew each time: a run that is gone, however it went, counts no more.</summary>
    internal IReadOnlyDictionary<string, int> ActiveBySpec()
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (_, run) in live)
        {
            var spec = SpecName.Of(run.State);
            counts[spec] = counts.GetValueOrDefault(spec) + 1;
        }

        return counts;
    }

    internal RecentRuns Recent { get; } = new();

    internal TimeProvider Clock { get; }

    internal Dispatcher Dispatcher { get; }

    internal RunMeter Meter { get; }

    internal DateTimeOffset Now => Cluster.Now;

    internal CancellationToken Stopping { get; }

    internal bool IsStopping => Stopping.IsCancellationRequested;

    /// <summary>Runs in memory now.</summary>
    internal int LiveCount => Volatile.Read(ref liveCount);

    public async Task StartAsync(CancellationToken cancel)
    {
        var orphans = await Cluster.JoinAsync(cancel);
        if (orphans > 0) log.Adopting(orphans);
        Tenure.Watch(Cluster.Lease);
        Cluster.Pulsed += clerk.Pulsed;
        Cluster.Pulsed += Queue.Pulsed;
        Cluster.Pulsed += Draining.Beat;
        await InsistAsync(() => scopes.SettleAsync(cancel));
        await Kills.StartAsync(cancel);
        clerk.Start();
        Queue.Start();
    }

    public void Dispose()
    {
        stopping.Dispose();
        Dispatcher.Dispose();
    }

    /// <summary>Keeps a task in sight until it ends, so that stopping can wait for it.</summary>
    internal void Track(Task task)
    {
        if (task.IsCompletedSuccessfully) return;
        Interlocked.Increment(ref busy);
        task.ContinueWith(
            static (ended, engine) =>
            {
                var self = (Engine)engine!;
                if (ended.Exception is { } broken) self.log.TaskBroke(broken);
                self.Leave();
            },
            this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref busy) == 0) idle.TrySetResult();
    }

    /// <summary>Waits; throws <see cref="OperationCanceledException"/> when this process stops meanwhile.</summary>
    internal Task DelayAsync(TimeSpan time) => Task.Delay(time, Clock, Stopping);

    /// <summary>Hands a command to a run, loading it when it is not in memory. Unknown: this tenant has no such run.</summary>
    internal async Task<CommandReply> CommandAsync(TenantId tenant, RunId id, RunCommand command, CancellationToken cancel)
    {
        if (command is RetryRun retry) command = await QueuedAsync(tenant, id, retry, cancel);
        var letter = new Letter(command, 0, Stage.Source<CommandReply>());
        while (true)
        {
            if (Live(id) is { } run)
            {
                if (run.Row.Tenant != tenant) return new CommandReply.Unknown();
                if (run.Post(letter)) return await letter.Reply!.Task.WaitAsync(cancel);
            }

            if (await rows.GetAsync(tenant, id, cancel) is not { } row) return new CommandReply.Unknown();
            if (row.ArchivedAt is { } at) return new CommandReply.Refused(FailureCatalog.Fail("RUN_ARCHIVED", $"Run {id} was archived at {at.UtcDateTime:u}: it is read as ever, and takes no commands."));
            if (await AskAsync(row, command, cancel) is { } reply) return reply;
            if (!entrances.TryEnter(id)) await entrances.Entered(id).WaitAsync(cancel);
            else if (await EnterAsync(row, letter)) return await letter.Reply!.Task.WaitAsync(cancel);
            else if (Live(id) is null) await Task.Delay(ElsewhereWait, Clock, cancel);
        }
    }

    /// <summary>Takes a run that nobody drives and hands it the letter, if any. False: it is in memory, or somebody else has it.</summary>
    private async Task<bool> EnterAsync(RunRow row, Letter? letter)
    {
        try
        {
            if (Live(row.Id) is not null || await TakeAsync(row, letter?.Command) is not { } mine) return false;
            await LoadAsync(mine, letter);
            return true;
        }
        catch (RunLostException)
        {
            return false;
        }
        finally
        {
            entrances.Leave(row.Id);
        }
    }

    internal LiveRun? Live(RunId id) => live.GetValueOrDefault(id);

    /// <summary>Whether the events of an append whose answer got lost stand in the journal.</summary>
    internal async Task<bool> IsStoredAsync(JournalAppend append)
    {
        if (append.Entries.Count == 0) return false;
        var stored = await journal.ReadRawAsync(append.Row.Id, append.ExpectedSeq, append.Entries.Count, Stopping);
        return stored.Count == append.Entries.Count && stored[^1].Chain.AsSpan().SequenceEqual(append.Entries[^1].Chain);
    }

    internal void Changed(LiveRun run, List<RunEvent> events)
    {
        story.Tell(run.State, events); // Before whoever waits for the end hears of it and asks the log.
        run.WasHanded = changes.Changed(run.Id, run.State);
        Meter.Workflows.Happened(run.State, events);
        if (run.State.Status.IsOver() && events.Exists(e => e is RunEnded))
        {
            log.Ended(run.Id, run.State.Status);
            Meter.Ended(run.State);
            signer.Ended(run.State);
            if (run.State.Start!.Parent is { } parent) Tell(run.Row.Tenant, parent.Run);
            foreach (var child in RunMachine.Unsettled(run.State)) Tell(run.Row.Tenant, child.Run);
        }
    }

    /// <summary>A letter whose run has left memory goes where the run is now.</summary>
    internal void Forward(RunRow row, Letter letter)
    {
        if (letter.Claimed is { } mine) Track(ReviveAsync(mine));
        if (letter.Reply is { Task.IsCompleted: false } reply) Track(ForwardAsync(row, letter.Command, reply));
        if (letter is { Command: RecordOutcome came, InboxSeq: 0 }) Track(KeepAsync(row, came.Effect, came.Outcome));
    }

    private async Task ForwardAsync(RunRow row, RunCommand command, TaskCompletionSource<CommandReply> reply)
    {
        try
        {
            reply.TrySetResult(await CommandAsync(row.Tenant, row.Id, command, Stopping));
        }
        catch (OperationCanceledException) when (IsStopping)
        {
            reply.TrySetException(Ending());
        }
        catch (Exception e)
        {
            reply.TrySetException(e);
        }
    }

    /// <summary>Puts a run's unread mail into its mailbox.</summary>
    internal async Task ReadInboxAsync(LiveRun run)
    {
        foreach (var item in await journal.InboxAsync(run.Id, Stopping)) run.Post(Mail.Letter(item, run.Row.Tenant));
    }

    /// <summary>Has a run told that mail has come, as soon as the store can be asked where it is.</summary>
    internal void Tell(TenantId tenant, RunId to) => Track(InsistAsync(() => DeliverAsync(tenant, to)));

    /// <summary>Tells a run that mail has come; it reads it now or when it is loaded.</summary>
    internal async Task DeliverAsync(TenantId tenant, RunId to)
    {
        if (Live(to) is null && Cluster.IsShared) await elsewhere.TellAsync(tenant, to);
        await ArrivedAsync(to);
    }

    /// <summary>The outcome of a call. When its run has left memory meanwhile, the inbox keeps it.</summary>
    internal async Task BringBackAsync(LiveRun run, EffectId effect, StructuredOutcome outcome)
    {
        if (run.Post(new Letter(new RecordOutcome(effect, outcome), 0, null))) return;
        await KeepAsync(run.Row, effect, outcome);
    }

    /// <summary>Leaves an outcome in the inbox of its run.</summary>
    internal async Task KeepAsync(RunRow row, EffectId effect, StructuredOutcome outcome)
    {
        var late = new InboxItem(row.Id, $"late:{effect}", "outcome", Mail.Write(effect, outcome));
        await PersistAsync(() => journal.SendAsync(late, Stopping));
        Tell(row.Tenant, row.Id);
    }

    /// <summary>Puts on record that a run stands still because a rule does not hold. Never throws.</summary>
    internal async Task QuarantineAsync(RunRow row, RunState state, byte[] chain, Exception why)
    {
        log.Frozen(row.Id, why);
        try
        {
            var decision = RunMachine.Decide(state, new QuarantineRun(why.Message), new Facts(Now));
            var next = decision.From(state);
            var append = RunAppend.Of(row.Owner ?? Cluster.Lease.Node, row, state, next, decision.Events, chain, parks: true, 0) with { Park = false };
            var reply = await journal.AppendAsync(append, Stopping);
            if (reply is AppendReply.Appended) changes.Changed(row.Id, next);
            if (reply is AppendReply.Appended or AppendReply.Fenced) return; // Whoever drives it now says so if it still breaks.
        }
        catch (Exception e)
        {
            // Whatever broke may break the record of it as well: the row alone says it then.
            log.Frozen(row.Id, e);
        }

        await SetAsideAsync(row);
    }

    private Task SetAsideAsync(RunRow row) => PersistAsync(() => rows.SetAsideAsync(row.Owner ?? Cluster.Lease.Node, row.Tenant, row.Id, "STORE_CORRUPT", Stopping));

    /// <summary>Reads as often as it takes; throws when this process stops meanwhile.</summary>
    internal async Task InsistAsync(Func<Task> read)
    {
        while (true)
        {
            try
            {
                await read();
                return;
            }
            catch (JournalUnavailableException e)
            {
                await DelayAsync(e.RetryAfter);
            }
        }
    }

    /// <summary>Until it is stored or this process stops; the next one finds the run owned and adopts it.</summary>
    private async Task PersistAsync(Func<Task> write)
    {
        while (!IsStopping)
        {
            try
            {
                await write();
                return;
            }
            catch (JournalUnavailableException e)
            {
                await Task.Delay(e.RetryAfter, Clock, Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
