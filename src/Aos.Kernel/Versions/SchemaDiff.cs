using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// What changed between two JSON Schemas of one value. Parameters are given by plans, so what the new schema refuses breaks them; results are
/// read by plans, so what the new schema no longer promises does.
/// </summary>
internal sealed class SchemaDiff(JsonElement oldRoot, JsonElement newRoot, bool isInput, List<ContractChange> changes)
{
    private const int DepthMax = 64;

    private static readonly string[] AllTypes = ["array", "boolean", "integer", "null", "number", "object", "string"];

    /// <summary>Upper bounds: a lower one is narrower. Of the rest a higher one is.</summary>
    private static readonly string[] Most = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

    private static readonly string[] Least = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];

    /// <summary>Keywords that are compared as a whole.</summary>
    private static readonly string[] Whole =
        ["pattern", "format", "multipleOf", "uniqueItems", "oneOf", "not", "if", "then", "else", "contains", "minContains", "maxContains", "prefixItems", "propertyNames", "patternProperties", "dependentRequired", "dependentSchemas"];

    private readonly string root = isInput ? "input" : "output";

    /// <summary>Pairs of references that were followed: a schema that holds itself is compared once.</summary>
    private readonly SortedSet<string> followed = new(StringComparer.Ordinal) { "# #" };

    internal void Compare() => Compare(root, oldRoot, newRoot, 0);

    private void Compare(string path, JsonElement was, JsonElement now, int depth)
    {
        if (Reference(was) is { } from && Reference(now) is { } to && !followed.Add($"{from} {to}")) return;
        (was, now) = (Followed(oldRoot, was), Followed(newRoot, now));
        // Of two schemas one alone may lead in a circle.
        if (depth > DepthMax || JsonElement.DeepEquals(was, now)) return;
        if (was.ValueKind == JsonValueKind.False || now.ValueKind == JsonValueKind.False)
        {
            Add(now.ValueKind == JsonValueKind.False ? Narrow(true) : Narrow(false), "type_changed", path, now.ValueKind == JsonValueKind.False ? "No value fits any more." : "Values fit now.");
            return;
        }

        Types(path, was, now);
        Values(path, was, now);
        foreach (var name in Most) Bound(path, name, was, now, isUpper: true);
        foreach (var name in Least) Bound(path, name, was, now, isUpper: false);
        foreach (var name in Whole) Kept(path, name, was, now);
        Alternatives(path, was, now);
        if (was.Get("default") is { } old && !(now.Get("default") is { } other && JsonElement.DeepEquals(old, other)))
            Add(ChangeWeight.Warning, "default_changed", path, "What holds when it is left out has changed.");
        Members(path, was, now, depth);
        if (was.Get("items") is { } items || now.Get("items") is not null) Compare($"{path}[]", was.Get("items") ?? Json.True, now.Get("items") ?? Json.True, depth + 1);
    }

    private void Members(string path, JsonElement was, JsonElement now, int depth)
    {
        var (old, here) = (Named(was), Named(now));
        var (oldNeeded, needed) = (Texts(was, "required"), Texts(now, "required"));
        foreach (var (name, schema) in old)
        {
            if (here.TryGetValue(name, out var other)) Compare($"{path}.{name}", schema, other, depth + 1);
            else Add(ChangeWeight.Breaking, "field_removed", $"{path}.{name}", isInput ? "The parameter is gone." : "The member is gone.");
        }

        foreach (var name in here.Keys.Where(name => !old.ContainsKey(name)))
        {
            if (isInput && needed.Contains(name)) Add(ChangeWeight.Breaking, "required_field_added", $"{path}.{name}", "A new parameter is required.");
            else Add(ChangeWeight.NonBreaking, "field_added", $"{path}.{name}", isInput ? "A new parameter may be given." : "The result has a new member.");
        }

        foreach (var name in needed.Where(name => old.ContainsKey(name) && here.ContainsKey(name) && !oldNeeded.Contains(name)))
            Add(Narrow(true), "field_became_required", $"{path}.{name}", isInput ? "The parameter is required now." : "The member is always there now.");
        foreach (var name in oldNeeded.Where(name => old.ContainsKey(name) && here.ContainsKey(name) && !needed.Contains(name)))
            Add(isInput ? ChangeWeight.NonBreaking : ChangeWeight.Breaking, "field_became_optional", $"{path}.{name}", isInput ? "The parameter may be left out." : "The member may be absent now.");
        Others(path, was, now, depth);
    }

    private void Others(string path, JsonElement was, JsonElement now, int depth)
    {
        var (old, here) = (was.Get("additionalProperties") ?? Json.True, now.Get("additionalProperties") ?? Json.True);
        var (closed, closes) = (old.ValueKind == JsonValueKind.False, here.ValueKind == JsonValueKind.False);
        if (closed != closes) Add(closes ? Narrow(true) : ChangeWeight.NonBreaking, closes ? "validation_narrowed" : "validation_widened", path, closes ? "Members that are not named are refused now." : "Members that are not named are accepted now.");
        else if (!closed) Compare($"{path}.*", old, here, depth + 1);
    }

    private void Types(string path, JsonElement was, JsonElement now)
    {
        var (old, here) = (TypesOf(was), TypesOf(now));
        if (old.SetEquals(here)) return;
        var what = $"It was {Said(was)} and is {Said(now)}.";
        if (here.IsSupersetOf(old)) Add(isInput ? ChangeWeight.NonBreaking : ChangeWeight.Breaking, "type_widened", path, what);
        else if (here.IsSubsetOf(old)) Add(Narrow(true), "type_narrowed", path, what);
        else Add(ChangeWeight.Breaking, "type_changed", path, what);
    }

    private void Values(string path, JsonElement was, JsonElement now)
    {
        if (ListOf(was) is not { } old)
        {
            if (ListOf(now) is not null) Add(Narrow(true), "validation_narrowed", path, "Only certain values fit now.");
            return;
        }

        if (ListOf(now) is not { } here)
        {
            Add(Narrow(false), "validation_widened", path, "Any value fits now.");
            return;
        }

        foreach (var value in old.Except(here, StringComparer.Ordinal)) Add(Narrow(true), "enum_value_removed", path, $"{value} does not fit any more.");
        foreach (var value in here.Except(old, StringComparer.Ordinal)) Add(Narrow(false), "enum_value_added", path, $"{value} fits now.");
    }

    private void Bound(string path, string name, JsonElement was, JsonElement now, bool isUpper)
    {
        var (old, here) = (Number(was, name), Number(now, name));
        if (old == here) return;
        var isNarrower = old is null || (here is not null && here < old == isUpper);
        Add(Narrow(isNarrower), isNarrower ? "validation_narrowed" : "validation_widened", path, here is null ? $"{name} is gone." : old is null ? $"{name} is {here} now." : $"{name} was {old} and is {here}.");
    }

    private void Kept(string path, string name, JsonElement was, JsonElement now)
    {
        var (old, here) = (was.Get(name), now.Get(name));
        if (old is null && here is null) return;
        if (old is null) Add(Narrow(true), "validation_narrowed", path, $"{name} is asked for now.");
        else if (here is null) Add(Narrow(false), "validation_widened", path, $"{name} is not asked for any more.");
        else if (!JsonElement.DeepEquals(old.Value, here.Value)) Add(isInput ? ChangeWeight.Breaking : ChangeWeight.Warning, "validation_changed", path, $"{name} has changed.");
    }

    private void Alternatives(string path, JsonElement was, JsonElement now)
    {
        Several("anyOf", moreIsNarrower: false);
        Several("allOf", moreIsNarrower: true);

        void Several(string name, bool moreIsNarrower)
        {
            if (was.Get(name) is null || now.Get(name) is null)
            {
                Kept(path, name, was, now);
                return;
            }

            var (old, here) = (Texts(was.Get(name)!.Value), Texts(now.Get(name)!.Value));
            if (old.SetEquals(here)) return;
            var isMore = here.IsSupersetOf(old);
            if (isMore || here.IsSubsetOf(old)) Add(Narrow(isMore == moreIsNarrower), isMore == moreIsNarrower ? "validation_narrowed" : "validation_widened", path, $"{name} has {(isMore ? "more" : "fewer")} parts.");
            else Add(isInput ? ChangeWeight.Breaking : ChangeWeight.Warning, "validation_changed", path, $"{name} has changed.");
        }
    }

    /// <summary>What it means that fewer values fit; or more.</summary>
    private ChangeWeight Narrow(bool isNarrower) => (isInput, isNarrower) switch
    {
        (true, true) => ChangeWeight.Breaking,
        (false, false) => ChangeWeight.Warning,
        _ => ChangeWeight.NonBreaking,
    };

    private void Add(ChangeWeight weight, string type, string path, string description) => changes.Add(new ContractChange(weight, type, path, description));

    /// <summary>The schema that a reference within the document leads to.</summary>
    private static JsonElement Followed(JsonElement root, JsonElement schema)
    {
        for (var hops = 0; hops < DepthMax && Reference(schema) is { } reference; hops++)
        {
            var at = root;
            foreach (var part in reference.TrimStart('#').Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                var name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
                if (at.ValueKind == JsonValueKind.Array && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < at.GetArrayLength()) at = at[index];
                else if (at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out var next)) at = next;
                else return schema;
            }

            schema = at;
        }

        return schema;
    }

    /// <summary>Null: there is none, or it leads out of the document.</summary>
    private static string? Reference(JsonElement schema) => schema.GetText("$ref") is { } reference && reference.StartsWith('#') ? reference : null;

    private static SortedSet<string> TypesOf(JsonElement schema)
    {
        var types = Texts(schema, "type");
        if (schema.Get("type") is { ValueKind: JsonValueKind.String } one) types.Add(one.GetString()!);
        if (types.Count == 0) types.UnionWith(AllTypes);
        if (types.Contains("number")) types.Add("integer");
        return types;
    }

    private static string Said(JsonElement schema) => schema.Get("type") is { } type ? type.ValueKind == JsonValueKind.String ? type.GetString()! : string.Join(" or ", type.EnumerateArray().Select(one => one.GetString())) : "anything";

    private static IReadOnlyList<string>? ListOf(JsonElement schema) => schema.Get("const") is { } only
        ? [CanonicalJson.Text(only)]
        : schema.Get("enum") is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Select(CanonicalJson.Text)] : null;

    private static decimal? Number(JsonElement schema, string name) => schema.Get(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDecimal(out var value) ? value : null;

    private static SortedDictionary<string, JsonElement> Named(JsonElement schema)
    {
        var named = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        if (schema.Get("properties") is { ValueKind: JsonValueKind.Object } properties)
        {
            foreach (var property in properties.EnumerateObject()) named[property.Name] = property.Value;
        }

        return named;
    }

    private static SortedSet<string> Texts(JsonElement schema, string name) => schema.Get(name) is { ValueKind: JsonValueKind.Array } list
        ? new SortedSet<string>(list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!), StringComparer.Ordinal)
        : new SortedSet<string>(StringComparer.Ordinal);

    private static SortedSet<string> Texts(JsonElement list) => new(list.EnumerateArray().Select(CanonicalJson.Text), StringComparer.Ordinal);
}
