using System.Collections.Concurrent;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// The agents of each tenant. Where this process is the only one that writes them they are read once and kept; where others
/// write them too, an agent that was read longer ago than <see cref="Fresh"/> is read again before it is used.
/// </summary>
internal sealed class AgentBook(IDatabase database, IRunRows rows, Scopes scopes, AgentOptions options, TimeProvider clock, ILedger? ledger = null) : IAgents
{
    /// <summary>Agents of one tenant.</summary>
    internal const int AgentsMax = 10_000;

    /// <summary>How long another node's change may stay unseen.</summary>
    internal static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    internal static readonly Migration[] Migrations = [AgentTable.Migration, AgentTable.Planned];

    /// <summary>Agents kept of a shared store; then all are read anew.</summary>
    private const int KeptMax = 20_000;

    private readonly AgentTable table = new(database);
    private readonly ConcurrentDictionary<TenantId, ConcurrentDictionary<string, Agent>> books = new();
    private readonly ConcurrentDictionary<(TenantId Tenant, string Id), (Agent Agent, long ReadAt)> seen = new();
    private readonly SemaphoreSlim gate = new(1, 1);

    public async Task<(Agent? Agent, Failure? Refusal)> CreateAsync(Caller caller, string name, string? description, AgentSettings settings, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var agent = new Agent(caller.Tenant, Guid.CreateVersion7(now).ToString("D"), name, description, AgentStatus.Active, settings, now, now);
        return await WriteAsync(caller.Tenant, async () => await table.InsertAsync(agent, AgentsMax, cancel) ? agent : null, cancel) is { } made
            ? (made, null)
            : (null, FailureCatalog.Fail("QUOTA_EXHAUSTED", $"The tenant already has {AgentsMax} agents."));
    }

    public async Task<IReadOnlyList<Agent>> ListAsync(Caller caller, CancellationToken cancel)
    {
        IEnumerable<Agent> all = table.IsShared ? await table.ListAsync(caller.Tenant, cancel) : (await BookAsync(caller.Tenant, cancel)).Values;
        return [.. all.OrderByDescending(agent => agent.Id, StringComparer.Ordinal)];
    }

    public async Task<Agent?> FindAsync(TenantId tenant, string id, CancellationToken cancel)
    {
        if (!table.IsShared) return (await BookAsync(tenant, cancel)).GetValueOrDefault(id);
        if (!Guid.TryParseExact(id, "D", out _)) return null; // A label of runs, as many are.
        if (seen.TryGetValue((tenant, id), out var known) && clock.GetElapsedTime(known.ReadAt) < Fresh) return known.Agent;
        var readAt = clock.GetTimestamp();
        if (await table.FindAsync(tenant, id, cancel) is { } agent) return Keep(agent, readAt);
        seen.TryRemove((tenant, id), out _);
        return null;
    }

    public async Task<Agent?> ChangeAsync(Caller caller, string id, Func<Agent, Agent> change, CancellationToken cancel)
    {
        var changed = await WriteAsync(
            caller.Tenant, () => table.ChangeAsync(caller.Tenant, id, agent => change(agent) with { UpdatedAt = clock.GetUtcNow() }, cancel), cancel);
        if (changed is not null) await scopes.OwnAsync(changed.Tenant, changed.Id, options.RunsOf(changed.Settings), cancel);
        return changed;
    }

    public async Task<AgentSpending> SpendingAsync(Agent agent, CancellationToken cancel)
    {
        var midnight = new DateTimeOffset(clock.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
        var runs = await rows.SpendingAsync(agent.Tenant, agent.Id, midnight, cancel);
        return runs with { Committed = runs.Committed + await table.PlanningAsync(agent, cancel) };
    }

    /// <summary>Books what planning cost that led to no run.</summary>
    internal Task ChargeAsync(Agent agent, Cents cost, CancellationToken cancel) => cost == Cents.Zero ? Task.CompletedTask : BookAsync(agent, cost, cancel);

    private async Task BookAsync(Agent agent, Cents cost, CancellationToken cancel)
    {
        await table.ChargeAsync(agent, cost, cancel);
        if (ledger is not null) await ledger.ChargeAsync(agent.Tenant, agent.Id, PaidCalls.Planning, cost, clock.GetUtcNow(), cancel);
    }

    /// <summary>Writes, and shows what was written to whoever asks this process from now on.</summary>
    private async Task<Agent?> WriteAsync(TenantId tenant, Func<Task<Agent?>> write, CancellationToken cancel)
    {
        if (table.IsShared)
        {
            var readAt = clock.GetTimestamp();
            return await write() is { } stored ? Keep(stored, readAt) : null;
        }

        var book = await BookAsync(tenant, cancel);
        await gate.WaitAsync(cancel);
        try
        {
            return await write() is { } written ? book[written.Id] = written : null;
        }
        finally
        {
            gate.Release();
        }
    }

    private Agent Keep(Agent agent, long readAt)
    {
        if (seen.Count >= KeptMax) seen.Clear();
        seen[(agent.Tenant, agent.Id)] = (agent, readAt);
        return agent;
    }

    private async ValueTask<ConcurrentDictionary<string, Agent>> BookAsync(TenantId tenant, CancellationToken cancel)
    {
        if (books.TryGetValue(tenant, out var known)) return known;
        await gate.WaitAsync(cancel);
        try
        {
            if (books.TryGetValue(tenant, out var other)) return other;
            var agents = await table.ListAsync(tenant, cancel);
            return books[tenant] = new ConcurrentDictionary<string, Agent>(agents.Select(agent => KeyValuePair.Create(agent.Id, agent)), StringComparer.Ordinal);
        }
        finally
        {
            gate.Release();
        }
    }
}
