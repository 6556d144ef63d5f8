using Aos.Contracts;
using static Aos.Memory.Tests.PinHouse;

namespace Aos.Memory.Tests;

/// <summary>The service: what is set is what is got.</summary>
public sealed class KeptEntries(PinHouse house) : IClassFixture<PinHouse>
{
    [Fact]
    [Trait("id", "E9.0-02")]
    public async Task What_is_set_is_got_whole_from_the_store_and_then_from_the_cache_here_and_on_the_other_node()
    {
        var caller = house.NewTenant();
        var made = (await house.Pins.PutAsync(caller, new PinWish("test-key", Json.Parse("""{"data":"value"}"""), "test", null), Cancel)).Made!.After;
        var (first, second, other) = ((await house.Pins.FindAsync(caller, "test-key", Cancel))!, (await house.Pins.FindAsync(caller, "test-key", Cancel))!, (await house.Other.FindAsync(caller, "test-key", Cancel))!);

        Assert.All([made, first, second, other], pin => Assert.Equal(
            (caller.Tenant, "test-key", """{"data":"value"}""", "test", made.Version, made.Hash, made.CreatedAt, null, null),
            (pin.Tenant, pin.Key, pin.Value.GetRawText(), pin.Source, pin.Version, pin.Hash, pin.CreatedAt, pin.TtlSeconds, pin.ExpiresAt)));
        Assert.Equal((false, false, true, false), (made.IsCacheHit, first.IsCacheHit, second.IsCacheHit, other.IsCacheHit));
    }

    [Fact]
    [Trait("id", "E9.1-02")]
    public async Task A_time_to_live_is_kept_and_what_is_not_there_is_no_failure()
    {
        var caller = house.NewTenant();
        var made = await house.PutAsync(caller, "k", "{}", ttl: 3600);

        Assert.Equal((3600, made.UpdatedAt.AddHours(1)), (made.TtlSeconds, made.ExpiresAt));
        Assert.Null(await house.Pins.FindAsync(caller, "nothing", Cancel));
        Assert.Equal((null, null), await house.Pins.DeleteAsync(caller, "nothing", PinCondition.None, Cancel));
    }

    [Fact]
    [Trait("id", "E9.1-08")]
    public async Task A_new_value_drops_what_the_cache_had_and_so_does_a_delete()
    {
        var (caller, cache) = (house.NewTenant(), house.Get<PinCache>());
        await house.PutAsync(caller, "k", """{"n":1}""");
        await house.Pins.FindAsync(caller, "k", Cancel);
        Assert.NotNull(cache.Find(caller.Tenant, "k"));
        await house.PutAsync(caller, "k", """{"n":2}""");
        Assert.Null(cache.Find(caller.Tenant, "k"));
        Assert.Equal("""{"n":2}""", (await house.Pins.FindAsync(caller, "k", Cancel))!.Value.GetRawText());
        await house.Pins.DeleteAsync(caller, "k", PinCondition.None, Cancel);
        Assert.Null(cache.Find(caller.Tenant, "k"));
    }

