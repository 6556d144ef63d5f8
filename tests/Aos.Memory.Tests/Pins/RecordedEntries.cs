using Aos.Contracts;
using static Aos.Memory.Tests.PinHouse;

namespace Aos.Memory.Tests;

/// <summary>The record of the memory.</summary>
public sealed class RecordedEntries(PinHouse house) : IClassFixture<PinHouse>
{
    [Fact]
    [Trait("id", "E9.4-06")]
    public async Task Every_operation_is_on_record_with_who_what_came_of_it_and_both_hashes()
    {
        var (caller, other) = (house.NewTenant(), house.NewTenant());
        var one = await house.PutAsync(caller, "k", """{"n":1}""");
        var two = (await house.Pins.ChangeAsync(caller, new PinChange("k", [new PinEdit.Increment("/n", 1)]), Cancel)).Made!.After;
        await house.Pins.FindAsync(caller, "k", Cancel);
        await house.Pins.FindAsync(caller, "k", Cancel);
        await house.Pins.FindAsync(caller, "none", Cancel);
        await house.Pins.ListAsync(caller, new PinFilter("k", 10, 0, false), Cancel);
        await house.Memory.ReadAsync(caller.Tenant, "run:7", ["k"], Cancel);
        await house.CodeAsync(house.Pins.PutAsync(caller, new PinWish("no/key", Json.EmptyObject, "test", null), Cancel));
        await house.CodeAsync(house.Pins.PutAsync(caller, new PinWish("k", Json.EmptyObject, "test", null) { Condition = new PinCondition(false) }, Cancel));
        await house.Pins.DeleteAsync(caller, "k", PinCondition.None, Cancel);
        await house.Pins.DeleteAsync(caller, "k", PinCondition.None, Cancel);
        await house.Pins.CleanupAsync(caller, Cancel);

        var rows = (await house.Audit.ListAsync(caller, new PinAuditFilter(), Cancel)).Rows.Select(row => row.Entry).ToList();
        string[] expected =
        [
            $"put k key:test success  test - {one.Hash} {one.Version} ", $"increment k key:test success  test {one.Hash} {two.Hash} {two.Version} ", $"get k key:test success  test - {two.Hash} {two.Version} ",
            $"get k key:test success  test - {two.Hash} {two.Version} ", "get none key:test absent   - -  ", "list k key:test success   - -  1", $"run_read k run:7 success   - {two.Hash} {two.Version} ",
            "put no/key key:test refused INVALID_INPUT  - -  ", $"put k key:test refused PRECONDITION_FAILED test {two.Hash} - {two.Version} ", $"delete k key:test success  test {two.Hash} - {two.Version} ",
            "delete k key:test absent   - -  ", "cleanup  key:test success   - -  0",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), rows.Select(Told).Order(StringComparer.Ordinal));
        Assert.Equal(16, one.Hash.Length);
        Assert.Equal([false, true], rows.Where(row => row is { Operation: "get", Outcome: "success" }).Select(row => row.IsCacheHit).Order());
        Assert.All(rows, row => Assert.True(row.Tenant == caller.Tenant && (row.At - house.Now).Duration() < TimeSpan.FromSeconds(5), row.ToString()));
        Assert.Empty((await house.Audit.ListAsync(other, new PinAuditFilter(), Cancel)).Rows);

        static string Told(PinAuditEntry row) => $"{row.Operation} {row.Key} {row.Who} {row.Outcome} {row.Code} {row.Source} {row.Before ?? "-"} {row.After ?? "-"} {row.Version} {row.Count}";
    }

    [Fact]
    [Trait("id", "E9.4-06")]
    public async Task The_record_is_read_by_key_operation_and_time_page_by_page()
    {
        var caller = house.NewTenant();
        for (var i = 0; i < 7; i++)
        {
            await house.PutAsync(caller, $"k{i % 2}", "{}");
            house.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        var since = house.Now.AddMinutes(-3.5);
        Assert.Equal(3, (await house.Audit.ListAsync(caller, new PinAuditFilter(Since: since), Cancel)).Rows.Count);
        Assert.Equal(4, (await house.Audit.ListAsync(caller, new PinAuditFilter(Until: since), Cancel)).Rows.Count);
        Assert.Equal(3, (await house.Audit.ListAsync(caller, new PinAuditFilter("k1", "put"), Cancel)).Rows.Count);
        Assert.Empty((await house.Audit.ListAsync(caller, new PinAuditFilter("k1", "delete"), Cancel)).Rows);
        var first = await house.Audit.ListAsync(caller, new PinAuditFilter(Limit: 4), Cancel);
        var second = await house.Audit.ListAsync(caller, new PinAuditFilter(Limit: 4) { Before = first.Next }, Cancel);
        Assert.Equal((4, 3, null), (first.Rows.Count, second.Rows.Count, second.Next));
        Assert.Equal(7, first.Rows.Concat(second.Rows).Select(row => row.Number).Distinct().Count());
    }

    [Fact]
    [Trait("id", "E10-23")]
    public async Task A_record_that_cannot_keep_up_lets_go_and_counts_and_no_read_waits_for_it()
    {
        using var counts = new PinCounts(house.Get<System.Diagnostics.Metrics.IMeterFactory>());
        var held = new TaskCompletionSource();
        await using var book = new PinAuditBook(new PinAuditTable(new HeldDatabase(house.Get<IDatabase>(), held.Task), new PinOptions()), house.Get<PinMeter>(), new PinOptions());
        var entry = new PinAuditEntry(house.NewTenant().Tenant, house.Now, "get", "k", "test", "success");
        for (var i = 0; i < PinAuditBook.WaitingMax + 2_000; i++) book.Add(entry);

        Assert.InRange(counts["memory_audit_dropped_total full"], 1, 2_000);
        held.SetResult();
        var page = await book.ListAsync(new Caller(entry.Tenant, "test", []), new PinAuditFilter(Limit: 1_000), Cancel);
        Assert.Equal((1_000, true), (page.Rows.Count, page.Next is not null));
    }
}

/// <summary>A store whose writes wait.</summary>
internal sealed class HeldDatabase(IDatabase inner, Task until) : IDatabase, ITables
{
    public Dialect Dialect => inner.Dialect;

    public ITables ForHouse => this;

    public ITables For(TenantId tenant) => inner.For(tenant);

    public void Lock(System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, string name) => inner.Lock(connection, transaction, name);

    public Task<T> ReadAsync<T>(Func<System.Data.Common.DbConnection, CancellationToken, Task<T>> read, CancellationToken cancel) => inner.ForHouse.ReadAsync(read, cancel);

    public async Task<T> WriteAsync<T>(Func<System.Data.Common.DbConnection, System.Data.Common.DbTransaction, T> write, CancellationToken cancel)
    {
        await until;
        return await inner.ForHouse.WriteAsync(write, cancel);
    }
}
