using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>
/// Asks all that an admission asks, in its order, and takes nothing. Each wall is answered by whoever holds it: the policy, the
/// gate of agents, the quotas.
/// </summary>
internal sealed class AccessDoor(IIdentity identity, IRequestLimits requests, IQuotas quotas, ISkills skills, IAgentLimits agents, IKillSwitches switches, TimeProvider clock) : IAccess
{
    public async ValueTask<AccessAnswer> ExplainAsync(AccessQuestion question, CancellationToken cancel)
    {
        var decision = await identity.ExplainAsync(question.Caller, question.Permission, ofHouse: false, cancel);
        var walls = new List<AccessWall> { Credential(question.Caller) };
        var asksMore = question.AgentId is not null || question.Skill is not null;
        if (asksMore && await requests.StandingAsync(question.Caller, cancel) is { } quota) walls.Add(Requests(quota));
        walls.AddRange(await GrantsAsync(question, decision, cancel));
        if (asksMore) await AddAsync(walls, question, cancel);
        return new AccessAnswer(walls.FirstOrDefault(wall => !wall.IsPassed) is { } denied ? decision with { IsAllowed = false, Rule = denied.Rule } : decision, walls);
    }

    private AccessWall Credential(Caller caller) => caller.ExpiresAt <= clock.GetUtcNow()
        ? new AccessWall("credential", false, "ended") { Says = string.Create(CultureInfo.InvariantCulture, $"{caller.Principal} ended at {caller.ExpiresAt:O}.") }
        : new AccessWall("credential", true, caller.Principal);

    private static AccessWall Requests(RequestQuota quota)
    {
        if (quota.Full == TimeSpan.Zero && quota.Wait is null && quota.Tier == Tiers.Names[^1]) return AccessWall.Counted("requests", "requests", null, null);
        var wall = AccessWall.Counted("requests", "requests", quota.Limit, quota.Limit - quota.Remaining) with { Rule = $"tier:{quota.Tier}" };
        return quota.Wait is { } wait ? wall.Denied(wall.Rule, string.Create(CultureInfo.InvariantCulture, $"The tier {quota.Tier} has {quota.Limit} requests a minute; one more in {Math.Ceiling(wait.TotalSeconds)} s.")) : wall;
    }

    /// <summary>The scopes of the credential, and the roles as if it had none.</summary>
    private async ValueTask<AccessWall[]> GrantsAsync(AccessQuestion question, AccessDecision decision, CancellationToken cancel)
    {
        var isScoped = question.Caller.Scopes is null || question.Caller.Scopes.Has(question.Permission);
        var byRole = isScoped ? decision : await identity.ExplainAsync(question.Caller with { Scopes = null }, question.Permission, ofHouse: false, cancel);
        return
        [
            new AccessWall("scope", isScoped, isScoped ? question.Caller.Scopes is null ? "no limit" : "allowed" : "scope") { Says = isScoped ? null : $"The credential is not scoped for {question.Permission}." },
            new AccessWall("role", byRole.IsAllowed, byRole.Rule) { Says = byRole.IsAllowed ? null : $"No role of {question.Caller.Principal} allows {question.Permission}." },
        ];
    }

    private async ValueTask AddAsync(List<AccessWall> walls, AccessQuestion question, CancellationToken cancel)
    {
        var tenant = question.Caller.Tenant;
        if (question.Skill is { } skill && !skills.Contracts.ContainsKey(skill)) walls.Add(new AccessWall("skill", false, "SKILL_NOT_FOUND") { Says = $"There is no skill {skill}." });
        if (question.AgentId is { } agent)
        {
            walls.Add(Bound(question.Caller, agent));
            walls.AddRange(await agents.WallsAsync(tenant, agent, question.Skill, question.Target, question.Cost, cancel));
        }

        var standings = await quotas.StandingAsync(tenant, TimeSpan.Zero, cancel);
        foreach (var standing in standings.Where(standing => standing.Name != Quotas.TokensPerMonth)) walls.Add(Of(standing, standing.Refusal));
        walls.AddRange(await agents.SlotsAsync(tenant, question.AgentId, cancel));
        var stopped = (await switches.NowAsync(cancel)).For(tenant, null);
        walls.Add(new AccessWall("kill_switch", stopped is null, stopped is null ? "released" : "engaged") { Says = stopped?.Why().Message });
        if (question.Skill is not { } called) return;
        var off = skills.Refusal(called, tenant, question.AgentId ?? "");
        walls.Add(new AccessWall("skill_switch", off is null, off is null ? "on" : "off") { Says = off?.Message });
        if (skills.Contracts.GetValueOrDefault(called) is not { UsesTokens: true }) return;
        foreach (var standing in standings.Where(standing => standing.Name == Quotas.TokensPerMonth)) walls.Add(Of(standing, standing.Refusal));
    }

    private static AccessWall Bound(Caller caller, string agent) => caller.AgentId is not { } bound || bound == agent
        ? new AccessWall("agent_binding", true, caller.AgentId is null ? "no limit" : "bound")
        : new AccessWall("agent_binding", false, "bound") { Says = $"This key acts for the agent {bound} only." };

    private static AccessWall Of(QuotaStanding standing, Failure? refusal)
    {
        var unit = standing.Name switch { Quotas.RunsPerDay => "runs", Quotas.TokensPerMonth => "tokens", _ => "bytes" };
        var wall = AccessWall.Counted(standing.Name, unit, standing.Limit, standing.Used);
        return refusal is null ? wall : wall.Denied("QUOTA_EXHAUSTED", refusal.Message);
    }
}
