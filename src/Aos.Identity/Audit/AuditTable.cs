using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Identity;

/// <summary>A place in the chain: the number of an entry and the hash up to it.</summary>
internal sealed record AuditPlace(long Number, byte[] Hash);

/// <summary>A signed place.</summary>
internal sealed record AuditSeal(AuditPlace Place, string KeyId, byte[] Signature);

/// <summary>The record as rows: one chain for the whole house, so that no entry of any tenant can go unnoticed.</summary>
internal sealed class AuditTable(IDatabase database)
{
    internal static Migration Migration { get; } = new("identity", 4, "audit", """
        CREATE TABLE audit_log (
          tenant_id TEXT NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL, subject TEXT NOT NULL, resource TEXT NOT NULL, action TEXT NOT NULL,
          allowed BIGINT NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (number)
        );
        CREATE INDEX audit_log_of_tenant ON audit_log (tenant_id, number);
        CREATE TABLE audit_start (tenant_id TEXT NOT NULL, number BIGINT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (tenant_id));
        CREATE TABLE audit_seals (
          tenant_id TEXT NOT NULL, number BIGINT NOT NULL, hash BLOB NOT NULL, key_id TEXT NOT NULL, signature BLOB NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (number)
        );
        """);

    /// <summary>Entries in one statement.</summary>
    private const int InsertMax = 50;

    private static readonly AuditPlace Beginning = new(0, ChainHash.Start);

