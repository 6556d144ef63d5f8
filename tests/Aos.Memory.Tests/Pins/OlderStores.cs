using System.Data.Common;
using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Dapper;
using static Aos.Memory.Tests.PinHouse;

namespace Aos.Memory.Tests;

/// <summary>Entries that the build before has written.</summary>
public sealed class OlderStores(PinHouse house) : IClassFixture<PinHouse>
{
    [Fact]
    [Trait("id", "E10-27")]
    public async Task Entries_of_the_build_before_are_taken_over_with_versions_and_bytes()
    {
        await using var connection = house.Store.Connect();
        var isPostgres = house.Store.Kind != TestStoreKind.Sqlite;
        if (isPostgres) await connection.ExecuteAsync("CREATE SCHEMA before; SET search_path TO before");
        await using var older = isPostgres ? connection : Alone();
        await older.ExecuteAsync(isPostgres ? PostgresWords.Of(PinSchema.First.Sql) : PinSchema.First.Sql);
        await older.ExecuteAsync("""
            INSERT INTO memory_pins (tenant_id, key, id, value, source, ttl_seconds, expires_at, created_at, updated_at)
            VALUES ('a', 'x', 1, '{"t":"ä"}', 's', NULL, NULL, 10, 11), ('a', 'y', 3, '{}', 's', 60, 99, 20, 20), ('b', 'x', 1, '{}', 's', NULL, NULL, 30, 30);
            INSERT INTO memory_usage (tenant_id, pins, last_id) VALUES ('a', 2, 3), ('b', 1, 1), ('c', 0, 7);
            """);
        await older.ExecuteAsync(isPostgres ? PinSchema.Versions.Postgres! : PinSchema.Versions.Sql);

        var rows = (await older.QueryAsync<PinRow>($"SELECT {PinRow.Columns} FROM memory_pins ORDER BY tenant_id, key")).Select(row => $"{row.Tenant} {row.Key} {row.Id} {row.Version} {row.Bytes} {row.Value} {row.ExpiresAt} {row.UpdatedAt}");
        Assert.Equal(["a x 1 1 10 {\"t\":\"ä\"}  11", "a y 3 3 2 {} 99 20", "b x 1 1 2 {}  30"], rows);
        var usage = await older.QueryAsync<(string, long, long, long, long)>("SELECT tenant_id, pins, bytes, last_id, last_version FROM memory_usage ORDER BY tenant_id");
        Assert.Equal([("a", 2, 12, 3, 3), ("b", 1, 2, 1, 1), ("c", 0, 0, 7, 7)], usage);
        // A node of the build before writes on: by the columns that it knows.
        await older.ExecuteAsync("INSERT INTO memory_pins (tenant_id, key, id, value, source, ttl_seconds, expires_at, created_at, updated_at) VALUES ('b', 'z', 2, '{}', 's', NULL, NULL, 40, 40)");
    }

    [Fact]
    [Trait("id", "E10-06")]
    public async Task What_a_node_of_the_build_before_wrote_is_not_taken_for_what_is_at_hand_though_its_version_is_the_same()
    {
        var caller = house.NewTenant();
        await house.PutAsync(caller, "k", """{"n":1}""");
        await house.Pins.FindAsync(caller, "k", Cancel);
        await house.Get<IDatabase>().For(caller.Tenant).WriteAsync(
            (connection, transaction) => connection.Execute(
                """UPDATE memory_pins SET value = '{"n":2}', updated_at = updated_at + 1 WHERE tenant_id = @tenant AND key = 'k'""", new { tenant = caller.Tenant.Value }, transaction),
            Cancel);
        Assert.Equal(2, (await house.Pins.FindAsync(caller, "k", Cancel))!.Value.GetProperty("n").GetInt32());
    }

    private static DbConnection Alone()
    {
        var connection = new Microsoft.Data.Sqlite.SqliteConnection("Data Source=:memory:");
        connection.Open();
        return connection;
    }
}
