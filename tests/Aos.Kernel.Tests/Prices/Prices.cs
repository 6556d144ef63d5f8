namespace Aos.Kernel.Tests;

/// <summary>What model calls cost.</summary>
public sealed class Prices
{
    [Theory]
    [InlineData("anthropic", "claude-sonnet-4-20250514", 1_000_000, 1_000_000, "1800")]
    [InlineData("anthropic", "claude-3-5-sonnet-20241022", 1_000_000, 1_000_000, "1800")]
    [InlineData("anthropic", "claude-3-5-haiku-20241022", 1_000_000, 1_000_000, "480")]
    [InlineData("anthropic", "claude-3-haiku-20240307", 1_000_000, 1_000_000, "150")]
    [InlineData("anthropic", "claude-3-opus-20240229", 1_000_000, 1_000_000, "9000")]
    [InlineData("anthropic", "claude-opus-4-20250514", 1_000_000, 1_000_000, "9000")]
    [InlineData("openai", "gpt-4o", 1_000_000, 1_000_000, "1250")]
    [InlineData("openai", "gpt-4o-mini", 1_000_000, 1_000_000, "75")]
    [InlineData("anthropic", "claude-3-5-sonnet", 539, 170, "0.4167")]
    [InlineData("anthropic", "a-model-of-tomorrow", 1_000_000, 0, "300")]
    [InlineData("openai", "a-model-of-tomorrow", 1_000_000, 0, "250")]
    [InlineData("scripted", "anything", 1_000_000, 1_000_000, "0")]
    [InlineData("a-server-of-ones-own", "llama", 1_000_000, 1_000_000, "0")]
    [InlineData("anthropic", "claude-3-haiku-20240307", 1, 0, "0.000025")]
    public void A_call_costs_what_the_table_says_exactly(string provider, string model, long input, long output, string cents) =>
        Assert.Equal(cents, PriceTable.Shipped.Cost(provider, model, input, output).ToString());

    [Fact]
    public void Every_price_has_a_source_and_no_name_stands_twice()
    {
        Assert.All(PriceTable.Shipped.All, price => Assert.NotEmpty(price.Source));
        Assert.Empty(PriceTable.Shipped.All.SelectMany(price => price.Aliases.Append(price.Model), (price, name) => (price.Provider, name))
            .GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    [Fact]
    public void The_price_of_the_day_counts()
    {
        var (table, problems) = PriceTable.Shipped.With(Json.Parse("""
            {"prices":[{"provider":"openai","model":"gpt-4o","input_cents_per_million":100,"output_cents_per_million":400,"since":"2030-01-01","source":"s","aliases":["four"]}]}
            """));

        Assert.Empty(problems);
        Assert.Equal(250, table!.Find("openai", "gpt-4o", new DateOnly(2029, 12, 31))!.InputCentsPerMillion);
        Assert.Equal(100, table.Find("openai", "gpt-4o", new DateOnly(2030, 1, 1))!.InputCentsPerMillion);
        Assert.Equal(250, table.Find("openai", "gpt-4o", new DateOnly(2020, 1, 1))!.InputCentsPerMillion);
        Assert.NotEqual(PriceTable.Shipped.Version, table.Version);
    }

    [Fact]
    public void A_table_read_back_is_the_same() => Assert.Equal(PriceTable.Shipped.Version, PriceTable.Shipped.With(PriceTable.Shipped.ToJson()).Table!.Version);

    [Theory]
    [InlineData("""{"prices":[{"provider":"a b","model":"m","input_cents_per_million":1,"output_cents_per_million":1,"since":"2026-01-01","source":"s"}]}""", "prices[0].provider")]
    [InlineData("""{"prices":[{"provider":"a","model":"m","input_cents_per_million":"1","output_cents_per_million":1,"since":"2026-01-01","source":"s"}]}""", "prices[0].input_cents_per_million")]
    [InlineData("""{"prices":[{"provider":"a","model":"m","input_cents_per_million":1,"output_cents_per_million":-1,"since":"2026-01-01","source":"s"}]}""", "prices[0].output_cents_per_million")]
    [InlineData("""{"prices":[{"provider":"a","model":"m","input_cents_per_million":1,"output_cents_per_million":1,"since":"2026-02-30","source":"s"}]}""", "prices[0].since")]
    [InlineData("""{"prices":[{"provider":"a","model":"m","input_cents_per_million":1,"output_cents_per_million":1,"since":"2026-01-01"}]}""", "prices[0].source")]
    [InlineData("[]", "")]
    public void A_wrong_entry_is_named(string file, string path)
    {
        var (table, problems) = PriceTable.Shipped.With(Json.Parse(file));

        Assert.Null(table);
        Assert.Equal(path, Assert.Single(problems).Path);
    }
}