    /// <summary>Adds entries to the end of the chain, in their order; replies the end.</summary>
    internal Task<AuditPlace> AppendAsync(IReadOnlyList<(AuditEntry Entry, byte[] Body)> entries, CancellationToken cancel) => database.WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, "audit_log");
            var end = End(connection, transaction);
            foreach (var some in entries.Chunk(InsertMax)) end = Insert(connection, transaction, some, end);
            return end;
        },
        cancel);

    /// <summary>Where the chain begins: after what was taken away.</summary>
    internal Task<AuditPlace> StartAsync(CancellationToken cancel) => database.ReadAsync(
        (connection, _) => Task.FromResult(Start(connection, null)), cancel);

    internal Task<AuditPlace> EndAsync(CancellationToken cancel) => database.ReadAsync((connection, _) => Task.FromResult(End(connection, null)), cancel);

    /// <summary>Entries after a number, in order: number, tenant, and the bytes that were hashed, with their hash.</summary>
    internal Task<List<(long Number, string Tenant, byte[] Body, byte[] Hash)>> AfterAsync(long number, int max, CancellationToken cancel) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                "SELECT number, tenant_id, body, hash FROM audit_log WHERE number > @number ORDER BY number LIMIT @max", new { number, max }, cancellationToken: token));
            var found = new List<(long, string, byte[], byte[])>();
            while (await rows.ReadAsync(token)) found.Add((rows.GetInt64(0), rows.GetString(1), rows.GetFieldValue<byte[]>(2), rows.GetFieldValue<byte[]>(3)));
            return found;
        },
        cancel);

    internal Task<(List<AuditRow> Rows, long Total)> ListAsync(AuditFilter filter, CancellationToken cancel) => database.ReadAsync(
        async (connection, token) =>
        {
            var (where, arguments) = Where(filter);
            var total = await connection.ExecuteScalarAsync<long>(new CommandDefinition($"SELECT count(*) FROM audit_log{where}", arguments, cancellationToken: token));
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                $"SELECT number, body FROM audit_log{where} ORDER BY number DESC LIMIT @limit OFFSET @offset", arguments, cancellationToken: token));
            var found = new List<AuditRow>();
            while (await rows.ReadAsync(token)) found.Add(new AuditRow(rows.GetInt64(0), AuditForm.Read(rows.GetFieldValue<byte[]>(1))));
            return (found, total);
        },
        cancel);

    /// <summary>Takes the oldest entries away, up to the first that is not that old, and seals among them; the chain then begins after them.</summary>
    internal Task<long> ForgetAsync(DateTimeOffset before, int max, CancellationToken cancel) => database.WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, "audit_log");
            var start = Start(connection, transaction);
            var kept = connection.ExecuteScalar<long?>("SELECT min(number) FROM audit_log WHERE at >= @before", new { before = before.UtcTicks }, transaction) ?? long.MaxValue;
            var last = connection.QueryFirstOrDefault<long?>(
                "SELECT max(number) FROM audit_log WHERE number < @kept AND number <= @most", new { kept, most = start.Number + max }, transaction);
            if (last is not { } until) return 0;
            var hash = connection.ExecuteScalar<byte[]>("SELECT hash FROM audit_log WHERE number = @until", new { until }, transaction)!;
            connection.Execute(
                "INSERT INTO audit_start (tenant_id, number, hash) VALUES (@House, @until, @hash) ON CONFLICT (tenant_id) DO UPDATE SET number = excluded.number, hash = excluded.hash",
                new { Revision.House, until, hash }, transaction);
            connection.Execute("DELETE FROM audit_seals WHERE number <= @until", new { until }, transaction);
            return (long)connection.Execute("DELETE FROM audit_log WHERE number <= @until", new { until }, transaction);
        },
        cancel);

    internal Task SealAsync(AuditSeal seal, DateTimeOffset at, CancellationToken cancel) => database.WriteAsync(
        (connection, transaction) => connection.Execute(
            "INSERT INTO audit_seals (tenant_id, number, hash, key_id, signature, at) VALUES (@House, @Number, @Hash, @KeyId, @Signature, @at) ON CONFLICT DO NOTHING",
            new { Revision.House, seal.Place.Number, seal.Place.Hash, seal.KeyId, seal.Signature, at = at.UtcTicks }, transaction),
        cancel);

    internal Task<List<AuditSeal>> SealsAsync(CancellationToken cancel) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                "SELECT number, hash, key_id, signature FROM audit_seals ORDER BY number", cancellationToken: token));
            var found = new List<AuditSeal>();
            while (await rows.ReadAsync(token))
                found.Add(new AuditSeal(new AuditPlace(rows.GetInt64(0), rows.GetFieldValue<byte[]>(1)), rows.GetString(2), rows.GetFieldValue<byte[]>(3)));
            return found;
        },
        cancel);

    private static AuditPlace Start(DbConnection connection, DbTransaction? transaction) =>
        Place(connection, transaction, $"SELECT number, hash FROM audit_start WHERE tenant_id = '{Revision.House}'") ?? Beginning;

    private static AuditPlace End(DbConnection connection, DbTransaction? transaction) =>
        Place(connection, transaction, "SELECT number, hash FROM audit_log ORDER BY number DESC LIMIT 1") ?? Start(connection, transaction);

    private static AuditPlace? Place(DbConnection connection, DbTransaction? transaction, string sql)
    {
        using var rows = (DbDataReader)connection.ExecuteReader(sql, transaction: transaction);
        return rows.Read() ? new AuditPlace(rows.GetInt64(0), rows.GetFieldValue<byte[]>(1)) : null;
    }

    private static AuditPlace Insert(DbConnection connection, DbTransaction transaction, (AuditEntry Entry, byte[] Body)[] entries, AuditPlace end)
    {
        var arguments = new DynamicParameters();
        var rows = new List<string>(entries.Length);
        for (var i = 0; i < entries.Length; i++)
        {
            var (entry, body) = entries[i];
            end = new AuditPlace(end.Number + 1, ChainHash.Next(end.Hash, body));
            rows.Add($"(@t{i}, @n{i}, @at{i}, @s{i}, @r{i}, @a{i}, @ok{i}, @b{i}, @h{i})");
            arguments.Add($"t{i}", entry.Tenant.Value);
            arguments.Add($"n{i}", end.Number);
            arguments.Add($"at{i}", entry.At.UtcTicks);
            arguments.Add($"s{i}", entry.Subject);
            arguments.Add($"r{i}", entry.Resource);
            arguments.Add($"a{i}", entry.Action);
            arguments.Add($"ok{i}", entry.IsAllowed ? 1L : 0L);
            arguments.Add($"b{i}", body);
            arguments.Add($"h{i}", end.Hash);
        }

        connection.Execute($"INSERT INTO audit_log (tenant_id, number, at, subject, resource, action, allowed, body, hash) VALUES {string.Join(", ", rows)}", arguments, transaction);
        return end;
    }

    private static (string Sql, DynamicParameters Arguments) Where(AuditFilter filter)
    {
        var arguments = new DynamicParameters(new { limit = filter.Limit, offset = filter.Offset });
        var parts = new List<string>();
        Part("tenant_id = @tenant", "tenant", filter.Tenant?.Value);
        Part("resource = @resource", "resource", filter.Resource);
        Part("action = @action", "action", filter.Action);
        Part("subject = @subject", "subject", filter.Subject);
        Part("allowed = @allowed", "allowed", filter.IsAllowed is { } allowed ? (allowed ? 1L : 0L) : null);
        Part("at >= @since", "since", filter.Since?.UtcTicks);
        return (parts.Count == 0 ? "" : $" WHERE {string.Join(" AND ", parts)}", arguments);

        void Part(string sql, string name, object? value)
        {
            if (value is null) return;
            parts.Add(sql);
            arguments.Add(name, value);
        }
    }
}
