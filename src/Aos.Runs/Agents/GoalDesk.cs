using System.Collections.Immutable;
using System.Security.Cryptography;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Takes goals. The order of its checks is part of the contract: docs/agents.md.</summary>
internal sealed class GoalDesk(
    AgentBook agents, AgentGate gate, PlanningDesk planning, TargetScreen screen, IRunRows rows, ISharedLimits limits, AgentOptions options, TimeProvider clock, IKillSwitches? switches = null) : IGoals
{
    public async Task<GoalReply> PostAsync(Caller caller, GoalRequest request, CancellationToken cancel)
    {
        var scope = $"goals:{request.AgentId}";
        var print = Fingerprint(request);
        if (request.Key is { } key && await rows.FindKeyAsync(caller.Tenant, scope, key, clock.GetUtcNow(), cancel) is { } found)
            return await ExistingAsync(caller, found.Run, found.Fingerprint.AsSpan().SequenceEqual(print), cancel);
        var goal = await screen.GoalAsync(request.Goal, cancel);
        if (!goal.Safe) return GoalReply.Refused(Rejected(goal));
        if (await WaitAsync(LimitKey.Of(caller.Tenant, "goals", ""), options.GoalsPerMinute, cancel) is { } wait) return GoalReply.Refused(TooFast("The tenant", options.GoalsPerMinute, wait));
        if (await agents.FindAsync(caller.Tenant, request.AgentId, cancel) is not { } agent) return GoalReply.Refused(FailureCatalog.Fail("NOT_FOUND", "Agent not found"));
        if (await MayStartAsync(agent, cancel) is { } refusal) return GoalReply.Refused(refusal);
        var left = await LeftAsync(agent, cancel);
        var planned = request.ForceSkill is { } skill
            ? await planning.ForceAsync(agent, goal.Text, skill, request.ForceParams, left, cancel)
            : await planning.PlanAsync(agent, goal.Text, left, cancel);
        var reply = planned.Plan is { } plan
            ? await StartAsync(caller, agent, request, goal, planned, plan, (scope, print), cancel)
            : GoalReply.Refused(planned.Failure!, planned.Status);
        if (reply.Refusal is not null || reply.Existing) await agents.ChargeAsync(agent, planned.Cost, cancel);
        return reply;
    }

    public Task<IReadOnlyList<PlanProblem>> WarningsAsync(Plan plan, CancellationToken cancel) => planning.WarningsAsync(plan, cancel);

    private async Task<Failure?> MayStartAsync(Agent agent, CancellationToken cancel)
    {
        // Planning asks a model, which is something done outside: it is stopped like the run that it is for.
        if (switches is not null && (await switches.NowAsync(cancel)).For(agent.Tenant, null) is { } stopped) return stopped.Why();
        if (AgentWalls.Standing(agent) is { } standing) return standing;
        if (agent.Settings.GoalsPerMinute is { } rate && await WaitAsync(AgentWalls.GoalsKey(agent), rate, cancel) is { } wait)
            return TooFast($"The agent {agent.Id}", rate, wait);
        return await gate.BusyAsync(agent, cancel) ?? await gate.PayAsync(agent, new Cents(options.EstimateCents), agent.Settings.Model ?? options.PlannerModel, cancel);
    }

    /// <summary>Null: one goal more is within the limit, and is counted.</summary>
    private async Task<TimeSpan?> WaitAsync(LimitKey key, int perMinute, CancellationToken cancel)
    {
        var reply = await limits.TakeAsync([new Want(key, RateLimit.PerMinute(perMinute), 1)], cancel);
        return reply.IsGranted ? null : reply.Wait;
    }

    private async Task<Cents?> LeftAsync(Agent agent, CancellationToken cancel) => agent.Settings.BudgetCents is { } budget
        ? new Cents(budget) - (await agents.SpendingAsync(agent, cancel)).Committed
        : null;

    private async Task<GoalReply> StartAsync(
        Caller caller, Agent agent, GoalRequest request, SanitizedGoal goal, Planning planned, Plan plan, (string Scope, byte[] Print) claim, CancellationToken cancel)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["planner"] = $"{planned.Metadata!.Planner}@{planned.Metadata.PlannerVersion}" };
        if (planned.Metadata.Model is { } model) labels["planner_model"] = model;
        if (request.Correlation is { } correlation) labels[Correlation.Label] = correlation;
        var start = new StartRequest(
            agent.Id, plan, Json.EmptyObject, Labels: labels, Key: request.Key is { } key ? (claim.Scope, key, claim.Print) : null, Goal: goal.Text) { Charged = planned.Cost };
        return await gate.StartAsync(caller, start, cancel) switch
        {
            StartReply.Started started => new GoalReply(started.Run, RunStatus.Queued, false, [.. goal.Warnings, .. planned.Warnings]),
            StartReply.Existing existing => await ExistingAsync(caller, existing.Run, true, cancel),
            StartReply.KeyConflict conflict => await ExistingAsync(caller, conflict.Run, false, cancel),
            StartReply.Refused refused => GoalReply.Refused(refused.Why),
            _ => throw new InvariantBrokenException("A start was answered with something unknown."),
        };
    }

    private async Task<GoalReply> ExistingAsync(Caller caller, RunId run, bool same, CancellationToken cancel)
    {
        if (!same) return GoalReply.Refused(FailureCatalog.Fail("IDEMPOTENCY_CONFLICT", $"The idempotency key was used for run {run} with another goal."));
        var state = await gate.ReadAsync(caller, run, cancel);
        return new GoalReply(run, state?.Status ?? RunStatus.Queued, true, []);
    }

    private static byte[] Fingerprint(GoalRequest request) => SHA256.HashData(CanonicalJson.Bytes(Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("goal", request.Goal);
        if (request.ForceSkill is { } skill) writer.WriteString("force_skill", skill);
        if (request.ForceParams is { } parameters)
        {
            writer.WritePropertyName("params");
            parameters.WriteTo(writer);
        }

        writer.WriteEndObject();
    })));

    private static Failure Rejected(SanitizedGoal goal) => FailureCatalog.Fail("GOAL_REJECTED", $"Goal rejected: {goal.BlockedReason}.", null, Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("reason", goal.BlockedReason);
        writer.WriteStartArray("patterns");
        foreach (var pattern in goal.Patterns) writer.WriteStringValue(pattern);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }));

    private static Failure TooFast(string who, int perMinute, TimeSpan wait) =>
        FailureCatalog.Fail("RATE_LIMITED", $"{who} may post {perMinute} goals a minute.", wait < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : wait);
}
