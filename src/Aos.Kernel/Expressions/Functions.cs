using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>The functions of expressions; no others can be defined.</summary>
internal static class Functions
{
    /// <summary>Longest text a function may build, characters.</summary>
    private const int TextMax = 1_000_000;

    /// <summary>Name to fewest and most arguments.</summary>
    internal static readonly SortedDictionary<string, (int Min, int Max)> Arity = new(StringComparer.Ordinal)
    {
        ["abs"] = (1, 1), ["avg"] = (1, 1), ["bool"] = (1, 1), ["ceil"] = (1, 1), ["contains"] = (2, 2), ["default"] = (2, 2),
        ["distinct"] = (1, 1), ["ends_with"] = (2, 2), ["floor"] = (1, 1), ["format_time"] = (2, 2), ["has"] = (1, 1),
        ["hash"] = (1, 1), ["join"] = (2, 2), ["json"] = (1, 1), ["keys"] = (1, 1), ["len"] = (1, 1), ["lower"] = (1, 1),
        ["map_get"] = (2, 2), ["max"] = (1, 9), ["min"] = (1, 9), ["now"] = (0, 0), ["number"] = (1, 1), ["parse_json"] = (1, 1),
        ["replace"] = (3, 3), ["round"] = (1, 2), ["sort"] = (1, 2), ["split"] = (2, 2), ["starts_with"] = (2, 2),
        ["string"] = (1, 1), ["sum"] = (1, 1), ["trim"] = (1, 1), ["upper"] = (1, 1), ["uuid"] = (0, 0), ["values"] = (1, 1),
    };

