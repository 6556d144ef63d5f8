using System.Collections.Immutable;
using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Identity;

/// <summary>Switches as stored, the house's under a name that no tenant can have. A released one stays, with who released it and why.</summary>
internal sealed class KillTable(IDatabase database)
{
    internal static Migration Migration { get; } = new("killswitches", 1, "kill switches", """
        CREATE TABLE kill_switches (
          tenant_id TEXT NOT NULL, workflow TEXT NOT NULL, number BIGINT NOT NULL, reason TEXT NOT NULL, engaged_at BIGINT NOT NULL, engaged_by TEXT NOT NULL,
          released_at BIGINT, released_by TEXT, release_reason TEXT, PRIMARY KEY (tenant_id, workflow, number)
        )
        """);

    private const string Columns = "tenant_id, workflow, reason, engaged_by, engaged_at, released_at, released_by, release_reason";

    /// <summary>Those of all tenants that are engaged, the widest first.</summary>
    internal Task<KillSet> AllAsync(CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            var found = await ReadAsync(connection, "SELECT " + Columns + " FROM kill_switches WHERE released_at IS NULL", new { }, token);
            found.Sort(Order);
            return new KillSet([.. found]);
        },
        cancel);

    /// <summary>Released ones, the newest first.</summary>
    /// <param name="tenant">Null: of the house.</param>
    internal Task<List<KillSwitch>> FormerAsync(TenantId? tenant, int max, CancellationToken cancel) => Tables(tenant).ReadAsync(
        (connection, token) => ReadAsync(
            connection, "SELECT " + Columns + " FROM kill_switches WHERE tenant_id = @Tenant AND released_at IS NOT NULL ORDER BY released_at DESC, workflow LIMIT @max", new { Key.Of(tenant, null).Tenant, max }, token),
        cancel);

    /// <summary>The switch as it is now, and whether this made it. Null: there are <paramref name="max"/> already.</summary>
    internal Task<KillReply?> EngageAsync(KillSwitch wanted, int max, CancellationToken cancel) => Tables(wanted.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            var key = Key.Of(wanted.Tenant, wanted.Workflow);
            database.Lock(connection, transaction, $"kill_switches:{key.Tenant}");
            if (Find(connection, transaction, key) is { } there) return new KillReply(there, false);
            if (connection.ExecuteScalar<long>("SELECT count(*) FROM kill_switches WHERE tenant_id = @Tenant AND released_at IS NULL", key, transaction) >= max) return null;
            connection.Execute(
                """
                INSERT INTO kill_switches (tenant_id, workflow, number, reason, engaged_at, engaged_by)
                VALUES (@Tenant, @Workflow, (SELECT coalesce(max(number), 0) + 1 FROM kill_switches WHERE tenant_id = @Tenant AND workflow = @Workflow), @reason, @at, @by)
                """,
                new { key.Tenant, key.Workflow, reason = wanted.Reason, at = wanted.At.UtcTicks, by = wanted.By },
                transaction);
            Revision.Next(connection, transaction);
            return (KillReply?)new KillReply(wanted, true);
        },
        cancel);

    /// <summary>The switch with its release; null: it is not engaged.</summary>
    internal Task<KillSwitch?> ReleaseAsync(TenantId? tenant, string? workflow, KillRelease release, CancellationToken cancel) => Tables(tenant).WriteAsync(
        (connection, transaction) =>
        {
            var key = Key.Of(tenant, workflow);
            database.Lock(connection, transaction, $"kill_switches:{key.Tenant}");
            if (Find(connection, transaction, key) is not { } there) return null;
            connection.Execute(
                "UPDATE kill_switches SET released_at = @at, released_by = @by, release_reason = @reason WHERE tenant_id = @Tenant AND workflow = @Workflow AND released_at IS NULL",
                new { key.Tenant, key.Workflow, at = release.At.UtcTicks, by = release.By, reason = release.Reason },
                transaction);
            Revision.Next(connection, transaction);
            return (KillSwitch?)(there with { Release = release });
        },
        cancel);

    private ITables Tables(TenantId? tenant) => tenant is { } one ? database.For(one) : database.ForHouse;

    private static async Task<List<KillSwitch>> ReadAsync(DbConnection connection, string sql, object arguments, CancellationToken cancel)
    {
        await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(sql, arguments, cancellationToken: cancel));
        var found = new List<KillSwitch>();
        while (await rows.ReadAsync(cancel)) found.Add(Of(rows));
        return found;
    }

    private static KillSwitch? Find(DbConnection connection, DbTransaction transaction, Key key)
    {
        using var row = (DbDataReader)connection.ExecuteReader(
            "SELECT " + Columns + " FROM kill_switches WHERE tenant_id = @Tenant AND workflow = @Workflow AND released_at IS NULL", key, transaction);
        return row.Read() ? Of(row) : null;
    }

    private static KillSwitch Of(DbDataReader row)
    {
        var (tenant, workflow) = (row.GetString(0), row.GetString(1));
        var release = row.IsDBNull(5) ? null : new KillRelease(row.IsDBNull(7) ? null : row.GetString(7), row.GetString(6), At(row, 5));
        return new KillSwitch(tenant == Revision.House ? null : new TenantId(tenant), workflow.Length == 0 ? null : workflow, row.GetString(2), row.GetString(3), At(row, 4)) { Release = release };
    }

    private static DateTimeOffset At(DbDataReader row, int column) => new(row.GetInt64(column), TimeSpan.Zero);

    private static int Order(KillSwitch one, KillSwitch other) => one.Scope != other.Scope
        ? one.Scope.CompareTo(other.Scope)
        : string.CompareOrdinal($"{one.Tenant}\n{one.Workflow}", $"{other.Tenant}\n{other.Workflow}");

    /// <summary>What a switch is of.</summary>
    private sealed record Key(string Tenant, string Workflow)
    {
        internal static Key Of(TenantId? tenant, string? workflow) => new(tenant?.Value ?? Revision.House, workflow ?? "");
    }
}
