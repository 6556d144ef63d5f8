using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// The one table of model prices: simulate, budgets, planners and the bill read the same. A call costs
/// tokens read · input price + tokens written · output price, tokens of the provider's prompt cache at their own prices,
/// exact; only the wire rounds.
/// </summary>
public sealed class PriceTable
{
    private readonly ImmutableArray<ModelPrice> prices;
    private string? version;

    private PriceTable(IEnumerable<ModelPrice> prices)
    {
        this.prices = [.. prices.OrderBy(price => price.Provider, StringComparer.Ordinal).ThenBy(price => price.Model, StringComparer.Ordinal).ThenByDescending(price => price.Since)];
    }

    /// <summary>The prices AOS is shipped with.</summary>
    public static PriceTable Shipped { get; } = new(ShippedPrices.All);

    public IReadOnlyList<ModelPrice> All => prices;

    /// <summary>16 hex digits that change when any price does: names the table in a simulation's facts.</summary>
    public string Version => version ??= ContentHash.Short(ToJson());

    /// <summary>
    /// The price of a model on a day: by name or alias, else the provider's default (<c>*</c>), else null. Of several
    /// prices the latest that has begun counts; before the first, the first.
    /// </summary>
    public ModelPrice? Find(string provider, string model, DateOnly? day = null) => On(provider, price => price.Is(model), day) ?? On(provider, price => price.Model == "*", day);

    /// <summary>Cost of a call. A provider the table does not know is free: a server of one's own.</summary>
    public Cents Cost(string provider, string model, long inputTokens, long outputTokens, DateOnly? day = null) =>
        Cost(provider, model, new TokenUsage(inputTokens, outputTokens), day);

    /// <summary>The same with what went through the provider's prompt cache at its own prices.</summary>
    public Cents Cost(string provider, string model, TokenUsage usage, DateOnly? day = null)
    {
        if (Find(provider, model, day) is not { } price) return Cents.Zero;
        var fresh = usage.Input - usage.CacheRead - usage.CacheWritten;
        var cents = (fresh * price.InputCentsPerMillion)
            + (usage.CacheRead * (price.CacheReadCentsPerMillion ?? price.InputCentsPerMillion))
            + (usage.CacheWritten * (price.CacheWriteCentsPerMillion ?? price.InputCentsPerMillion))
            + (usage.Output * price.OutputCentsPerMillion);
        return new Cents(cents / 1_000_000m);
    }

    /// <summary>
    /// This table with the prices of a file put above it: <c>{"prices": [{"provider", "model", "input_cents_per_million",
    /// "output_cents_per_million", "cache_write_cents_per_million", "cache_read_cents_per_million", "since", "source", "aliases"}]}</c>. Null with the problems when the file is wrong.
    /// </summary>
    public (PriceTable? Table, IReadOnlyList<SchemaProblem> Problems) With(JsonElement file)
    {
        var problems = PriceFile.Schema.Check(file);
        if (problems.Count > 0) return (null, problems);
        var added = file.GetProperty("prices").EnumerateArray().Select(PriceFile.Read).ToList();
        var kept = prices.Where(old => !added.Exists(one => one.Provider == old.Provider && one.Model == old.Model && one.Since == old.Since));
        return (new PriceTable(kept.Concat(added)), []);
    }

    /// <summary>The table as <see cref="With"/> reads it.</summary>
    public JsonElement ToJson() => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("prices");
        foreach (var price in prices)
        {
            writer.WriteStartObject();
            writer.WriteString("provider", price.Provider);
            writer.WriteString("model", price.Model);
            writer.WriteNumber("input_cents_per_million", price.InputCentsPerMillion);
            writer.WriteNumber("output_cents_per_million", price.OutputCentsPerMillion);
            if (price.CacheWriteCentsPerMillion is { } write) writer.WriteNumber("cache_write_cents_per_million", write);
            if (price.CacheReadCentsPerMillion is { } read) writer.WriteNumber("cache_read_cents_per_million", read);
            writer.WriteString("since", price.Since.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            writer.WriteString("source", price.Source);
            writer.WriteStartArray("aliases");
            foreach (var alias in price.Aliases) writer.WriteStringValue(alias);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private ModelPrice? On(string provider, Func<ModelPrice, bool> isOne, DateOnly? day)
    {
        var found = prices.Where(price => price.Provider == provider && isOne(price)).OrderByDescending(price => price.Since).ToList();
        return found.Find(price => day is null || price.Since <= day) ?? found.LastOrDefault();
    }
}
