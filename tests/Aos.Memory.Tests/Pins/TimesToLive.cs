using Aos.Contracts;
using static Aos.Memory.Tests.PinHouse;

namespace Aos.Memory.Tests;

/// <summary>When entries end. The clock goes on here, so the house is this class's own.</summary>
public sealed class TimesToLive(PinHouse house) : IClassFixture<PinHouse>
{
    [Fact]
    [Trait("id", "E10-03")]
    public async Task A_time_to_live_counts_from_the_write_and_a_write_after_it_makes_a_new_entry()
    {
        var caller = house.NewTenant();
        var first = await house.PutAsync(caller, "k", """{"n":1}""", ttl: 60);
        house.Clock.Advance(TimeSpan.FromSeconds(59));
        var second = await house.PutAsync(caller, "k", """{"n":2}""", ttl: 60);
        house.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal((first.Id, first.CreatedAt, """{"n":2}"""), (second.Id, second.CreatedAt, (await house.Pins.FindAsync(caller, "k", Cancel))!.Value.GetRawText()));
        await house.Other.FindAsync(caller, "k", Cancel);
        house.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((null, null), (await house.Pins.FindAsync(caller, "k", Cancel), await house.Other.FindAsync(caller, "k", Cancel))); // Though it is at hand.

        var third = await house.PutAsync(caller, "k", """{"n":3}""");
        Assert.Equal((null, null, true), (third.TtlSeconds, third.ExpiresAt, third.Id > first.Id));
    }

    [Fact]
    [Trait("id", "E10-03")]
    public async Task A_change_begins_the_time_anew_or_keeps_its_end_or_sets_another()
    {
        var caller = house.NewTenant();
        await house.PutAsync(caller, "k", """{"n":1}""", ttl: 60);
        house.Clock.Advance(TimeSpan.FromSeconds(30));
        var end = house.Now.AddSeconds(30);

        Assert.Equal((60, 0), await ChangedAsync(new PinTtl(PinTtlRule.Kept)));
        Assert.Equal((60, 30), await ChangedAsync(new PinTtl(PinTtlRule.Renewed)));
        Assert.Equal((10, -20), await ChangedAsync(new PinTtl(PinTtlRule.Given, 10)));
        var kept = (await house.Pins.PutAsync(caller, new PinWish("k", Json.EmptyObject, "test", null) { KeepsTtl = true }, Cancel)).Made!.After;
        Assert.Equal((10, -20), (kept.TtlSeconds, After(kept)));
        Assert.Equal((null, null), await ChangedAsync(new PinTtl(PinTtlRule.Given)));
        Assert.Equal((null, null), await ChangedAsync(new PinTtl(PinTtlRule.Renewed)));

        // Whole seconds: the store's clock may be a moment off.
        double? After(Pin pin) => pin.ExpiresAt is { } at ? Math.Round((at - end).TotalSeconds) : null;

        async Task<(int?, double?)> ChangedAsync(PinTtl ttl)
        {
            var pin = (await house.Pins.ChangeAsync(caller, new PinChange("k", [new PinEdit.Merge(Json.EmptyObject)]) { Ttl = ttl }, Cancel)).Made!.After;
            return (pin.TtlSeconds, After(pin));
        }
    }

    [Fact]
    [Trait("id", "E10-03")]
    public async Task Zero_seconds_are_over_at_once_and_what_is_over_meets_no_condition_that_asks_for_it()
    {
        var caller = house.NewTenant();
        var made = await house.PutAsync(caller, "k", "{}", ttl: 0);
        Assert.Null(await house.Pins.FindAsync(caller, "k", Cancel));
        Assert.Equal("PRECONDITION_FAILED", await house.CodeAsync(house.Pins.PutAsync(caller, new PinWish("k", Json.EmptyObject, "test", null) { Condition = new PinCondition(true, [made.Version]) }, Cancel)));
        Assert.Equal("NOT_FOUND", await house.CodeAsync(house.Pins.ChangeAsync(caller, new PinChange("k", [new PinEdit.Merge(Json.EmptyObject)]), Cancel)));
        Assert.Null(await house.CodeAsync(house.Pins.PutAsync(caller, new PinWish("k", Json.EmptyObject, "test", null) { Condition = new PinCondition(false) }, Cancel)));
    }

    [Fact]
    [Trait("id", "E10-26")]
    public async Task What_is_over_is_removed_in_bounded_batches_by_itself_and_when_asked_and_its_place_is_free()
    {
        var (one, two) = (house.NewTenant(), house.NewTenant());
        await Bulk.FillAsync(house, one.Tenant, 2_500);
        await house.PutAsync(one, "stays", """{"n":1}""");
        await house.PutAsync(two, "k", "{}", ttl: 5);
        await house.Get<IDatabase>().For(one.Tenant).WriteAsync(
            (connection, transaction) => Dapper.SqlMapper.Execute(connection, "UPDATE memory_pins SET expires_at = 1 WHERE tenant_id = @tenant AND key <> 'stays'", new { tenant = one.Tenant.Value }, transaction), Cancel);

        Assert.Equal((2_500, null), await house.Pins.CleanupAsync(one, Cancel));
        Assert.Equal((1, 1, 7L), ((await house.Pins.ListAsync(one, new PinFilter(null, 10, 0, true), Cancel)).Total, (await house.Pins.ListAsync(one, new PinFilter("", 10, 0, true), Cancel)).Total, await house.Get<PinTable>().BytesAsync(one.Tenant, Cancel)));
        Assert.Equal(2_500, (await house.Audit.ListAsync(one, new PinAuditFilter(Operation: "cleanup"), Cancel)).Rows.Sum(row => row.Entry.Count));
        Assert.Equal(0, await house.Get<PinSweep>().PassAsync(Cancel));
        house.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(1, await house.Get<PinSweep>().PassAsync(Cancel));
        var swept = Assert.Single((await house.Audit.ListAsync(two, new PinAuditFilter(Operation: "sweep"), Cancel)).Rows).Entry;
        Assert.Equal(("system", 1), (swept.Who, swept.Count));
        Assert.Equal(0, (await house.Pins.ListAsync(two, new PinFilter(null, 10, 0, true), Cancel)).Total);
    }
}
