using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>The outbox's statements and rows in either dialect.</summary>
internal static class OutboxSql
{
    internal const string Columns = "id, tenant_id, run_id, endpoint, kind, body, state, attempts, due_at, created_at, last_error";

    /// <summary>Of each endpoint and run only the first one that is not done.</summary>
    private const string IsFirst =
        "NOT EXISTS (SELECT 1 FROM outbox AS p WHERE p.endpoint = o.endpoint AND p.run_id = o.run_id AND p.state = 0 AND p.seq < o.seq)";

    /// <summary>Parameters: now, most.</summary>
    internal const string Due = $"SELECT {Columns} FROM outbox AS o WHERE state = 0 AND due_at <= @p1 AND {IsFirst} ORDER BY seq LIMIT @p2";

    /// <summary>
    /// The same for one node of several, on PostgreSQL: what another one has claimed is left to it, until its claim is over or it is
    /// dead. Parameters: now, most, node, end of the claim.
    /// </summary>
    internal const string Claim = $"""
        WITH c AS (UPDATE outbox SET claimed_by = @p3, claimed_until = @p4 WHERE id IN (
          SELECT id FROM outbox AS o WHERE state = 0 AND due_at <= @p1 AND {IsFirst}
            AND (claimed_until IS NULL OR claimed_until <= @p1 OR NOT EXISTS (SELECT 1 FROM nodes AS n WHERE n.id = o.claimed_by AND n.epoch = 1))
          ORDER BY seq LIMIT @p2 FOR UPDATE SKIP LOCKED)
          RETURNING seq, {Columns})
        SELECT {Columns} FROM c ORDER BY seq
        """;

    internal const string Next = $"SELECT min(due_at) FROM outbox AS o WHERE state = 0 AND {IsFirst}";

    /// <summary>On PostgreSQL: an item in another node's hands is not due before that one's claim is over.</summary>
    internal const string NextClaim = $"SELECT min(greatest(due_at, coalesce(claimed_until, 0))) FROM outbox AS o WHERE state = 0 AND {IsFirst}";

    internal static object Id(Dialect dialect, Guid id) => dialect == Dialect.Postgres ? id : id.ToByteArray(bigEndian: true);

    internal static DbCommand Command(DbConnection connection, string sql, object[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ($"@p{i + 1}", values[i]);
            command.Parameters.Add(parameter);
        }

        return command;
    }

    internal static IReadOnlyList<OutboxRow> Read(DbCommand command, Dialect dialect)
    {
        using var r = command.ExecuteReader();
        var rows = new List<OutboxRow>();
        while (r.Read())
        {
            var run = Id(r, 2, dialect);
            var item = new OutboxItem(
                Id(r, 0, dialect), new TenantId(r.GetString(1)), run == default ? null : new RunId(run), r.GetString(3), r.GetString(4), r.GetFieldValue<byte[]>(5));
            rows.Add(new OutboxRow(
                item, (OutboxState)r.GetInt32(6), r.GetInt32(7), Storage.Columns.Time(r.GetInt64(8)), Storage.Columns.Time(r.GetInt64(9)), r.IsDBNull(10) ? null : r.GetString(10)));
        }

        return rows;
    }

    private static Guid Id(DbDataReader r, int column, Dialect dialect) =>
        dialect == Dialect.Postgres ? r.GetGuid(column) : new Guid(r.GetFieldValue<byte[]>(column), bigEndian: true);
}
