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
}
