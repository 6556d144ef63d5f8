using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Failures;

/// <summary>What came of applied suggestions, and how many there are of each kind.</summary>
internal sealed class RecoveryResults(IDatabase database)
{
    /// <summary>Rows of one pass.</summary>
    private const int Max = 500;

    /// <summary>Applied suggestions whose result is not known.</summary>
    /// <param name="tenant">Null: of all tenants, for a chore.</param>
    internal Task<IReadOnlyList<RecoveryCandidate>> OpenAsync(TenantId? tenant, CancellationToken cancel)
    {
        var scope = tenant is { } one ? database.For(one) : database.ForHouse;
        var of = tenant is null ? "1 = 1" : "tenant_id = @tenant";
        return scope.ReadAsync(
            async (connection, token) => (IReadOnlyList<RecoveryCandidate>)await RecoveryTable.ReadAsync(
                connection, $"SELECT {RecoveryRows.Columns} FROM recovery_candidates WHERE status = 'applied' AND result IS NULL AND {of} ORDER BY applied_at LIMIT @max",
                new { tenant = tenant?.Value, max = (long)Max }, token),
            cancel);
    }

    /// <summary>Puts on record what came of it, once, and marks the failure it was for. False: that is known already.</summary>
    internal Task<bool> SettleAsync(RecoveryCandidate candidate, RecoveryResult result, DateTimeOffset at, CancellationToken cancel) => database.For(candidate.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            var (tenant, id) = (candidate.Tenant.Value, FailedStep.Text(candidate.Id));
            var changed = connection.Execute(
                "UPDATE recovery_candidates SET result = @result, ended_at = @at WHERE tenant_id = @tenant AND id = @id AND result IS NULL",
                new { tenant, id, result = RecoveryRows.Text(result), at = at.UtcTicks }, transaction);
            if (changed > 0 && candidate.Failure is { } failure && result is RecoveryResult.Succeeded or RecoveryResult.Failed)
            {
                connection.Execute(
                    "UPDATE failures SET attempted = 1, succeeded = @succeeded, recovered_at = @at, recovered_by = 'suggestion' WHERE tenant_id = @tenant AND id = @failure AND succeeded = 0",
                    new { tenant, failure = FailedStep.Text(failure), succeeded = result == RecoveryResult.Succeeded ? 1L : 0L, at = at.UtcTicks }, transaction);
            }

            return changed > 0;
        },
        cancel);

    internal Task<IReadOnlyList<RecoveryCount>> CountAsync(TenantId tenant, DateTimeOffset? since, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                """
                SELECT code, entry, kind, status, result, count(*) FROM recovery_candidates
                WHERE tenant_id = @tenant AND created_at >= @since GROUP BY code, entry, kind, status, result ORDER BY code, entry, kind, status, result
                """,
                new { tenant = tenant.Value, since = since?.UtcTicks ?? 0 }, cancellationToken: token));
            var counts = new List<RecoveryCount>();
            while (await rows.ReadAsync(token))
            {
                counts.Add(new RecoveryCount(
                    rows.GetString(0), rows.IsDBNull(1) ? null : rows.GetString(1), RecoveryActions.Kind(rows.GetString(2))!.Value, RecoveryRows.StatusOf(rows.GetString(3)),
                    rows.IsDBNull(4) ? null : RecoveryRows.ResultOf(rows.GetString(4)), rows.GetInt64(5)));
            }

            return (IReadOnlyList<RecoveryCount>)counts;
        },
        cancel);

    /// <summary>Whether something is open, or older than <paramref name="before"/>.</summary>
    internal Task<bool> HasWorkAsync(DateTimeOffset before, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            SELECT CASE WHEN EXISTS (SELECT 1 FROM recovery_candidates WHERE status = 'applied' AND result IS NULL)
              OR EXISTS (SELECT 1 FROM recovery_candidates WHERE created_at < @before) THEN 1 ELSE 0 END
            """,
            new { before = before.UtcTicks }, cancellationToken: token)) != 0,
        cancel);

    /// <summary>Deletes suggestions made before a time with what was decided about them; replies how many.</summary>
    internal Task<int> ForgetBeforeAsync(DateTimeOffset before, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            const string Old = "SELECT id FROM recovery_candidates WHERE created_at < @before ORDER BY created_at, id LIMIT @max";
            var of = new { before = before.UtcTicks, max = (long)Max };
            connection.Execute($"DELETE FROM recovery_decisions WHERE candidate_id IN ({Old})", of, transaction);
            return connection.Execute($"DELETE FROM recovery_candidates WHERE id IN ({Old})", of, transaction);
        },
        cancel);
}
