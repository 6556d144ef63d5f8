using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/prices</c>: the table by which calls of models are simulated, reserved and billed.</summary>
internal static class PriceRoutes
{
    internal static void MapPrices(this IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/prices", ListAsync);

    [Needs("skill:read", OpenInDevelopment = true)]
    private static Task ListAsync(HttpContext context)
    {
        var table = context.RequestServices.GetRequiredService<PriceTable>();
        var today = DateOnly.FromDateTime(context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime);
        var (provider, model) = (context.Text("provider"), context.Text("model"));
        var shown = table.All.Where(price => (provider is null || price.Provider == provider) && (model is null || price.Model == model || price.Aliases.Contains(model))).ToList();
        return context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("version", table.Version);
            writer.WriteString("unit", "cents per million tokens");
            writer.WriteNumber("count", shown.Count);
            writer.WriteStartArray("prices");
            foreach (var price in shown) Write(writer, price, table, today);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    /// <summary>A price, whether it counts today, and whether it is one that AOS is shipped with.</summary>
    private static void Write(Utf8JsonWriter writer, ModelPrice price, PriceTable table, DateOnly today)
    {
        writer.WriteStartObject();
        writer.WriteString("provider", price.Provider);
        writer.WriteString("model", price.Model);
        SkillWire.WriteTexts(writer, "aliases", price.Aliases);
        writer.WriteNumber("input_cents_per_million", price.InputCentsPerMillion);
        writer.WriteNumber("output_cents_per_million", price.OutputCentsPerMillion);
        if (price.CacheWriteCentsPerMillion is { } write) writer.WriteNumber("cache_write_cents_per_million", write);
        if (price.CacheReadCentsPerMillion is { } read) writer.WriteNumber("cache_read_cents_per_million", read);
        writer.WriteString("since", price.Since.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        writer.WriteString("source", price.Source);
        writer.WriteBoolean("in_force", ReferenceEquals(table.Find(price.Provider, price.Model, today), price));
        writer.WriteBoolean("shipped", PriceTable.Shipped.All.Contains(price));
        writer.WriteEndObject();
    }
}
