using Aos.Contracts;
using Aos.Kernel;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>The second wall: PostgreSQL itself holds what is done for a tenant to that tenant's rows, whatever the statement forgets.</summary>
[Trait("store", "postgres")]
public sealed class RowSecurity : IAsyncLifetime
{
    private AuthHouse house = null!;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        foreach (var tenant in new[] { "acme", "rival" })
        {
            var key = await house.KeyAsync("admin", $""" "tenant_id":"{tenant}" """);
            var run = await house.AskAsync("POST", "/api/v1/runs?wait=30", """{"plan":{"steps":[{"id":"a","skill":"kv_set","params":{"key":"k","value":1}}]}}""", ("X-AOS-Key", key.Text));
            Assert.Equal("succeeded", run.Text("status"));
        }
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "ROW-every-table")]
    public async Task Every_table_with_rows_of_tenants_is_guarded() =>
        Assert.Empty(
            await Database.ForHouse.ReadAsync(async (connection, _) => (await connection.QueryAsync<string>(
                """
                SELECT DISTINCT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('tenant_id', 'run_id')
                WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT IN ('identity_revision', 'archived_runs', 'costsim_canary_reports', 'costsim_canary_artifacts')
                  AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid))
                """)).ToList(), default));

    [Theory]
    [InlineData("runs")]
    [InlineData("api_keys")]
    [InlineData("kv")]
    [InlineData("audit_log")]
    [Trait("id", "ROW-read")]
    public async Task A_statement_that_forgets_its_tenant_finds_nothing_of_others(string table)
    {
        string[] all = await TenantsOf(Database.ForHouse, table);
        Assert.Contains("acme", all);
        Assert.Contains("rival", all);

        Assert.Equal(["acme"], await TenantsOf(Database.For(new TenantId("acme")), table));
        Assert.Empty(await TenantsOf(Database.For(new TenantId("nobody")), table));
    }

    [Fact]
    [Trait("id", "ROW-journal")]
    [Trait("id", "W-28")]
    public async Task Events_are_those_of_the_tenants_own_runs()
    {
        async Task<long> CountAsync(ITables tables) => await tables.ReadAsync((connection, _) => connection.ExecuteScalarAsync<long>("SELECT count(*) FROM journal"), default);
        var (all, acme, rival) = (await CountAsync(Database.ForHouse), await CountAsync(Database.For(new TenantId("acme"))), await CountAsync(Database.For(new TenantId("rival"))));

        Assert.True(acme > 0);
        Assert.Equal(acme, rival);
        Assert.Equal(all, acme + rival);
        Assert.Equal(0, await CountAsync(Database.For(new TenantId("nobody"))));
    }

    [Fact]
    [Trait("id", "ROW-write")]
    public async Task A_write_that_forgets_its_tenant_changes_nothing_of_others_and_makes_nothing_for_them()
    {
        var acme = Database.For(new TenantId("acme"));

        await acme.WriteAsync((connection, transaction) => connection.Execute("DELETE FROM kv", transaction: transaction), default);
        Assert.Equal(["rival"], await TenantsOf(Database.ForHouse, "kv"));

        Assert.Equal(0, await acme.WriteAsync((connection, transaction) => connection.Execute("UPDATE api_keys SET name = 'x' WHERE tenant_id = 'rival'", transaction: transaction), default));
        var refused = await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => acme.WriteAsync(
            (connection, transaction) => connection.Execute("INSERT INTO kv_usage (tenant_id, keys) VALUES ('other', 1)", transaction: transaction), default));
        Assert.Contains("row-level security", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "ROW-scope-ends")]
    public async Task What_was_held_to_one_tenant_is_free_for_the_next_on_the_same_connection()
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(["acme"], await TenantsOf(Database.For(new TenantId("acme")), "kv"));
            Assert.Equal(["acme", "rival"], await TenantsOf(Database.ForHouse, "kv"));
            Assert.Equal(["rival"], await TenantsOf(Database.For(new TenantId("rival")), "kv"));
        }
    }

    private IDatabase Database => house.Services.GetRequiredService<IDatabase>();

    private static Task<string[]> TenantsOf(ITables tables, string table) => tables.ReadAsync(
        async (connection, _) => (await connection.QueryAsync<string>($"SELECT DISTINCT tenant_id FROM {table} ORDER BY tenant_id")).ToArray(), default);
}
