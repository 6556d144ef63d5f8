using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Hosting;

namespace Aos.Runs;

/// <summary>Hosts the runs that are in memory: loads, wakes, dispatches, recovers.</summary>
internal sealed class Engine(IJournal journal, IRunRows rows, ISkills skills, TimeProvider clock, RunChanges changes, RunLog log) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan IdleWake = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<RunId, LiveRun> live = new();
    private readonly ConcurrentDictionary<RunId, SemaphoreSlim> loading = new();
    private readonly ConcurrentDictionary<Task, byte> tasks = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim poke = new(0, 1);
    private Task clerk = Task.CompletedTask;

    internal IJournal Journal => journal;

    internal DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>Runs in memory now.</summary>
    internal int LiveCount => live.Count;

    public async Task StartAsync(CancellationToken cancel)
    {
        foreach (var orphan in await rows.ClaimOrphansAsync(int.MaxValue, cancel)) await ReviveAsync(orphan, cancel);
        clerk = WakeLoopAsync();
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        await stopping.CancelAsync();
        await clerk;
        var all = Task.WhenAll(tasks.Keys);
        await Task.WhenAny(all, Task.Delay(TimeSpan.FromSeconds(5), clock, cancel));
    }

    public ValueTask DisposeAsync()
    {
        stopping.Dispose();
        poke.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Keeps a task in sight until it ends, so that stopping can wait for it.</summary>
    internal void Track(Task task)
    {
        if (task.IsCompleted) return;
        tasks.TryAdd(task, 0);
        task.ContinueWith(static (ended, all) => ((ConcurrentDictionary<Task, byte>)all!).TryRemove(ended, out _), tasks, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    internal async Task<AppendReply> StartAsync(StartRun start, string? goal, string? workflow, IdempotencyClaim? claim, CancellationToken cancel)
    {
        var decision = RunMachine.Decide(RunState.Empty, start, new Facts(Now));
        var state = decision.Events.Aggregate(RunState.Empty, RunMachine.Evolve);
        var row = new RunRow
        {
            Id = start.Run, Tenant = start.Tenant, AgentId = start.AgentId, Goal = goal, Workflow = workflow, Status = state.Status, Labels = start.Labels, Seq = 0,
            Owned = true, Parent = start.Parent?.Run, Budget = state.Start!.Budget, CreatedAt = state.StartedAt, UpdatedAt = state.StartedAt,
        };
        var parks = !state.Status.IsOver() && RunMachine.Pending(state).Count == 0;
        var append = Append(row, RunState.Empty, state, decision.Events, ChainHash.Start, parks, []) with { Claim = claim };
        var reply = await journal.AppendAsync(append, cancel);
        if (reply is not AppendReply.Appended) return reply;
        changes.Changed(start.Run);
        Poke(append.Row);
        if (parks || state.Status.IsOver()) return reply;
        var run = new LiveRun(this, append.Row, state, append.Entries[^1].Chain);
        live[start.Run] = run;
        run.Begin();
        return reply;
    }

    /// <summary>Hands a command to a run, loading it when it is not in memory. Null: there is no such run.</summary>
    internal async Task<CommandReply> CommandAsync(TenantId tenant, RunId id, RunCommand command, CancellationToken cancel)
    {
        while (true)
        {
            if (await FindAsync(tenant, id, cancel) is not { } run) return new CommandReply.Unknown();
            var reply = new TaskCompletionSource<CommandReply>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (run.Post(new Letter(command, null, reply))) return await reply.Task.WaitAsync(cancel);
        }
    }

    internal LiveRun? Live(RunId id) => live.GetValueOrDefault(id);

    internal async Task<(RunState State, byte[] Chain)> FoldAsync(RunId id, CancellationToken cancel)
    {
        var state = RunState.Empty;
        var chain = ChainHash.Start;
        foreach (var entry in await journal.ReadAsync(id, 0, int.MaxValue, cancel))
        {
            state = RunMachine.Evolve(state, EventCodec.Decode(id, entry));
            chain = entry.Chain;
        }

        return (state, chain);
    }

    internal JournalAppend Append(RunRow row, RunState before, RunState after, IReadOnlyList<RunEvent> events, byte[] chain, bool parks, List<string> read)
    {
        var entries = new List<JournalEntry>(events.Count);
        foreach (var e in events)
        {
            var entry = EventCodec.Encode(row.Id, before.Seq + entries.Count + 1, e, chain);
            chain = entry.Chain;
            entries.Add(entry);
        }

        var over = after.Status.IsOver();
        return new JournalAppend
        {
            ExpectedSeq = before.Seq,
            Entries = entries,
            Park = parks,
            InboxRead = read,
            Sends = over && !before.Status.IsOver() && after.Start!.Parent is { } parent ? [Children.Report(parent, after)] : [],
            Row = row with
            {
                Status = after.Status,
                Seq = after.Seq,
                Owned = !parks && !over,
                WakeAt = parks ? RunMachine.NextWake(after) : null,
                Attempt = after.Attempt,
                Spent = after.Spent,
                UpdatedAt = events.Count > 0 ? events[^1].At : row.UpdatedAt,
                EndedAt = after.EndedAt,
                FailureCode = after.End?.Failure?.Code,
                RootHash = after.End?.RootHash,
            },
        };
    }

    internal void Changed(LiveRun run, List<RunEvent> events)
    {
        changes.Changed(run.Id);
        Poke(run.Row);
        if (run.State.Status.IsOver() && run.State.Start!.Parent is { } parent) Track(DeliverAsync(parent.Run));
        if (events.Any(e => e is RunEnded)) log.Ended(run.Id, run.State.Status);
    }

    internal void Forget(LiveRun run) => live.TryRemove(new KeyValuePair<RunId, LiveRun>(run.Id, run));

    internal void Froze(LiveRun run, Exception why) => log.Frozen(run.Id, why);

    /// <summary>The store cannot write: callers are told, the run's own letters wait and come again.</summary>
    internal async Task UnavailableAsync(LiveRun run, List<Letter> letters, JournalUnavailableException why)
    {
        foreach (var letter in letters)
        {
            if (letter.Reply is { } reply) reply.TrySetException(why);
            else run.Post(letter);
        }

        await Task.Delay(why.RetryAfter, clock, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    internal async Task ReadInboxAsync(LiveRun run)
    {
        foreach (var item in await journal.InboxAsync(run.Id, stopping.Token))
        {
            if (Children.Read(item) is { } command) run.Post(new Letter(command, item.Id, null));
        }
    }

    internal async Task PerformAsync(LiveRun run, RunEffect effect)
    {
        StructuredOutcome outcome;
        switch (effect)
        {
            case InvokeSkill invoke:
                var start = run.State.Start!;
                var call = new SkillCall(start.Tenant, start.Run, invoke.StepId, start.AgentId, invoke.IdempotencyKey, invoke.Seed, invoke.Timeout);
                try
                {
                    using var either = CancellationTokenSource.CreateLinkedTokenSource(run.Cancelled, stopping.Token);
                    outcome = await skills.InvokeAsync(invoke.Skill, invoke.Params, call, either.Token);
                }
                catch (OperationCanceledException) when (stopping.IsCancellationRequested)
                {
                    return; // The next process finds the call started and does what its contract says.
                }
                catch (OperationCanceledException)
                {
                    outcome = StructuredOutcome.Failed(FailureCatalog.Fail("CANCELLED", "The run was cancelled during the call."));
                }

                break;
            case StartChild child:
                if (await StartChildAsync(run, child) is not { } failed) return;
                outcome = StructuredOutcome.Failed(failed);
                break;
            default:
                throw new InvariantBrokenException($"Nobody performs {effect.GetType().Name}.");
        }

        run.Post(new Letter(new RecordOutcome(effect.Id, outcome), null, null));
    }

    private async Task<Failure?> StartChildAsync(LiveRun run, StartChild child)
    {
        var parent = run.State.Start!;
        var reading = PlanReader.Read(child.Plan ?? Json.Null, parent.Terms);
        if (reading.Plan is null) return FailureCatalog.Fail("INVALID_PLAN", $"The child's plan: {reading.Problems[0].Message}");
        var (inputs, wrong) = Admission.Inputs(reading.Plan, child.Inputs);
        if (wrong is not null) return wrong;
        var start = new StartRun(
            child.Child, parent.Tenant, parent.AgentId, reading.Plan, inputs, reading.Plan.Seed ?? Seeds.Step(parent.Seed, child.Id.Step), child.Budget,
            parent.Terms, parent.Labels, new ParentRun(parent.Run, child.Id));
        var reply = await StartAsync(start, null, null, null, stopping.Token);
        if (reply is AppendReply.Appended && Live(child.Child) is null) await DeliverAsync(parent.Run);
        return null;
    }

    private async Task DeliverAsync(RunId parent)
    {
        if (Live(parent) is { } run) await ReadInboxAsync(run);
        else Wake();
    }

    private async Task<LiveRun?> FindAsync(TenantId tenant, RunId id, CancellationToken cancel)
    {
        if (Live(id) is { } found) return found.Row.Tenant == tenant ? found : null;
        if (await rows.GetAsync(tenant, id, cancel) is null) return null;
        var gate = loading.GetOrAdd(id, _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(cancel);
        try
        {
            while (true)
            {
                if (Live(id) is { } other) return other;
                if (await rows.ClaimAsync(id, cancel) is { } row) return await LoadAsync(row, cancel);
                await Task.Delay(TimeSpan.FromMilliseconds(2), clock, cancel); // The wake clerk has it in hand and is loading it.
            }
        }
        finally
        {
            gate.Release();
            loading.TryRemove(id, out _);
        }
    }

    private async Task<LiveRun> LoadAsync(RunRow row, CancellationToken cancel)
    {
        var (state, chain) = await FoldAsync(row.Id, cancel);
        var run = new LiveRun(this, row with { Owned = true }, state, chain);
        live[row.Id] = run;
        await ReadInboxAsync(run);
        return run;
    }

    private async Task ReviveAsync(RunRow row, CancellationToken cancel)
    {
        // A run that is just leaving memory may refuse the letter: then it is loaded anew.
        if (Live(row.Id) is { } here && here.Post(new Letter(new WakeRun(), null, null))) return;

        try
        {
            (await LoadAsync(row, cancel)).Recover();
        }
        catch (JournalCorruptException e)
        {
            log.Corrupt(row.Id, e.Message);
        }
    }

    private async Task WakeLoopAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var due = await rows.ClaimDueAsync(Now, 500, stopping.Token);
                foreach (var row in due) await ReviveAsync(row, stopping.Token);
                if (due.Count > 0) continue;
                var next = await rows.NextWakeAsync(stopping.Token);
                var wait = next is { } at && at - Now < IdleWake ? at - Now : IdleWake;
                if (wait <= TimeSpan.Zero) continue;
                await WaitForPokeAsync(wait);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (JournalUnavailableException e)
            {
                await Task.Delay(e.RetryAfter, clock, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task WaitForPokeAsync(TimeSpan wait)
    {
        using var timeout = new CancellationTokenSource(wait + TimeSpan.FromMilliseconds(1), clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping.Token);
        try
        {
            await poke.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return; // The time has come.
        }
    }

    private void Poke(RunRow row)
    {
        if (row.WakeAt is not null) Wake();
    }

    private void Wake()
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
}
