using System.Collections.Immutable;
using Aos.Runs;

namespace Aos.Integration.Tests.Http;

/// <summary>The table of prices, as clients see it.</summary>
public sealed class PriceLists
{
    [Fact]
    [Trait("id", "F5.48-01")]
    [Trait("id", "F5.48-02")]
    public async Task The_table_is_shown_with_its_version_which_simulations_name()
    {
        await using var house = await House.OpenAsync();
        var reply = await house.AskAsync("/api/v1/prices");
        var facts = (await house.AskAsync("/api/v1/runtime/simulate", """{"plan":[{"skill":"llm_invoke","params":{"prompt":"Hi"}}]}""")).Body.GetProperty("facts");

        Assert.Equal(200, reply.Status);
        Assert.Equal((PriceTable.Shipped.Version, PriceTable.Shipped.All.Count), (reply.Body.GetText("version"), reply.Body.GetProperty("count").GetInt32()));
        Assert.Equal(reply.Body.GetText("version"), facts.GetText("model_prices"));
        Assert.All(reply.Body.GetProperty("prices").EnumerateArray(), price => Assert.True(price.GetProperty("shipped").GetBoolean() && price.GetText("source") is { Length: > 0 }));
    }

    [Fact]
    [Trait("id", "F5.48-01")]
    public async Task One_models_price_is_found_by_any_of_its_names()
    {
        await using var house = await House.OpenAsync();
        var price = Assert.Single((await house.AskAsync("/api/v1/prices?provider=anthropic&model=claude-sonnet-4")).Body.GetProperty("prices").EnumerateArray());

        Assert.Equal(
            """{"aliases":["claude-sonnet-4-0","claude-sonnet-4"],"cache_read_cents_per_million":30,"cache_write_cents_per_million":375,"in_force":true,"input_cents_per_million":300,"model":"claude-sonnet-4-20250514","output_cents_per_million":1500,"provider":"anthropic","shipped":true,"since":"2025-05-22","source":"https://www.anthropic.com/pricing"}""",
            CanonicalJson.Text(price));
        Assert.Equal(0, (await house.AskAsync("/api/v1/prices?provider=nobody")).Body.GetProperty("count").GetInt32());
    }

    [Fact]
    [Trait("id", "F5.48-03")]
    public async Task What_a_run_keeps_of_the_prices_reserves_the_same()
    {
        await using var house = await House.OpenAsync();
        var cost = new CostModel(
            1, 0, "a", ImmutableSortedDictionary.CreateRange([KeyValuePair.Create("a", new TokenPrice(100, 400) { CacheWriteCentsPerMillion = 125 }), KeyValuePair.Create("b", new TokenPrice(900, 900))]), 1_000)
        {
            ProviderModels = ImmutableSortedDictionary.CreateRange([KeyValuePair.Create("near", "a"), KeyValuePair.Create("far", "b")]),
        };
        var terms = house.Get<Contracts.ISkills>().Terms["llm_invoke"] with { Cost = cost };
        var kept = TermsForm.Read(Json.Parse(TermsForm.Write(terms))).Cost;
        foreach (var parameters in new[] { "{}", """{"cache_prompt":true}""", """{"provider":"far"}""", """{"fallback":[{"provider":"far"},{"model":"a"}]}""" })
            Assert.Equal(cost.UpperBound(Json.Parse(parameters)), kept.UpperBound(Json.Parse(parameters)));

        Assert.Equal(1 + (((2 * 100m) + (1_000 * 400m)) / 1_000_000m), cost.UpperBound(Json.Parse("{}")).Value);
        Assert.Equal(1.25m + (((21 * 125m) + (1_000 * 400m)) / 1_000_000m), cost.UpperBound(Json.Parse("""{"cache_prompt":true}""")).Value);
        Assert.Equal(1 + (((18 * 900m) + (1_000 * 900m)) / 1_000_000m), cost.UpperBound(Json.Parse("""{"provider":"far"}""")).Value);
        Assert.Equal(3 + (((47 * 1_100m) + (1_000 * 1_700m)) / 1_000_000m), cost.UpperBound(Json.Parse("""{"fallback":[{"provider":"far"},{"model":"a"}]}""")).Value);
    }
}
