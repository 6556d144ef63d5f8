using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Failures;

/// <summary>What came of applied suggestions, and how many there are of each kind.</summary>
internal sealed class RecoveryResults(IDatabase database)
{
    /// <summary>Rows of one transaction.</summary>
    internal const int Max = 500;

    /// <summary>Applied suggestions whose result is not known, but for those whose run is still at it.</summary>
    /// <param name="tenant">Null: of all tenants, for a chore.</param>
    internal Task<IReadOnlyList<RecoveryCandidate>> OpenAsync(TenantId? tenant, int max, CancellationToken cancel)
    {
        var scope = tenant is { } one ? database.For(one) : database.ForHouse;
        var of = tenant is null ? "1 = 1" : "tenant_id = @tenant";
        var run = database.Dialect == Dialect.Postgres ? "CAST(c.applied_run AS uuid)" : "unhex(replace(c.applied_run, '-', ''))";
        return scope.ReadAsync(
            async (connection, token) => (IReadOnlyList<RecoveryCandidate>)await RecoveryTable.ReadAsync(
                connection,
                $"""
                SELECT {RecoveryRows.Columns} FROM recovery_candidates c WHERE status = 'applied' AND result IS NULL AND {of}
                  AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.tenant_id = c.tenant_id AND r.id = {run} AND r.attempt = c.applied_attempt AND r.status NOT IN (@succeeded, @failed, @cancelled))
                ORDER BY applied_at LIMIT @max
                """,
                new { tenant = tenant?.Value, max = (long)max, succeeded = (int)RunStatus.Succeeded, failed = (int)RunStatus.Failed, cancelled = (int)RunStatus.Cancelled }, token),
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

    internal Task<IReadOnlyList<RecoveryCount>> CountAsync(TenantId tenant, DateTimeOffset? since, int codes, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                """
                WITH frequent AS (
                  SELECT coalesce(entry, code) AS code FROM recovery_candidates WHERE tenant_id = @tenant AND created_at >= @since
                  GROUP BY coalesce(entry, code) ORDER BY count(*) DESC, coalesce(entry, code) LIMIT @codes)
                SELECT CASE WHEN coalesce(entry, code) IN (SELECT f.code FROM frequent f) THEN coalesce(entry, code) END, entry, kind, status, result, count(*) FROM recovery_candidates
                WHERE tenant_id = @tenant AND created_at >= @since GROUP BY 1, 2, 3, 4, 5
                """,
                new { tenant = tenant.Value, since = since?.UtcTicks ?? 0, codes = (long)codes }, cancellationToken: token));
            var counts = new List<RecoveryCount>();
            while (await rows.ReadAsync(token))
            {
                counts.Add(new RecoveryCount(
                    rows.IsDBNull(0) ? null : rows.GetString(0), rows.IsDBNull(1) ? null : rows.GetString(1), RecoveryActions.Kind(rows.GetString(2))!.Value, RecoveryRows.StatusOf(rows.GetString(3)),
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

    /// <summary>Deletes suggestions made before a time with what was decided about them, at most <see cref="Max"/>; replies how many.</summary>
    internal Task<int> ForgetBeforeAsync(DateTimeOffset before, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            var old = new List<(string Tenant, string Id)>();
            using (var rows = (DbDataReader)connection.ExecuteReader(
                "DELETE FROM recovery_candidates WHERE id IN (SELECT id FROM recovery_candidates WHERE created_at < @before ORDER BY created_at, id LIMIT @max) RETURNING tenant_id, id",
                new { before = before.UtcTicks, max = (long)Max }, transaction))
            {
                while (rows.Read()) old.Add((rows.GetString(0), rows.GetString(1)));
            }

            foreach (var (tenant, id) in old) connection.Execute("DELETE FROM recovery_decisions WHERE tenant_id = @tenant AND candidate_id = @id", new { tenant, id }, transaction);
            return old.Count;
        },
        cancel);
}
