using System.Collections.Concurrent;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// What holds an agent, in one place: the gate of starts and the desk of goals ask here, and so does whoever wants to know beforehand.
/// </summary>
internal sealed class AgentWalls(AgentBook agents, IRunRows rows, Scopes scopes, ISharedLimits limits, AgentOptions options, TimeProvider clock) : IAgentLimits
{
    /// <summary>Runs at work that are counted for an explanation.</summary>
    private const int CountMax = 1_000;

    /// <summary>Agents whose spending is kept for simulations; then all are forgotten.</summary>
    private const int KeptMax = 10_000;

    /// <summary>How long what an agent has spent may have been read before a simulation.</summary>
    private static readonly TimeSpan SpentMax = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<(TenantId, string), (AgentSpending Spending, long ReadAt)> spent = new();

    public async Task<IReadOnlyList<AccessWall>> WallsAsync(TenantId tenant, string agent, string? skill, WebTarget? target, Cents cost, CancellationToken cancel)
    {
        if (await agents.FindAsync(tenant, agent, cancel) is not { } known) return [new AccessWall("agent", true, "label")];
        var walls = new List<AccessWall> { Of("agent", known.Status.ToString().ToLowerInvariant(), Standing(known)) };
        var rules = known.Rules();
        if (skill is not null) walls.Add(Of("agent_skill", rules.SkillWall(skill) ?? "allowed", rules.SkillWall(skill) is null ? null : Admission.Denied(agent, [skill])));
        if (target is { } there)
        {
            var rule = rules.Domains.Wall(there);
            walls.Add(Of("agent_domain", rule ?? (rules.Domains.IsEmpty ? "no limit" : "allowed"), rule is null ? null : Admission.Unreachable(agent, [new DomainGap("", 0, there, rule)])));
        }

        foreach (var wall in AgentBudget.Walls(cost, null, Limits, Account(known, await agents.SpendingAsync(known, cancel))))
        {
            if (wall.Type == "paused") continue; // Told by the agent's standing.
            var counted = new AccessWall("budget_" + wall.Type, true, wall.Type) { Unit = "cents", Limit = wall.Limit, Used = wall.Type == "per_run" ? 0 : wall.Current.Value, Left = Math.Max(0, wall.Left) };
            walls.Add(wall.Reason is { } reason ? counted.Denied(wall.Type, reason) : counted);
        }

        if (known.Settings.GoalsPerMinute is { } rate) walls.Add(await GoalsAsync(known, rate, cancel));
        return walls;
    }

    public async Task<IReadOnlyList<AccessWall>> SlotsAsync(TenantId tenant, string? agent, CancellationToken cancel)
    {
        var known = agent is null ? null : await agents.FindAsync(tenant, agent, cancel);
        var (ofTenant, ofAgent) = await scopes.MostAsync(tenant, agent, known is null ? null : options.RunsOf(known.Settings), cancel);
        var walls = new List<AccessWall>(2);
        if (agent is not null) walls.Add(await SlotAsync("agent_runs", tenant, agent, ofAgent, cancel));
        walls.Add(await SlotAsync("concurrent_runs", tenant, null, ofTenant, cancel));
        return walls;
    }

    public async ValueTask<IReadOnlyList<MomentFact>> MomentAsync(Agent agent, Cents cost, CancellationToken cancel)
    {
        var status = new MomentFact("agent_status", agent.Status.ToString().ToLowerInvariant(), null, Standing(agent));
        if (cost == Cents.Zero || status.Refusal is not null) return [status];
        var verdict = Verdict(agent, cost, null, await RecentAsync(agent, cancel));
        // What is left changes with every run, whether it is enough seldom does: a fact is only what the answer depends on.
        return [status, verdict.Allowed ? new MomentFact("agent_budget", "enough") : new MomentFact("agent_budget", verdict.Reason!, null, Breach(verdict))];
    }

    /// <summary>Paused and disabled agents start nothing.</summary>
    internal static Failure? Standing(Agent agent) => agent.Status == AgentStatus.Active
        ? null
        : FailureCatalog.Fail("PERMISSION_DENIED", $"The agent {agent.Id} is {agent.Status.ToString().ToLowerInvariant()}.");

    /// <summary>Under which an agent's goals are counted.</summary>
    internal static LimitKey GoalsKey(Agent agent) => LimitKey.Of(agent.Tenant, "agent_goals", agent.Id);

    internal static Failure Breach(BudgetVerdict verdict) => FailureCatalog.Fail("AGENT_BUDGET_EXCEEDED", $"Budget exceeded: {verdict.Reason}", null, verdict.ToJson());

    internal BudgetVerdict Verdict(Agent agent, Cents estimate, string? model, AgentSpending spending) => AgentBudget.Check(estimate, model, Limits, Account(agent, spending));

    private AgentBudgetLimits Limits => new(options.RunMaxCents, options.DayMaxCents, options.ModelMaxCents);

    private static AgentAccount Account(Agent agent, AgentSpending spending) =>
        new(agent.Status != AgentStatus.Active, agent.Settings.BudgetCents is { } cents ? new Cents(cents) : null, spending.Committed, spending.Today);

    private static AccessWall Of(string name, string rule, Failure? refusal) => new(name, refusal is null, rule) { Says = refusal?.Message };

    private async Task<AccessWall> SlotAsync(string name, TenantId tenant, string? agent, int? most, CancellationToken cancel)
    {
        var working = await rows.ListAsync(new RunFilter(tenant, agent, [RunStatus.Running], Limit: CountMax), cancel);
        var wall = AccessWall.Counted(name, "runs", most, working.Count);
        return most is { } limit && working.Count >= limit
            ? wall with { Waits = true, Says = string.Create(CultureInfo.InvariantCulture, $"{working.Count} of {limit} runs are at work: a further one is queued.") }
            : wall;
    }

    /// <summary>Takes a goal and puts it back: how many are left is known only to whoever takes.</summary>
    private async Task<AccessWall> GoalsAsync(Agent agent, int perMinute, CancellationToken cancel)
    {
        var want = new Want(GoalsKey(agent), RateLimit.PerMinute(perMinute), 1);
        var reply = await limits.TakeAsync([want], cancel);
        if (!reply.IsGranted)
            return AccessWall.Counted("agent_goals", "goals", perMinute, perMinute) with { Waits = true, Says = string.Create(CultureInfo.InvariantCulture, $"Goals only: one more in {Math.Ceiling(reply.Wait.TotalSeconds)} s.") };
        await limits.GiveBackAsync(want, cancel);
        return AccessWall.Counted("agent_goals", "goals", perMinute, Math.Max(0, perMinute - (decimal)Math.Floor(reply.Left + 1)));
    }

    private async ValueTask<AgentSpending> RecentAsync(Agent agent, CancellationToken cancel)
    {
        if (spent.TryGetValue((agent.Tenant, agent.Id), out var known) && clock.GetElapsedTime(known.ReadAt) < SpentMax) return known.Spending;
        var spending = await agents.SpendingAsync(agent, cancel);
        if (spent.Count >= KeptMax) spent.Clear();
        spent[(agent.Tenant, agent.Id)] = (spending, clock.GetTimestamp());
        return spending;
    }
}
