using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Memory;

/// <summary>Takes entries away: one by its key, and what is over in transactions of bounded size.</summary>
internal sealed class PinRemover(IDatabase database, ICluster cluster, PinAuditTable audit, TimeProvider clock)
{
    /// <summary>Entries of one transaction.</summary>
    private const int BatchMax = 1_000;

    internal Task<(Pin? Gone, Failure? Refusal)> DeleteAsync(Caller caller, string key, PinCondition condition, CancellationToken cancel)
    {
        var (tenant, began) = (caller.Tenant, clock.GetTimestamp());
        return database.For(tenant).WriteAsync<(Pin?, Failure?)>(
            (connection, transaction) =>
            {
                database.Lock(connection, transaction, PinWriter.LockOf(tenant));
                var (now, stored) = (cluster.Now, PinWriter.Stored(connection, transaction, tenant, key));
                long? version = stored?.IsOver(now.UtcTicks) == false ? stored.Version : null;
                var refusal = condition.Holds(version) ? null : PinWriter.Unmet(key, version);
                var gone = refusal is null ? stored?.ToPin() : null;
                audit.Insert(connection, transaction, [new(tenant, now, "delete", key, caller.Principal, refusal is not null ? "refused" : gone is null ? "absent" : "success")
                {
                    Source = stored?.Source, Code = refusal?.Code, Version = version, Before = stored is null ? null : PinRow.HashOf(stored.Value!), Latency = clock.GetElapsedTime(began),
                    After = refusal is not null && stored is not null ? PinRow.HashOf(stored.Value!) : null,
                }]);
                if (gone is null) return (null, refusal);
                connection.Execute("DELETE FROM memory_pins WHERE tenant_id = @tenant AND key = @key", new { tenant = tenant.Value, key }, transaction);
                Free(connection, transaction, tenant, 1, stored!.Bytes);
                return (gone, null);
            },
            cancel);
    }

    /// <summary>Removes all that is over of the caller's tenant. Replies how many.</summary>
    internal async Task<int> CleanupAsync(Caller caller, string operation, CancellationToken cancel)
    {
        var removed = 0;
        while (true)
        {
            var few = await BatchAsync(caller, operation, isFirst: removed == 0, cancel);
            removed += few;
            if (few < BatchMax) return removed;
        }
    }

    private Task<int> BatchAsync(Caller caller, string operation, bool isFirst, CancellationToken cancel)
    {
        var (tenant, began) = (caller.Tenant, clock.GetTimestamp());
        return database.For(tenant).WriteAsync(
            (connection, transaction) =>
            {
                database.Lock(connection, transaction, PinWriter.LockOf(tenant));
                var now = cluster.Now;
                var bytes = connection.Query<long>(
                    """
                    DELETE FROM memory_pins WHERE tenant_id = @tenant AND expires_at <= @now
                      AND key IN (SELECT key FROM memory_pins WHERE tenant_id = @tenant AND expires_at <= @now ORDER BY expires_at LIMIT @most) RETURNING bytes
                    """,
                    new { tenant = tenant.Value, now = now.UtcTicks, most = BatchMax }, transaction).AsList();
                if (bytes.Count > 0) Free(connection, transaction, tenant, bytes.Count, bytes.Sum());
                if (bytes.Count > 0 || isFirst)
                    audit.Insert(connection, transaction, [new(tenant, now, operation, "", caller.Principal, "success") { Count = bytes.Count, Latency = clock.GetElapsedTime(began) }]);
                return bytes.Count;
            },
            cancel);
    }

    private static void Free(System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, TenantId tenant, long pins, long bytes) =>
        connection.Execute("UPDATE memory_usage SET pins = pins - @pins, bytes = bytes - @bytes WHERE tenant_id = @tenant", new { tenant = tenant.Value, pins, bytes }, transaction);
}
