using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Implements the door of the runs room over the engine.</summary>
internal sealed class RunsDoor(
    Engine engine, IJournal journal, IRunRows rows, ISkills skills, ICosts costs, TimeProvider clock, RunChanges changes, IQuotas? quotas = null) : IRuns, IRunLoad
{
    private static readonly TimeSpan KeyLifetime = TimeSpan.FromHours(24);

    /// <summary>Whoever follows a run in which nothing happens looks again after this time at the latest.</summary>
    private static readonly TimeSpan FollowMax = TimeSpan.FromHours(1);

    private readonly RunIds ids = new();

    /// <summary>One instance of each, so that its stored form is written once.</summary>
    private readonly ConditionalWeakTable<SkillTerms, SkillTerms> asTools = [];

    public int Live => engine.LiveCount;

    public int Queued => engine.Gauge.All;

    public IReadOnlyDictionary<string, int> LiveByWorkflow => engine.ActiveBySpec();

    public DateTimeOffset? SavedAt => engine.SavedAt;

    public Task LookAsync(CancellationToken cancel) => engine.Gauge.LookAsync(cancel);

    public async Task<StartReply> StartAsync(Caller caller, StartRequest request, CancellationToken cancel)
    {
        if (engine.Refusal() is { } draining) return new StartReply.Refused(draining);
        if (await engine.Kills.RefusalAsync(caller.Tenant, request.Workflow?.Name, cancel) is { } stopped)
            return await RepeatAsync(caller.Tenant, request, cancel) ?? Denied("emergency", stopped, caller.Tenant);
        if (costs.Admit(Question(caller, request)) is { } refusal) return Denied("admission", refusal, caller.Tenant);
        if (await BrokeAsync(caller.Tenant, request, cancel) is { } broke) return await RepeatAsync(caller.Tenant, request, cancel) ?? Denied("budget", broke, caller.Tenant);
        if (await engine.CrowdedAsync(caller.Tenant, request.AgentId, cancel) is { } crowded) return Denied("queue", crowded, caller.Tenant);
        var quota = quotas is null ? default : await quotas.TakeRunAsync(caller.Tenant, cancel);
        if (quota.Refusal is { } exhausted) return await RepeatAsync(caller.Tenant, request, cancel) ?? Denied("quota", exhausted, caller.Tenant);
        var (inputs, _) = Admission.Inputs(request.Plan, request.Inputs);
        var id = ids.Next(clock.GetUtcNow());
        var terms = ImmutableSortedDictionary.CreateRange(
            StringComparer.Ordinal, TermsOf(request.Plan));
        var start = new StartRun(
            id, caller.Tenant, request.AgentId, request.Plan, inputs, request.Seed ?? request.Plan.Seed ?? Seeds.OfRun(id), request.Budget, terms,
            (request.Labels ?? new Dictionary<string, string>()).ToImmutableSortedDictionary(StringComparer.Ordinal), null) { Charged = request.Charged, Webhook = request.Webhook, Priority = request.Priority, Workflow = request.Workflow, Fork = request.Fork?.Origin, Taken = request.Fork?.Taken ?? [], Calls = request.Calls };
        var claim = request.Key is { } key
            ? new IdempotencyClaim(caller.Tenant, key.Scope, key.Key, key.Fingerprint, clock.GetUtcNow() + KeyLifetime)
            : null;
        // A start whose outcome is not known counts in the quota.
        var reply = await engine.StartAsync(start, request.Goal, claim, cancel);
        if (reply is AppendReply.Appended) Policies.Allowed();
        if (quotas is not null && reply is not AppendReply.Appended) await quotas.GiveBackRunAsync(caller.Tenant, quota);
        return reply switch
        {
            AppendReply.Appended => new StartReply.Started(id),
            AppendReply.KeyTaken { SameFingerprint: true } taken => new StartReply.Existing(taken.By),
            AppendReply.KeyTaken taken => new StartReply.KeyConflict(taken.By),
            var other => throw new InvariantBrokenException($"A new run was answered with {other}."),
        };
    }

    /// <summary>Counts what is allowed and refused.</summary>
    internal PolicyMeter Policies => engine.Meter.Workflows.Policies;

    private StartReply.Refused Denied(string policy, Failure why, TenantId tenant)
    {
        Policies.Denied(policy, why, tenant);
        return new StartReply.Refused(why);
    }

    /// <summary>Why not even the plan's first paid step could be paid now, or null.</summary>
    private async Task<Failure?> BrokeAsync(TenantId tenant, StartRequest request, CancellationToken cancel) =>
        engine.Purse is { } purse && PaidCalls.First(request.Ahead, skills.For(request.Ahead).Terms, request.AgentId, clock.GetUtcNow()) is { } first
            ? (await purse.LookAsync(tenant, first, cancel))?.Why
            : null;

    /// <summary>Terms of every skill the plan can call; of those that models may call with what models are told of them.</summary>
    private IEnumerable<KeyValuePair<string, SkillTerms>> TermsOf(Plan plan)
    {
        var tools = Admission.ToolsOf(plan);
        var here = skills.For(plan);
        foreach (var name in Admission.SkillsOf(plan)) yield return KeyValuePair.Create(name, tools.Contains(name) ? asTools.GetValue(here.Terms[name], terms => AsTool(here, terms)) : here.Terms[name]);
    }

    private static SkillTerms AsTool(ISkills here, SkillTerms terms) => here.All.TryGetValue(terms.Name, out var skill)
        ? terms with { Tool = new ToolTerms(skill.Contract.Description, skill.InputSchema) }
        : terms;

    /// <summary>The run that a repeated start has started already: it needs no quota. Null: it is a new one.</summary>
    private async Task<StartReply?> RepeatAsync(TenantId tenant, StartRequest request, CancellationToken cancel)
    {
        if (request.Key is not { } key || await rows.FindKeyAsync(tenant, key.Scope, key.Key, clock.GetUtcNow(), cancel) is not { } known) return null;
        return known.Fingerprint.AsSpan().SequenceEqual(key.Fingerprint) ? new StartReply.Existing(known.Run) : new StartReply.KeyConflict(known.Run);
    }

    private static SimulationRequest Question(Caller caller, StartRequest request) => new(
        new PlanReading(request.Ahead, [], []), caller.Tenant, request.AgentId, request.Budget, null, request.Seed ?? 0, null, request.Inputs);

    public async Task<CommandReply> CommandAsync(Caller caller, RunId run, RunCommand command, CancellationToken cancel)
    {
        if (command is RetryRun or ResumeRun && await rows.GetAsync(caller.Tenant, run, cancel) is { } row && await engine.Kills.RefusalAsync(row, cancel) is { } stopped)
            return new CommandReply.Refused(stopped);
        return await engine.CommandAsync(caller.Tenant, run, command, cancel);
    }

    public async Task<RunState?> ReadAsync(Caller caller, RunId run, CancellationToken cancel)
    {
        if (engine.Live(run) is { } live && engine.IsNewest(live)) return live.Row.Tenant == caller.Tenant ? live.State : null;
        var recent = engine.Recent.Find(caller.Tenant, run);
        if (recent is not null && !engine.Cluster.IsShared) return recent;
        if (await rows.GetAsync(caller.Tenant, run, cancel) is not { } row) return null;
        if (recent?.Seq == row.Seq) return recent; // No other node has gone on with it.
        var (state, _) = await Loading.FoldAsync(journal, run, cancel, row.Seq);
        Loading.Check(row, state);
        return state;
    }

    public async Task<RunState?> WaitAsync(Caller caller, RunId run, TimeSpan atMost, CancellationToken cancel)
    {
        using var watch = changes.Of(run);
        var settled = watch.Settled;
        var state = await ReadAsync(caller, run, cancel);
        if (state is null || atMost <= TimeSpan.Zero || RunChanges.IsSettled(state)) return state;
        var started = clock.GetTimestamp();
        var pace = new Pace(engine, run);
        while (!engine.IsStopping && atMost - clock.GetElapsedTime(started) is var left && left > TimeSpan.Zero)
        {
            await pace.WaitAsync(settled, left, cancel);
            if (settled.IsCompletedSuccessfully) return await settled;
            if (!engine.Cluster.IsShared || engine.IsHere(run) || await rows.GetAsync(caller.Tenant, run, cancel) is not { } row || row.Seq <= state.Seq) continue;
            state = await Loading.GoOnAsync(journal, run, state, row.Seq, cancel);
            if (RunChanges.IsSettled(state)) return state;
            pace.Moved();
        }

        return await ReadAsync(caller, run, cancel);
    }

    public async IAsyncEnumerable<JournalEntry> FollowAsync(Caller caller, RunId run, int afterSeq, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var watch = changes.Of(run);
        var pace = new Pace(engine, run);
        while (true)
        {
            var change = watch.Next;
            if (await rows.GetAsync(caller.Tenant, run, cancel) is not { } row) yield break;
            IReadOnlyList<JournalEntry> page = afterSeq < row.Seq ? await journal.ReadAsync(run, afterSeq, 1_000, cancel) : [];
            foreach (var entry in page)
            {
                afterSeq = entry.Seq;
                yield return entry;
            }

            if (page.Count > 0) pace.Moved();
            if (row.Status.IsOver() && afterSeq >= row.Seq) yield break;
            if (afterSeq < row.Seq && page.Count == 0)
                throw new JournalCorruptException(run, afterSeq + 1, $"Event {afterSeq + 1} of run {run} is missing: its row counts {row.Seq} events.");
            if (afterSeq < row.Seq) continue;
            // Whoever follows must not take this for the end of the run.
            if (engine.IsStopping) throw Engine.Ending();
            await pace.WaitAsync(change, FollowMax, cancel);
        }
    }
}
