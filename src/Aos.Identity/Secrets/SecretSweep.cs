using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Identity;

/// <summary>Deletes values whose overlap is over: they are of no use any more, and what is not there cannot be stolen.</summary>
internal sealed class SecretSweep(IDatabase database, TimeProvider clock) : IChore
{
    public string Name => "secret-sweep";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var now = clock.GetUtcNow().UtcTicks;
        var count = 0;
        foreach (var tenant in await TenantsAsync(now, cancel))
        {
            count += await database.For(new TenantId(tenant)).WriteAsync(
                (connection, transaction) => connection.Execute("DELETE FROM secret_versions WHERE tenant_id = @tenant AND ends_at <= @now", new { tenant, now }, transaction), cancel);
        }

        return count;
    }

    /// <summary>Which tenants have any. Most passes find none: they cost one statement.</summary>
    private Task<List<string>> TenantsAsync(long now, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => (await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT DISTINCT tenant_id FROM secret_versions WHERE ends_at <= @now ORDER BY tenant_id", new { now }, cancellationToken: token))).AsList(),
        cancel);
}
