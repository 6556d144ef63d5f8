using System.Text.Json;

namespace Aos.Kernel;

/// <summary>References and combinations: subschemas that judge the same value.</summary>
internal static class LogicKeywords
{
    internal static SchemaRule? Read(SchemaPlace place) => place.Keyword switch
    {
        "$ref" => Reference(place),
        "allOf" => List(place) is { } all ? AllOf(all) : null,
        "anyOf" => List(place) is { } any ? AnyOf(any) : null,
        "oneOf" => List(place) is { } one ? OneOf(one) : null,
        "not" => Not(One(place)),
        _ => If(place),
    };

    private static SchemaRule? Reference(SchemaPlace place)
    {
        if (place.String() is not { } reference) return null;
        if (place.Text.Reference(reference) is not { } node) return place.Wrong($"names nothing in this document: {reference}");
        place.Node.InPlace.Add(node);
        return (value, run) => run.Apply(node, value);
    }

    private static SchemaRule AllOf(SchemaNode[] nodes) => (value, run) =>
    {
        foreach (var node in nodes) run.Apply(node, value);
    };

    private static SchemaRule AnyOf(SchemaNode[] nodes) => (value, run) =>
    {
        var reasons = new List<string>();
        foreach (var node in nodes)
        {
            if (run.Fits(node, value, out var why)) return;
            reasons.Add(why);
        }

        run.Problem("anyOf", None(reasons));
    };

    private static SchemaRule OneOf(SchemaNode[] nodes) => (value, run) =>
    {
        var before = run.Unknowns;
        var reasons = new List<string>();
        var fitting = 0;
        foreach (var node in nodes)
        {
            if (run.Fits(node, value, out var why)) fitting++;
            else reasons.Add(why);
        }

        if (fitting == 0) run.Problem("oneOf", None(reasons));
        else if (fitting > 1 && run.Unknowns == before) run.Problem("oneOf", $"must fit exactly one of {nodes.Length} alternatives, not {fitting}");
    };

    private static string None(List<string> reasons) =>
        $"fits none of {reasons.Count} alternatives: {string.Join("; ", reasons.Distinct(StringComparer.Ordinal).Take(4))}";

    private static SchemaRule Not(SchemaNode node) => (value, run) =>
    {
        var before = run.Unknowns;
        if (run.Fits(node, value, out _) && run.Unknowns == before) run.Problem("not", "must not be of the excluded kind");
    };

    private static SchemaRule? If(SchemaPlace place)
    {
        var test = One(place);
        var then = place.Schema.Get("then") is { } yes ? One(place.Neighbour("then", yes)) : null;
        var otherwise = place.Schema.Get("else") is { } no ? One(place.Neighbour("else", no)) : null;
        if (then is null && otherwise is null) return null;
        return (value, run) =>
        {
            var before = run.Unknowns;
            var fits = run.Fits(test, value, out _);
            if (fits && run.Unknowns > before) return;
            if ((fits ? then : otherwise) is { } next) run.Apply(next, value);
        };
    }

    private static SchemaNode One(SchemaPlace place)
    {
        var node = place.Subschema();
        place.Node.InPlace.Add(node);
        return node;
    }

    private static SchemaNode[]? List(SchemaPlace place)
    {
        var nodes = place.List();
        if (nodes is not null) place.Node.InPlace.AddRange(nodes);
        return nodes;
    }
}
