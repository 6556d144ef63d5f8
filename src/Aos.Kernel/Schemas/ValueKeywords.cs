using System.Text.Json;

namespace Aos.Kernel;

/// <summary><c>type</c>, <c>enum</c>, <c>const</c>.</summary>
internal static class ValueKeywords
{
    private static readonly string[] Types = ["null", "boolean", "object", "array", "number", "integer", "string"];

    internal static SchemaRule? Read(SchemaPlace place) => place.Keyword switch
    {
        "type" => Type(place),
        "enum" => Enum(place),
        _ => Const(place),
    };

    /// <summary>A number without a fraction, however it is written: 1, 1.0 and 1e2.</summary>
    internal static bool IsWhole(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number) return false;
        if (value.TryGetDecimal(out var exact)) return decimal.Truncate(exact) == exact;
        var rough = value.GetDouble();
        return double.IsFinite(rough) && Math.Floor(rough) == rough;
    }

    private static SchemaRule? Type(SchemaPlace place)
    {
        var names = place.Value.ValueKind == JsonValueKind.String ? [place.Value.GetString()!] : place.Names();
        if (names is null) return null;
        if (names.Length == 0 || names.FirstOrDefault(name => !Types.Contains(name)) is not null)
            return place.Wrong($"must be of {string.Join(", ", Types)}");
        var wanted = string.Join(" or ", names);
        return (value, run) =>
        {
            if (!names.Any(name => Is(value, name))) run.Problem("type", $"must be {wanted}, not {Name(value)}");
        };
    }

    private static bool Is(JsonElement value, string type) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => IsWhole(value),
        _ => value.ValueKind == JsonValueKind.String,
    };

    private static string Name(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => value.ValueKind.ToString().ToLowerInvariant(),
    };

    private static SchemaRule? Enum(SchemaPlace place)
    {
        if (place.Value.ValueKind != JsonValueKind.Array || place.Value.GetArrayLength() == 0) return place.Wrong("must be a list of at least one value");
        var values = place.Value.EnumerateArray().ToArray();
        var message = $"must be one of {string.Join(", ", values.Take(20).Select(Short))}{(values.Length > 20 ? ", …" : "")}";
        return (value, run) =>
        {
            if (!run.Spend(values.Length) || run.HoldsUnknown(value)) return;
            if (!values.Any(one => JsonElement.DeepEquals(one, value))) run.Problem("enum", message);
        };
    }

    private static SchemaRule Const(SchemaPlace place)
    {
        var constant = place.Value;
        var message = $"must be {Short(constant)}";
        return (value, run) =>
        {
            if (!run.HoldsUnknown(value) && !JsonElement.DeepEquals(constant, value)) run.Problem("const", message);
        };
    }

    private static string Short(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length > 60 ? text[..60] + "…" : text;
    }
}
