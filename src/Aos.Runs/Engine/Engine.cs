using System.Collections.Concurrent;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Hosting;

namespace Aos.Runs;

/// <summary>Hosts the runs that are in memory: starts, loads, brings back outcomes, recovers, stops.</summary>
internal sealed class Engine : IHostedService, IDisposable
{
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(5);
    private readonly IJournal journal;
    private readonly IRunRows rows;
    private readonly RunChanges changes;
    private readonly RunLog log;
    private readonly RunSigner signer;
    private readonly RunsOptions options;
    private readonly WakeClerk clerk;
    private readonly ConcurrentDictionary<RunId, LiveRun> live = new();

    /// <summary>Who waits for a run that somebody else is just loading.</summary>
    private readonly ConcurrentDictionary<RunId, TaskCompletionSource> arrivals = new();
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stopping = new();
    private int busy = 1; // One for the engine itself, until it stops.

    public Engine(IJournal journal, IRunRows rows, ICluster cluster, ISkills skills, TimeProvider clock, RunChanges changes, RunLog log, RunMeter meter, RunSigner signer, RunsOptions options)
    {
        (this.journal, this.rows, this.changes, this.log, this.signer, this.options, Clock) = (journal, rows, changes, log, signer, options, clock);
        Cluster = cluster;
        Meter = meter;
        Dispatcher = new Dispatcher(this, skills, options);
        clerk = new WakeClerk(this, rows, options, log);
        Stopping = stopping.Token;
    }

    internal IJournal Journal => journal;

    internal ICluster Cluster { get; }

    internal RecentRuns Recent { get; } = new();

    internal TimeProvider Clock { get; }

    internal Dispatcher Dispatcher { get; }

    internal RunMeter Meter { get; }

    internal DateTimeOffset Now => Cluster.Now;

    internal CancellationToken Stopping { get; }

    internal bool IsStopping => Stopping.IsCancellationRequested;

    /// <summary>Runs in memory now.</summary>
    internal int LiveCount => live.Count;

    public async Task StartAsync(CancellationToken cancel)
    {
        var orphans = await Cluster.JoinAsync(cancel);
        if (orphans > 0) log.Adopting(orphans);
        clerk.Start();
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        await stopping.CancelAsync();
        await clerk.EndAsync();
        Leave();
        await Task.WhenAny(idle.Task, Task.Delay(StopMax, Clock, cancel));
        if (!idle.Task.IsCompleted) return; // Runs that may still write are adopted by the next process.
        try
        {
            await Cluster.LeaveAsync(cancel);
        }
        catch (JournalUnavailableException e)
        {
            log.NotReleased(e);
        }
    }

