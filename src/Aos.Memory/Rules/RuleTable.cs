using System.Collections.Concurrent;
using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Memory;

/// <summary>Sets of rules as stored, one of each tenant. Times are UTC ticks.</summary>
internal sealed class RuleTable(IDatabase database)
{
    /// <summary>Sets that are kept as they were read; with more all are read anew.</summary>
    private const int KnownMax = 1_000;

    private readonly ConcurrentDictionary<TenantId, (long Version, MemoryRules Rules)> known = new();

    internal static Migration Migration { get; } = new(MemoryRoom.Name, 4, "rules of the memory", """
        CREATE TABLE memory_rules (tenant_id TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, rules TEXT NOT NULL, changed_at BIGINT NOT NULL, changed_by TEXT NOT NULL);
        """);

    /// <summary>What holds for a write, as its own transaction sees it; the text is read only when its version is a new one.</summary>
    internal MemoryRules Of(DbConnection connection, DbTransaction transaction, TenantId tenant)
    {
        var kept = known.TryGetValue(tenant, out var found) ? found : (Version: 0L, Rules: MemoryRules.None);
        var row = connection.QuerySingleOrDefault<Row>(
            "SELECT version AS Version, CASE WHEN version = @version THEN NULL ELSE rules END AS Rules FROM memory_rules WHERE tenant_id = @tenant", new { tenant = tenant.Value, version = kept.Version }, transaction);
        if (row is null) return MemoryRules.None;
        if (row.Rules is null) return kept.Rules;
        var rules = Read(row.Rules);
        if (known.Count >= KnownMax) known.Clear();
        known[tenant] = (row.Version, rules);
        return rules;
    }

    internal Task<StoredRules> ReadAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => Stored(await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(Select, new { tenant = tenant.Value }, cancellationToken: token))), cancel);

    /// <summary>Null after: another version is stored.</summary>
    internal Task<(StoredRules? After, StoredRules Before)> ReplaceAsync(TenantId tenant, string text, string by, DateTimeOffset at, long? version, CancellationToken cancel) => database.For(tenant).WriteAsync<(StoredRules?, StoredRules)>(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, PinWriter.LockOf(tenant));
            var before = Stored(connection.QuerySingleOrDefault<Row>(Select, new { tenant = tenant.Value }, transaction));
            if (version is { } asked && asked != before.Version) return (null, before);
            connection.Execute(
                """
                INSERT INTO memory_rules (tenant_id, version, rules, changed_at, changed_by) VALUES (@tenant, 1, @text, @at, @by)
                ON CONFLICT (tenant_id) DO UPDATE SET version = memory_rules.version + 1, rules = excluded.rules, changed_at = excluded.changed_at, changed_by = excluded.changed_by
                """,
                new { tenant = tenant.Value, text, at = at.UtcTicks, by }, transaction);
            return (Stored(connection.QuerySingleOrDefault<Row>(Select, new { tenant = tenant.Value }, transaction)), before);
        },
        cancel);

    private const string Select = "SELECT version AS Version, rules AS Rules, changed_at AS ChangedAt, changed_by AS ChangedBy FROM memory_rules WHERE tenant_id = @tenant";

    private static StoredRules Stored(Row? row) =>
        row is null ? new StoredRules(MemoryRules.None, 0, null, null) : new StoredRules(Read(row.Rules!), row.Version, new DateTimeOffset(row.ChangedAt, TimeSpan.Zero), row.ChangedBy);

    private static MemoryRules Read(string text) =>
        MemoryRuleText.Read(Json.Parse(text)) is ({ } rules, _) ? rules : throw new InvariantBrokenException("Rules of the memory are stored that this build cannot read.");

    private sealed record Row
    {
        public long Version { get; init; }
        public string? Rules { get; init; }
        public long ChangedAt { get; init; }
        public string ChangedBy { get; init; } = "";
    }
}
