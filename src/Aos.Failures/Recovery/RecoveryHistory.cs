using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Failures;

/// <summary>An outcome of the past.</summary>
/// <param name="Kind">What was done; null: the run tried again by itself or by order, which speaks for every way of trying again.</param>
/// <param name="IsAdvised">A person did something about it: it counts for what the catalog advises first.</param>
internal sealed record PastOutcome(RecoveryKind? Kind, bool IsAdvised, RecoveryEvidence Evidence)
{
    /// <summary>Whether it says something about an action.</summary>
    /// <param name="first">What the catalog advises first for the failure.</param>
    internal bool SpeaksFor(RecoveryKind kind, RecoveryKind first) =>
        Kind is { } done ? done == kind
        : IsAdvised ? kind == first
        : kind is RecoveryKind.Retry or RecoveryKind.RetryLater or RecoveryKind.RetryMore;
}

/// <summary>What came of failures like one: the same tenant, code and skill. Codes that nobody knows are told apart by their signature.</summary>
internal sealed class RecoveryHistory(IDatabase database)
{
    /// <summary>Outcomes that are looked at, of suggestions and of kept failures each; older ones weigh next to nothing.</summary>
    private const int OutcomesMax = 500;

    /// <summary>How a kept failure is marked that its run recovered from by trying again.</summary>
    private static readonly string[] Retried = ["retry", "run retry"];

    /// <summary>Stands in queries as in the index over it: else that is not used.</summary>
    private const string Telling = "(recovered_by IS NOT NULL OR (attempts > 1 AND attempted = 0))";

    /// <summary>
    /// Both lists are read from their newest end, of one code, whatever else the tenant keeps. The second does not begin with the tenant: the
    /// embedded store would look in it for what a failure's suggestions are, too.
    /// </summary>
    internal static Migration Migration { get; } = new("failures", 4, "outcomes by code", $"""
        CREATE INDEX failures_telling ON failures (tenant_id, entry, coalesce(recovered_at, last_at)) WHERE {Telling};
        CREATE INDEX recovery_outcomes ON recovery_candidates (entry, tenant_id, ended_at) WHERE result IS NOT NULL;
        """);

    /// <summary>Newest first.</summary>
    internal async Task<IReadOnlyList<PastOutcome>> OfAsync(TenantId tenant, RecoverySubject subject, CancellationToken cancel)
    {
        var alike = subject.Entry is not null ? "entry = @entry" : subject.Signature is not null ? "entry IS NULL AND signature = @signature" : "entry IS NULL AND upper(code) = @code";
        if (subject.Skill is not null) alike += " AND skill = @skill";
        var values = new DynamicParameters(new { tenant = tenant.Value, max = (long)OutcomesMax });
        if (subject.Entry is { } entry) values.Add("entry", entry.Code);
        else if (subject.Signature is { } signature) values.Add("signature", signature);
        else values.Add("code", subject.Code.ToUpperInvariant());
        if (subject.Skill is { } skill) values.Add("skill", skill);
        var found = await database.For(tenant).ReadAsync(
            async (connection, token) =>
            {
                var outcomes = new List<PastOutcome>();
                await ReadAsync(connection, Applied(alike), values, OfApplied, outcomes, token);
                await ReadAsync(connection, Kept(alike), values, OfKept, outcomes, token);
                return outcomes;
            },
            cancel);
        return [.. found.OrderByDescending(one => one.Evidence.At).ThenBy(one => one.Evidence.Suggestion ?? one.Evidence.Failure)];
    }

    private static string Applied(string alike) => $"""
        SELECT id, failure_id, applied_run, kind, result, ended_at FROM recovery_candidates
        WHERE tenant_id = @tenant AND {alike} AND result IS NOT NULL AND result IN ('succeeded', 'failed') ORDER BY ended_at DESC, id LIMIT @max
        """;

    /// <summary>Marked by somebody, or tried more than once in vain. Those that a suggestion was applied to are told by it, or it is so old that it went.</summary>
    private static string Kept(string alike) => $"""
        SELECT id, run_id, succeeded, coalesce(recovered_at, last_at), recovered_by FROM failures f
        WHERE tenant_id = @tenant AND {alike} AND {Telling} AND (recovered_by IS NULL OR recovered_by <> 'suggestion')
          AND NOT EXISTS (SELECT 1 FROM recovery_candidates c WHERE c.tenant_id = @tenant AND c.failure_id = f.id AND c.result IS NOT NULL)
        ORDER BY coalesce(recovered_at, last_at) DESC, id LIMIT @max
        """;

    private static async Task ReadAsync(DbConnection connection, string sql, DynamicParameters values, Func<DbDataReader, PastOutcome> read, List<PastOutcome> into, CancellationToken cancel)
    {
        await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(sql, values, cancellationToken: cancel));
        while (await rows.ReadAsync(cancel)) into.Add(read(rows));
    }

    private static PastOutcome OfApplied(DbDataReader row) => new(
        RecoveryActions.Kind(row.GetString(3)), false,
        new RecoveryEvidence(row.IsDBNull(1) ? null : Id(row, 1), row.IsDBNull(2) ? null : new RunId(Id(row, 2)), Id(row, 0), row.GetString(4) == "succeeded", new DateTimeOffset(row.GetInt64(5), TimeSpan.Zero)));

    private static PastOutcome OfKept(DbDataReader row) => new(
        null, !row.IsDBNull(4) && !Retried.Contains(row.GetString(4)),
        new RecoveryEvidence(Id(row, 0), new RunId(Id(row, 1)), null, row.GetInt64(2) == 1, new DateTimeOffset(row.GetInt64(3), TimeSpan.Zero)));

    private static Guid Id(DbDataReader row, int column) => Guid.ParseExact(row.GetString(column), "D");
}
