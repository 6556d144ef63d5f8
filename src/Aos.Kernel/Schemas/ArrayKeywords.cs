using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Items, by place and all; how many; whether one of a kind is there; whether all differ.</summary>
internal static class ArrayKeywords
{
    /// <summary>Up to here every pair is compared; beyond, items are compared by their canonical text.</summary>
    private const int PairsMax = 16;

    internal static SchemaRule? Read(SchemaPlace place) => place.Keyword switch
    {
        "items" => place.Value.ValueKind == JsonValueKind.Array ? Tuple(place) : Rest(place, Before(place)),
        "prefixItems" => Tuple(place),
        "additionalItems" => place.Schema.Get("items") is { ValueKind: JsonValueKind.Array } tuple ? Rest(place, tuple.GetArrayLength()) : null,
        "contains" => Contains(place),
        "minItems" => place.Count() is { } min ? Length("minItems", n => n >= min, $"must have at least {min} items") : null,
        "maxItems" => place.Count() is { } max ? Length("maxItems", n => n <= max, $"must have at most {max} items") : null,
        _ => Unique(place),
    };

    private static int Before(SchemaPlace place) => place.Schema.Get("prefixItems") is { ValueKind: JsonValueKind.Array } prefix ? prefix.GetArrayLength() : 0;

    private static SchemaRule? Tuple(SchemaPlace place)
    {
        if (place.List() is not { } nodes) return null;
        return (value, run) =>
        {
            if (value.ValueKind != JsonValueKind.Array) return;
            var i = 0;
            foreach (var item in value.EnumerateArray())
            {
                if (i == nodes.Length) return;
                run.Item(nodes[i], item, i);
                i++;
            }
        };
    }

    private static SchemaRule Rest(SchemaPlace place, int from)
    {
        var node = place.Subschema();
        return (value, run) =>
        {
            if (value.ValueKind != JsonValueKind.Array) return;
            var i = 0;
            foreach (var item in value.EnumerateArray())
            {
                if (i >= from) run.Item(node, item, i);
                i++;
            }
        };
    }

    private static SchemaRule Length(string keyword, Func<int, bool> fits, string message) => (value, run) =>
    {
        if (value.ValueKind == JsonValueKind.Array && !fits(value.GetArrayLength())) run.Problem(keyword, message);
    };

    private static SchemaRule? Contains(SchemaPlace place)
    {
        var node = place.Subschema();
        var min = place.Schema.Get("minContains") is { } least ? place.Neighbour("minContains", least).Count() : 1;
        var max = place.Schema.Get("maxContains") is { } most ? place.Neighbour("maxContains", most).Count() : int.MaxValue;
        if (min is null || max is null) return null;
        return (value, run) =>
        {
            if (value.ValueKind != JsonValueKind.Array) return;
            var before = run.Unknowns;
            var count = value.EnumerateArray().Count(item => run.Fits(node, item, out _));
            if (count < min) run.Problem("contains", $"must contain at least {min} items of the kind, not {count}");
            else if (count > max && run.Unknowns == before) run.Problem("contains", $"must contain at most {max} items of the kind, not {count}");
        };
    }

    private static SchemaRule? Unique(SchemaPlace place)
    {
        if (place.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) return place.Wrong("must be true or false");
        if (place.Value.ValueKind == JsonValueKind.False) return null;
        return (value, run) =>
        {
            if (value.ValueKind != JsonValueKind.Array || run.HoldsUnknown(value)) return;
            if (FirstTwin(value, run) is { } twin) run.Problem("uniqueItems", $"must not repeat an item: [{twin}] was there before");
        };
    }

    private static int? FirstTwin(JsonElement list, SchemaRun run)
    {
        var items = list.EnumerateArray().ToArray();
        var seen = items.Length > PairsMax ? new HashSet<string>(items.Length, StringComparer.Ordinal) : null;
        for (var i = 0; i < items.Length; i++)
        {
            if (seen is not null && Key(items[i]) is { } key)
            {
                if (!run.Spend(1)) return null;
                if (!seen.Add(key)) return i;
                continue;
            }

            if (!run.Spend(i)) return null;
            for (var j = 0; j < i; j++)
            {
                if (JsonElement.DeepEquals(items[i], items[j])) return i;
            }
        }

        return null;
    }

    private static string? Key(JsonElement item)
    {
        try
        {
            return CanonicalJson.Text(item);
        }
        catch (CanonicalJsonException)
        {
            return null;
        }
    }
}
