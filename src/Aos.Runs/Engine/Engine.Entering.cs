using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>How runs come into memory and leave it.</summary>
internal sealed partial class Engine
{
    /// <summary>Runs read from their journals at once.</summary>
    private const int LoadsMax = 16;

    /// <summary>No run more is taken in.</summary>
    private bool IsFull => LiveCount >= options.LiveMax || Queue.IsBehind;

    /// <summary>Whether a start of this agent would get in line, and why it may not; null: it may start.</summary>
    internal async Task<Failure?> CrowdedAsync(TenantId tenant, string agent, CancellationToken cancel) =>
        IsFull || await scopes.OfAsync(tenant, agent, cancel) is not null ? await Gauge.EnterAsync(tenant, cancel) : null;

    /// <summary>A new attempt gets in line where a limit holds.</summary>
    private async Task<RetryRun> QueuedAsync(TenantId tenant, RunId run, RetryRun retry, CancellationToken cancel) =>
        await rows.GetAsync(tenant, run, cancel) is { } row && (await scopes.OfAsync(tenant, row.AgentId, cancel) is not null || row.Scope is not null)
            ? retry with { Queued = true }
            : retry;

    /// <summary>Begins a new run, or puts it in line where a limit holds or this node is full. Refused by the store alone: a taken key or id.</summary>
    internal async Task<AppendReply> StartAsync(StartRun start, string? goal, IdempotencyClaim? claim, CancellationToken cancel)
    {
        var scope = start.Parent is { } parent && Live(parent.Run) is { } here ? here.Row.Scope : await scopes.OfAsync(start.Tenant, start.AgentId, cancel);
        start = start with { Queued = scope is not null || IsFull };
        var decision = RunMachine.Decide(RunState.Empty, start, new Facts(Now));
        var (state, events, money, goesOn) = await OpenAsync(decision, cancel);
        var parks = !state.Status.IsOver() && !goesOn && RunMachine.Pending(state).Count == 0;
        while (true)
        {
            var lease = await Cluster.ReadyAsync(cancel);
            Tenure.Engage();
            var row = new RunRow
            {
                Id = start.Run, Tenant = start.Tenant, AgentId = start.AgentId, Goal = goal, Workflow = start.Workflow?.Id, Status = state.Status, Labels = start.Labels, Seq = 0,
                Owner = lease.Node, MinRule = Math.Max((int)state.Start!.Rule, Purse is not null && PaidCalls.IsPriced(state.Start) ? (int)KernelRule.Raise : 0), Parent = start.Parent?.Run, Budget = state.Start!.Budget, CreatedAt = state.StartedAt, UpdatedAt = state.StartedAt,
                Priority = start.Priority, Scope = start.Queued ? scope ?? "" : null,
            };
            var append = Settling.Of(RunAppend.Of(lease.Node, row, RunState.Empty, state, events, ChainHash.Start, parks, 0) with { Claim = claim, Money = money }, state, Now);
            append = Failing?.Add(append, state, events) ?? append;
            await entrances.EnterAsync(start.Run);
            try
            {
                var reply = await journal.AppendAsync(append, cancel);
                if (reply is AppendReply.Appended) Begin(append, state, events, goesOn);
                if (reply is not AppendReply.Fenced fenced) return reply;
                Fenced(lease.Node, fenced);
            }
            catch (JournalUnavailableException)
            {
                strays.Suspect();
                Track(BeginIfStoredAsync(append, state, events, goesOn));
                throw;
            }
            finally
            {
                entrances.Leave(start.Run);
            }
        }
    }

    /// <summary>
    /// How a run opens. Nothing is reserved for a run that is not stored yet: where a limit covers its first paid call, the run opens without it,
    /// and goes on at once.
    /// </summary>
    private async ValueTask<(RunState State, IReadOnlyList<RunEvent> Events, AppendMoney? Money, bool GoesOn)> OpenAsync(Decision decision, CancellationToken cancel)
    {
        var (state, events) = (decision.From(RunState.Empty), decision.Events);
        if (Purse is null || !PaidCalls.Any(events, PaidCalls.IsPriced(state.Start!))) return (state, events, null, false);
        var facts = PaidCalls.Of(RunState.Empty, events);
        List<MoneyFact> opened = [.. facts.Calls.Where(fact => fact.Kind == MoneyKind.Opened)];
        var goesOn = opened.Count > 0 && await Purse.IsLimitedAsync(state.Start!, [.. opened.Select(fact => fact.Call)], cancel);
        if (goesOn)
        {
            events = [.. events.Take(opened[0].Event)];
            state = events.Aggregate(RunState.Empty, RunMachine.Evolve);
            facts = PaidCalls.Of(RunState.Empty, events);
        }

        return (state, events, Purse.Of(RunState.Empty, state, events, facts, new HashSet<string>(), null), goesOn);
    }

