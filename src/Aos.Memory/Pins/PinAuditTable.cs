using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Memory;

/// <summary>The record of the memory as rows. Times are UTC ticks.</summary>
internal sealed class PinAuditTable(IDatabase database, PinOptions options)
{
    internal static Migration Migration { get; } = new(MemoryRoom.Name, 3, "record of the memory", """
        CREATE TABLE memory_audit (
          number INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id TEXT NOT NULL, at BIGINT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL, who TEXT NOT NULL, outcome TEXT NOT NULL,
          source TEXT, code TEXT, cache_hit BIGINT NOT NULL, latency_ticks BIGINT NOT NULL, version BIGINT, before_hash TEXT, after_hash TEXT, entries BIGINT);
        CREATE INDEX memory_audit_of_tenant ON memory_audit (tenant_id, number);
        CREATE INDEX memory_audit_of_key ON memory_audit (tenant_id, key, number);
        CREATE INDEX memory_audit_age ON memory_audit (at);
        """);

    private const string Columns =
        "number AS Number, at AS At, operation AS Operation, key AS Key, who AS Who, outcome AS Outcome, source AS Source, code AS Code, cache_hit AS CacheHit, latency_ticks AS LatencyTicks, "
        + "version AS Version, before_hash AS BeforeHash, after_hash AS AfterHash, entries AS Entries";

    /// <summary>In the transaction of what is recorded.</summary>
    internal void Insert(DbConnection connection, DbTransaction transaction, IReadOnlyList<PinAuditEntry> entries)
    {
        if (!options.IsAudited) return;
        if (database.Dialect == Dialect.Postgres && entries.Count > 1) InsertArrays(connection, transaction, entries);
        else connection.Execute(
            """
            INSERT INTO memory_audit (tenant_id, at, operation, key, who, outcome, source, code, cache_hit, latency_ticks, version, before_hash, after_hash, entries)
            VALUES (@tenant, @at, @Operation, @Key, @Who, @Outcome, @Source, @Code, @hit, @ticks, @Version, @Before, @After, @Count)
            """,
            entries.Select(entry => new
            {
                tenant = entry.Tenant.Value, at = entry.At.UtcTicks, entry.Operation, entry.Key, entry.Who, entry.Outcome, entry.Source, entry.Code, hit = entry.IsCacheHit ? 1L : 0L,
                ticks = entry.Latency.Ticks, entry.Version, entry.Before, entry.After, Count = (long?)entry.Count,
            }),
            transaction);
    }

    /// <summary>One statement, however many entries.</summary>
    private static void InsertArrays(DbConnection connection, DbTransaction transaction, IReadOnlyList<PinAuditEntry> entries)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            INSERT INTO memory_audit (tenant_id, at, operation, key, who, outcome, source, code, cache_hit, latency_ticks, version, before_hash, after_hash, entries)
            SELECT tenant, at, operation, key, who, outcome, source, code, hit, ticks, version, before, after, entries
            FROM unnest(@tenants, @ats, @operations, @keys, @whos, @outcomes, @sources, @codes, @hits, @ticks, @versions, @befores, @afters, @counts)
              WITH ORDINALITY AS entry (tenant, at, operation, key, who, outcome, source, code, hit, ticks, version, before, after, entries, place) ORDER BY place
            """;
        Add("tenants", entry => entry.Tenant.Value);
        Add("ats", entry => entry.At.UtcTicks);
        Add("operations", entry => entry.Operation);
        Add("keys", entry => entry.Key);
        Add("whos", entry => entry.Who);
        Add("outcomes", entry => entry.Outcome);
        Add("sources", entry => entry.Source);
        Add("codes", entry => entry.Code);
        Add("hits", entry => entry.IsCacheHit ? 1L : 0L);
        Add("ticks", entry => entry.Latency.Ticks);
        Add("versions", entry => entry.Version);
        Add("befores", entry => entry.Before);
        Add("afters", entry => entry.After);
        Add("counts", entry => (long?)entry.Count);
        command.ExecuteNonQuery();

        void Add<T>(string name, Func<PinAuditEntry, T> value)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, entries.Select(value).ToArray());
            command.Parameters.Add(parameter);
        }
    }

    /// <summary>Entries of several tenants.</summary>
    internal Task WriteAsync(IReadOnlyList<PinAuditEntry> entries, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            Insert(connection, transaction, entries);
            return entries.Count;
        },
        cancel);

    internal Task<PinAuditPage> ListAsync(TenantId tenant, PinAuditFilter filter, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            var more = (filter.Key is null ? "" : " AND key = @Key") + (filter.Operation is null ? "" : " AND operation = @Operation") + (filter.Since is null ? "" : " AND at >= @since")
                + (filter.Until is null ? "" : " AND at < @until") + (filter.Before is null ? "" : " AND number < @Before");
            var rows = (await connection.QueryAsync<Row>(new CommandDefinition(
                $"SELECT {Columns} FROM memory_audit WHERE tenant_id = @tenant{more} ORDER BY number DESC LIMIT @limit",
                new { tenant = tenant.Value, filter.Key, filter.Operation, since = filter.Since?.UtcTicks, until = filter.Until?.UtcTicks, filter.Before, limit = filter.Limit + 1 },
                cancellationToken: token))).AsList();
            var page = rows.Take(filter.Limit).Select(row => new PinAuditRow(row.Number, row.ToEntry(tenant))).ToList();
            return new PinAuditPage(page, rows.Count > filter.Limit ? page[^1].Number : null);
        },
        cancel);

    /// <summary>Replies how many were deleted, at most <paramref name="most"/>.</summary>
    internal Task<int> ForgetAsync(DateTimeOffset before, int most, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            "DELETE FROM memory_audit WHERE number IN (SELECT number FROM memory_audit WHERE at < @before ORDER BY at LIMIT @most)", new { before = before.UtcTicks, most }, transaction),
        cancel);

    private sealed record Row
    {
        public long Number { get; init; }
        public long At { get; init; }
        public string Operation { get; init; } = "";
        public string Key { get; init; } = "";
        public string Who { get; init; } = "";
        public string Outcome { get; init; } = "";
        public string? Source { get; init; }
        public string? Code { get; init; }
        public long CacheHit { get; init; }
        public long LatencyTicks { get; init; }
        public long? Version { get; init; }
        public string? BeforeHash { get; init; }
        public string? AfterHash { get; init; }
        public long? Entries { get; init; }

        internal PinAuditEntry ToEntry(TenantId tenant) => new(tenant, new DateTimeOffset(At, TimeSpan.Zero), Operation, Key, Who, Outcome)
        {
            Source = Source, Code = Code, IsCacheHit = CacheHit != 0, Latency = TimeSpan.FromTicks(LatencyTicks), Version = Version, Before = BeforeHash, After = AfterHash, Count = (int?)Entries,
        };
    }
}
