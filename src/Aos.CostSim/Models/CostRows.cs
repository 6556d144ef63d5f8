using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Rows of the cost models as settings give them: a JSON object, the skill's name to its row.</summary>
internal static class CostRows
{
    private const decimal Max = 9_000_000_000m;

    internal static TableRow TableRow(JsonElement row) => new(
        (long)Number(row, "cost_cents", Max), (long)Number(row, "latency_ms", Max), Number(row, "risk", 1), Word(row));

    internal static CoefficientRow CoefficientRow(JsonElement row) => new(
        Number(row, "base_cents", Max), Number(row, "base_latency_ms", Max), Number(row, "confidence", 1), Word(row), Number(row, "risk", 1))
    {
        CentsPerThousandIn = Number(row, "cents_per_thousand_in", Max, 0), CentsPerThousandOut = Number(row, "cents_per_thousand_out", Max, 0),
        LatencyPerThousand = Number(row, "latency_ms_per_thousand", Max, 0), LatencyVariance = Number(row, "latency_variance_ms", Max, 0),
    };

    internal static IReadOnlyDictionary<string, TRow> Read<TRow>(Func<string, string?> setting, string name, Func<JsonElement, TRow> read, List<string> problems)
    {
        var rows = ImmutableSortedDictionary.CreateBuilder<string, TRow>(StringComparer.Ordinal);
        if (setting(name) is not { Length: > 0 } text) return rows.ToImmutable();
        try
        {
            foreach (var row in Json.Parse(text).EnumerateObject()) rows[row.Name] = read(row.Value);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            problems.Add($"{name} cannot be read: {e.Message} It is an object of rows by skill; docs/costsim.md lists their members.");
            rows.Clear();
        }

        return rows.ToImmutable();
    }

    private static decimal Number(JsonElement row, string name, decimal max, decimal? otherwise = null) =>
        row.Get(name) is not { } value ? otherwise ?? throw new FormatException($"{name} is missing.")
        : value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && number >= 0 && number <= max ? number
        : throw new FormatException($"{name} is no number from 0 to {max.ToString(System.Globalization.CultureInfo.InvariantCulture)}.");

    private static string Word(JsonElement row) => row.GetText("risk_type") ?? "unknown";
}