    private void Begin(JournalAppend append, RunState state, IReadOnlyList<RunEvent> events, bool goesOn)
    {
        story.Tell(state, events);
        changes.Changed(append.Row.Id, state);
        Failing?.Stored(append, RunState.Empty);
        Meter.Started(state);
        Meter.Workflows.Happened(state, events);
        if (state.Status.IsOver()) signer.Ended(state);
        if (!append.Row.Owned)
        {
            Left(append.Row);
            if (append.Row.Lane is not null) Queue.Poke();
            MeetSwitches(append.Row);
            return;
        }

        var run = new LiveRun(this, append.Row, state, append.Entries[^1].Chain, append.Bytes());
        Arrive(run);
        run.Begin(goesOn);
        MeetSwitches(append.Row);
    }

    /// <summary>
    /// A switch may have been engaged since the run was admitted. Asked after the run is where the watch looks for it: either the watch has
    /// found it, or it is known here by now that there is something to ask.
    /// </summary>
    private void MeetSwitches(RunRow row)
    {
        if (!row.Status.IsOver() && !Kills.IsIdle) Track(StopAsync(row));
    }

    /// <summary>Ends a run that a switch covers.</summary>
    private async Task StopAsync(RunRow row)
    {
        await InsistAsync(async () =>
        {
            if (await Kills.WhyAsync(row, Stopping) is not { } why) return;
            await Kills.EndAboveAsync(row, Stopping);
            await CommandAsync(row.Tenant, row.Id, new StopRun(why), Stopping);
        });
    }

    /// <summary>The answer to a start got lost: when it is stored after all, nobody else drives the run.</summary>
    private async Task BeginIfStoredAsync(JournalAppend append, RunState state, IReadOnlyList<RunEvent> events, bool goesOn)
    {
        var id = append.Row.Id;
        await entrances.EnterAsync(id);
        try
        {
            if (!await IsStoredAsync(append) || Live(id) is not null) return;
            var row = await rows.GetAsync(append.Row.Tenant, id, Stopping);
            if (row is { Lane: not null }) Queue.Poke(); // It is in line: whoever has room drives it.
            var isUndriven = row is { Adoptions: 0, Lane: null } && row.Owner == append.Row.Owner && row.Seq == append.Row.Seq; // Else a later process drives it.
            if (isUndriven) Begin(append, state, events, goesOn);
        }
        catch (JournalUnavailableException)
        {
            return; // It is looked for among the strays.
        }
        finally
        {
            entrances.Leave(id);
        }
    }

    /// <summary>The store says that a run, or this whole node, is driven no more.</summary>
    internal void Fenced(NodeId node, AppendReply.Fenced reply)
    {
        if (reply.WholeNode && Cluster.IsShared) Cluster.Fenced(node);
    }

    /// <summary>Takes all runs of a lease that is over out of memory.</summary>
    internal void DropAll(NodeId over)
    {
        foreach (var (_, run) in live)
        {
            if (run.Node == over) run.Lose();
        }
    }

    internal void Forget(LiveRun run)
    {
        if (run.State.Status.IsOver() && !run.WasHanded) Recent.Keep(run.Id, run.State, run.JournaledBytes);
        Gone(run);
    }

    /// <summary>The run is in memory no more, and what it knows may be old.</summary>
    internal void Gone(LiveRun run)
    {
        if (live.TryRemove(new KeyValuePair<RunId, LiveRun>(run.Id, run))) Interlocked.Decrement(ref liveCount);
        if (!run.Row.Owned) Left(run.Row);
        Queue.Left();
        if (LiveCount == 0) Draining.Emptied();
    }

    /// <summary>Takes a run that nobody drives, or that this node owns without driving it. Only for who has the run's entrance.</summary>
    private async Task<RunRow?> TakeAsync(RunRow row, RunCommand? command)
    {
        var lease = await Cluster.ReadyAsync(Stopping);
        Tenure.Engage();
        try
        {
            if (await rows.ClaimAsync(lease.Node, row.Id, Need(row, command), Stopping) is { } mine) return mine;
            return await rows.GetAsync(row.Tenant, row.Id, Stopping) is { } now && now.Owner == lease.Node ? now : null;
        }
        catch (JournalUnavailableException)
        {
            strays.Suspect();
            throw;
        }
    }

    /// <summary>What nothing can begin with needs no slot: a run that has not begun does nothing, and a cancelled or paused one no more.</summary>
    private static Taking Need(RunRow row, RunCommand? command) =>
        row.Status == RunStatus.Queued || row.Lane == Lane.Held ? Taking.VisitUnbegun
        : command is CancelRun or StopRun or PauseRun or RetryRun { Queued: true } ? Taking.Visit
        : Taking.Drive;

    /// <summary>Takes a run again that was just parked, or is over; null: somebody else has it, or it waits for its turn.</summary>
    internal async Task<RunRow?> ReclaimAsync(RunRow row)
    {
        var doubt = false;
        while (true)
        {
            try
            {
                var node = Cluster.Lease.Node;
                if (await rows.ClaimAsync(node, row.Id, Need(row, null), Stopping) is { } mine) return mine;
                return doubt && await rows.GetAsync(row.Tenant, row.Id, Stopping) is { } now && now.Owner == node ? now : null;
            }
            catch (JournalUnavailableException e)
            {
                doubt = true;
                strays.Suspect();
                await DelayAsync(e.RetryAfter);
            }
        }
    }

