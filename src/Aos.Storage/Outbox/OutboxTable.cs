using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>What came of one try.</summary>
internal sealed record Tried(OutboxRow Row, Failure? Failure, DateTimeOffset? Again);

/// <summary>The outbox as stored. Delivered items leave it. On a shared store a node claims what it is about to deliver.</summary>
internal sealed class OutboxTable(IDatabase database, ICluster cluster, OutboxSignal signal) : IOutbox
{
    /// <summary>How long a claim holds: longer than any delivery takes.</summary>
    internal static readonly TimeSpan ClaimLifetime = TimeSpan.FromMinutes(1);

    private bool IsShared => database.Dialect == Dialect.Postgres;

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

    public Task<IReadOnlyList<OutboxRow>> ListAsync(TenantId tenant, OutboxState? state, int limit, CancellationToken cancel)
    {
        var most = Math.Clamp(limit, 1, 1000);
        return state is { } one
            ? RowsAsync(database.For(tenant), $"SELECT {OutboxSql.Columns} FROM outbox WHERE tenant_id = @p1 AND state = @p2 ORDER BY seq LIMIT @p3", cancel, tenant.Value, (int)one, most)
            : RowsAsync(database.For(tenant), $"SELECT {OutboxSql.Columns} FROM outbox WHERE tenant_id = @p1 ORDER BY seq LIMIT @p2", cancel, tenant.Value, most);
    }

    public Task<OutboxCounts> CountAsync(TenantId tenant, string kind, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            const string Sql = """
                SELECT count(CASE WHEN state = 0 THEN 1 END), count(CASE WHEN state = 1 THEN 1 END), min(CASE WHEN state = 0 THEN created_at END)
                FROM outbox WHERE tenant_id = @p1 AND kind = @p2
                """;
            await using var select = OutboxSql.Command(connection, Sql, [tenant.Value, kind]);
            await using var row = await select.ExecuteReaderAsync(token);
            await row.ReadAsync(token);
            return new OutboxCounts(row.GetInt64(0), row.GetInt64(1), row.IsDBNull(2) ? null : Columns.Time(row.GetInt64(2)));
        },
        cancel);

    public async Task<bool> ResendAsync(TenantId tenant, Guid id, CancellationToken cancel)
    {
        var changed = await database.For(tenant).WriteAsync(
            (connection, transaction) => Change(
                connection, transaction, "UPDATE outbox SET state = 0, attempts = 0, due_at = @p3 WHERE tenant_id = @p1 AND id = @p2 AND state = 1",
                tenant.Value, Id(id), cluster.Now.UtcTicks),
            cancel);
        if (changed > 0) signal.Poke();
        return changed > 0;
    }

    public void Add(DbConnection connection, DbTransaction transaction, OutboxItem item) => Change(
        connection, transaction,
        "INSERT INTO outbox (tenant_id, id, run_id, endpoint, kind, body, due_at, created_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p7)",
        item.Tenant.Value, Id(item.Id), Id(item.Run?.Value ?? Guid.Empty), item.Endpoint, item.Kind, item.Body.ToArray(), cluster.Now.UtcTicks);

    public void Added() => signal.Poke();

    /// <summary>Due items for this node to deliver, of each endpoint and run only the first one that is not done.</summary>
    internal Task<IReadOnlyList<OutboxRow>> TakeAsync(DateTimeOffset now, int max, CancellationToken cancel) => IsShared
        ? database.ForHouse.WriteAsync(
            (connection, transaction) =>
            {
                using var claim = OutboxSql.Command(connection, OutboxSql.Claim, [now.UtcTicks, max, cluster.Lease.Node.Value, (now + ClaimLifetime).UtcTicks]);
                claim.Transaction = transaction;
                return OutboxSql.Read(claim, Dialect.Postgres);
            },
            cancel)
        : RowsAsync(database.ForHouse, OutboxSql.Due, cancel, now.UtcTicks, max);

    internal Task<DateTimeOffset?> NextDueAsync(CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            await using var select = OutboxSql.Command(connection, IsShared ? OutboxSql.NextClaim : OutboxSql.Next, []);
            return await select.ExecuteScalarAsync(token) is long ticks ? Columns.Time(ticks) : (DateTimeOffset?)null;
        },
        cancel);

    internal Task RecordAsync(IReadOnlyList<Tried> tries, DateTimeOffset now, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            foreach (var tried in tries)
            {
                var (tenant, id) = (tried.Row.Item.Tenant.Value, Id(tried.Row.Item.Id));
                if (tried.Failure is not { } failure)
                    Change(connection, transaction, "DELETE FROM outbox WHERE tenant_id = @p1 AND id = @p2", tenant, id);
                else
                    Change(
                        connection, transaction,
                        $"UPDATE outbox SET state = @p3, attempts = attempts + 1, due_at = @p4, last_error = @p5{(IsShared ? ", claimed_until = NULL" : "")} WHERE tenant_id = @p1 AND id = @p2",
                        tenant, id, tried.Again is null ? 1 : 0, (tried.Again ?? now).UtcTicks, $"{failure.Code}: {failure.Message}");
            }

            return tries.Count;
        },
        cancel);

    private object Id(Guid id) => OutboxSql.Id(database.Dialect, id);

    private Task<IReadOnlyList<OutboxRow>> RowsAsync(ITables tables, string sql, CancellationToken cancel, params object[] values) => tables.ReadAsync(
        (connection, _) =>
        {
            using var command = OutboxSql.Command(connection, sql, values);
            return Task.FromResult(OutboxSql.Read(command, database.Dialect));
        },
        cancel);

    private static int Change(DbConnection connection, DbTransaction transaction, string sql, params object[] values)
    {
        using var command = OutboxSql.Command(connection, sql, values);
        command.Transaction = transaction;
        return command.ExecuteNonQuery();
    }
}