    public void Dispose()
    {
        stopping.Dispose();
        clerk.Dispose();
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

    internal async Task<AppendReply> StartAsync(StartRun start, string? goal, string? workflow, IdempotencyClaim? claim, CancellationToken cancel)
    {
        var lease = await Cluster.ReadyAsync(cancel);
        var decision = RunMachine.Decide(RunState.Empty, start, new Facts(Now));
        var state = decision.After ?? decision.Events.Aggregate(RunState.Empty, RunMachine.Evolve);
        var row = new RunRow
        {
            Id = start.Run, Tenant = start.Tenant, AgentId = start.AgentId, Goal = goal, Workflow = workflow, Status = state.Status, Labels = start.Labels, Seq = 0,
            Owner = lease.Node, MinRule = (int)state.Start!.Rule, Parent = start.Parent?.Run, Budget = state.Start!.Budget, CreatedAt = state.StartedAt, UpdatedAt = state.StartedAt,
        };
        var parks = !state.Status.IsOver() && RunMachine.Pending(state).Count == 0;
        var append = RunAppend.Of(row, RunState.Empty, state, decision.Events, ChainHash.Start, parks, 0) with { Claim = claim };
        try
        {
            var reply = await journal.AppendAsync(append, cancel);
            if (reply is AppendReply.Appended) Begin(append, state);
            return reply;
        }
        catch (JournalUnavailableException)
        {
            Track(BeginIfStoredAsync(append, state));
            throw;
        }
    }

    private void Begin(JournalAppend append, RunState state)
    {
        changes.Changed(append.Row.Id, state);
        Meter.Started(state);
        if (state.Status.IsOver()) signer.Ended(state);
        if (!append.Row.Owned)
        {
            Left(append.Row);
            return;
        }

        var run = new LiveRun(this, append.Row, state, append.Entries[^1].Chain, append.Bytes());
        Arrive(run);
        run.Begin();
    }

    /// <summary>The answer to a start got lost: when it is stored after all, nobody else drives the run.</summary>
    private async Task BeginIfStoredAsync(JournalAppend append, RunState state)
    {
        if (!await IsStoredAsync(append) || Live(append.Row.Id) is not null) return;
        var row = await rows.GetAsync(append.Row.Tenant, append.Row.Id, Stopping);
        var isUndriven = row is { Adoptions: 0 } && row.Owner == append.Row.Owner && row.Seq == append.Row.Seq; // Else a later process drives it.
        if (isUndriven) Begin(append, state);
    }

    /// <summary>Hands a command to a run, loading it when it is not in memory. Unknown: this tenant has no such run.</summary>
    internal async Task<CommandReply> CommandAsync(TenantId tenant, RunId id, RunCommand command, CancellationToken cancel)
    {
        var letter = new Letter(command, 0, new TaskCompletionSource<CommandReply>(TaskCreationOptions.RunContinuationsAsynchronously));
        while (true)
        {
            if (Live(id) is { } run)
            {
                if (run.Row.Tenant != tenant) return new CommandReply.Unknown();
                if (run.Post(letter)) return await letter.Reply!.Task.WaitAsync(cancel);
            }

            if (await rows.GetAsync(tenant, id, cancel) is null) return new CommandReply.Unknown();
            var arrival = arrivals.GetOrAdd(id, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            if (Live(id) is not null)
            {
                Pulse(id);
            }
            else if (await rows.ClaimAsync(Cluster.Lease.Node, id, cancel) is { } row)
            {
                await LoadAsync(row, letter);
                return await letter.Reply!.Task.WaitAsync(cancel);
            }
            else
            {
                await arrival.WaitAsync(cancel); // Somebody else has it in hand and is loading it.
            }
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
        run.WasHanded = changes.Changed(run.Id, run.State);
        if (run.State.Status.IsOver() && events.Exists(e => e is RunEnded))
        {
            log.Ended(run.Id, run.State.Status);
            Meter.Ended(run.State);
            signer.Ended(run.State);
            if (run.State.Start!.Parent is { } parent) Track(DeliverAsync(parent.Run));
        }
    }

    internal void Forget(LiveRun run)
    {
        if (run.State.Status.IsOver() && !run.WasHanded) Recent.Keep(run.Id, run.State, run.JournaledBytes);
        live.TryRemove(new KeyValuePair<RunId, LiveRun>(run.Id, run));
        Left(run.Row);
    }

    /// <summary>Takes a run again that was just parked; null: somebody else has it, or it waits for its turn.</summary>
    internal Task<RunRow?> ReclaimAsync(RunId run) => rows.ClaimAsync(Cluster.Lease.Node, run, Stopping);

    /// <summary>A letter whose run has left memory goes where the run is now.</summary>
    internal void Forward(RunRow row, Letter letter)
    {
        if (letter.Claimed is { } mine) Track(ReviveAsync(mine));
        if (letter.Reply is { } reply) Track(ForwardAsync(row, letter.Command, reply));
        if (letter is { Command: RecordOutcome came, InboxSeq: 0 }) Track(KeepAsync(row.Id, came.Effect, came.Outcome));
    }

    private async Task ForwardAsync(RunRow row, RunCommand command, TaskCompletionSource<CommandReply> reply)
    {
        try
        {
            reply.TrySetResult(await CommandAsync(row.Tenant, row.Id, command, Stopping));
        }
        catch (Exception e)
        {
            reply.TrySetException(e);
        }
    }

    /// <summary>Puts a run's unread mail into its mailbox.</summary>
    internal async Task ReadInboxAsync(LiveRun run)
    {
        foreach (var item in await journal.InboxAsync(run.Id, Stopping)) run.Post(new Letter(Mail.Read(item), item.Seq, null));
    }

    /// <summary>Tells a run that mail has come; it reads it now or when it is loaded.</summary>
    internal async Task DeliverAsync(RunId to)
    {
        if (Live(to) is { } run) await ReadInboxAsync(run);
        else clerk.Poke();
    }

    /// <summary>The outcome of a call. When its run has left memory meanwhile, the inbox keeps it.</summary>
    internal async Task BringBackAsync(LiveRun run, EffectId effect, StructuredOutcome outcome)
    {
        if (run.Post(new Letter(new RecordOutcome(effect, outcome), 0, null))) return;
        await KeepAsync(run.Id, effect, outcome);
    }

    /// <summary>Leaves an outcome in the inbox of its run.</summary>
    private async Task KeepAsync(RunId run, EffectId effect, StructuredOutcome outcome)
    {
        var late = new InboxItem(run, $"late:{effect}", "outcome", Mail.Write(effect, outcome));
        await PersistAsync(() => journal.SendAsync(late, Stopping));
        await DeliverAsync(run);
    }

    /// <summary>Puts a claimed run on its feet. What breaks is in the log and harms no other run.</summary>
    internal async Task ReviveAsync(RunRow row)
    {
        // A run that is just leaving memory may refuse the letter: then it is loaded anew.
        if (Live(row.Id) is { } here && here.Post(new Letter(new WakeRun(), 0, null) { Claimed = row })) return;
        try
        {
            // What was leaving memory may have written after the claim: its last word counts, and may have freed the run again.
            if (await rows.GetAsync(row.Tenant, row.Id, Stopping) is not { } now) return;
            var mine = now.Owner == Cluster.Lease.Node ? now : await rows.ClaimAsync(Cluster.Lease.Node, row.Id, Stopping);
            if (mine is not null) await LoadAsync(mine, null);
        }
        catch (Exception e)
        {
            log.NotLoaded(row.Id, e.Message);
        }
    }

    /// <summary>Puts on record that a run stands still because a rule does not hold. Never throws.</summary>
    internal async Task QuarantineAsync(RunRow row, RunState state, byte[] chain, Exception why)
    {
        log.Frozen(row.Id, why);
        try
        {
            var decision = RunMachine.Decide(state, new QuarantineRun(why.Message), new Facts(Now));
            var next = decision.Events.Aggregate(state, RunMachine.Evolve);
            var append = RunAppend.Of(row, state, next, decision.Events, chain, parks: true, 0) with { Park = false };
            if (await journal.AppendAsync(append, Stopping) is AppendReply.Appended)
            {
                changes.Changed(row.Id, next);
                return;
            }
        }
        catch (Exception e)
        {
            // Whatever broke may break the record of it as well: the row alone says it then.
            log.Frozen(row.Id, e);
        }

        await SetAsideAsync(row);
    }

    private Task SetAsideAsync(RunRow row) => PersistAsync(() => rows.SetAsideAsync(row.Owner ?? Cluster.Lease.Node, row.Tenant, row.Id, "STORE_CORRUPT", Stopping));

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
                await Task.Delay(e.RetryAfter, Clock, Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Loads a claimed run; when that fails the claim is given back.</summary>
    private async Task LoadAsync(RunRow row, Letter? first)
    {
        try
        {
            var (state, chain) = await Loading.FoldAsync(journal, row.Id, Stopping);
            Loading.Check(row, state);
            Recent.Drop(row.Id);
            var run = new LiveRun(this, row, state, chain, RecentRuns.BytesMax);
            await ReadInboxAsync(run);
            if (row.Adoptions > options.AdoptionsMax && !state.IsQuarantined)
                run.Post(new Letter(new QuarantineRun($"The process ended {row.Adoptions} times in a row while this run was under way."), 0, null));
            if (first is not null) run.Post(first);
            Arrive(run);
            run.Resume();
        }
        catch (JournalCorruptException e)
        {
            log.Corrupt(row.Id, e.Message);
            await SetAsideAsync(row);
            Pulse(row.Id);
            throw;
        }
        catch (Exception)
        {
            await PersistAsync(() => rows.ReleaseAsync(row.Owner ?? Cluster.Lease.Node, row.Id, Now + TimeSpan.FromSeconds(1), Stopping));
            clerk.Poke();
            Pulse(row.Id);
            throw;
        }
    }

    private void Arrive(LiveRun run)
    {
        live[run.Id] = run;
        Pulse(run.Id);
    }

    private void Pulse(RunId id)
    {
        if (arrivals.TryRemove(id, out var waiting)) waiting.TrySetResult();
    }

    private void Left(RunRow row)
    {
        if (row.WakeAt is { } at) clerk.Parked(at);
    }
}