    internal static JsonElement Apply(string name, JsonElement[] a, Evaluation on) => name switch
    {
        "abs" => Json.Of(Math.Abs(Operators.Number(a[0]))),
        "avg" => Json.Of(Items(a[0]).Count == 0 ? throw Empty(name) : Numbers(a[0]).Sum() / Items(a[0]).Count),
        "bool" => Json.Of(a[0].ValueKind == JsonValueKind.True || (a[0].ValueKind == JsonValueKind.String && a[0].GetString() == "true")),
        "ceil" => Json.Of(decimal.Ceiling(Operators.Number(a[0]))),
        "contains" => Json.Of(Contains(a[0], a[1])),
        "distinct" => Distinct(a[0], on),
        "ends_with" => Json.Of(Operators.Text(a[0]).EndsWith(Operators.Text(a[1]), StringComparison.Ordinal)),
        "floor" => Json.Of(decimal.Floor(Operators.Number(a[0]))),
        "format_time" => FormatTime(a[0], a[1]),
        "hash" => Json.Of(ContentHash.Hex(a[0])),
        "join" => Json.Of(Limited(string.Join(Operators.Text(a[1]), Items(a[0]).Select(Template.AsText)))),
        "json" => Json.Of(CanonicalJson.Text(a[0])),
        "keys" => List(Members(a[0]).Select(member => Json.Of(member.Name))),
        "len" => Json.Of((decimal)Length(a[0])),
        "lower" => Json.Of(Operators.Text(a[0]).ToLowerInvariant()),
        "map_get" => List(Items(a[0]).Select(item => item.Get(Operators.Text(a[1])) ?? Json.Null)),
        "max" => Extreme(a, 1),
        "min" => Extreme(a, -1),
        "now" => Json.Of(on.Scope.Now.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)),
        "number" => ToNumber(a[0]),
        "parse_json" => ParseJson(a[0]),
        "replace" => Json.Of(Limited(Operators.Text(a[0]).Replace(Operators.Text(a[1]), Operators.Text(a[2]), StringComparison.Ordinal))),
        "round" => Json.Of(decimal.Round(Operators.Number(a[0]), Digits(a), MidpointRounding.ToEven)),
        "sort" => Sorted(a, on),
        "split" => List(Operators.Text(a[0]).Split(Operators.Text(a[1])).Select(Json.Of)),
        "starts_with" => Json.Of(Operators.Text(a[0]).StartsWith(Operators.Text(a[1]), StringComparison.Ordinal)),
        "string" => Json.Of(Template.AsText(a[0])),
        "sum" => Json.Of(Numbers(a[0]).Sum()),
        "trim" => Json.Of(Operators.Text(a[0]).Trim()),
        "upper" => Json.Of(Operators.Text(a[0]).ToUpperInvariant()),
        "uuid" => Json.Of(on.Scope.NextUuid().ToString("D")),
        "values" => List(Members(a[0]).Select(member => member.Value)),
        _ => throw new ExpressionException("EXPRESSION_ERROR", $"There is no function {name}."),
    };

    internal static JsonElement List(IEnumerable<JsonElement> items) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var item in items) item.WriteTo(writer);
        writer.WriteEndArray();
    });

    internal static bool Contains(JsonElement where, JsonElement what) => where.ValueKind switch
    {
        JsonValueKind.String => where.GetString()!.Contains(Operators.Text(what), StringComparison.Ordinal),
        JsonValueKind.Array => where.EnumerateArray().Any(item => Operators.Equal(item, what)),
        JsonValueKind.Object => where.TryGetProperty(Operators.Text(what), out _),
        _ => throw Operators.Wrong("a text, list or object", where),
    };

    private static List<JsonElement> Items(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Operators.Wrong("a list", value);

    private static IEnumerable<decimal> Numbers(JsonElement value) => Items(value).Select(Operators.Number);

    private static List<JsonProperty> Members(JsonElement value) => value.ValueKind == JsonValueKind.Object
        ? [.. value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal)]
        : throw Operators.Wrong("an object", value);

    private static int Length(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!.Length,
        JsonValueKind.Array => value.GetArrayLength(),
        JsonValueKind.Object => value.GetPropertyCount(),
        _ => throw Operators.Wrong("a text, list or object", value),
    };

    private static JsonElement Extreme(JsonElement[] a, int sign)
    {
        var values = a is [{ ValueKind: JsonValueKind.Array } list] ? Items(list) : [.. a];
        if (values.Count == 0) throw Empty(sign > 0 ? "max" : "min");
        var best = values[0];
        foreach (var value in values)
        {
            if (Operators.Compare(value, best) * sign > 0) best = value;
        }

        return best;
    }

    private static JsonElement Distinct(JsonElement value, Evaluation on)
    {
        var seen = new SortedSet<string>(StringComparer.Ordinal);
        on.Step(value.ValueKind == JsonValueKind.Array ? value.GetArrayLength() : 1);
        return List(Items(value).Where(item => seen.Add(CanonicalJson.Text(item))).ToList());
    }

    private static JsonElement Sorted(JsonElement[] a, Evaluation on)
    {
        var items = Items(a[0]);
        on.Step(items.Count);
        var key = a.Length > 1 ? Operators.Text(a[1]) : null;
        return List(items.OrderBy(item => key is null ? item : item.Get(key) ?? Json.Null, Comparer<JsonElement>.Create(Operators.Compare)).ToList());
    }

    private static JsonElement ToNumber(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number) return value;
        var text = Operators.Text(value);
        return decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? Json.Of(number)
            : throw new ExpressionException("EXPRESSION_ERROR", $"'{text}' is no number.");
    }

    private static JsonElement ParseJson(JsonElement value)
    {
        try
        {
            return Json.Parse(Operators.Text(value));
        }
        catch (JsonException e)
        {
            throw new ExpressionException("EXPRESSION_ERROR", $"The text is no JSON: {e.Message}");
        }
    }

    private static JsonElement FormatTime(JsonElement time, JsonElement format)
    {
        if (!DateTimeOffset.TryParse(Operators.Text(time), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
            throw new ExpressionException("EXPRESSION_ERROR", $"'{time.GetString()}' is no time.");
        try
        {
            return Json.Of(at.ToUniversalTime().ToString(Operators.Text(format), CultureInfo.InvariantCulture));
        }
        catch (FormatException)
        {
            throw new ExpressionException("EXPRESSION_ERROR", $"'{format.GetString()}' is no time format.");
        }
    }

    private static int Digits(JsonElement[] a) => a.Length < 2 ? 0 : (int)Math.Clamp(Operators.Number(a[1]), 0, 28);

    private static string Limited(string text) => text.Length <= TextMax
        ? text
        : throw new ExpressionException("EXPRESSION_ERROR", $"The text is longer than {TextMax} characters.");

    private static ExpressionException Empty(string name) => new("EXPRESSION_ERROR", $"{name} of an empty list.");
}
