using System.Text.Json;

namespace Aos.Kernel;

/// <summary>A keyword at its place: reads its operand, reports what it should be.</summary>
/// <param name="Node">The subschema it belongs to.</param>
/// <param name="Schema">The text of that subschema, for keywords that depend on neighbours.</param>
internal readonly record struct SchemaPlace(SchemaText Text, SchemaNode Node, JsonElement Schema, string Keyword, JsonElement Value)
{
    internal string Pointer => $"{Node.Pointer}/{SchemaPath.Escape(Keyword)}";

    internal SchemaPlace Neighbour(string keyword, JsonElement value) => this with { Keyword = keyword, Value = value };

    internal SchemaRule? Wrong(string message)
    {
        Text.Problem(Pointer, Keyword, message);
        return null;
    }

    /// <summary>A whole number from 0, or null after a report.</summary>
    internal int? Count()
    {
        if (Value.ValueKind == JsonValueKind.Number && Value.TryGetDecimal(out var n) && n >= 0 && decimal.Truncate(n) == n) return n > int.MaxValue ? int.MaxValue : (int)n;
        Wrong("must be a whole number from 0");
        return null;
    }

    internal decimal? Number()
    {
        if (Value.ValueKind == JsonValueKind.Number && Value.TryGetDecimal(out var n)) return n;
        Wrong("must be a number within ±7.9·10²⁸");
        return null;
    }

    internal string? String()
    {
        if (Value.ValueKind == JsonValueKind.String) return Value.GetString();
        Wrong("must be a text");
        return null;
    }

    /// <summary>A list of texts, or null after a report.</summary>
    internal string[]? Names()
    {
        if (Value.ValueKind == JsonValueKind.Array && Value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String))
            return [.. Value.EnumerateArray().Select(item => item.GetString()!)];
        Wrong("must be a list of texts");
        return null;
    }

    internal SchemaNode Subschema() => Text.Node(Value, Pointer);

    /// <summary>A list of at least one subschema, or null after a report.</summary>
    internal SchemaNode[]? List()
    {
        if (Value.ValueKind != JsonValueKind.Array || Value.GetArrayLength() == 0)
        {
            Wrong("must be a list of at least one schema");
            return null;
        }

        var nodes = new SchemaNode[Value.GetArrayLength()];
        for (var i = 0; i < nodes.Length; i++) nodes[i] = Text.Node(Value[i], $"{Pointer}/{i}");
        return nodes;
    }

    /// <summary>A map of subschemas, or null after a report.</summary>
    internal Dictionary<string, SchemaNode>? Map()
    {
        if (Value.ValueKind != JsonValueKind.Object)
        {
            Wrong("must be an object of schemas");
            return null;
        }

        var nodes = new Dictionary<string, SchemaNode>(StringComparer.Ordinal);
        foreach (var member in Value.EnumerateObject()) nodes[member.Name] = Text.Node(member.Value, $"{Pointer}/{SchemaPath.Escape(member.Name)}");
        return nodes;
    }
}
