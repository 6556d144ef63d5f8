using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Kernel;
using Npgsql;
using NpgsqlTypes;

namespace Aos.Skills;

/// <summary>
/// Values of parameters as the driver takes them. They go beside the statement, never in it. A text has no type of its own, as a literal in quotes has
/// none: the server takes it for what stands there, be it a date or a uuid. Numbers have the type that the server gives to such a literal.
/// </summary>
internal static class SqlValues
{
    internal const int CountMax = 1_000;

    /// <summary>A map, or a list for <c>$1</c>, <c>$2</c>.</summary>
    internal static (IReadOnlyDictionary<string, JsonElement>? Values, string? Problem) Read(JsonElement values)
    {
        Dictionary<string, JsonElement>? read = values.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => [],
            JsonValueKind.Object => values.EnumerateObject().ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal),
            JsonValueKind.Array => values.EnumerateArray().Index().ToDictionary(item => (item.Index + 1).ToString(CultureInfo.InvariantCulture), item => item.Item, StringComparer.Ordinal),
            _ => null,
        };
        if (read is null) return (null, "params is a map of names to values, or a list.");
        if (read.Count > CountMax) return (null, $"params has more than {CountMax} values.");
        return read.FirstOrDefault(pair => HoldsNul(pair.Value)) is { Key: { } name }
            ? (null, $"params.{name} holds a NUL character, which no text of the database can.")
            : (read, null);
    }

    internal static NpgsqlParameter Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => Unknown(null),
        JsonValueKind.String => Unknown(value.GetString()),
        JsonValueKind.True or JsonValueKind.False => new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Boolean, Value = value.GetBoolean() },
        JsonValueKind.Number => OfNumber(value),
        JsonValueKind.Array => OfArray([.. value.EnumerateArray()]) ?? OfJson(value),
        _ => OfJson(value),
    };

    private static NpgsqlParameter Unknown(string? text) => new() { NpgsqlDbType = NpgsqlDbType.Unknown, Value = (object?)text ?? DBNull.Value };

    private static NpgsqlParameter OfJson(JsonElement value) => new() { NpgsqlDbType = NpgsqlDbType.Jsonb, Value = value.GetRawText() };

    private static NpgsqlParameter OfNumber(JsonElement value) =>
        value.TryGetInt32(out var small) ? new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Integer, Value = small }
        : value.TryGetInt64(out var big) ? new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bigint, Value = big }
        : new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Numeric, Value = value.GetDecimal() };

    /// <summary>Null: the list is no list of scalars of one kind, and goes as JSON.</summary>
    private static NpgsqlParameter? OfArray(JsonElement[] items)
    {
        var kinds = items.Select(item => item.ValueKind).Where(kind => kind != JsonValueKind.Null).Select(kind => kind == JsonValueKind.False ? JsonValueKind.True : kind).Distinct().ToArray();
        return kinds switch
        {
            [] or [JsonValueKind.String] => Unknown(Literal(items)),
            [JsonValueKind.True] => Typed(NpgsqlDbType.Boolean, items, item => item.GetBoolean()),
            [JsonValueKind.Number] when items.All(item => item.ValueKind == JsonValueKind.Null || item.TryGetInt32(out _)) => Typed(NpgsqlDbType.Integer, items, item => item.GetInt32()),
            [JsonValueKind.Number] when items.All(item => item.ValueKind == JsonValueKind.Null || item.TryGetInt64(out _)) => Typed(NpgsqlDbType.Bigint, items, item => item.GetInt64()),
            [JsonValueKind.Number] => Typed(NpgsqlDbType.Numeric, items, item => item.GetDecimal()),
            _ => null,
        };
    }

    private static NpgsqlParameter Typed<T>(NpgsqlDbType type, JsonElement[] items, Func<JsonElement, T> of)
        where T : struct =>
        new() { NpgsqlDbType = NpgsqlDbType.Array | type, Value = items.Select(item => item.ValueKind == JsonValueKind.Null ? (T?)null : of(item)).ToArray() };

    private static string Literal(JsonElement[] items)
    {
        var text = new StringBuilder("{");
        foreach (var item in items)
        {
            if (text.Length > 1) text.Append(',');
            if (item.ValueKind == JsonValueKind.Null) text.Append("NULL");
            else text.Append('"').Append(item.GetString()!.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        }

        return text.Append('}').ToString();
    }

    private static bool HoldsNul(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!.Contains('\0', StringComparison.Ordinal),
        JsonValueKind.Array => value.EnumerateArray().Any(HoldsNul),
        JsonValueKind.Object => value.EnumerateObject().Any(member => member.Name.Contains('\0', StringComparison.Ordinal) || HoldsNul(member.Value)),
        _ => false,
    };
}
