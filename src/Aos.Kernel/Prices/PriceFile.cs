using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>A file of prices.</summary>
internal static class PriceFile
{
    internal static JsonSchema Schema { get; } = JsonSchema.Known(Json.Parse("""
        {
          "type": "object",
          "required": ["prices"],
          "additionalProperties": false,
          "properties": {
            "prices": {
              "type": "array",
              "items": {
                "type": "object",
                "required": ["provider", "model", "input_cents_per_million", "output_cents_per_million", "since", "source"],
                "additionalProperties": false,
                "properties": {
                  "provider": { "type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$" },
                  "model": { "type": "string", "minLength": 1, "maxLength": 200 },
                  "input_cents_per_million": { "type": "number", "minimum": 0, "maximum": 10000000 },
                  "output_cents_per_million": { "type": "number", "minimum": 0, "maximum": 10000000 },
                  "cache_write_cents_per_million": { "type": "number", "minimum": 0, "maximum": 10000000 },
                  "cache_read_cents_per_million": { "type": "number", "minimum": 0, "maximum": 10000000 },
                  "since": { "type": "string", "format": "date" },
                  "source": { "type": "string", "minLength": 1 },
                  "aliases": { "type": "array", "items": { "type": "string", "minLength": 1 } }
                }
              }
            }
          }
        }
        """));

    internal static ModelPrice Read(JsonElement price) => new(
        price.GetText("provider")!,
        price.GetText("model")!,
        price.GetProperty("input_cents_per_million").GetDecimal(),
        price.GetProperty("output_cents_per_million").GetDecimal(),
        DateOnly.ParseExact(price.GetText("since")!, "yyyy-MM-dd", CultureInfo.InvariantCulture),
        price.GetText("source")!,
        price.Get("aliases") is { } aliases ? [.. aliases.EnumerateArray().Select(alias => alias.GetString()!)] : [])
    {
        CacheWriteCentsPerMillion = price.Get("cache_write_cents_per_million")?.GetDecimal(),
        CacheReadCentsPerMillion = price.Get("cache_read_cents_per_million")?.GetDecimal(),
    };
}
