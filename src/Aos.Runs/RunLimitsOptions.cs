using Aos.Kernel;

namespace Aos.Runs;

/// <summary>How many runs may be at work at once, on all nodes together.</summary>
/// <param name="Tenant">A tenant, or <c>*</c>: each tenant by itself.</param>
/// <param name="Agent">An agent, or <c>*</c>: each agent by itself; null: the tenant as a whole.</param>
/// <param name="Most">0 means none; null: no limit, where a wider rule has one.</param>
public sealed record RunLimitRule(string Tenant, string? Agent, int? Most);

/// <summary>The rules of runs at once. Of the rules that fit, the narrowest holds: a named agent before a named tenant before <c>*</c>.</summary>
public sealed class RunLimits(IReadOnlyList<RunLimitRule> rules)
{
    public static RunLimits None { get; } = new([]);

    /// <summary>Null: unlimited.</summary>
    public int? OfTenant(TenantId tenant) => (Find(tenant.Value, null) ?? Find("*", null))?.Most;

    /// <param name="own">What the agent's own settings say; it holds unless a rule names the agent. Null: the agent has none.</param>
    public int? OfAgent(TenantId tenant, string agent, int? own)
    {
        if ((Find(tenant.Value, agent) ?? Find("*", agent)) is { } named) return named.Most;
        return own ?? (Find(tenant.Value, "*") ?? Find("*", "*"))?.Most;
    }

    private RunLimitRule? Find(string tenant, string? agent)
    {
        foreach (var rule in rules)
        {
            if (rule.Tenant == tenant && rule.Agent == agent) return rule;
        }

        return null;
    }
}
