using System.Data.Common;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Runs;

/// <summary>Mismatches as stored.</summary>
internal sealed class MismatchTable(IDatabase database) : IForgetsRuns
{
    private const string Columns =
        "id, trace_id, step_index, reason, expected_hash, actual_hash, details, channel, is_notified, issue_url, created_at, reported_by, resolved_at, resolved_by, note, issue_number";

    internal static Migration Migration { get; } = new("traces", 3, "mismatches", """
        CREATE TABLE trace_mismatches (
          tenant_id TEXT NOT NULL, id TEXT NOT NULL, trace_id TEXT NOT NULL, step_index BIGINT NOT NULL, reason TEXT NOT NULL, expected_hash TEXT, actual_hash TEXT,
          details TEXT NOT NULL, channel BIGINT NOT NULL, is_notified BIGINT NOT NULL DEFAULT 0, issue_url TEXT, issue_number BIGINT, created_at BIGINT NOT NULL,
          reported_by TEXT NOT NULL, resolved_at BIGINT, resolved_by TEXT, note TEXT, PRIMARY KEY (tenant_id, id)
        );
        CREATE INDEX trace_mismatches_of_trace ON trace_mismatches (tenant_id, trace_id, created_at);
        """);

    /// <summary>False: the trace has as many as it may.</summary>
    internal bool Insert(DbConnection connection, DbTransaction transaction, TenantId tenant, Mismatch mismatch)
    {
        database.Lock(connection, transaction, $"mismatches:{tenant.Value}:{mismatch.TraceId}");
        var count = connection.ExecuteScalar<long>(
            "SELECT count(*) FROM trace_mismatches WHERE tenant_id = @tenant AND trace_id = @trace", new { tenant = tenant.Value, trace = mismatch.TraceId }, transaction);
        if (count >= TraceLimits.MismatchesMax) return false;
        connection.Execute(
            """
            INSERT INTO trace_mismatches (tenant_id, id, trace_id, step_index, reason, expected_hash, actual_hash, details, channel, created_at, reported_by)
            VALUES (@tenant, @id, @trace, @step, @reason, @expected, @actual, @details, @channel, @at, @by)
            """,
            new
            {
                tenant = tenant.Value, id = Text(mismatch.Id), trace = mismatch.TraceId, step = (long)mismatch.StepIndex, reason = mismatch.Reason, expected = mismatch.ExpectedHash,
                actual = mismatch.ActualHash, details = mismatch.Details.GetRawText(), channel = (long)mismatch.Notified, at = mismatch.CreatedAt.UtcTicks, by = mismatch.ReportedBy,
            },
            transaction);
        return true;
    }

    internal Task<List<Mismatch>> ListAsync(TenantId tenant, string trace, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                $"SELECT {Columns} FROM trace_mismatches WHERE tenant_id = @tenant AND trace_id = @trace ORDER BY created_at DESC, id DESC", new { tenant = tenant.Value, trace }, cancellationToken: token));
            var found = new List<Mismatch>();
            while (await rows.ReadAsync(token)) found.Add(Of(rows).Mismatch);
            return found;
        },
        cancel);

    /// <summary>The mismatch, and the number of its issue where that was made.</summary>
    internal Task<(Mismatch Mismatch, long? Issue)?> FindAsync(TenantId tenant, Guid id, CancellationToken cancel) =>
        database.For(tenant).ReadAsync((connection, _) => Task.FromResult(Find(connection, null, tenant, id)), cancel);

    internal static (Mismatch Mismatch, long? Issue)? Find(DbConnection connection, DbTransaction? transaction, TenantId tenant, Guid id)
    {
        using var row = (DbDataReader)connection.ExecuteReader(
            $"SELECT {Columns} FROM trace_mismatches WHERE tenant_id = @tenant AND id = @id", new { tenant = tenant.Value, id = Text(id) }, transaction);
        return row.Read() ? Of(row) : null;
    }

    /// <summary>False: it was resolved before, or is not there.</summary>
    internal static bool Resolve(DbConnection connection, DbTransaction transaction, TenantId tenant, Guid id, DateTimeOffset at, string by, string? note) => connection.Execute(
        "UPDATE trace_mismatches SET resolved_at = @at, resolved_by = @by, note = @note WHERE tenant_id = @tenant AND id = @id AND resolved_at IS NULL",
        new { tenant = tenant.Value, id = Text(id), at = at.UtcTicks, by, note }, transaction) == 1;

    /// <summary>The channel has taken what was told of these.</summary>
    internal Task NotifiedAsync(TenantId tenant, IReadOnlyList<Guid> ids, Notified channel, string? url, long? number, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            foreach (var id in ids.Order())
            {
                connection.Execute(
                    """
                    UPDATE trace_mismatches SET channel = @channel, is_notified = 1, issue_url = coalesce(@url, issue_url), issue_number = coalesce(@number, issue_number)
                    WHERE tenant_id = @tenant AND id = @id
                    """,
                    new { tenant = tenant.Value, id = Text(id), channel = (long)channel, url, number }, transaction);
            }

            return ids.Count;
        },
        cancel);

    internal static void Delete(DbConnection connection, DbTransaction transaction, TenantId tenant, IReadOnlyList<string> traces)
    {
        foreach (var trace in traces) connection.Execute("DELETE FROM trace_mismatches WHERE tenant_id = @tenant AND trace_id = @trace", new { tenant = tenant.Value, trace }, transaction);
    }

    /// <summary>With a run that is deleted for good its mismatches go.</summary>
    public void Forget(DbConnection connection, DbTransaction transaction, IReadOnlyList<(TenantId Tenant, RunId Run)> runs)
    {
        foreach (var tenant in runs.GroupBy(one => one.Tenant, one => one.Run.ToString()).OrderBy(group => group.Key.Value, StringComparer.Ordinal))
            Delete(connection, transaction, tenant.Key, [.. tenant.Order(StringComparer.Ordinal)]);
    }

    private static (Mismatch Mismatch, long? Issue) Of(DbDataReader row)
    {
        string? Optional(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        DateTimeOffset Time(int column) => new(row.GetInt64(column), TimeSpan.Zero);
        var mismatch = new Mismatch(
            Guid.ParseExact(row.GetString(0), "D"), row.GetString(1), (int)row.GetInt64(2), row.GetString(3), Optional(4), Optional(5), Json.Parse(row.GetString(6)),
            (Notified)row.GetInt64(7), row.GetInt64(8) == 1, Optional(9), Time(10), row.GetString(11))
        {
            ResolvedAt = row.IsDBNull(12) ? null : Time(12), ResolvedBy = Optional(13), Note = Optional(14),
        };
        return (mismatch, row.IsDBNull(15) ? null : row.GetInt64(15));
    }

    private static string Text(Guid id) => id.ToString("D", CultureInfo.InvariantCulture);
}
