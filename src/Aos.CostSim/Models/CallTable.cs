using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.CostSim;

/// <summary>What calls are counted by.</summary>
/// <param name="Code">Of the failure; empty: all calls.</param>
internal readonly record struct CallKey(TenantId Tenant, string Skill, string Code);

/// <summary>Calls of skills by tenant, day, skill and failure code.</summary>
internal sealed class CallTable(IDatabase database)
{
    /// <summary>What is older says little of how things are.</summary>
    internal const int DaysKept = 30;

    internal static Migration Migration { get; } = new("costsim-models", 1, "calls of skills and how often they failed", """
        CREATE TABLE skill_calls (tenant_id TEXT NOT NULL, day BIGINT NOT NULL, skill TEXT NOT NULL, code TEXT NOT NULL, calls BIGINT NOT NULL, PRIMARY KEY (tenant_id, day, skill, code));
        CREATE INDEX skill_calls_day ON skill_calls (day);
        """);

    /// <summary>In the order of the key, so that two nodes never wait for each other.</summary>
    internal Task AddAsync(IReadOnlyList<(CallKey Key, long Count)> counts, DateTimeOffset now, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            """
            INSERT INTO skill_calls (tenant_id, day, skill, code, calls) VALUES (@tenant, @day, @skill, @code, @count)
            ON CONFLICT (tenant_id, day, skill, code) DO UPDATE SET calls = skill_calls.calls + excluded.calls
            """,
            counts.OrderBy(one => one.Key.Tenant.Value, StringComparer.Ordinal).ThenBy(one => one.Key.Skill, StringComparer.Ordinal).ThenBy(one => one.Key.Code, StringComparer.Ordinal)
                .Select(one => new { tenant = one.Key.Tenant.Value, day = Day(now), skill = one.Key.Skill, code = one.Key.Code, count = one.Count }),
            transaction),
        cancel);

    internal Task<IReadOnlyList<CallRate>> OfAsync(TenantId tenant, DateTimeOffset now, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            var rows = await connection.QueryAsync<(string Skill, string Code, long Calls)>(new CommandDefinition(
                "SELECT skill, code, CAST(sum(calls) AS BIGINT) FROM skill_calls WHERE tenant_id = @tenant AND day > @since GROUP BY skill, code",
                new { tenant = tenant.Value, since = Day(now) - DaysKept }, cancellationToken: token));
            return (IReadOnlyList<CallRate>)[.. rows.GroupBy(row => row.Skill, StringComparer.Ordinal).Select(Rate)];
        },
        cancel);

    /// <summary>Removes days that count no more; at most <paramref name="max"/> rows.</summary>
    internal Task<int> ForgetAsync(DateTimeOffset now, int max, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            """
            DELETE FROM skill_calls WHERE (tenant_id, day, skill, code) IN
              (SELECT tenant_id, day, skill, code FROM skill_calls WHERE day <= @until ORDER BY day LIMIT @max)
            """,
            new { until = Day(now) - DaysKept, max }, transaction),
        cancel);

    private static CallRate Rate(IGrouping<string, (string Skill, string Code, long Calls)> rows) => new(
        rows.Key, rows.Where(row => row.Code.Length == 0).Sum(row => row.Calls),
        rows.Where(row => row.Code.Length > 0).ToImmutableSortedDictionary(row => row.Code, row => row.Calls, StringComparer.Ordinal));

    private static long Day(DateTimeOffset at) => at.UtcTicks / TimeSpan.TicksPerDay;
}

/// <summary>Removes counts of calls of days that count no more.</summary>
internal sealed class CallRetention(CallTable table, ICluster cluster) : IChore
{
    private const int AtOnceMax = 1_000;

    public string Name => "skill-calls-retention";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public Task<int> PassAsync(CancellationToken cancel) => table.ForgetAsync(cluster.Now, AtOnceMax, cancel);
}
