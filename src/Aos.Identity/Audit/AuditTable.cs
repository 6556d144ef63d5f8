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

    private static readonly AuditPlace Beginning = new(0, ChainHash.Start);

    /// <summary>Adds entries to the end of the chain, in their order; replies the end.</summary>
    internal Task<AuditPlace> AppendAsync((AuditEntry Entry, byte[] Body)[] entries, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, "audit_log");
            return Insert(connection, transaction, entries, End(connection, transaction));
        },
        cancel);

    /// <summary>Where the chain begins: after what was taken away.</summary>
    internal Task<AuditPlace> StartAsync(CancellationToken cancel) => database.ForHouse.ReadAsync(
        (connection, _) => Task.FromResult(Start(connection, null)), cancel);

    /// <summary>Entries after a number, in order: number, tenant, and the bytes that were hashed, with their hash.</summary>
    internal Task<List<(long Number, string Tenant, byte[] Body, byte[] Hash)>> AfterAsync(long number, int max, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                "SELECT number, tenant_id, body, hash FROM audit_log WHERE number > @number ORDER BY number LIMIT @max", new { number, max }, cancellationToken: token));
            var found = new List<(long, string, byte[], byte[])>();
            while (await rows.ReadAsync(token)) found.Add((rows.GetInt64(0), rows.GetString(1), rows.GetFieldValue<byte[]>(2), rows.GetFieldValue<byte[]>(3)));
            return found;
        },
        cancel);

    internal Task<(List<AuditRow> Rows, long Total)> ListAsync(AuditFilter filter, CancellationToken cancel) => Of(filter.Tenant).ReadAsync(
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

    private ITables Of(TenantId? tenant) => tenant is { } one ? database.For(one) : database.ForHouse;

    /// <summary>Takes the oldest entries away, up to the first that is not that old, and seals among them; the chain then begins after them.</summary>
    internal Task<long> ForgetAsync(DateTimeOffset before, int max, CancellationToken cancel) => database.ForHouse.WriteAsync(
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

    internal Task SealAsync(AuditSeal seal, DateTimeOffset at, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            "INSERT INTO audit_seals (tenant_id, number, hash, key_id, signature, at) VALUES (@House, @Number, @Hash, @KeyId, @Signature, @at) ON CONFLICT DO NOTHING",
            new { Revision.House, seal.Place.Number, seal.Place.Hash, seal.KeyId, seal.Signature, at = at.UtcTicks }, transaction),
        cancel);

    internal Task<List<AuditSeal>> SealsAsync(CancellationToken cancel) => database.ForHouse.ReadAsync(
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

    /// <summary>Adds entries after a place; replies the new end.</summary>
    private AuditPlace Insert(DbConnection connection, DbTransaction transaction, (AuditEntry Entry, byte[] Body)[] entries, AuditPlace end)
    {
        var hashes = new byte[entries.Length][];
        for (var i = 0; i < entries.Length; i++) hashes[i] = ChainHash.Next(i == 0 ? end.Hash : hashes[i - 1], entries[i].Body);
        if (database.Dialect == Dialect.Postgres) InsertArrays(connection, transaction, entries, end.Number, hashes);
        else InsertRows(connection, transaction, entries, end.Number, hashes);
        return new AuditPlace(end.Number + entries.Length, hashes[^1]);
    }

    /// <summary>One statement of eight parameters, however many entries.</summary>
    private static void InsertArrays(DbConnection connection, DbTransaction transaction, (AuditEntry Entry, byte[] Body)[] entries, long after, byte[][] hashes)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            INSERT INTO audit_log (tenant_id, number, at, subject, resource, action, allowed, body, hash)
            SELECT tenant, @after + place, at, subject, resource, action, allowed, body, hash
            FROM unnest(@tenants, @ats, @subjects, @resources, @actions, @allowed, @bodies, @hashes)
              WITH ORDINALITY AS entry (tenant, at, subject, resource, action, allowed, body, hash, place)
            """;
        Add("after", after);
        Add("tenants", entries.Select(row => row.Entry.Tenant.Value).ToArray());
        Add("ats", entries.Select(row => row.Entry.At.UtcTicks).ToArray());
        Add("subjects", entries.Select(row => row.Entry.Subject).ToArray());
        Add("resources", entries.Select(row => row.Entry.Resource).ToArray());
        Add("actions", entries.Select(row => row.Entry.Action).ToArray());
        Add("allowed", entries.Select(row => row.Entry.IsAllowed ? 1L : 0L).ToArray());
        Add("bodies", entries.Select(row => row.Body).ToArray());
        Add("hashes", hashes);
        command.ExecuteNonQuery();

        void Add(string name, object value)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }
    }

    private static void InsertRows(DbConnection connection, DbTransaction transaction, (AuditEntry Entry, byte[] Body)[] entries, long after, byte[][] hashes) => connection.Execute(
        """
        INSERT INTO audit_log (tenant_id, number, at, subject, resource, action, allowed, body, hash)
        VALUES (@tenant, @number, @at, @Subject, @Resource, @Action, @allowed, @Body, @hash)
        """,
        entries.Select((row, i) => new
        {
            tenant = row.Entry.Tenant.Value, number = after + i + 1, at = row.Entry.At.UtcTicks, row.Entry.Subject, row.Entry.Resource, row.Entry.Action,
            allowed = row.Entry.IsAllowed ? 1L : 0L, row.Body, hash = hashes[i],
        }),
        transaction);

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