    [Theory]
    [InlineData("t", "a:b", "c", "t", "a", "b:c")]
    [InlineData("x", "k", "1", "y", "k", "1")]
    [Trait("id", "E9.1-10")]
    public async Task No_two_entries_meet_in_the_cache_or_the_store(string tenantA, string keyA, string valueA, string tenantB, string keyB, string valueB)
    {
        var (a, b) = (new Caller(new TenantId($"meet-{tenantA}"), "test", []), new Caller(new TenantId($"meet-{tenantB}"), "test", []));
        await house.PutAsync(a, keyA, $$"""{"v":"{{valueA}} of a"}""");
        await house.PutAsync(b, keyB, $$"""{"v":"{{valueB}} of b"}""");
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal($"{valueA} of a", (await house.Pins.FindAsync(a, keyA, Cancel))!.Value.GetText("v"));
            Assert.Equal($"{valueB} of b", (await house.Pins.FindAsync(b, keyB, Cancel))!.Value.GetText("v"));
        }
    }

    [Fact]
    [Trait("id", "E9.1-11")]
    public async Task A_hash_is_of_what_a_value_means_not_of_how_it_is_written()
    {
        var caller = house.NewTenant();
        var (one, same, other) = (await house.PutAsync(caller, "a", """{"a":1,"b":[2.0]}"""), await house.PutAsync(caller, "b", """{ "b": [2], "a": 1.0 }"""), await house.PutAsync(caller, "c", """{"a":1,"b":[3]}"""));

        Assert.Equal((ContentHash.Short(Json.Parse("""{"a":1,"b":[2]}""")), 16), (one.Hash, one.Hash.Length));
        Assert.Equal(one.Hash, same.Hash);
        Assert.NotEqual(one.Hash, other.Hash);
    }

    [Theory]
    [InlineData("", "{}", "s", null)]
    [InlineData("a/b", "{}", "s", null)]
    [InlineData("a..b", "{}", "s", null)]
    [InlineData("a\\b", "{}", "s", null)]
    [InlineData("k", "[]", "s", null)]
    [InlineData("k", "1", "s", null)]
    [InlineData("k", "{}", "", null)]
    [InlineData("k", "{}", "s", -1)]
    [InlineData("k", "{}", "s", 31_536_001)]
    [Trait("id", "E1.1-02")]
    public async Task What_is_no_entry_is_refused(string key, string value, string source, int? ttl) =>
        Assert.Equal("INVALID_INPUT", await house.CodeAsync(house.Pins.PutAsync(house.NewTenant(), new PinWish(key, Json.Parse(value), source, ttl), Cancel)));

    [Fact]
    [Trait("id", "E10-05")]
    public async Task A_change_of_what_is_not_there_is_refused_unless_it_may_make_it_and_all_its_edits_are_done_or_none()
    {
        var caller = house.NewTenant();
        var merge = new PinEdit.Merge(Json.Parse("""{"a":1}"""));
        Assert.Equal("NOT_FOUND", await house.CodeAsync(house.Pins.ChangeAsync(caller, new PinChange("k", [merge]), Cancel)));
        Assert.Equal("INVALID_INPUT", await house.CodeAsync(house.Pins.ChangeAsync(caller, new PinChange("k", [merge, new PinEdit.Increment("/a/b", 1)]) { Creates = true }, Cancel)));
        Assert.Null(await house.Pins.FindAsync(caller, "k", Cancel));

        var made = (await house.Pins.ChangeAsync(caller, new PinChange("k", [merge, new PinEdit.Increment("/a", 2)]) { Creates = true, Source = "rule:x" }, Cancel)).Made!;
        var again = (await house.Other.ChangeAsync(caller, new PinChange("k", [merge]), Cancel)).Made!;
        Assert.Equal((null, """{"a":3}""", "rule:x"), (made.Before, made.After.Value.GetRawText(), made.After.Source));
        Assert.Equal((made.After.Version, """{"a":1}""", "rule:x", made.After.Id), (again.Before!.Version, again.After.Value.GetRawText(), again.After.Source, again.After.Id));
    }

    [Fact]
    [Trait("id", "E1.1-05")]
    public async Task Many_at_once_are_written_each_by_itself()
    {
        var caller = house.NewTenant();
        await house.PutAsync(caller, "b", """{"old":true}""");
        PinWish[] wishes = [.. new[] { "a", "b", "no/key", "c" }.Select(key => new PinWish(key, Json.EmptyObject, "import", null) { Condition = new PinCondition(false) })];
        var tried = await house.Pins.PutAllAsync(caller, wishes, dryRun: true, Cancel);
        Assert.Equal([null, null, "INVALID_INPUT", null], tried.Select(one => one.Refusal?.Code));
        Assert.Null(await house.Pins.FindAsync(caller, "a", Cancel));

        var done = await house.Pins.PutAllAsync(caller, wishes, dryRun: false, Cancel);
        Assert.Equal([null, "PRECONDITION_FAILED", "INVALID_INPUT", null], done.Select(one => one.Refusal?.Code));
        Assert.Equal((3, """{"old":true}"""), ((await house.Pins.ListAsync(caller, new PinFilter(null, 10, 0, false), Cancel)).Total, (await house.Other.FindAsync(caller, "b", Cancel))!.Value.GetRawText()));
    }

    [Fact]
    [Trait("id", "E8-01")]
    public async Task What_is_done_is_counted_without_names_of_tenants_or_keys()
    {
        var caller = house.NewTenant();
        using var counts = new PinCounts(house.Get<System.Diagnostics.Metrics.IMeterFactory>());
        await house.PutAsync(caller, "k", "{}");
        for (var i = 0; i < 3; i++) await house.Pins.FindAsync(caller, "k", Cancel);
        await house.Pins.FindAsync(caller, "none", Cancel);
        await house.Pins.ListAsync(caller, new PinFilter(null, 10, 0, false), Cancel);
        await house.Memory.ReadAsync(caller.Tenant, "run:1", ["k", "none"], Cancel);

        Assert.Equal((1, 3, 1), (counts["memory_pins_operations_total put success"], counts["memory_pins_operations_total get success"], counts["memory_pins_operations_total get absent"]));
        Assert.Equal((2, 1, 1), (counts["memory_cache_hits_total"], counts["memory_cache_misses_total"], counts["memory_service_operations_total put success write"]));
        Assert.Equal((3, 4, 1), (counts["memory_pins_latency_seconds get"], counts["memory_service_latency_seconds get"], counts["memory_value_size_bytes"]));
        Assert.Equal((1, 1), (counts["memory_pins_operations_total run_read success"], counts["memory_pins_operations_total run_read absent"]));
    }
}
