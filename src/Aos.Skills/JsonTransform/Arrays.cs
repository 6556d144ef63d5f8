using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Operations on lists.</summary>
internal static class Arrays
{
    /// <summary>Longest list accepted.</summary>
    internal const int LengthMax = 100_000;

    internal static JsonElement List(IEnumerable<JsonElement> items) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var item in items) item.WriteTo(writer);
        writer.WriteEndArray();
    });

    internal static JsonElement Filter(JsonElement data, JsonElement condition)
    {
        if (condition.ValueKind != JsonValueKind.Object) throw TransformException.Request("condition must be an object.");
        var field = condition.GetText("field") ?? throw TransformException.Request("condition.field is missing.");
        var path = field.StartsWith('$') ? JsonPath.Parse(field) : JsonPath.Of(field);
        var op = condition.GetText("operator") ?? "eq";
        var wanted = condition.Get("value") ?? Json.Null;
        return List(Items(data).Where(item => item.ValueKind == JsonValueKind.Object && Fits(Find(item, path), op, wanted)));
    }

    internal static JsonElement Flatten(JsonElement data, int depth)
    {
        var flat = Flat(data, depth).Take(LengthMax + 1).ToList();
        if (flat.Count > LengthMax) throw new TransformException("INPUT_TOO_LARGE", $"The list would have more than {LengthMax} items.");
        return List(flat);
    }

    internal static JsonElement Map(JsonElement data, JsonPath path) => List(Items(data).Select(item => Find(item, path) ?? Json.Null));

    internal static JsonElement Sort(JsonElement data, string? key, bool descending)
    {
        var items = Items(data).Select(item => (Item: item, Key: key is null ? item : item.Get(key) ?? Json.Null)).ToList();
        var comparer = Comparer<JsonElement>.Create(Compare);
        var sorted = descending ? items.OrderByDescending(item => item.Key, comparer) : items.OrderBy(item => item.Key, comparer);
        try
        {
            return List(sorted.Select(item => item.Item).ToList());
        }
        catch (InvalidOperationException e) when (e.InnerException is TransformException mixed)
        {
            throw mixed;
        }
    }

    internal static JsonElement Aggregate(JsonElement data, string fn)
    {
        var items = Items(data);
        if (fn == "count") return Json.Of((decimal)items.Count());
        var numbers = items.Select(Number).ToList();
        try
        {
            return fn switch
            {
                "sum" => Json.Of(numbers.Sum()),
                "avg" when numbers.Count > 0 => Json.Of(numbers.Sum() / numbers.Count),
                "min" when numbers.Count > 0 => Json.Of(numbers.Min()),
                "max" when numbers.Count > 0 => Json.Of(numbers.Max()),
                "avg" or "min" or "max" => throw TransformException.Shape($"{fn} of an empty list."),
                _ => throw TransformException.Request($"There is no function {fn}: avg, count, max, min, sum."),
            };
        }
        catch (OverflowException)
        {
            throw TransformException.Shape($"{fn} is out of the range of ±7.9·10²⁸.");
        }
    }

    private static JsonElement? Find(JsonElement item, JsonPath path)
    {
        try
        {
            return path.Read(item);
        }
        catch (TransformException)
        {
            return null;
        }
    }

    private static IEnumerable<JsonElement> Flat(JsonElement data, int depth)
    {
        foreach (var item in Items(data))
        {
            if (item.ValueKind != JsonValueKind.Array || depth < 1) yield return item;
            else foreach (var inner in Flat(item, depth - 1)) yield return inner;
        }
    }

    private static bool Fits(JsonElement? found, string op, JsonElement wanted)
    {
        var actual = found ?? Json.Null;
        return op switch
        {
            "exists" => found is not null,
            "eq" => JsonElement.DeepEquals(actual, wanted),
            "ne" => !JsonElement.DeepEquals(actual, wanted),
            "gt" => Order(actual, wanted) > 0,
            "gte" => Order(actual, wanted) >= 0,
            "lt" => Order(actual, wanted) < 0,
            "lte" => Order(actual, wanted) <= 0,
            "contains" when actual.ValueKind == JsonValueKind.Array => actual.EnumerateArray().Any(item => JsonElement.DeepEquals(item, wanted)),
            "contains" => Texts(actual, wanted, static (a, w) => a.Contains(w, StringComparison.Ordinal)),
            "startswith" => Texts(actual, wanted, static (a, w) => a.StartsWith(w, StringComparison.Ordinal)),
            "endswith" => Texts(actual, wanted, static (a, w) => a.EndsWith(w, StringComparison.Ordinal)),
            _ => throw TransformException.Request($"There is no operator {op}: contains, endswith, eq, exists, gt, gte, lt, lte, ne, startswith."),
        };
    }

    private static bool Texts(JsonElement actual, JsonElement wanted, Func<string, string, bool> test) =>
        actual.ValueKind == JsonValueKind.String && wanted.ValueKind == JsonValueKind.String && test(actual.GetString()!, wanted.GetString()!);

    private static int Order(JsonElement actual, JsonElement wanted) =>
        actual.ValueKind == JsonValueKind.Null || wanted.ValueKind == JsonValueKind.Null ? throw Mixed(actual, wanted) : Compare(actual, wanted);

    /// <summary>Nulls come first; numbers, texts and truth values are ordered among themselves, a mix of them has no order.</summary>
    private static int Compare(JsonElement a, JsonElement b)
    {
        if (a.ValueKind == JsonValueKind.Null || b.ValueKind == JsonValueKind.Null)
            return (a.ValueKind == JsonValueKind.Null ? 0 : 1) - (b.ValueKind == JsonValueKind.Null ? 0 : 1);
        return (a.ValueKind, b.ValueKind) switch
        {
            (JsonValueKind.String, JsonValueKind.String) => string.CompareOrdinal(a.GetString(), b.GetString()),
            (JsonValueKind.Number, JsonValueKind.Number) => Number(a).CompareTo(Number(b)),
            (JsonValueKind.True or JsonValueKind.False, JsonValueKind.True or JsonValueKind.False) => a.GetBoolean().CompareTo(b.GetBoolean()),
            _ => throw Mixed(a, b),
        };
    }

    private static TransformException Mixed(JsonElement a, JsonElement b) => TransformException.Shape($"{Kind(a)} and {Kind(b)} have no order.");

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        _ => "a truth value",
    };

    private static decimal Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) ? number : throw TransformException.Shape($"{Kind(value)} stands where a number must be.");

    private static JsonElement.ArrayEnumerator Items(JsonElement data)
    {
        if (data.ValueKind != JsonValueKind.Array) throw TransformException.Shape($"The data must be a list, not {Kind(data)}.");
        return data.GetArrayLength() <= LengthMax
            ? data.EnumerateArray()
            : throw new TransformException("INPUT_TOO_LARGE", $"The list has {data.GetArrayLength()} items, the limit is {LengthMax}.");
    }
}
