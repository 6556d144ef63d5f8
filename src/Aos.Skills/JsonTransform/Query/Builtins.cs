using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Kernel;

namespace Aos.Skills.Query;

/// <summary>The functions of queries.</summary>
internal static class Builtins
{
    private static readonly Dictionary<string, Func<JsonElement, JsonElement>> Plain = new(StringComparer.Ordinal)
    {
        ["length"] = Length,
        ["not"] = value => Json.Of(!Values.IsTrue(value)),
        ["keys"] = Keys,
        ["add"] = value => Sum(Values.Items(value)),
        ["sort"] = value => Arrays.List(Values.List(value).Order(Values.Order)),
        ["unique"] = value => Arrays.List(Distinct(Values.List(value), item => item)),
        ["reverse"] = value => Arrays.List(Enumerable.Reverse(Values.List(value))),
        ["first"] = value => Values.At(value, Json.Of(0m)),
        ["last"] = value => Values.At(value, Json.Of(-1m)),
        ["min"] = value => Values.List(value) is { Count: > 0 } items ? items.Min(Values.Order) : Json.Null,
        ["max"] = value => Values.List(value) is { Count: > 0 } items ? items.Max(Values.Order) : Json.Null,
        ["any"] = value => Json.Of(Values.Items(value).Any(Values.IsTrue)),
        ["all"] = value => Json.Of(Values.Items(value).All(Values.IsTrue)),
        ["flatten"] = value => Arrays.Flatten(value, Json.DepthMax),
        ["type"] = value => Json.Of(Values.Kind(value)),
        ["tostring"] = value => Json.Of(Values.AsText(value)),
        ["tojson"] = value => Json.Of(CanonicalJson.Text(value)),
        ["fromjson"] = value => Json.Parse(Values.Text(value)),
        ["tonumber"] = ToNumber,
        ["ascii_downcase"] = value => Json.Of(Values.Text(value).ToLowerInvariant()),
        ["ascii_upcase"] = value => Json.Of(Values.Text(value).ToUpperInvariant()),
        ["trim"] = value => Json.Of(Values.Text(value).Trim()),
        ["floor"] = value => Json.Of(decimal.Floor(Values.Number(value))),
        ["ceil"] = value => Json.Of(decimal.Ceiling(Values.Number(value))),
        ["round"] = value => Json.Of(decimal.Round(Values.Number(value), MidpointRounding.AwayFromZero)),
        ["abs"] = value => Json.Of(Math.Abs(Values.Number(value))),
        ["to_entries"] = value => Arrays.List(Members(value).Select(member => Values.Object([("key", Json.Of(member.Name)), ("value", member.Value)]))),
        ["from_entries"] = value => Values.Object(Values.List(value).Select(entry => (Values.AsText(EntryName(entry)), entry.Get("value") ?? entry.Get("v") ?? Json.Null))),
    };

    private static readonly Dictionary<string, Func<JsonElement, JsonElement, JsonElement>> WithOne = new(StringComparer.Ordinal)
    {
        ["has"] = (value, key) => Json.Of(key.ValueKind == JsonValueKind.String ? value.Get(Values.Text(key)) is not null : Values.Number(key) is >= 0 and var n && n < Values.List(value).Count),
        ["contains"] = (value, part) => Json.Of(Contains(value, part)),
        ["startswith"] = (value, part) => Json.Of(Values.Text(value).StartsWith(Values.Text(part), StringComparison.Ordinal)),
        ["endswith"] = (value, part) => Json.Of(Values.Text(value).EndsWith(Values.Text(part), StringComparison.Ordinal)),
        ["ltrimstr"] = (value, part) => Values.Text(value).StartsWith(Values.Text(part), StringComparison.Ordinal) ? Json.Of(Values.Text(value)[Values.Text(part).Length..]) : value,
        ["rtrimstr"] = (value, part) => Values.Text(value).EndsWith(Values.Text(part), StringComparison.Ordinal) ? Json.Of(Values.Text(value)[..^Values.Text(part).Length]) : value,
        ["split"] = (value, by) => Values.Split(Values.Text(value), Values.Text(by)),
        ["join"] = (value, by) => Json.Of(string.Join(Values.Text(by), Values.List(value).Select(item => item.ValueKind == JsonValueKind.Null ? "" : Values.AsText(item)))),
        ["test"] = (value, pattern) => Json.Of(Pattern(Values.Text(pattern)).IsMatch(Values.Text(value))),
        ["flatten"] = (value, depth) => Arrays.Flatten(value, (int)Math.Clamp(Values.Number(depth), 0, Json.DepthMax)),
        ["error"] = (_, message) => throw TransformException.Shape(Values.AsText(message)),
    };

