using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Memory;

/// <summary>Removes notes whose time is over, and forgets removals that every node has seen.</summary>
internal sealed class RecallSweep(IDatabase database, NoteTable notes, RecallOptions options, TimeProvider clock) : IChore
{
    private const int BatchMax = 1_000;

    private const string Due = """
        SELECT tenant_id FROM memories WHERE expires_at <= @now OR created_at < @keptFrom UNION SELECT tenant_id FROM memory_gone WHERE at < @before ORDER BY 1 LIMIT 1000
        """;

    private static readonly TimeSpan RemovalsKept = TimeSpan.FromDays(1);

    public string Name => "recall_sweep";

    public TimeSpan Interval => TimeSpan.FromMinutes(1);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var at = clock.GetUtcNow();
        var (now, keptFrom, before) = (at.UtcTicks, options.Kept is { } kept ? (at - kept).UtcTicks : 0, (at - RemovalsKept).UtcTicks);
        var count = 0;
        foreach (var tenant in await TenantsAsync(now, keptFrom, before, cancel))
            count += await notes.ExpireAsync(tenant, now, keptFrom, BatchMax, cancel) + await notes.ForgetRemovalsAsync(tenant, before, cancel);
        return count;
    }

    private Task<List<TenantId>> TenantsAsync(long now, long keptFrom, long before, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => (await connection.QueryAsync<string>(new CommandDefinition(Due, new { now, keptFrom, before }, cancellationToken: token))).Select(id => new TenantId(id)).ToList(),
        cancel);
}
