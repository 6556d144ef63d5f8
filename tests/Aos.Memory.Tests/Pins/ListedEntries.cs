using Aos.Contracts;
using static Aos.Memory.Tests.PinHouse;

namespace Aos.Memory.Tests;

/// <summary>Pages of entries.</summary>
public sealed class ListedEntries(PinHouse house) : IClassFixture<PinHouse>
{
    [Fact]
    [Trait("id", "E10-11")]
    public async Task A_prefix_is_letter_by_letter_and_no_letter_of_it_is_a_wildcard()
    {
        var caller = house.NewTenant();
        string[] keys = ["a%b", "a%c", "axb", "a_b", "A%b", "a", "ä", "äö", "\U0001F600x", "\uFFFDy", "\uE000z"];
        foreach (var key in keys) await house.PutAsync(caller, key, "{}");

        foreach (var prefix in (string[])["a%", "a_", "a", "A", "ä", "\U0001F600", "\uFFFD", "\uE000", "b", "%"])
        {
            var page = await house.Pins.ListAsync(caller, new PinFilter(prefix, 100, 0, false), Cancel);
            string[] expected = [.. keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
            Assert.Equal(expected, page.Pins.Select(pin => pin.Key).Order(StringComparer.Ordinal));
            Assert.Equal((expected.Length, true), (page.Total, page.IsTotalExact));
        }
    }

    [Theory]
    [InlineData(PinOrder.Newest, null)]
    [InlineData(PinOrder.Newest, "k:")]
    [InlineData(PinOrder.Key, null)]
    [InlineData(PinOrder.Key, "k:")]
    [Trait("id", "E10-12")]
    public async Task Pages_by_cursor_give_each_entry_once_also_while_others_are_made_and_deleted(PinOrder order, string? prefix)
    {
        var caller = house.NewTenant();
        for (var i = 0; i < 23; i++) await house.PutAsync(caller, $"k:{(i * 7) % 23:00}", "{}"); // All within one moment: the age alone tells no order.
        await house.PutAsync(caller, "other", "{}");
        var expected = (await house.Pins.ListAsync(caller, new PinFilter(prefix, 100, 0, false) { Order = order }, Cancel)).Pins.Select(pin => pin.Key).ToList();
        Assert.Equal(prefix is null ? 24 : 23, expected.Count);
        if (order == PinOrder.Key) Assert.Equal(expected.Order(StringComparer.Ordinal), expected);

        var (seen, filter) = (new List<string>(), new PinFilter(prefix, 5, 0, false) { Order = order });
        while (true)
        {
            var page = await house.Pins.ListAsync(caller, filter, Cancel);
            seen.AddRange(page.Pins.Select(pin => pin.Key));
            if (seen.Count == 5) await house.Pins.DeleteAsync(caller, seen[0], PinCondition.None, Cancel);
            if (page.Next is null) break;
            filter = filter with { After = page.Next };
        }

        Assert.Equal(expected, seen);
    }

    [Fact]
    [Trait("id", "E9.1-13")]
    public async Task Offsets_give_the_newest_first_and_the_total_counts_what_the_filter_lets_through()
    {
        var caller = house.NewTenant();
        for (var i = 0; i < 5; i++)
        {
            await house.PutAsync(caller, $"k{i}", "{}", ttl: i == 4 ? 0 : null);
            house.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        var (page, all) = (await house.Pins.ListAsync(caller, new PinFilter(null, 2, 1, false), Cancel), await house.Pins.ListAsync(caller, new PinFilter("k", 10, 0, true), Cancel));
        Assert.Equal(("k2 k1", 4L), (string.Join(' ', page.Pins.Select(pin => pin.Key)), page.Total));
        Assert.Equal((5, 5L), (all.Pins.Count, all.Total));
        Assert.Equal(5, (await house.Pins.ListAsync(caller, new PinFilter(null, 10, 0, true), Cancel)).Total);
    }

    [Fact]
    [Trait("id", "E10-12")]
    public async Task Beyond_ten_thousand_a_prefix_is_not_counted_out_and_its_page_is_still_the_newest()
    {
        var caller = house.NewTenant();
        await Bulk.FillAsync(house, caller.Tenant, IPins.CountMax + 5);
        var few = await house.Pins.ListAsync(caller, new PinFilter("b:00000", 3, 0, false), Cancel);
        var many = await house.Pins.ListAsync(caller, new PinFilter("b:", 3, 0, false), Cancel);
        var next = await house.Pins.ListAsync(caller, new PinFilter("b:", 3, 0, false) { After = many.Next }, Cancel);
        var whole = await house.Pins.ListAsync(caller, new PinFilter(null, 3, 0, false), Cancel);

        var fewOn = await house.Pins.ListAsync(caller, new PinFilter("b:00000", 3, 0, false) { After = few.Next }, Cancel);
        var fewOff = await house.Pins.ListAsync(caller, new PinFilter("b:00000", 3, 8, false), Cancel);

        Assert.Equal((10L, true), (few.Total, few.IsTotalExact));
        Assert.Equal(["b:000009", "b:000008", "b:000007"], few.Pins.Select(pin => pin.Key));
        Assert.Equal(["b:000006", "b:000005", "b:000004"], fewOn.Pins.Select(pin => pin.Key));
        Assert.Equal(["b:000001", "b:000000"], fewOff.Pins.Select(pin => pin.Key));
        Assert.Null(fewOff.Next);
        Assert.Equal((IPins.CountMax, false), (many.Total, many.IsTotalExact));
        Assert.Equal(["b:010004", "b:010003", "b:010002"], many.Pins.Select(pin => pin.Key));
        Assert.Equal(["b:010001", "b:010000", "b:009999"], next.Pins.Select(pin => pin.Key));
        Assert.Equal((IPins.CountMax + 5, true), (whole.Total, whole.IsTotalExact));
    }
}
