using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Operations on lists.</summary>
internal static class Arrays
{
    internal static JsonElement List(IEnumerable<JsonElement> items) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var item in items) item.WriteTo(writer);
        writer.WriteEndArray();
    });

    internal static JsonElement Filter(JsonElement data, JsonElement condition)
    {
        var field = condition.GetText("field") ?? throw new TransformException("condition.field is missing.");
        var op = condition.GetText("operator") ?? "eq";
        return List(Items(data).Where(item => item.ValueKind == JsonValueKind.Object && Fits(item.Get(field), op, condition.Get("value"))));
    }

    internal static JsonElement Flatten(JsonElement data, int depth) => List(Flat(data, depth));

    internal static JsonElement Map(JsonElement data, string path) => List(Items(data).Select(item =>
    {
        try
        {
            return JsonPath.Read(item, path);
        }
        catch (TransformException)
        {
            return Json.Null;
        }
    }));

    internal static JsonElement Sort(JsonElement data, string? key, bool descending)
    {
        var items = Items(data).Select(item => (Item: item, Key: key is null ? item : item.Get(key) ?? Json.Null)).ToList();
        var comparer = Comparer<JsonElement>.Create(Compare);
        var sorted = descending ? items.OrderByDescending(item => item.Key, comparer) : items.OrderBy(item => item.Key, comparer);
        return List(sorted.Select(item => item.Item).ToList());
    }

    internal static JsonElement Aggregate(JsonElement data, string fn)
    {
        var numbers = Items(data).Select(Number).ToList();
        return fn switch
        {
            "count" => Json.Of((decimal)numbers.Count),
            "sum" => Json.Of(numbers.Sum()),
            "avg" when numbers.Count > 0 => Json.Of(numbers.Average()),
            "min" when numbers.Count > 0 => Json.Of(numbers.Min()),
            "max" when numbers.Count > 0 => Json.Of(numbers.Max()),
            "avg" or "min" or "max" => throw new TransformException($"{fn} of an empty list."),
            _ => throw new TransformException($"There is no function {fn}: sum, count, avg, min, max."),
        };
    }

    private static IEnumerable<JsonElement> Flat(JsonElement data, int depth)
    {
        foreach (var item in Items(data))
        {
            if (item.ValueKind != JsonValueKind.Array || depth < 1) yield return item;
            else foreach (var inner in Flat(item, depth - 1)) yield return inner;
        }
    }

    private static bool Fits(JsonElement? actual, string op, JsonElement? wanted)
    {
        if (op == "exists") return actual is not null;
        if (actual is not { } a || wanted is not { } w) return op == "ne";
        return op switch
        {
            "eq" => JsonElement.DeepEquals(a, w),
            "ne" => !JsonElement.DeepEquals(a, w),
            "gt" => Compare(a, w) > 0,
            "gte" => Compare(a, w) >= 0,
            "lt" => Compare(a, w) < 0,
            "lte" => Compare(a, w) <= 0,
            "contains" => a.ValueKind == JsonValueKind.Array ? a.EnumerateArray().Any(item => JsonElement.DeepEquals(item, w)) : Text(a).Contains(Text(w), StringComparison.Ordinal),
            "startswith" => Text(a).StartsWith(Text(w), StringComparison.Ordinal),
            "endswith" => Text(a).EndsWith(Text(w), StringComparison.Ordinal),
            _ => throw new TransformException($"There is no operator {op}."),
        };
    }

    private static int Compare(JsonElement a, JsonElement b)
    {
        if (a.ValueKind == JsonValueKind.Null || b.ValueKind == JsonValueKind.Null)
            return (a.ValueKind == JsonValueKind.Null ? 0 : 1) - (b.ValueKind == JsonValueKind.Null ? 0 : 1);
        return a.ValueKind == JsonValueKind.String && b.ValueKind == JsonValueKind.String
            ? string.CompareOrdinal(a.GetString(), b.GetString())
            : Number(a).CompareTo(Number(b));
    }

    private static decimal Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) ? number : throw new TransformException($"{value.GetRawText()} is no number.");

    private static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new TransformException($"{value.GetRawText()} is no text.");

    private static JsonElement.ArrayEnumerator Items(JsonElement data) =>
        data.ValueKind == JsonValueKind.Array ? data.EnumerateArray() : throw new TransformException("The data is no list.");
}
