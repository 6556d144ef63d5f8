using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Which members must be there, how many, what they may be called, what the presence of one asks of the others.</summary>
internal static class ObjectKeywords
{
    internal static SchemaRule? Read(SchemaPlace place) => place.Keyword switch
    {
        "required" => place.Names() is { } names ? Required(names) : null,
        "propertyNames" => Names(place),
        "minProperties" => place.Count() is { } min ? Size("minProperties", n => n >= min, $"must have at least {min} members") : null,
        "maxProperties" => place.Count() is { } max ? Size("maxProperties", n => n <= max, $"must have at most {max} members") : null,
        _ => Dependent(place),
    };

    private static SchemaRule Required(string[] names) => (value, run) =>
    {
        if (value.ValueKind != JsonValueKind.Object) return;
        foreach (var name in names)
        {
            if (!value.TryGetProperty(name, out _)) run.MemberProblem(name, "required", "is missing");
        }
    };

    private static SchemaRule Names(SchemaPlace place)
    {
        var node = place.Subschema();
        return (value, run) =>
        {
            if (value.ValueKind != JsonValueKind.Object) return;
            foreach (var member in value.EnumerateObject())
            {
                if (!run.Fits(node, Json.Of(member.Name), out var why)) run.MemberProblem(member.Name, "propertyNames", $"is no allowed name: it {why}");
            }
        };
    }

    private static SchemaRule Size(string keyword, Func<int, bool> fits, string message) => (value, run) =>
    {
        if (value.ValueKind == JsonValueKind.Object && !fits(value.GetPropertyCount())) run.Problem(keyword, message);
    };

    /// <summary><c>dependentRequired</c> maps to names, <c>dependentSchemas</c> to schemas, <c>dependencies</c> to either.</summary>
    private static SchemaRule? Dependent(SchemaPlace place)
    {
        if (place.Value.ValueKind != JsonValueKind.Object) return place.Wrong("must be an object");
        var rules = new List<(string Name, SchemaRule Rule)>();
        foreach (var member in place.Value.EnumerateObject())
        {
            if (place.Keyword == "dependentRequired" || (place.Keyword == "dependencies" && member.Value.ValueKind == JsonValueKind.Array))
            {
                if (place.Neighbour(place.Keyword, member.Value).Names() is { } names) rules.Add((member.Name, Needs(place.Keyword, member.Name, names)));
                continue;
            }

            var node = place.Text.Node(member.Value, $"{place.Pointer}/{SchemaPath.Escape(member.Name)}");
            place.Node.InPlace.Add(node);
            rules.Add((member.Name, (value, run) => run.Apply(node, value)));
        }

        return (value, run) =>
        {
            if (value.ValueKind != JsonValueKind.Object) return;
            foreach (var (name, rule) in rules)
            {
                if (value.TryGetProperty(name, out _)) rule(value, run);
            }
        };
    }

    private static SchemaRule Needs(string keyword, string because, string[] names) => (value, run) =>
    {
        foreach (var name in names)
        {
            if (!value.TryGetProperty(name, out _)) run.MemberProblem(name, keyword, $"is missing: {because} needs it");
        }
    };
}
