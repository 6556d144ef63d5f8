using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Memory;

/// <summary>
/// Texts of a tenant that a provider was asked about in one day of UTC: one row that all nodes share. They are taken before the provider is
/// asked and given back when it was not, so never more are asked about than the quota says.
/// </summary>
internal sealed class EmbeddingQuota(IDatabase database, RecallOptions options, TimeProvider clock)
{
    private long Today => clock.GetUtcNow().UtcTicks / TimeSpan.TicksPerDay;

    internal DateTimeOffset ResetsAt => new((Today + 1) * TimeSpan.TicksPerDay, TimeSpan.Zero);

    internal Task<EmbeddingAllowance> StateAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => new EmbeddingAllowance(options.DailyQuota, await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT calls FROM embedding_usage WHERE tenant_id = @tenant AND day = @day", new { tenant = tenant.Value, day = Today }, cancellationToken: token)) ?? 0, ResetsAt),
        cancel);

    /// <summary>How many of so many texts may be asked about, and of which day they are.</summary>
    internal Task<(int Granted, long Day)> TakeAsync(TenantId tenant, int texts, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"embedding:{tenant.Value}");
            var day = Today;
            var used = connection.ExecuteScalar<long?>("SELECT calls FROM embedding_usage WHERE tenant_id = @tenant AND day = @day", new { tenant = tenant.Value, day }, transaction) ?? 0;
            var granted = options.DailyQuota == 0 ? texts : (int)Math.Clamp(options.DailyQuota - used, 0, texts);
            if (granted > 0) Set(connection, transaction, tenant, day, used + granted);
            return (granted, day);
        },
        cancel);

    /// <summary>Gives back texts that nobody was asked about, to the day that they were taken from.</summary>
    internal Task<int> GiveBackAsync(TenantId tenant, int texts, long day) => database.For(tenant).WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE embedding_usage SET calls = CASE WHEN calls > @texts THEN calls - @texts ELSE 0 END WHERE tenant_id = @tenant AND day = @day", new { tenant = tenant.Value, day, texts }, transaction),
        CancellationToken.None);

    private static void Set(DbConnection connection, DbTransaction transaction, TenantId tenant, long day, long calls) => connection.Execute(
        "INSERT INTO embedding_usage (tenant_id, day, calls) VALUES (@tenant, @day, @calls) ON CONFLICT (tenant_id) DO UPDATE SET day = excluded.day, calls = excluded.calls",
        new { tenant = tenant.Value, day, calls }, transaction);
}
