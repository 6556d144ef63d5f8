using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>What came of one try.</summary>
internal sealed record Tried(OutboxRow Row, Failure? Failure, DateTimeOffset? Again);

/// <summary>The outbox as stored. Delivered items leave it.</summary>
internal sealed class OutboxTable(IDatabase database, OutboxSignal signal, TimeProvider clock) : IOutbox
{
    private const string Columns = "id, tenant_id, run_id, endpoint, kind, body, state, attempts, due_at, created_at, last_error";

    internal static Migration Migration { get; } = new("storage", 3, "outbox", """
        CREATE TABLE outbox (
          seq INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, tenant_id TEXT NOT NULL, run_id BLOB NOT NULL, endpoint TEXT NOT NULL,
          kind TEXT NOT NULL, body BLOB NOT NULL, state INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL,
          created_at INTEGER NOT NULL, last_error TEXT
        );
        CREATE INDEX outbox_order ON outbox (endpoint, run_id, seq) WHERE state = 0;
        CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 0;
        CREATE INDEX outbox_of_tenant ON outbox (tenant_id, state, seq);
        """);

    public Task<IReadOnlyList<OutboxRow>> ListAsync(TenantId tenant, OutboxState? state, int limit, CancellationToken cancel) => database.ReadAsync(
        (connection, _) => Task.FromResult(state is { } one
            ? Rows(connection, $"SELECT {Columns} FROM outbox WHERE tenant_id = $1 AND state = $2 ORDER BY seq LIMIT $3", tenant.Value, (int)one, Math.Clamp(limit, 1, 1000))
            : Rows(connection, $"SELECT {Columns} FROM outbox WHERE tenant_id = $1 ORDER BY seq LIMIT $2", tenant.Value, Math.Clamp(limit, 1, 1000))),
        cancel);

    public async Task<bool> ResendAsync(TenantId tenant, Guid id, CancellationToken cancel)
    {
        var changed = await database.WriteAsync(
            (connection, transaction) => Change(
                connection, transaction, "UPDATE outbox SET state = 0, attempts = 0, due_at = $3 WHERE tenant_id = $1 AND id = $2 AND state = 1",
                tenant.Value, id.ToByteArray(bigEndian: true), clock.GetUtcNow().UtcTicks),
            cancel);
        if (changed > 0) signal.Poke();
        return changed > 0;
    }

    /// <summary>Due items, of each endpoint and run only the first one that is not done.</summary>
    internal Task<IReadOnlyList<OutboxRow>> DueAsync(DateTimeOffset now, int max, CancellationToken cancel) => database.ReadAsync(
        (connection, _) => Task.FromResult(Rows(connection, $"""
            SELECT {Columns} FROM outbox AS o WHERE state = 0 AND due_at <= $1
              AND NOT EXISTS (SELECT 1 FROM outbox AS p WHERE p.endpoint = o.endpoint AND p.run_id = o.run_id AND p.state = 0 AND p.seq < o.seq)
            ORDER BY seq LIMIT $2
            """, now.UtcTicks, max)),
        cancel);

    internal Task<DateTimeOffset?> NextDueAsync(CancellationToken cancel) => database.ReadAsync(
        (connection, _) =>
        {
            using var select = connection.CreateCommand();
            select.CommandText = "SELECT min(due_at) FROM outbox WHERE state = 0";
            return Task.FromResult(select.ExecuteScalar() is long ticks ? Storage.Columns.Time(ticks) : (DateTimeOffset?)null);
        },
        cancel);

    internal Task RecordAsync(IReadOnlyList<Tried> tries, DateTimeOffset now, CancellationToken cancel) => database.WriteAsync(
        (connection, transaction) =>
        {
            foreach (var tried in tries)
            {
                var (tenant, id) = (tried.Row.Item.Tenant.Value, tried.Row.Item.Id.ToByteArray(bigEndian: true));
                if (tried.Failure is not { } failure)
                    Change(connection, transaction, "DELETE FROM outbox WHERE tenant_id = $1 AND id = $2", tenant, id);
                else
                    Change(
                        connection, transaction, "UPDATE outbox SET state = $3, attempts = attempts + 1, due_at = $4, last_error = $5 WHERE tenant_id = $1 AND id = $2",
                        tenant, id, tried.Again is null ? 1 : 0, (tried.Again ?? now).UtcTicks, $"{failure.Code}: {failure.Message}");
            }

            return tries.Count;
        },
        cancel);

    private static int Change(DbConnection connection, DbTransaction transaction, string sql, params object[] values)
    {
        using var command = Command(connection, sql, values);
        command.Transaction = transaction;
        return command.ExecuteNonQuery();
    }

    private static IReadOnlyList<OutboxRow> Rows(DbConnection connection, string sql, params object[] values)
    {
        using var command = Command(connection, sql, values);
        using var r = command.ExecuteReader();
        var rows = new List<OutboxRow>();
        while (r.Read())
        {
            var run = Storage.Columns.Id(r.GetFieldValue<byte[]>(2));
            var item = new OutboxItem(
                new Guid(r.GetFieldValue<byte[]>(0), bigEndian: true), new TenantId(r.GetString(1)), run == default ? null : run, r.GetString(3),
                r.GetString(4), r.GetFieldValue<byte[]>(5));
            rows.Add(new OutboxRow(
                item, (OutboxState)r.GetInt32(6), r.GetInt32(7), Storage.Columns.Time(r.GetInt64(8)), Storage.Columns.Time(r.GetInt64(9)), r.IsDBNull(10) ? null : r.GetString(10)));
        }

        return rows;
    }

    private static DbCommand Command(DbConnection connection, string sql, object[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ($"${i + 1}", values[i]);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
