using System.Collections.Concurrent;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Which limits a run counts in. The store holds them, so that all nodes count by the same; here it is known what this process has
/// put there, and a start asks the store only when a limit has changed.
/// </summary>
internal sealed class Scopes(IRunRows rows, RunsOptions options, IQuotas? quotas = null) : IHoldsQuotas
{
    private readonly ConcurrentDictionary<(TenantId Tenant, string Agent), int> stored = new();
    private readonly ConcurrentDictionary<(TenantId Tenant, string Agent), int> own = new();

    /// <summary>Called when limits have changed: somebody in line may fit now.</summary>
    internal Action Changed { get; set; } = static () => { };

    /// <summary>At the start of a process: what an earlier one put there and the settings no longer say goes.</summary>
    internal async Task SettleAsync(CancellationToken cancel)
    {
        var changes = new List<RunLimit>();
        foreach (var limit in await rows.LimitsAsync(cancel))
        {
            stored[(limit.Tenant, limit.Agent)] = limit.Most!.Value;
            var isMaybeKnown = limit.Agent.Length > 0 && Guid.TryParseExact(limit.Agent, "D", out _);
            var wanted = limit.Agent.Length == 0 ? await OfTenantAsync(limit.Tenant, cancel) : options.Limits.OfAgent(limit.Tenant, limit.Agent, isMaybeKnown ? limit.Most : null);
            if (wanted != limit.Most) changes.Add(limit with { Most = wanted });
        }

        await StoreAsync(changes, cancel);
    }

    /// <summary>What an agent's own settings say; the rules may say otherwise.</summary>
    internal void Own(TenantId tenant, string agent, int most) => own[(tenant, agent)] = most;

    /// <summary>An agent's own settings have changed: what waits for it may begin, or has to wait.</summary>
    internal async Task OwnAsync(TenantId tenant, string agent, int most, CancellationToken cancel)
    {
        Own(tenant, agent, most);
        if (stored.ContainsKey((tenant, agent))) await OfAsync(tenant, agent, cancel);
    }

    /// <summary>The scope of a new run of this agent; null: nothing limits it, and nothing was asked of the store.</summary>
    internal async ValueTask<string?> OfAsync(TenantId tenant, string agent, CancellationToken cancel)
    {
        var ofTenant = await OfTenantAsync(tenant, cancel);
        var ofAgent = options.Limits.OfAgent(tenant, agent, own.TryGetValue((tenant, agent), out var most) ? most : null);
        var changes = new List<RunLimit>(2);
        if (Stored(tenant, "") != ofTenant) changes.Add(new RunLimit(tenant, "", ofTenant));
        if (Stored(tenant, agent) != ofAgent) changes.Add(new RunLimit(tenant, agent, ofAgent));
        if (changes.Count > 0) await StoreAsync(changes, cancel);
        return ofAgent is not null ? agent : ofTenant is not null ? "" : null;
    }

    /// <summary>How many runs of the tenant, and of the agent (null: of none), may be at work at once now; null: no limit.</summary>
    internal async ValueTask<(int? Tenant, int? Agent)> MostAsync(TenantId tenant, string? agent, int? ownLimit, CancellationToken cancel) =>
        (await OfTenantAsync(tenant, cancel), agent is null ? null : options.Limits.OfAgent(tenant, agent, ownLimit));

    /// <summary>A tenant's quota has changed: its runs in line may begin, or more of them have to wait.</summary>
    public async Task ChangedAsync(TenantId tenant, CancellationToken cancel)
    {
        var most = await OfTenantAsync(tenant, cancel);
        if (Stored(tenant, "") != most) await StoreAsync([new RunLimit(tenant, "", most)], cancel);
    }

    /// <summary>The lower of what the settings say and what the tenant's quota says.</summary>
    private async ValueTask<int?> OfTenantAsync(TenantId tenant, CancellationToken cancel)
    {
        var rule = options.Limits.OfTenant(tenant);
        var quota = quotas is null ? null : (await quotas.OfAsync(tenant, cancel)).ConcurrentRuns;
        return rule is null || quota < rule ? quota ?? rule : rule;
    }

    private int? Stored(TenantId tenant, string agent) => stored.TryGetValue((tenant, agent), out var most) ? most : null;

    private async Task StoreAsync(List<RunLimit> changes, CancellationToken cancel)
    {
        if (changes.Count == 0) return;
        await rows.LimitAsync(changes, cancel);
        foreach (var change in changes)
        {
            if (change.Most is { } most) stored[(change.Tenant, change.Agent)] = most;
            else stored.TryRemove((change.Tenant, change.Agent), out _);
        }

        Changed();
    }
}
