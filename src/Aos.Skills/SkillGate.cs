using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Who may use which skill, and where its requests may go: the house's own switch, and the domains of the agent.</summary>
/// <param name="agents">Asked for when a request goes out; null: there are no agents here.</param>
internal sealed class SkillGate(SkillsOptions options, Func<IAgents?> agents)
{
    internal Failure? Refusal(string skill, TenantId tenant, string agentId) =>
        options.Disabled.Contains(skill, StringComparer.Ordinal)
            ? FailureCatalog.Fail("PERMISSION_DENIED", $"The skill {skill} is switched off here; {agentId} of {tenant} may not use it.")
            : null;

    /// <summary>For all requests of one call.</summary>
    internal OutboundRule Outbound(SkillCall call) => new AgentDomains(agents, call.Tenant, call.AgentId);

    /// <summary>Read anew at each request: a domain that is taken away is out of reach of runs under way too.</summary>
    private sealed class AgentDomains(Func<IAgents?> agents, TenantId tenant, string id) : OutboundRule
    {
        public override async ValueTask<Failure?> RefusalAsync(Uri target, CancellationToken cancel)
        {
            if (agents() is not { } book || await book.FindAsync(tenant, id, cancel) is not { } agent) return null;
            return agent.Rules().Domains is { IsEmpty: false } domains && WebTarget.Of(target) is { } there && domains.Wall(there) is { } rule
                ? Admission.Unreachable(id, [new DomainGap("", 0, there, rule)])
                : null;
        }
    }
}
