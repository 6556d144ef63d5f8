using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Failures;

/// <summary>Unknown failures by signature, gathered from the rows of failed steps. What is gathered replaces what was.</summary>
internal sealed class CandidateTable(IDatabase database)
{
    /// <summary>Signatures of one tenant that are kept: the most frequent ones.</summary>
    internal const int PerTenantMax = 100;

    private const string Columns = "tenant_id, signature, code, message, skill, runs, agents, occurrences, first_at, last_at";

    internal static Migration Migration { get; } = new("failures", 2, "candidates", """
        CREATE TABLE failure_candidates (
          tenant_id TEXT NOT NULL, signature TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, skill TEXT, runs BIGINT NOT NULL, agents BIGINT NOT NULL,
          occurrences BIGINT NOT NULL, first_at BIGINT NOT NULL, last_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, signature)
        );
        """);

    /// <summary>Gathers anew and replies how many there are.</summary>
    /// <param name="tenant">Null: of all tenants.</param>
    /// <param name="min">Occurrences from which a signature counts.</param>
    internal Task<int> GatherAsync(TenantId? tenant, DateTimeOffset since, int min, CancellationToken cancel)
    {
        var scope = tenant is { } one ? database.For(one) : database.ForHouse;
        var (of, values) = (tenant is null ? "1 = 1" : "tenant_id = @tenant", new { tenant = tenant?.Value, since = since.UtcTicks, min = (long)min, max = (long)PerTenantMax });
        return scope.WriteAsync(
            (connection, transaction) =>
            {
                database.Lock(connection, transaction, "failure-candidates");
                connection.Execute($"DELETE FROM failure_candidates WHERE {of}", values, transaction);
                return connection.Execute(
                    $"""
                    INSERT INTO failure_candidates ({Columns})
                    SELECT {Columns} FROM (
                      SELECT g.*, row_number() OVER (PARTITION BY tenant_id ORDER BY occurrences DESC, signature) AS place FROM (
                        SELECT tenant_id, signature, min(code) AS code, min(message) AS message, min(skill) AS skill, count(DISTINCT run_id) AS runs, count(DISTINCT agent_id) AS agents,
                          CAST(sum(attempts) AS BIGINT) AS occurrences, min(first_at) AS first_at, max(last_at) AS last_at
                        FROM failures WHERE entry IS NULL AND last_at >= @since AND {of} GROUP BY tenant_id, signature HAVING sum(attempts) >= @min) g) r
                    WHERE place <= @max
                    """,
                    values, transaction);
            },
            cancel);
    }

    /// <summary>Whether there is anything to gather, or to clear away.</summary>
    internal Task<bool> HasWorkAsync(DateTimeOffset since, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM failures WHERE entry IS NULL AND last_at >= @since) OR EXISTS (SELECT 1 FROM failure_candidates) THEN 1 ELSE 0 END",
            new { since = since.UtcTicks }, cancellationToken: token)) != 0,
        cancel);

    /// <summary>Most frequent first.</summary>
    internal Task<IReadOnlyList<FailureCandidate>> ListAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                $"SELECT {Columns} FROM failure_candidates WHERE tenant_id = @tenant ORDER BY occurrences DESC, signature", new { tenant = tenant.Value }, cancellationToken: token));
            var found = new List<FailureCandidate>();
            while (await rows.ReadAsync(token)) found.Add(Of(rows));
            return (IReadOnlyList<FailureCandidate>)found;
        },
        cancel);

    private static FailureCandidate Of(DbDataReader row)
    {
        DateTimeOffset Time(int column) => new(row.GetInt64(column), TimeSpan.Zero);
        var (code, message) = (row.GetString(2), row.GetString(3));
        var (category, recovery) = Suggestions.Of(code, message);
        return new FailureCandidate(
            row.GetString(1), code, message, row.IsDBNull(4) ? null : row.GetString(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7), Time(8), Time(9), category, recovery);
    }
}
