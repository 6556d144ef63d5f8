using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills.Query;

/// <summary>Values as queries see them: truth, order, arithmetic, access.</summary>
internal static class Values
{
    internal static IComparer<JsonElement> Order { get; } = Comparer<JsonElement>.Create(Compare);

    /// <summary>All but null and false.</summary>
    internal static bool IsTrue(JsonElement value) => value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False or JsonValueKind.Undefined);

    internal static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.Null => "null",
        _ => "boolean",
    };

    /// <summary>The total order of jq: null, false, true, numbers, texts, lists, objects.</summary>
    internal static int Compare(JsonElement a, JsonElement b)
    {
        var rank = Rank(a).CompareTo(Rank(b));
        if (rank != 0) return rank;
        return a.ValueKind switch
        {
            JsonValueKind.Number => Number(a).CompareTo(Number(b)),
            JsonValueKind.String => string.CompareOrdinal(a.GetString(), b.GetString()),
            JsonValueKind.Array => CompareItems([.. a.EnumerateArray()], [.. b.EnumerateArray()]),
            JsonValueKind.Object => CompareObjects(a, b),
            _ => 0,
        };
    }

    internal static decimal Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) ? number : throw TransformException.Shape($"{Kind(value)} stands where a number must be.");

    internal static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw TransformException.Shape($"{Kind(value)} stands where a string must be.");

    internal static IEnumerable<JsonElement> Items(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray(),
        JsonValueKind.Object => value.EnumerateObject().Select(member => member.Value),
        _ => throw TransformException.Shape($"{Kind(value)} has no items."),
    };

    internal static List<JsonElement> List(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw TransformException.Shape($"{Kind(value)} stands where an array must be.");

    /// <summary>An object; of two members with one name the later counts.</summary>
    internal static JsonElement Object(IEnumerable<(string Name, JsonElement Value)> members)
    {
        var last = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var order = new List<string>();
        foreach (var (name, value) in members)
        {
            if (last.TryAdd(name, value)) order.Add(name);
            else last[name] = value;
        }

        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var name in order)
            {
                writer.WritePropertyName(name);
                last[name].WriteTo(writer);
            }

            writer.WriteEndObject();
        });
    }

    internal static JsonElement At(JsonElement value, JsonElement key)
    {
        if (value.ValueKind == JsonValueKind.Null) return Json.Null;
        if (value.ValueKind == JsonValueKind.Object && key.ValueKind == JsonValueKind.String) return value.Get(key.GetString()!) ?? Json.Null;
        if (value.ValueKind != JsonValueKind.Array || key.ValueKind != JsonValueKind.Number) throw TransformException.Shape($"{Kind(value)} cannot be indexed with {Kind(key)}.");
        var length = value.GetArrayLength();
        var index = decimal.Floor(Number(key));
        if (index < 0) index += length;
        return index >= 0 && index < length ? value[(int)index] : Json.Null;
    }

    internal static JsonElement Slice(JsonElement value, JsonElement from, JsonElement to)
    {
        if (value.ValueKind == JsonValueKind.Null) return Json.Null;
        var length = value.ValueKind == JsonValueKind.String ? value.GetString()!.Length : List(value).Count;
        var start = Place(from, 0, length);
        var end = Math.Max(start, Place(to, length, length));
        return value.ValueKind == JsonValueKind.String ? Json.Of(value.GetString()![start..end]) : Arrays.List(List(value).GetRange(start, end - start));
    }

    internal static JsonElement Apply(string op, JsonElement a, JsonElement b)
    {
        try
        {
            return op switch
            {
                "==" => Json.Of(Compare(a, b) == 0),
                "!=" => Json.Of(Compare(a, b) != 0),
                "<" => Json.Of(Compare(a, b) < 0),
                "<=" => Json.Of(Compare(a, b) <= 0),
                ">" => Json.Of(Compare(a, b) > 0),
                ">=" => Json.Of(Compare(a, b) >= 0),
                "+" => Add(a, b),
                "-" => a.ValueKind == JsonValueKind.Array ? Arrays.List(Without(List(a), List(b))) : Json.Of(Number(a) - Number(b)),
                "*" => a.ValueKind == JsonValueKind.Object && b.ValueKind == JsonValueKind.Object ? MergeDeep(a, b) : Json.Of(Number(a) * Number(b)),
                "/" => a.ValueKind == JsonValueKind.String ? Split(Text(a), Text(b)) : Json.Of(Number(a) / NotZero(b)),
                _ => Json.Of(decimal.Truncate(Number(a)) % NotZero(Json.Of(decimal.Truncate(Number(b))))),
            };
        }
        catch (OverflowException)
        {
            throw TransformException.Shape($"The result of {op} is out of the range of ±7.9·10²⁸.");
        }
    }

    internal static JsonElement Add(JsonElement a, JsonElement b) => (a.ValueKind, b.ValueKind) switch
    {
        (JsonValueKind.Null, _) => b,
        (_, JsonValueKind.Null) => a,
        (JsonValueKind.String, JsonValueKind.String) => Json.Of(a.GetString() + b.GetString()),
        (JsonValueKind.Array, JsonValueKind.Array) => Arrays.List(a.EnumerateArray().Concat(b.EnumerateArray())),
        (JsonValueKind.Object, JsonValueKind.Object) => Objects.Merge(a, b),
        _ => Json.Of(Number(a) + Number(b)),
    };

    internal static JsonElement Split(string text, string by) =>
        text.Length == 0 ? Json.EmptyArray : Arrays.List((by.Length == 0 ? text.Select(c => c.ToString()) : text.Split(by)).Select(Json.Of));

    internal static string AsText(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : CanonicalJson.Text(value);

    private static int Rank(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => 0, JsonValueKind.False => 1, JsonValueKind.True => 2, JsonValueKind.Number => 3, JsonValueKind.String => 4, JsonValueKind.Array => 5, _ => 6,
    };

    private static int CompareItems(List<JsonElement> a, List<JsonElement> b)
    {
        for (var i = 0; i < Math.Min(a.Count, b.Count); i++)
        {
            var order = Compare(a[i], b[i]);
            if (order != 0) return order;
        }

        return a.Count.CompareTo(b.Count);
    }

    private static int CompareObjects(JsonElement a, JsonElement b)
    {
        var left = a.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal).ToList();
        var right = b.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal).ToList();
        var names = CompareItems([.. left.Select(member => Json.Of(member.Name))], [.. right.Select(member => Json.Of(member.Name))]);
        return names != 0 ? names : CompareItems([.. left.Select(member => member.Value)], [.. right.Select(member => member.Value)]);
    }

    private static IEnumerable<JsonElement> Without(List<JsonElement> all, List<JsonElement> gone)
    {
        var set = new SortedSet<JsonElement>(gone, Order);
        return all.Where(item => !set.Contains(item));
    }

    private static JsonElement MergeDeep(JsonElement a, JsonElement b) => Object(
        a.EnumerateObject().Select(member => (member.Name, member.Value)).Concat(b.EnumerateObject().Select(member => (
            member.Name,
            a.Get(member.Name) is { ValueKind: JsonValueKind.Object } old && member.Value.ValueKind == JsonValueKind.Object ? MergeDeep(old, member.Value) : member.Value))));

    private static decimal NotZero(JsonElement value) => Number(value) is var number and not 0 ? number : throw TransformException.Shape("Division by zero.");

    private static int Place(JsonElement value, int otherwise, int length)
    {
        if (value.ValueKind == JsonValueKind.Null) return otherwise;
        var place = decimal.Floor(Number(value));
        return (int)Math.Clamp(place < 0 ? place + length : place, 0, length);
    }
}
