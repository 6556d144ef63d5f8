using System.Collections.Concurrent;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Holds known agents to what they may: every start of a run passes here, whichever door it came through. Starts of one agent
/// pass one after another, so that two of them cannot both take the last of a budget; a run under way holds its whole budget.
/// </summary>
internal sealed class AgentGate(RunsDoor runs, AgentBook agents, AgentWalls walls, IRunRows rows, ISkills skills, Scopes scopes, AgentOptions options, TimeProvider clock,
    IIdentity? identity = null) : IRuns
{
    /// <summary>A run may try each call so many times before its grant is used up.</summary>
    private const int TriesGranted = 4;

    private static readonly Permission MemoryRight = new("memory_pin", "read");

    private readonly ConcurrentDictionary<(TenantId, string), SemaphoreSlim> gates = new();

    public async Task<StartReply> StartAsync(Caller caller, StartRequest request, CancellationToken cancel)
    {
        if (await UnreadableAsync(caller, request.Plan, cancel) is { } unreadable) return new StartReply.Refused(unreadable);
        if (await agents.FindAsync(caller.Tenant, request.AgentId, cancel) is not { } agent) return await runs.StartAsync(caller, request, cancel);
        if (request.Key is { } key && await rows.FindKeyAsync(caller.Tenant, key.Scope, key.Key, clock.GetUtcNow(), cancel) is not null)
            return await runs.StartAsync(caller, request, cancel); // Answers with the run that the key started.
        var gate = gates.GetOrAdd((agent.Tenant, agent.Id), _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(cancel);
        try
        {
            if ((AgentWalls.Standing(agent) ?? Refusal(agent, request)) is { } refusal) return Denied("agent", refusal, agent);
            scopes.Own(agent.Tenant, agent.Id, options.RunsOf(agent.Settings));
            var need = PlanInspector.Cost(request.Ahead, skills.For(request.Ahead).Terms) + request.Charged;
            if (need == Cents.Zero) return await runs.StartAsync(caller, request, cancel);
            var verdict = walls.Verdict(agent, need, null, await agents.SpendingAsync(agent, cancel));
            if (!verdict.Allowed) return Denied("budget", await BreachedAsync(agent, verdict, cancel), agent);
            return await runs.StartAsync(caller, request with { Budget = Grant(request, need, verdict.Left) }, cancel);
        }
        finally
        {
            gate.Release();
        }
    }

    public async Task<CommandReply> CommandAsync(Caller caller, RunId run, RunCommand command, CancellationToken cancel)
    {
        if (command is RetryRun retry && await rows.GetAsync(caller.Tenant, run, cancel) is { } row && await RetryRefusalAsync(row, retry.Budget, cancel) is { } refusal)
            return new CommandReply.Refused(refusal);
        return await runs.CommandAsync(caller, run, command, cancel);
    }

    public Task<RunState?> ReadAsync(Caller caller, RunId run, CancellationToken cancel) => runs.ReadAsync(caller, run, cancel);

    public Task<RunState?> WaitAsync(Caller caller, RunId run, TimeSpan atMost, CancellationToken cancel) => runs.WaitAsync(caller, run, atMost, cancel);

    public IAsyncEnumerable<JournalEntry> FollowAsync(Caller caller, RunId run, int afterSeq, CancellationToken cancel) => runs.FollowAsync(caller, run, afterSeq, cancel);

    /// <summary>
    /// Whether the agent has as many runs at work or in line as may be at work at once: then no goal is planned. A run that
    /// is started without planning gets in line.
    /// </summary>
    internal async Task<Failure?> BusyAsync(Agent agent, CancellationToken cancel)
    {
        var most = options.RunsOf(agent.Settings);
        var working = await rows.ListAsync(
            new RunFilter(agent.Tenant, agent.Id, [RunStatus.Queued, RunStatus.Running, RunStatus.Retry], Limit: 1000), cancel);
        return working.Count(row => row.Parent is null) < most
            ? null
            : FailureCatalog.Fail("RATE_LIMITED", $"The agent {agent.Id} already has {most} runs at work.", TimeSpan.FromSeconds(1));
    }

    /// <summary>Whether the agent can pay so much; a breach of the day's limit pauses it, if that is set.</summary>
    internal async Task<Failure?> PayAsync(Agent agent, Cents estimate, string? model, CancellationToken cancel)
    {
        var verdict = walls.Verdict(agent, estimate, model, await agents.SpendingAsync(agent, cancel));
        return verdict.Allowed ? null : await BreachedAsync(agent, verdict, cancel);
    }

    private StartReply.Refused Denied(string policy, Failure why, Agent agent)
    {
        runs.Policies.Denied(policy, why, agent.Tenant);
        return new StartReply.Refused(why);
    }

    private async Task<Failure> BreachedAsync(Agent agent, BudgetVerdict verdict, CancellationToken cancel)
    {
        if (verdict.BreachType == "per_day" && options.PauseOnBreach)
            await agents.ChangeAsync(Caller.System(agent.Tenant), agent.Id, it => it with { Status = AgentStatus.Paused }, cancel);
        return AgentWalls.Breach(verdict);
    }

    /// <summary>What the run may spend: what was asked for, else some tries of every call; never more than is left.</summary>
    private Cents Grant(StartRequest request, Cents need, Cents left)
    {
        var wish = request.Budget?.Value ?? Math.Max(options.EstimateCents, need.Value * TriesGranted);
        return new Cents(Math.Min(Math.Min(wish, left.Value), Math.Max(options.RunMaxCents, need.Value)));
    }

    /// <summary>A run must not read of the memory what whoever starts it could not read.</summary>
    private async Task<Failure?> UnreadableAsync(Caller caller, Plan plan, CancellationToken cancel)
    {
        if (identity is null || !Admission.ReadsMemory(plan)) return null;
        var decision = await identity.DecideAsync(caller, MemoryRight, false, cancel);
        return decision.IsAllowed ? null : FailureCatalog.Fail("PERMISSION_DENIED", $"The plan reads the memory, and this caller may not ({MemoryRight}, {decision.Rule}).");
    }

    /// <summary>What the agent may not call or reach of what is known before the run; where the run reports to is a target of it too.</summary>
    private Failure? Refusal(Agent agent, StartRequest request)
    {
        var rules = agent.Rules();
        if (rules.Refusal(agent.Id, request.Ahead, skills.TargetParam) is { } refusal) return refusal;
        return request.Webhook is { } webhook && WebTarget.Of(webhook) is { } target && rules.Domains.Wall(target) is { } rule
            ? Admission.Unreachable(agent.Id, [new DomainGap("webhook_url", 0, target, rule)])
            : null;
    }

    /// <summary>An ended run gave back what it had not spent; a new attempt needs it again.</summary>
    /// <param name="raised">The budget it is to have from now on; null: as before.</param>
    private async Task<Failure?> RetryRefusalAsync(RunRow row, Cents? raised, CancellationToken cancel)
    {
        if (row.Parent is not null || !row.Status.IsOver() || await agents.FindAsync(row.Tenant, row.AgentId, cancel) is not { } agent) return null;
        if (AgentWalls.Standing(agent) is { } standing) return standing;
        return (raised ?? row.Budget) is { } budget && budget > row.Spent ? await PayAsync(agent, budget - row.Spent, null, cancel) : null;
    }
}
