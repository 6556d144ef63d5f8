using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Storage;

/// <summary>
/// Keys of requests and of runs' starts, in one table. The key of a start is written by the very append that starts the run, so it is
/// completed from its first moment: its owner, what it made and its answer are the run. A shared memory answers repeats of what was
/// completed without the database, which alone decides.
/// </summary>
internal sealed class RequestKeys(IDatabase database, ICluster cluster, ISharedCache cache) : IIdempotency
{
    /// <summary>What the shared memory keeps answers for.</summary>
    private const string Purpose = "idempotency";

    internal static Migration Migration { get; } = new("storage-idempotency", 1, "keys of requests that start no run", """
        ALTER TABLE idempotency ADD COLUMN state BIGINT;
        ALTER TABLE idempotency ADD COLUMN owner TEXT;
        ALTER TABLE idempotency ADD COLUMN subject TEXT;
        ALTER TABLE idempotency ADD COLUMN answer TEXT;
        """);

    public async Task<KeyReply> ReserveAsync(RequestKey key, byte[] fingerprint, string owner, TimeSpan lease, CancellationToken cancel)
    {
        if (cache.IsThere && await cache.FindAsync(key.Tenant, Purpose, Name(key), cancel) is { } kept && Kept(kept, fingerprint) is { } known) return known;
        DateTimeOffset until = default;
        var reply = await StoredAsync(key, fingerprint, owner, lease, at => until = at, cancel);
        // Only what is committed is told: a completed key stays as it is until its time is over.
        if (cache.IsThere && reply is KeyReply.Repeat repeat && until > cluster.Now)
            await cache.KeepAsync(key.Tenant, Purpose, Name(key), (byte[])[.. fingerprint, .. Encoding.UTF8.GetBytes(repeat.Answer.GetRawText())], until - cluster.Now, cancel);
        return reply;
    }

    private Task<KeyReply> StoredAsync(RequestKey key, byte[] fingerprint, string owner, TimeSpan lease, Action<DateTimeOffset> expires, CancellationToken cancel) => database.For(key.Tenant).WriteAsync<KeyReply>(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, $"key:{key.Tenant.Value}:{Name(key)}");
            var now = cluster.Now;
            if (Row(connection, transaction, key, now) is var (row, known))
            {
                expires(row.ExpiresAt);
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

    /// <summary>Scope and key as one text that no other two give.</summary>
    private static string Name(RequestKey key) => string.Create(CultureInfo.InvariantCulture, $"{key.Scope.Length}:{key.Scope}{key.Key}");

    /// <summary>What the shared memory knows: the fingerprint of the request and its answer. Null: it cannot be read.</summary>
    private static KeyReply? Kept(byte[] kept, byte[] fingerprint)
    {
        if (kept.Length <= fingerprint.Length) return null;
        if (!kept.AsSpan(0, fingerprint.Length).SequenceEqual(fingerprint)) return new KeyReply.Conflict();
        try
        {
            return new KeyReply.Repeat(Json.Parse(kept.AsSpan(fingerprint.Length)));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The key of a run's start, in the words of the others.</summary>
    private static KeyRow OfRun(RunId run, DateTimeOffset expires) => new(KeyState.Completed, run.ToString(), run.ToString(), Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("run_id", run.ToString());
        writer.WriteEndObject();
    }), expires);

    private (KeyRow Row, byte[] Fingerprint)? Row(DbConnection connection, DbTransaction? transaction, RequestKey key, DateTimeOffset now)
    {
        using var row = (DbDataReader)connection.ExecuteReader(
            """
            SELECT state, owner, subject, answer, expires_at, fingerprint, run_id FROM idempotency
            WHERE tenant_id = @tenant AND scope = @scope AND key = @key AND expires_at > @now
            """,
            new { tenant = key.Tenant.Value, scope = key.Scope, key = key.Key, now = now.UtcTicks }, transaction);
        if (!row.Read()) return null;
        var expires = new DateTimeOffset(row.GetInt64(4), TimeSpan.Zero);
        var found = row.IsDBNull(0)
            ? OfRun(database.Dialect == Dialect.Postgres ? new RunId(row.GetGuid(6)) : Columns.Id(row.GetFieldValue<byte[]>(6)), expires)
            : new KeyRow((KeyState)row.GetInt64(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.IsDBNull(3) ? null : Json.Parse(row.GetString(3)), expires);
        return (found, row.GetFieldValue<byte[]>(5));
    }
}
