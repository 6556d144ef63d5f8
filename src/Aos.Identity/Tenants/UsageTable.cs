using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Identity;

/// <summary>What one quota of one tenant is counted in.</summary>
/// <param name="Quota">Such as <c>runs_per_day</c>.</param>
/// <param name="Since">When the day or month began.</param>
internal readonly record struct UsageKey(TenantId Tenant, string Quota, DateTimeOffset Since);

/// <summary>What tenants have used, as stored: one row for each quota and period, which all nodes count in.</summary>
internal sealed class UsageTable(IDatabase database)
{
    /// <summary>More than a year, for whoever compares months.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(400);

    /// <summary>Takes amounts one by one, each whole or not at all, as long as the limit allows. Replies what was used before, and which were granted.</summary>
    internal Task<(long Used, bool[] Granted)> TakeAsync(UsageKey key, long limit, IReadOnlyList<long> amounts, CancellationToken cancel) => database.For(key.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"usage:{key.Tenant.Value}:{key.Quota}");
            var used = Used(connection, transaction, key);
            if (used == 0) Forget(connection, transaction, key);
            var granted = new bool[amounts.Count];
            for (var i = 0; i < amounts.Count; i++)
            {
                granted[i] = amounts[i] <= limit - used;
                if (granted[i]) used += amounts[i];
            }

            if (Array.IndexOf(granted, true) >= 0) Put(connection, transaction, key, used);
            return (used, granted);
        },
        cancel);

    internal Task<long> AddAsync(UsageKey key, long amount, CancellationToken cancel) => database.For(key.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"usage:{key.Tenant.Value}:{key.Quota}");
            var used = Math.Max(0, Used(connection, transaction, key) + amount);
            Put(connection, transaction, key, used);
            return used;
        },
        cancel);

    internal Task<int> SetAsync(UsageKey key, long amount, CancellationToken cancel) =>
        database.For(key.Tenant).WriteAsync((connection, transaction) => Put(connection, transaction, key, amount), cancel);

    internal Task<long> UsedAsync(UsageKey key, CancellationToken cancel) => database.For(key.Tenant).ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<long?>(new CommandDefinition(UsedSql, Names(key), cancellationToken: token)) ?? 0, cancel);

    private const string UsedSql = "SELECT used FROM tenant_usage WHERE tenant_id = @tenant AND quota = @quota AND since = @since";

    private static long Used(DbConnection connection, DbTransaction transaction, UsageKey key) => connection.ExecuteScalar<long?>(UsedSql, Names(key), transaction) ?? 0;

    /// <summary>With a new period the old ones go.</summary>
    private static void Forget(DbConnection connection, DbTransaction transaction, UsageKey key) => connection.Execute(
        "DELETE FROM tenant_usage WHERE tenant_id = @tenant AND quota = @quota AND since < @before",
        new { tenant = key.Tenant.Value, quota = key.Quota, before = (key.Since - Kept).UtcTicks },
        transaction);

    private static int Put(DbConnection connection, DbTransaction transaction, UsageKey key, long used) => connection.Execute(
        """
        INSERT INTO tenant_usage (tenant_id, quota, since, used) VALUES (@tenant, @quota, @since, @used)
        ON CONFLICT (tenant_id, quota, since) DO UPDATE SET used = excluded.used
        """,
        new { tenant = key.Tenant.Value, quota = key.Quota, since = key.Since.UtcTicks, used },
        transaction);

    private static object Names(UsageKey key) => new { tenant = key.Tenant.Value, quota = key.Quota, since = key.Since.UtcTicks };
}
