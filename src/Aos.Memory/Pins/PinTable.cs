using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Memory;

/// <summary>Reads entries of the memory as stored.</summary>
internal sealed class PinTable(IDatabase database, ICluster cluster) : IKeepsBytes
{
    private const string IsAlive = "(expires_at IS NULL OR expires_at > @now)";
    private const string Part = " LIMIT @limit OFFSET @offset";

    /// <summary>Entries of a prefix are many when they are at least one in so many of all.</summary>
    private const int ManyShare = 4;

    private const string Page = $"SELECT {PinRow.Columns} FROM memory_pins WHERE tenant_id = @tenant";

    private long Now => cluster.Now.UtcTicks;

    public Task<long> BytesAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT bytes FROM memory_usage WHERE tenant_id = @tenant", new { tenant = tenant.Value }, cancellationToken: token)) ?? 0,
        cancel);

    /// <summary>The entry; <paramref name="known"/> itself where it is the stored one, whose value is not read then.</summary>
    internal Task<Pin?> FindAsync(TenantId tenant, string key, Pin? known, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            // The time beside the version: a node of the build before writes no versions.
            var row = await connection.QuerySingleOrDefaultAsync<PinRow>(new CommandDefinition(
                $"SELECT {PinRow.Heads}, CASE WHEN version = @version AND updated_at = @updated THEN NULL ELSE value END AS Value FROM memory_pins WHERE tenant_id = @tenant AND key = @key AND {IsAlive}",
                new { tenant = tenant.Value, key, now = Now, version = known?.Version ?? -1, updated = known?.UpdatedAt.UtcTicks ?? -1 }, cancellationToken: token));
            return row is null ? null : row.Value is null ? known! with { IsCacheHit = true } : row.ToPin();
        },
        cancel);

    /// <summary>By one statement, so that all are of one moment.</summary>
    internal Task<Dictionary<string, PinRead>> ReadAsync(TenantId tenant, IReadOnlyList<string> keys, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            var rows = await connection.QueryAsync<(string Key, long Version, string Value)>(new CommandDefinition(
                $"SELECT key, version, value FROM memory_pins WHERE tenant_id = @tenant AND key {(database.Dialect == Dialect.Postgres ? "= ANY(@keys)" : "IN @keys")} AND {IsAlive}",
                new { tenant = tenant.Value, keys, now = Now }, cancellationToken: token));
            return rows.ToDictionary(row => row.Key, row => new PinRead(Json.Parse(row.Value), row.Version, tenant), StringComparer.Ordinal);
        },
        cancel);

    internal Task<PinPage> ListAsync(TenantId tenant, PinFilter filter, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            var with = new
            {
                tenant = tenant.Value, now = Now, from = filter.Prefix, to = filter.Prefix is { } prefix ? KeyRange.End(prefix) : null, most = IPins.CountMax + 1,
                limit = filter.Limit + 1, offset = filter.Offset, at = filter.After?.CreatedAt, id = filter.After?.Id, key = filter.After?.Key,
            };
            var alive = filter.IncludesExpired ? "" : $" AND {IsAlive}";
            var range = filter.Prefix is null ? "" : " AND key >= @from" + (with.to is null ? "" : " AND key < @to");
            var total = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
                filter.Prefix is null ? Counted(filter) : $"SELECT count(*) FROM (SELECT 1 FROM memory_pins WHERE tenant_id = @tenant{range}{alive} LIMIT @most) AS found", with, cancellationToken: token)) ?? 0;
            var isExact = filter.Prefix is null || total <= IPins.CountMax;
            var all = filter.Prefix is null ? total : await connection.ExecuteScalarAsync<long?>(new CommandDefinition("SELECT pins FROM memory_usage WHERE tenant_id = @tenant", with, cancellationToken: token)) ?? 0;
            var sql = Page + Ordered(filter, range, alive, areFew: isExact && all > total * ManyShare);
            var rows = (await connection.QueryAsync<PinRow>(new CommandDefinition(sql, with, cancellationToken: token))).AsList();
            var pins = rows.Take(filter.Limit).Select(row => row.ToPin()).ToList();
            return new PinPage(pins, Math.Max(isExact ? total : IPins.CountMax, 0)) { IsTotalExact = isExact, Next = rows.Count > filter.Limit ? Place(pins[^1], filter.Order) : null };
        },
        cancel);

    /// <summary>All are counted as they are written, so only those that are over and not yet removed need to be counted here.</summary>
    private static string Counted(PinFilter filter) =>
        "SELECT pins" + (filter.IncludesExpired ? "" : " - (SELECT count(*) FROM memory_pins WHERE tenant_id = @tenant AND expires_at <= @now)") + " FROM memory_usage WHERE tenant_id = @tenant";

    /// <summary>
    /// Newest first of a prefix: few entries are found by their keys and sorted by their heads, and of many the newest are gone through until enough
    /// of them fit. An expression about a column keeps the planner from its index.
    /// </summary>
    private static string Ordered(PinFilter filter, string range, string alive, bool areFew) => filter switch
    {
        { Order: PinOrder.Key } => $"{range}{alive}{(filter.After is null ? "" : " AND key > @key")} ORDER BY key{Part}",
        { Prefix: not null } when areFew =>
            $" AND key IN (SELECT key FROM memory_pins WHERE tenant_id = @tenant{range}{alive}{After(filter)} ORDER BY created_at + 0 DESC, id DESC{Part}) ORDER BY created_at + 0 DESC, id DESC",
        _ => $"{range.Replace("key ", "(key || '') ", StringComparison.Ordinal)}{alive}{After(filter)} ORDER BY created_at DESC, id DESC{Part}",
    };

    private static string After(PinFilter filter) => filter.After is null ? "" : " AND (created_at, id) < (@at, @id)";

    private static PinPlace Place(Pin pin, PinOrder order) => order == PinOrder.Key ? new PinPlace(0, 0, pin.Key) : new PinPlace(pin.CreatedAt.UtcTicks, pin.Id, null);

    /// <summary>Tenants that have something to remove.</summary>
    internal Task<IReadOnlyList<TenantId>> DueAsync(int most, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => (IReadOnlyList<TenantId>)[.. (await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT DISTINCT tenant_id FROM (SELECT tenant_id FROM memory_pins WHERE expires_at <= @now ORDER BY expires_at LIMIT @most) AS due ORDER BY tenant_id",
            new { now = Now, most }, cancellationToken: token))).Select(tenant => new TenantId(tenant))],
        cancel);
}
