using System.Data.Common;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Storage;

/// <summary>Keys of requests in the table that also holds the keys of runs; those of runs have no state of their own.</summary>
internal sealed class RequestKeys(IDatabase database, ICluster cluster) : IIdempotency
{
    internal static Migration Migration { get; } = new("storage-idempotency", 1, "keys of requests that start no run", """
        ALTER TABLE idempotency ADD COLUMN state BIGINT;
        ALTER TABLE idempotency ADD COLUMN owner TEXT;
        ALTER TABLE idempotency ADD COLUMN subject TEXT;
        ALTER TABLE idempotency ADD COLUMN answer TEXT;
        """);

    public Task<KeyReply> ReserveAsync(RequestKey key, byte[] fingerprint, string owner, TimeSpan lease, CancellationToken cancel) => database.For(key.Tenant).WriteAsync<KeyReply>(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"key:{key.Tenant.Value}:{key.Scope}:{key.Key}");
            var now = cluster.Now;
            if (Row(connection, transaction, key, now) is var (row, known))
            {
                if (row.State != KeyState.Failed && !known.AsSpan().SequenceEqual(fingerprint)) return new KeyReply.Conflict();
                if (row is { State: KeyState.Completed, Answer: { } answer }) return new KeyReply.Repeat(answer);
                if (row.State == KeyState.Reserved) return new KeyReply.AtWork(row.ExpiresAt);
            }

            connection.Execute(
                """
                INSERT INTO idempotency (tenant_id, scope, key, run_id, fingerprint, expires_at, state, owner) VALUES (@tenant, @scope, @key, @none, @fingerprint, @expires, 0, @owner)
                ON CONFLICT (tenant_id, scope, key) DO UPDATE SET run_id = excluded.run_id, fingerprint = excluded.fingerprint, expires_at = excluded.expires_at,
                  state = 0, owner = excluded.owner, subject = NULL, answer = NULL
                """,
                new
                {
                    tenant = key.Tenant.Value, scope = key.Scope, key = key.Key, none = OutboxSql.Id(database.Dialect, Guid.Empty), fingerprint, expires = (now + lease).UtcTicks, owner,
                },
                transaction);
            return new KeyReply.Reserved();
        },
        cancel);

    public bool Complete(DbConnection connection, DbTransaction transaction, RequestKey key, string owner, string subject, JsonElement answer, TimeSpan lifetime) => connection.Execute(
        """
        UPDATE idempotency SET state = 1, subject = @subject, answer = @answer, expires_at = @expires
        WHERE tenant_id = @tenant AND scope = @scope AND key = @key AND owner = @owner AND state = 0
        """,
        new
        {
            tenant = key.Tenant.Value, scope = key.Scope, key = key.Key, owner, subject, answer = answer.GetRawText(), expires = (cluster.Now + lifetime).UtcTicks,
        },
        transaction) == 1;

    public Task FailAsync(RequestKey key, string owner, TimeSpan lifetime, CancellationToken cancel) => database.For(key.Tenant).WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE idempotency SET state = 2, expires_at = @expires WHERE tenant_id = @tenant AND scope = @scope AND key = @key AND owner = @owner AND state = 0",
            new { tenant = key.Tenant.Value, scope = key.Scope, key = key.Key, owner, expires = (cluster.Now + lifetime).UtcTicks },
            transaction),
        cancel);

    public Task<KeyRow?> FindAsync(RequestKey key, CancellationToken cancel) => database.For(key.Tenant).ReadAsync(
        (connection, _) => Task.FromResult(Row(connection, null, key, cluster.Now)?.Row), cancel);

    private static (KeyRow Row, byte[] Fingerprint)? Row(DbConnection connection, DbTransaction? transaction, RequestKey key, DateTimeOffset now)
    {
        using var row = (DbDataReader)connection.ExecuteReader(
            """
            SELECT state, owner, subject, answer, expires_at, fingerprint FROM idempotency
            WHERE tenant_id = @tenant AND scope = @scope AND key = @key AND expires_at > @now AND state IS NOT NULL
            """,
            new { tenant = key.Tenant.Value, scope = key.Scope, key = key.Key, now = now.UtcTicks }, transaction);
        if (!row.Read()) return null;
        var found = new KeyRow(
            (KeyState)row.GetInt64(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.IsDBNull(3) ? null : Json.Parse(row.GetString(3)),
            new DateTimeOffset(row.GetInt64(4), TimeSpan.Zero));
        return (found, row.GetFieldValue<byte[]>(5));
    }
}
