using Aos.Contracts;
using Aos.Testing;
using static Aos.Memory.Tests.PinHouse;

namespace Aos.Memory.Tests;

/// <summary>Small limits: ten entries, 200 bytes, 100 of them a value, a cache of a few entries.</summary>
public sealed class SmallHouse : PinHouse
{
    private protected override PinOptions Settings() => new() { EntriesMax = 10, BytesMax = 200, ValueBytesMax = 100, CacheBytes = 1_500, AuditDays = 2 };
}

/// <summary>What a tenant may keep.</summary>
public sealed class Limits(SmallHouse house) : IClassFixture<SmallHouse>
{
    [Fact]
    [Trait("id", "E9.1-09")]
    public async Task A_value_that_is_too_large_is_refused_and_so_is_a_change_that_makes_it_so()
    {
        var caller = house.NewTenant();
        var (made, refusal) = await house.Pins.PutAsync(caller, new PinWish("k", Json.Parse($$"""{"t":"{{new string('x', 100)}}"}"""), "test", null), Cancel);
        Assert.Equal((null, "INPUT_TOO_LARGE"), (made, refusal?.Code));
        Assert.Contains("exceeds maximum size", refusal!.Message, StringComparison.Ordinal);

        await house.PutAsync(caller, "k", $$"""{"t":"{{new string('x', 90)}}"}""");
        Assert.Equal("INPUT_TOO_LARGE", await house.CodeAsync(house.Pins.ChangeAsync(caller, new PinChange("k", [new PinEdit.Append("/l", Json.Parse("[1,2,3]"), null)]) { Creates = true }, Cancel)));
        Assert.Equal(98, await house.Get<PinTable>().BytesAsync(caller.Tenant, Cancel));
    }

    [Fact]
    [Trait("id", "E1.1-04")]
    public async Task Bytes_and_entries_are_counted_with_each_write_and_never_passed_by_writers_of_both_nodes()
    {
        var caller = house.NewTenant();
        var tried = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Task.Run(() =>
            (i % 2 == 0 ? house.Pins : house.Other).PutAsync(caller, new PinWish($"k{i}", Json.Parse("""{"a":1}"""), "test", null), Cancel))));
        Assert.Equal((10, 20), (tried.Count(one => one.Made is not null), tried.Count(one => one.Refusal?.Code == "QUOTA_EXHAUSTED")));
        Assert.Equal(70, await house.Get<PinTable>().BytesAsync(caller.Tenant, Cancel));

        var kept = tried.First(one => one.Made is not null).Made!.After.Key;
        await house.PutAsync(caller, kept, """{"a":12}"""); // One that is there may change.
        await house.Pins.DeleteAsync(caller, kept, PinCondition.None, Cancel);
        await house.PutAsync(caller, "again", "{}");
        Assert.Equal(65, await house.Get<PinTable>().BytesAsync(caller.Tenant, Cancel));
        Assert.Equal(10, (await house.Pins.ListAsync(caller, new PinFilter(null, 100, 0, false), Cancel)).Total);
    }

    [Fact]
    [Trait("id", "E1.1-04")]
    public async Task Bytes_together_are_bounded_and_a_smaller_value_is_always_taken()
    {
        var caller = house.NewTenant();
        var large = $$"""{"t":"{{new string('x', 90)}}"}""";
        await house.PutAsync(caller, "a", large);
        await house.PutAsync(caller, "b", large);
        Assert.Equal("QUOTA_EXHAUSTED", await house.CodeAsync(house.Pins.PutAsync(caller, new PinWish("c", Json.Parse("""{"t":"x"}"""), "test", null), Cancel)));
        await house.PutAsync(caller, "a", "{}");
        await house.PutAsync(caller, "c", """{"t":"x"}""");
        var over = await house.PutAsync(caller, "b", large, ttl: 0);
        Assert.Equal("QUOTA_EXHAUSTED", await house.CodeAsync(house.Pins.PutAsync(caller, new PinWish("d", Json.Parse(large), "test", null), Cancel)));
        Assert.True((await house.PutAsync(caller, "b", large)).Id > over.Id, "What is over gives its place to the next of its key.");
    }

    [Fact]
    [Trait("id", "E10-06")]
    public async Task The_cache_keeps_what_was_used_last_and_no_more_bytes_than_it_may()
    {
        var (caller, cache) = (house.NewTenant(), house.Get<PinCache>());
        foreach (var key in new[] { "a", "b", "c" })
        {
            await house.PutAsync(caller, key, "{}");
            await house.Pins.FindAsync(caller, key, Cancel);
            await house.Pins.FindAsync(caller, "a", Cancel);
        }

        foreach (var key in new[] { "d", "e" })
        {
            await house.PutAsync(caller, key, "{}");
            await house.Pins.FindAsync(caller, key, Cancel);
            await house.Pins.FindAsync(caller, "a", Cancel);
        }

        Assert.InRange(cache.Bytes, 1, 1_500);
        Assert.Equal((true, false, true), (cache.Find(caller.Tenant, "a") is not null, cache.Find(caller.Tenant, "b") is not null, cache.Find(caller.Tenant, "e") is not null));
    }

    [Fact]
    [Trait("id", "E10-26")]
    public async Task The_record_is_kept_for_its_days_and_no_longer()
    {
        var caller = house.NewTenant();
        await house.PutAsync(caller, "old", "{}");
        house.Clock.Advance(TimeSpan.FromDays(1));
        await house.PutAsync(caller, "new", "{}");
        house.Clock.Advance(TimeSpan.FromHours(25));

        await house.Get<PinAuditRetention>().PassAsync(Cancel);
        Assert.Equal("new", Assert.Single((await house.Audit.ListAsync(caller, new PinAuditFilter(), Cancel)).Rows).Entry.Key);
    }
}