    /// <summary>Several at once: they should not wait for one another's journals.</summary>
    internal async Task ReviveAsync(IReadOnlyList<RunRow> claimed)
    {
        var at = -1;
        async Task WorkAsync()
        {
            while (Interlocked.Increment(ref at) is var i && i < claimed.Count) await ReviveAsync(claimed[i]);
        }

        await Task.WhenAll(Enumerable.Range(0, Math.Min(LoadsMax, claimed.Count)).Select(_ => WorkAsync()));
    }

    /// <summary>Puts a claimed run on its feet. What breaks is in the log and harms no other run.</summary>
    internal async Task ReviveAsync(RunRow row)
    {
        while (true)
        {
            // A run that is just leaving memory may refuse the letter: then it is loaded anew.
            if (Live(row.Id) is { } here && here.Post(new Letter(new WakeRun(), 0, null) { Claimed = row })) return;
            await entrances.EnterAsync(row.Id);
            try
            {
                if (Live(row.Id) is not null) continue;
                // What was leaving memory may have written after the claim: its last word counts, and may have freed the run again.
                if (await rows.GetAsync(row.Tenant, row.Id, Stopping) is not { } now) return;
                var node = Cluster.Lease.Node;
                if (now.Owner is { } other && other != node) return;
                var mine = now.Owned ? now : await rows.ClaimAsync(node, row.Id, Taking.Drive, Stopping);
                if (mine is not null) await LoadAsync(mine, null);
                return;
            }
            catch (RunLostException)
            {
                return;
            }
            catch (Exception e)
            {
                if (e is JournalUnavailableException) strays.Suspect();
                if (!IsStopping) log.NotLoaded(row.Id, e.Message);
                return;
            }
            finally
            {
                entrances.Leave(row.Id);
            }
        }
    }

    /// <summary>Loads a claimed run; when that fails the claim is given back. Only for who has the run's entrance.</summary>
    private async Task LoadAsync(RunRow row, Letter? first)
    {
        try
        {
            var (state, chain) = await FoldAsync(row);
            Recent.Drop(row.Id);
            var run = new LiveRun(this, row, state, chain, RecentRuns.BytesMax);
            if (row.Lane is null) await ReadInboxAsync(run); // Who only visits leaves the mail to whoever drives it.
            if (row.Adoptions > options.AdoptionsMax && !state.IsQuarantined)
                run.Post(new Letter(new QuarantineRun($"The process ended {row.Adoptions} times in a row while this run was under way."), 0, null));
            foreach (var nothing in await Settling.NeverBegunAsync(rows, state, Stopping)) run.Post(new Letter(nothing, 0, null));
            if (first is not null) run.Post(first);
            Arrive(run);
            MeetSwitches(row);
            run.Resume();
        }
        catch (JournalCorruptException e)
        {
            // This process may have stood still between the claim and the last page, and another node gone on with the run.
            if (await rows.GetAsync(row.Tenant, row.Id, Stopping) is { } now && (now.Seq != row.Seq || now.Owner != row.Owner)) throw new RunLostException(row.Id);
            log.Corrupt(row.Id, e.Message);
            await SetAsideAsync(row);
            throw;
        }
        catch (Exception)
        {
            await PersistAsync(() => rows.ReleaseAsync(row.Owner!.Value, row.Id, Now + TimeSpan.FromSeconds(1), Stopping));
            clerk.Parked(Now + TimeSpan.FromSeconds(1));
            Queue.Poke(); // Its slot is free.
            throw;
        }
    }

    private async Task<(RunState State, byte[] Chain)> FoldAsync(RunRow row)
    {
        var began = Clock.GetTimestamp();
        var isSound = false;
        try
        {
            var folded = await Loading.FoldAsync(journal, row.Id, Stopping);
            Loading.Check(row, folded.State);
            isSound = true;
            return folded;
        }
        finally
        {
            if (isSound || !IsStopping) Meter.Workflows.Loaded(Clock.GetElapsedTime(began), isSound);
            if (row.Adoptions > 0) Meter.Workflows.TookOver(isSound);
        }
    }

    private void Arrive(LiveRun run)
    {
        Tenure.Engage();
        if (!live.TryAdd(run.Id, run)) throw new InvariantBrokenException($"Run {run.Id} came into memory twice.");
        if (Interlocked.Increment(ref liveCount) == 1) Kills.Arrived();
        if (!Tenure.Holds(run.Node)) run.Lose();
        if (Draining.IsOn) run.HandOver();
    }

    private void Left(RunRow row)
    {
        if (row.WakeAt is { } at) clerk.Parked(at);
    }
}
