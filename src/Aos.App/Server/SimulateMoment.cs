using System.Collections.Immutable;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>
/// What a start would meet now beside the plan: the agent's standing and money, the tenant's quotas. Read from memory where it was
/// read within the last seconds. A fact says only what the answer depends on, so that equal facts go with equal bytes.
/// </summary>
internal static class SimulateMoment
{
    /// <summary>How long ago what is used may have been read.</summary>
    private static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(5);

    /// <summary>What is nearly used up is said from this share on.</summary>
    private const decimal NearlyUsed = 0.9m;

    internal static async ValueTask<ImmutableArray<MomentFact>> OfAsync(HttpContext context, SimulationRequest request, Agent? agent)
    {
        var (services, cancel) = (context.RequestServices, context.RequestAborted);
        var quotas = services.GetRequiredService<IQuotas>();
        var quota = await quotas.OfAsync(request.Tenant, cancel);
        var stopped = (await services.GetRequiredService<IKillSwitches>().NowAsync(cancel)).For(request.Tenant, null);
        var shared = request.Reading.Plan is { } asked ? await services.GetRequiredService<IBudgets>().MomentAsync(request.Tenant, agent?.Id ?? request.AgentId ?? "", asked, cancel) : null;
        if (agent is null && quota == TenantQuota.None && stopped is null && shared is null) return [];
        var moment = ImmutableArray.CreateBuilder<MomentFact>();
        if (stopped is not null) moment.Add(new MomentFact("kill_switch", stopped.Scope.ToString().ToLowerInvariant(), stopped.Why().Message, stopped.Why()));
        if (shared is not null) moment.Add(shared);
        if (agent is not null)
        {
            var cost = request.Reading.Plan is { } plan ? PlanInspector.Cost(plan, services.GetRequiredService<ISkills>().For(plan).Terms) : Cents.Zero;
            moment.AddRange(await services.GetRequiredService<IAgentLimits>().MomentAsync(agent, cost, cancel));
        }

        foreach (var standing in await quotas.StandingAsync(request.Tenant, AgeMax, cancel)) moment.Add(Of(standing, request, services.GetRequiredService<ISkills>()));
        if (quota.ConcurrentRuns is { } most) moment.Add(OfSlots(most));
        return moment.DrainToImmutable();
    }

    private static MomentFact Of(QuotaStanding standing, SimulationRequest request, ISkills skills)
    {
        var tokens = standing.Name == "tokens_per_month" ? Tokens(request.Reading.Plan, skills.For(request.Reading.Plan)) : (long?)null;
        var isShort = standing.Refusal is not null ? tokens is not 0 : tokens > standing.Limit - standing.Used;
        var word = isShort ? "used up" : standing.Used >= NearlyUsed * standing.Limit ? "nearly used up" : "within";
        var whole = standing.Resets is { } at ? string.Create(CultureInfo.InvariantCulture, $" until {at.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}") : "";
        var limit = standing.Limit.ToString(CultureInfo.InvariantCulture);
        return new MomentFact($"quota_{standing.Name}", $"{word}: {limit}{(word == "within" ? "" : whole)}", word switch
        {
            "within" => null,
            "nearly used up" => $"The tenant's quota {standing.Name} of {limit} is nearly used up{whole}.",
            _ when tokens is not null => $"The tenant's quota {standing.Name} of {limit} is used up{whole}: it does not hold the tokens of this plan's models, whose calls will fail (QUOTA_EXHAUSTED).",
            _ => $"The tenant's quota {standing.Name} of {limit} is used up{whole}: a start is refused now (QUOTA_EXHAUSTED).",
        });
    }

    private static MomentFact OfSlots(int most) => new(
        "quota_concurrent_runs", string.Create(CultureInfo.InvariantCulture, $"limit: {most}"), most == 0 ? "The tenant's quota concurrent_runs is 0: a run is queued and does not begin." : null);

    /// <summary>What models read and write at most, as far as can be told before.</summary>
    private static long Tokens(Plan? plan, ISkills skills)
    {
        var sum = 0L;
        foreach (var step in plan?.Steps ?? [])
        {
            if (step.Child?.Read is { } child) sum += Tokens(child, skills);
            if (step.Skill is { } skill && skills.Contracts.GetValueOrDefault(skill) is { UsesTokens: true }) sum += skills.Target(skill, step.Params)?.Tokens ?? 0;
        }

        return sum;
    }
}
