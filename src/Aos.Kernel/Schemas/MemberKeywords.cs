using System.Text.Json;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary><c>properties</c>, <c>patternProperties</c>, <c>additionalProperties</c>.</summary>
internal static class MemberKeywords
{
    internal static SchemaRule? Read(SchemaPlace place) => place.Keyword switch
    {
        "properties" => Named(place),
        "patternProperties" => Patterned(place),
        _ => Others(place),
    };

    private static SchemaRule? Named(SchemaPlace place)
    {
        if (place.Map() is not { } nodes) return null;
        return (value, run) =>
        {
            if (value.ValueKind != JsonValueKind.Object) return;
            foreach (var member in value.EnumerateObject())
            {
                if (nodes.TryGetValue(member.Name, out var node)) run.Member(node, member.Value, member.Name);
            }
        };
    }

    private static SchemaRule? Patterned(SchemaPlace place)
    {
        if (place.Map() is not { } nodes || Patterns(place) is not { } patterns) return null;
        var pairs = patterns.Select(pattern => (pattern.Regex, Node: nodes[pattern.Text])).ToArray();
        return (value, run) =>
        {
            if (value.ValueKind != JsonValueKind.Object) return;
            foreach (var member in value.EnumerateObject())
            {
                foreach (var (regex, node) in pairs)
                {
                    var matches = SchemaPattern.Matches(regex, member.Name);
                    if (matches is null) run.MemberProblem(member.Name, "patternProperties", "takes too long to match its pattern");
                    else if (matches.Value) run.Member(node, member.Value, member.Name);
                }
            }
        };
    }

    private static SchemaRule Others(SchemaPlace place)
    {
        var node = place.Subschema();
        var closed = place.Value.ValueKind == JsonValueKind.False;
        string[] names = place.Schema.Get("properties") is { ValueKind: JsonValueKind.Object } named ? [.. named.EnumerateObject().Select(member => member.Name)] : [];
        var known = names.ToHashSet(StringComparer.Ordinal);
        // A wrong pattern is reported where it stands.
        var patterns = place.Schema.Get("patternProperties") is { ValueKind: JsonValueKind.Object } map
            ? map.EnumerateObject().Select(member => SchemaPattern.Read(member.Name, out _)).OfType<Regex>().ToArray()
            : [];
        return (value, run) =>
        {
            if (value.ValueKind != JsonValueKind.Object) return;
            foreach (var member in value.EnumerateObject())
            {
                if (known.Contains(member.Name) || patterns.Any(regex => SchemaPattern.Matches(regex, member.Name) != false)) continue;
                if (closed && run.Spend(1)) run.MemberProblem(member.Name, "additionalProperties", "has no meaning here" + Suggest(member.Name, names));
                else if (!closed) run.Member(node, member.Value, member.Name);
            }
        };
    }

    private static string Suggest(string name, string[] names) => Nearest.To(name, names) is { } near ? $"; did you mean {near}?" : "";

    private static List<(string Text, Regex Regex)>? Patterns(SchemaPlace place)
    {
        var patterns = new List<(string, Regex)>();
        foreach (var member in place.Value.EnumerateObject())
        {
            if (SchemaPattern.Read(member.Name, out var why) is { } regex)
            {
                patterns.Add((member.Name, regex));
                continue;
            }

            place.Wrong(why);
            return null;
        }

        return patterns;
    }
}
