using Aos.Contracts;
using static Aos.Memory.Tests.PinHouse;

namespace Aos.Memory.Tests;

/// <summary>Writers of two nodes on the same entries.</summary>
public sealed class ManyWriters(PinHouse house) : IClassFixture<PinHouse>
{
    private const int Writers = 32;
    private const int Rounds = 5;

    [Fact]
    [Trait("id", "E10-04")]
    public async Task Of_32_writers_on_two_nodes_no_increment_and_no_item_is_lost()
    {
        var caller = house.NewTenant();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                var room = writer % 2 == 0 ? house.Pins : house.Other;
                var counted = await room.ChangeAsync(caller, new PinChange("counter", [new PinEdit.Increment("/n", 1)]) { Creates = true }, Cancel);
                var kept = await room.ChangeAsync(caller, new PinChange("log", [new PinEdit.Append("/items", Json.Parse($"[{(writer * Rounds) + round}]"), null)]) { Creates = true }, Cancel);
                Assert.Equal((null, null), (counted.Refusal, kept.Refusal));
            }
        })));

        Assert.Equal(Writers * Rounds, (await house.Other.FindAsync(caller, "counter", Cancel))!.Value.GetProperty("n").GetInt32());
        var items = (await house.Pins.FindAsync(caller, "log", Cancel))!.Value.GetProperty("items").EnumerateArray().Select(item => item.GetInt32()).Order();
        Assert.Equal(Enumerable.Range(0, Writers * Rounds), items);
    }

    [Fact]
    [Trait("id", "E10-05")]
    public async Task Of_writers_who_ask_for_the_same_version_exactly_one_wins_each_time()
    {
        var caller = house.NewTenant();
        var version = (await house.PutAsync(caller, "k", """{"by":"nobody"}""")).Version;
        for (var round = 0; round < 4; round++)
        {
            var (wanted, at) = (new PinCondition(true, [version]), round);
            var tried = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => (writer % 2 == 0 ? house.Pins : house.Other).PutAsync(
                caller, new PinWish("k", Json.Parse($$"""{"by":"{{at}}.{{writer}}"}"""), "test", null) { Condition = wanted }, Cancel))));

            var won = Assert.Single(tried, one => one.Made is not null).Made!.After;
            Assert.Equal(Writers - 1, tried.Count(one => one.Refusal?.Code == "PRECONDITION_FAILED"));
            Assert.Equal(won.Value.GetRawText(), (await house.Other.FindAsync(caller, "k", Cancel))!.Value.GetRawText());
            Assert.True(won.Version > version, "A version counts up.");
            version = won.Version;
        }
    }

    [Fact]
    [Trait("id", "E10-05")]
    public async Task Of_writers_who_ask_that_there_is_none_yet_exactly_one_makes_it()
    {
        var caller = house.NewTenant();
        var tried = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => (writer % 2 == 0 ? house.Pins : house.Other).PutAsync(
            caller, new PinWish("new", Json.EmptyObject, "test", null) { Condition = new PinCondition(false) }, Cancel))));

        Assert.Single(tried, one => one.Made is { Before: null });
        Assert.Equal(Writers - 1, tried.Count(one => one.Refusal?.Code == "PRECONDITION_FAILED"));
    }

    [Fact]
    [Trait("id", "E10-06")]
    public async Task What_one_node_wrote_or_deleted_the_other_gives_at_once_though_it_has_an_older_one_at_hand()
    {
        var caller = house.NewTenant();
        for (var i = 0; i < 20; i++)
        {
            await house.PutAsync(caller, "k", $$"""{"i":{{i}}}""", at: i % 2 == 0 ? house.Pins : house.Other);
            foreach (var reader in new[] { house.Pins, house.Other })
            {
                var first = (await reader.FindAsync(caller, "k", Cancel))!;
                var again = (await reader.FindAsync(caller, "k", Cancel))!;
                Assert.Equal((i, false, i, true), (first.Value.GetProperty("i").GetInt32(), first.IsCacheHit, again.Value.GetProperty("i").GetInt32(), again.IsCacheHit));
            }
        }

        await house.Pins.DeleteAsync(caller, "k", PinCondition.None, Cancel);
        Assert.Null(await house.Other.FindAsync(caller, "k", Cancel));
    }

    [Fact]
    [Trait("id", "E10-05")]
    public async Task A_version_is_never_used_again_also_not_for_a_key_that_was_deleted()
    {
        var caller = house.NewTenant();
        var first = await house.PutAsync(caller, "k", "{}");
        await house.Pins.FindAsync(caller, "k", Cancel);
        await house.Pins.DeleteAsync(caller, "k", PinCondition.None, Cancel);
        var second = await house.PutAsync(caller, "k", """{"new":true}""", at: house.Other);

        Assert.True(second.Version > first.Version && second.Id > first.Id, "It is another entry.");
        Assert.False((await house.Pins.FindAsync(caller, "k", Cancel))!.IsCacheHit);
        Assert.Equal("PRECONDITION_FAILED", (await house.Pins.DeleteAsync(caller, "k", new PinCondition(true, [first.Version]), Cancel)).Refusal?.Code);
        Assert.NotNull(await house.Pins.FindAsync(caller, "k", Cancel));
    }

    [Fact]
    [Trait("id", "E10-04")]
    public async Task A_change_under_an_idempotency_key_is_made_once_however_often_it_is_sent()
    {
        var caller = house.NewTenant();
        var change = new PinChange("counter", [new PinEdit.Increment("/n", 1)]) { Creates = true, IdempotencyKey = "once" };
        var first = (await house.Pins.ChangeAsync(caller, change, Cancel)).Made!;
        var again = (await house.Other.ChangeAsync(caller, change, Cancel)).Made!;
        var other = await house.Pins.ChangeAsync(caller, change with { Edits = [new PinEdit.Increment("/n", 2)] }, Cancel);

        Assert.Equal((false, true, first.After.Version), (first.IsRepeat, again.IsRepeat, again.After.Version));
        Assert.Equal("""{"n":1}""", (await house.Pins.FindAsync(caller, "counter", Cancel))!.Value.GetRawText());
        Assert.Equal("IDEMPOTENCY_CONFLICT", other.Refusal?.Code);
        // What was refused leaves the key free.
        var wish = new PinWish("k", Json.EmptyObject, "test", null) { Condition = new PinCondition(true), IdempotencyKey = "twice" };
        Assert.Equal("PRECONDITION_FAILED", await house.CodeAsync(house.Pins.PutAsync(caller, wish, Cancel)));
        await house.PutAsync(caller, "k", "{}");
        Assert.Null(await house.CodeAsync(house.Pins.PutAsync(caller, wish, Cancel)));
    }
}