    /// <summary>The filter of a call, or null: there is no such function.</summary>
    internal static Filter? Find(string name, List<Filter> arguments) => (name, arguments) switch
    {
        ("empty", []) => new Nothing(),
        ("values", []) => new Select(new Operation("!=", Identity.Same, new Constant(Json.Null))),
        ("select", [var when]) => new Select(when),
        ("map", [var of]) => new ListOf(new Pipe(new Each(Identity.Same), of)),
        ("map_values", [var of]) => new MapValues(of),
        ("with_entries", [var of]) => new Pipe(new Pipe(new Function(Plain["to_entries"]), new ListOf(new Pipe(new Each(Identity.Same), of))), new Function(Plain["from_entries"])),
        ("first", [var of]) => new Limit(new Constant(Json.Of(1m)), of, Yield.AtMostOne),
        ("limit", [var count, var of]) => new Limit(count, of, Yield.Many),
        ("range", [var to]) => new Range(new Constant(Json.Of(0m)), to),
        ("range", [var from, var to]) => new Range(from, to),
        ("any", [var when]) => new Pipe(new ListOf(new Pipe(new Each(Identity.Same), when)), new Function(Plain["any"])),
        ("all", [var when]) => new Pipe(new ListOf(new Pipe(new Each(Identity.Same), when)), new Function(Plain["all"])),
        ("sort_by", [var by]) => new Keyed(by, items => Arrays.List(Sorted(items).Select(item => item.Item))),
        ("group_by", [var by]) => new Keyed(by, items => Arrays.List(Groups(items).Select(group => Arrays.List(group)))),
        ("unique_by", [var by]) => new Keyed(by, items => Arrays.List(Groups(items).Select(group => group[0]))),
        ("min_by", [var by]) => new Keyed(by, items => items.Count == 0 ? Json.Null : Sorted(items).First().Item),
        ("max_by", [var by]) => new Keyed(by, items => items.Count == 0 ? Json.Null : Sorted(items).Last().Item),
        (_, []) => Plain.TryGetValue(name, out var plain) ? new Function(plain) : null,
        (_, [var one]) => WithOne.TryGetValue(name, out var withOne) ? new FunctionOfOne(withOne, one) : null,
        _ => null,
    };

    private static JsonElement Length(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => Json.Of(0m),
        JsonValueKind.String => Json.Of((decimal)new StringInfo(value.GetString()!).LengthInTextElements),
        JsonValueKind.Number => Json.Of(Math.Abs(Values.Number(value))),
        JsonValueKind.Array or JsonValueKind.Object => Json.Of((decimal)Values.Items(value).Count()),
        _ => throw TransformException.Shape("boolean has no length."),
    };

    private static JsonElement Keys(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? Arrays.List(Enumerable.Range(0, value.GetArrayLength()).Select(i => Json.Of(i)))
        : Arrays.List(Members(value).Select(member => member.Name).Order(StringComparer.Ordinal).Select(Json.Of));

    private static IEnumerable<JsonProperty> Members(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw TransformException.Shape($"{Values.Kind(value)} stands where an object must be.");

    private static JsonElement EntryName(JsonElement entry) => entry.Get("key") ?? entry.Get("name") ?? entry.Get("k") ?? throw TransformException.Shape("An entry has no key.");

    /// <summary>Of texts, lists and objects in one pass: adding them one by one would copy the sum each time.</summary>
    private static JsonElement Sum(IEnumerable<JsonElement> values)
    {
        var items = values.Where(value => value.ValueKind != JsonValueKind.Null).ToList();
        if (items.Count == 0) return Json.Null;
        if (items.TrueForAll(item => item.ValueKind == JsonValueKind.String)) return Json.Of(string.Concat(items.Select(Values.Text)));
        if (items.TrueForAll(item => item.ValueKind == JsonValueKind.Array)) return Arrays.List(items.SelectMany(Values.List));
        if (items.TrueForAll(item => item.ValueKind == JsonValueKind.Object)) return Values.Object(items.SelectMany(Members).Select(member => (member.Name, member.Value)));
        var sum = 0m;
        foreach (var item in items) sum = Values.Number(Values.Apply("+", Json.Of(sum), item));
        return Json.Of(sum);
    }

    private static JsonElement ToNumber(JsonElement value) => value.ValueKind == JsonValueKind.Number ? value
        : decimal.TryParse(Values.Text(value), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? Json.Of(number)
        : throw TransformException.Shape("A string that is no number cannot become one.");

    private static bool Contains(JsonElement value, JsonElement part) => (value.ValueKind, part.ValueKind) switch
    {
        (JsonValueKind.String, JsonValueKind.String) => value.GetString()!.Contains(part.GetString()!, StringComparison.Ordinal),
        (JsonValueKind.Array, JsonValueKind.Array) => part.EnumerateArray().All(wanted => value.EnumerateArray().Any(item => item.ValueKind == wanted.ValueKind && Contains(item, wanted))),
        (JsonValueKind.Object, JsonValueKind.Object) => part.EnumerateObject().All(wanted => value.Get(wanted.Name) is { } found && found.ValueKind == wanted.Value.ValueKind && Contains(found, wanted.Value)),
        _ => Values.Compare(value, part) == 0,
    };

    /// <summary>Without backtracking: matching takes time in proportion to the text.</summary>
    private static Regex Pattern(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw TransformException.Request($"The pattern of test cannot be used: {e.Message}");
        }
    }

    private static IOrderedEnumerable<(JsonElement Item, JsonElement Key)> Sorted(List<(JsonElement Item, JsonElement Key)> items) => items.OrderBy(item => item.Key, Values.Order);

    private static IEnumerable<JsonElement> Distinct(List<JsonElement> items, Func<JsonElement, JsonElement> key) =>
        Groups([.. items.Select(item => (item, key(item)))]).Select(group => group[0]);

    private static List<List<JsonElement>> Groups(List<(JsonElement Item, JsonElement Key)> items)
    {
        var groups = new List<List<JsonElement>>();
        JsonElement? last = null;
        foreach (var (item, key) in Sorted(items))
        {
            if (last is not { } previous || Values.Compare(previous, key) != 0) groups.Add([]);
            groups[^1].Add(item);
            last = key;
        }

        return groups;
    }
}
