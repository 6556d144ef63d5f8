using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Failures;

/// <summary>Failed steps as kept. The store writes them with the journal; here they are read, marked and forgotten.</summary>
internal sealed class FailureTable(IDatabase database) : IForgetsRuns
{
    private const string Columns =
        "id, tenant_id, run_id, seq, place, step, agent_id, skill, code, message, entry, matched, retryable, signature, attempts, first_at, last_at, attempted, succeeded, recovered_at, recovered_by, notes";

    internal Task<(IReadOnlyList<KeptFailure>, long)> ListAsync(TenantId tenant, FailureFilter filter, bool gravestFirst, int limit, int offset, CancellationToken cancel)
    {
        var where = new FailureWhere(tenant, filter);
        var order = gravestFirst ? $"{where.Gravity()}, last_at DESC, id" : "last_at DESC, id";
        where.Values.Add("limit", limit);
        where.Values.Add("offset", offset);
        return database.For(tenant).ReadAsync(
            async (connection, token) =>
            {
                var total = await connection.ExecuteScalarAsync<long>(new CommandDefinition($"SELECT count(*) FROM failures WHERE tenant_id = @tenant{where.Text}", where.Values, cancellationToken: token));
                await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(
                    new CommandDefinition($"SELECT {Columns} FROM failures WHERE tenant_id = @tenant{where.Text} ORDER BY {order} LIMIT @limit OFFSET @offset", where.Values, cancellationToken: token));
                var found = new List<KeptFailure>();
                while (await rows.ReadAsync(token)) found.Add(Of(rows));
                return ((IReadOnlyList<KeptFailure>)found, total);
            },
            cancel);
    }

    internal Task<KeptFailure?> FindAsync(TenantId tenant, Guid id, CancellationToken cancel) =>
        database.For(tenant).ReadAsync((connection, _) => Task.FromResult(Find(connection, null, tenant, id)), cancel);

    internal Task<IReadOnlyList<FailureCount>> CountAsync(TenantId tenant, DateTimeOffset? since, int codes, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                """
                WITH frequent AS (SELECT code FROM failures WHERE tenant_id = @tenant AND last_at >= @since GROUP BY code ORDER BY count(*) DESC, code LIMIT @codes)
                SELECT CASE WHEN code IN (SELECT code FROM frequent) THEN code END, entry, count(*), CAST(sum(attempted) AS BIGINT), CAST(sum(succeeded) AS BIGINT) FROM failures
                WHERE tenant_id = @tenant AND last_at >= @since GROUP BY 1, 2
                """,
                new { tenant = tenant.Value, since = since?.UtcTicks ?? 0, codes = (long)codes }, cancellationToken: token));
            var counts = new List<FailureCount>();
            while (await rows.ReadAsync(token))
                counts.Add(new FailureCount(rows.IsDBNull(0) ? null : rows.GetString(0), rows.IsDBNull(1) ? null : rows.GetString(1), rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4)));
            return (IReadOnlyList<FailureCount>)counts;
        },
        cancel);

    /// <summary>Marks a failure and replies how it is then; null: it is not there.</summary>
    internal Task<KeptFailure?> RecoverAsync(TenantId tenant, Guid id, bool succeeded, DateTimeOffset at, string by, string? notes, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            var changed = connection.Execute(
                "UPDATE failures SET attempted = 1, succeeded = @succeeded, recovered_at = @at, recovered_by = @by, notes = coalesce(@notes, notes) WHERE tenant_id = @tenant AND id = @id",
                new { tenant = tenant.Value, id = FailedStep.Text(id), succeeded = succeeded ? 1L : 0L, at = at.UtcTicks, by, notes }, transaction);
            return changed == 0 ? null : Find(connection, transaction, tenant, id);
        },
        cancel);

    /// <summary>Deletes rows that failed last before a time; at most <paramref name="max"/>.</summary>
    internal Task<int> ForgetBeforeAsync(DateTimeOffset before, int max, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            "DELETE FROM failures WHERE id IN (SELECT id FROM failures WHERE last_at < @before ORDER BY last_at LIMIT @max) AND last_at < @before", new { before = before.UtcTicks, max }, transaction),
        cancel);

    /// <summary>With a run that is deleted for good its failures go.</summary>
    public void Forget(DbConnection connection, DbTransaction transaction, IReadOnlyList<(TenantId Tenant, RunId Run)> runs)
    {
        foreach (var (tenant, run) in runs)
            connection.Execute("DELETE FROM failures WHERE tenant_id = @tenant AND run_id = @run", new { tenant = tenant.Value, run = run.ToString() }, transaction);
    }

    private static KeptFailure? Find(DbConnection connection, DbTransaction? transaction, TenantId tenant, Guid id)
    {
        using var row = (DbDataReader)connection.ExecuteReader(
            $"SELECT {Columns} FROM failures WHERE tenant_id = @tenant AND id = @id", new { tenant = tenant.Value, id = FailedStep.Text(id) }, transaction);
        return row.Read() ? Of(row) : null;
    }

    private static KeptFailure Of(DbDataReader row)
    {
        string? Optional(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        DateTimeOffset Time(int column) => new(row.GetInt64(column), TimeSpan.Zero);
        var failed = new FailedStep
        {
            Tenant = new TenantId(row.GetString(1)), Run = new RunId(Guid.ParseExact(row.GetString(2), "D")), Seq = (int)row.GetInt64(3), Place = row.GetString(4), Step = row.GetString(5),
            AgentId = row.GetString(6), Skill = Optional(7), Code = row.GetString(8), Message = row.GetString(9), Entry = Optional(10), Match = (MatchKind)row.GetInt64(11),
            Retryable = row.GetInt64(12) == 1, Signature = row.GetString(13), At = Time(16),
        };
        return new KeptFailure(
            Guid.ParseExact(row.GetString(0), "D"), failed, (int)row.GetInt64(14), Time(15), row.GetInt64(17) == 1, row.GetInt64(18) == 1, row.IsDBNull(19) ? null : Time(19), Optional(20), Optional(21));
    }
}
