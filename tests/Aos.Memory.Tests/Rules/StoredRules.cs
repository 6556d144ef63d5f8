using Aos.Contracts;

namespace Aos.Memory.Tests.Rules;

/// <summary>Rules of a tenant as they are stored, and what they make of its writes on every node.</summary>
public sealed class StoredRules(PinHouse house) : IClassFixture<PinHouse>
{
    private const string Counting = """
        {"rules":[{"name":"count","pattern":"counter:*","merge_strategy":"increment"},
          {"name":"typed","pattern":"typed:*","merge_strategy":"deep_merge","schema":{"type":"object","properties":{"n":{"type":"integer"}}},"transform":{"n":"${{ value.n }}","was":"${{ default(existing.n, 0) }}"}}]}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IMemoryRules Rules => house.Get<IMemoryRules>();

    private IMemoryRules OfOther => house.Get<IMemoryRules>(1);

    [Fact]
    [Trait("id", "E3.7-15")]
    public async Task Of_writers_on_two_nodes_that_all_write_one_counter_no_count_is_lost()
    {
        var caller = house.NewTenant();
        await SetAsync(caller, Counting);

        await Task.WhenAll(Enumerable.Range(0, 32).Select(async i =>
        {
            for (var n = 0; n < 3; n++) await house.PutAsync(caller, "counter:a", """{"n":1}""", at: i % 2 == 0 ? house.Pins : house.Other);
        }));

        Assert.Equal("""{"n":96}""", (await house.Pins.FindAsync(caller, "counter:a", Cancel))!.Value.GetRawText());
    }

    [Fact]
    [Trait("id", "E3.7-16")]
    public async Task Rules_hold_for_every_write_after_them_on_every_node_and_for_one_tenant()
    {
        var (caller, rival) = (house.NewTenant(), house.NewTenant());
        Assert.Equal((0, null), ((await Rules.ReadAsync(caller, Cancel)).Version, (await Rules.ReadAsync(caller, Cancel)).ChangedBy));
        await house.PutAsync(caller, "counter:a", """{"n":5}""");
        await SetAsync(caller, Counting);

        Assert.Equal("""{"n":6}""", (await house.PutAsync(caller, "counter:a", """{"n":1}""", at: house.Other)).Value.GetRawText());
        await house.PutAsync(rival, "counter:a", """{"n":5}""");
        Assert.Equal("""{"n":1}""", (await house.PutAsync(rival, "counter:a", """{"n":1}""")).Value.GetRawText());

        var (after, before, _) = await OfOther.ReplaceAsync(caller, MemoryRules.None, 1, Cancel);
        Assert.Equal((2, 1, "key:test"), (after!.Version, before!.Version, after.ChangedBy));
        Assert.Equal("""{"n":1}""", (await house.PutAsync(caller, "counter:a", """{"n":1}""")).Value.GetRawText());
    }

    [Fact]
    [Trait("id", "E3.7-17")]
    public async Task What_a_rule_does_not_accept_is_not_stored_and_on_record()
    {
        var caller = house.NewTenant();
        await SetAsync(caller, Counting);
        await house.PutAsync(caller, "typed:a", """{"n":1}""");

        var (made, refusal) = await house.Pins.PutAsync(caller, new PinWish("typed:a", Json.Parse("""{"n":"one"}"""), "test", null), Cancel);

        Assert.Null(made);
        Assert.Equal("INVALID_INPUT", refusal!.Code);
        Assert.Contains("Rule typed", refusal.Message);
        Assert.Equal("""{"n":1,"was":0}""", (await house.Pins.FindAsync(caller, "typed:a", Cancel))!.Value.GetRawText());
    }

    [Fact]
    [Trait("id", "E3.7-18")]
    public async Task A_change_of_a_stored_value_is_shaped_and_not_merged_again()
    {
        var caller = house.NewTenant();
        await SetAsync(caller, Counting);
        await house.PutAsync(caller, "counter:a", """{"n":5,"label":"x"}""");
        await house.PutAsync(caller, "typed:a", """{"n":1}""");

        var (counted, _) = await house.Pins.ChangeAsync(caller, new PinChange("counter:a", [new PinEdit.Increment("/n", 2)]), Cancel);
        var (typed, _) = await house.Pins.ChangeAsync(caller, new PinChange("typed:a", [new PinEdit.Merge(Json.Parse("""{"n":7}"""))]), Cancel);

        Assert.Equal("""{"label":"x","n":7}""", counted!.After.Value.GetRawText());
        Assert.Equal("""{"n":7,"was":1}""", typed!.After.Value.GetRawText());
    }

    [Fact]
    [Trait("id", "E3.7-19")]
    public async Task A_trial_says_what_would_be_stored_and_stores_nothing()
    {
        var caller = house.NewTenant();
        await house.PutAsync(caller, "counter:a", """{"n":5}""");
        var rules = Read(Counting);

        var tried = await Rules.TryAsync(caller, new RuleTrial("counter:a", Json.Parse("""{"n":1}"""), null, rules), Cancel);
        var given = await Rules.TryAsync(caller, new RuleTrial("counter:a", Json.Parse("""{"n":1}"""), Json.Parse("""{"n":100}"""), rules), Cancel);
        var stored = await Rules.TryAsync(caller, new RuleTrial("counter:a", Json.Parse("""{"n":1}"""), null, null), Cancel);

        Assert.Equal(("""{"n":6}""", """{"n":101}""", """{"n":1}"""), (tried.Value!.Value.GetRawText(), given.Value!.Value.GetRawText(), stored.Value!.Value.GetRawText()));
        Assert.Equal(["count"], tried.Applied);
        Assert.Empty(stored.Applied);
        Assert.Equal("""{"n":5}""", (await house.Pins.FindAsync(caller, "counter:a", Cancel))!.Value.GetRawText());
        Assert.Equal(0, (await Rules.ReadAsync(caller, Cancel)).Version);
    }

    [Fact]
    [Trait("id", "E3.7-20")]
    public async Task Of_two_who_replace_one_version_one_wins_and_a_set_has_its_size()
    {
        var caller = house.NewTenant();
        await SetAsync(caller, Counting);

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? Rules : OfOther).ReplaceAsync(caller, MemoryRules.None, 1, Cancel)));

        Assert.Single(replies, reply => reply.After is not null);
        Assert.All(replies.Where(reply => reply.After is null), reply => Assert.Equal("PRECONDITION_FAILED", reply.Refusal!.Code));
        var large = Read($$$"""{"rules":[{"name":"r","pattern":"*","transform":{"x":"{{{new string('x', IMemoryRules.BytesMax)}}}"}}]}""");
        Assert.Equal("INPUT_TOO_LARGE", (await Rules.ReplaceAsync(caller, large, null, Cancel)).Refusal!.Code);
        Assert.Equal("PERMISSION_DENIED", (await Rules.ReplaceAsync(caller with { Tenant = IPins.Shared }, MemoryRules.None, null, Cancel)).Refusal!.Code);
    }

    private async Task SetAsync(Caller caller, string rules) => Assert.NotNull((await Rules.ReplaceAsync(caller, Read(rules), null, Cancel)).After);

    private static MemoryRules Read(string text)
    {
        var (rules, problems) = MemoryRuleText.Read(Json.Parse(text));
        Assert.True(rules is not null, string.Join('\n', problems));
        return rules;
    }
}
