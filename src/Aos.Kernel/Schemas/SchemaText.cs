using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Reads the text of a schema into nodes. References wait in a queue, so chains of them need no stack.</summary>
internal sealed class SchemaText
{
    private static readonly HashSet<string> Refused = new(StringComparer.Ordinal)
    {
        "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef",
    };

    private readonly JsonElement root;
    private readonly string path;
    private readonly bool isOld;
    private readonly Dictionary<string, SchemaNode> nodes = new(StringComparer.Ordinal);
    private readonly Queue<(SchemaNode Node, JsonElement Text)> waiting = new();
    private readonly List<SchemaProblem> problems = [];
    private Dictionary<string, string>? anchors;

    internal SchemaText(JsonElement root, string path)
    {
        this.root = root;
        this.path = path;
        isOld = root.GetText("$schema")?.Contains("draft-0", StringComparison.Ordinal) == true;
    }

    internal SchemaReading Read()
    {
        var node = Node(root, "#");
        while (waiting.TryDequeue(out var next))
        {
            if (nodes.Count > JsonSchema.NodesMax)
            {
                Problem("#", "limit", $"has more than {JsonSchema.NodesMax} subschemas");
                break;
            }

            Fill(next.Node, next.Text);
        }

        if (problems.Count == 0) SchemaLoops.Find(nodes.Values, this);
        return problems.Count > 0 ? new SchemaReading(null, [.. problems]) : new SchemaReading(new JsonSchema(root, node), []);
    }

    internal void Problem(string pointer, string keyword, string message)
    {
        if (problems.Count < JsonSchema.ProblemsMax) problems.Add(new SchemaProblem(SchemaPath.OfPointer(path, pointer), keyword, message));
    }

    /// <summary>The node of the subschema at a place; read later when it is new.</summary>
    internal SchemaNode Node(JsonElement text, string pointer)
    {
        if (nodes.TryGetValue(pointer, out var known)) return known;
        var node = new SchemaNode(pointer);
        nodes.Add(pointer, node);
        waiting.Enqueue((node, text));
        return node;
    }

    /// <summary>The node a reference names, or null: it names nothing of this document.</summary>
    internal SchemaNode? Reference(string reference)
    {
        if (root.GetText("$id") is { } id && reference.StartsWith(id, StringComparison.Ordinal)) reference = reference[id.Length..];
        if (reference.Length == 0) reference = "#";
        if (reference[0] != '#') return null;
        var pointer = Uri.UnescapeDataString(reference);
        if (pointer.Length > 1 && pointer[1] != '/') pointer = Anchors().GetValueOrDefault(pointer[1..], "?");
        return At(pointer) is { } text ? Node(text, pointer) : null;
    }

    private void Fill(SchemaNode node, JsonElement text)
    {
        switch (text.ValueKind)
        {
            case JsonValueKind.True:
                return;
            case JsonValueKind.False:
                node.Never = true;
                return;
            case JsonValueKind.Object:
                break;
            default:
                Problem(node.Pointer, "schema", "must be a schema: an object, true or false");
                return;
        }

        var alone = isOld && text.Get("$ref") is not null;
        var rules = new List<SchemaRule>();
        foreach (var keyword in text.EnumerateObject())
        {
            if (alone && keyword.Name != "$ref") continue;
            var place = new SchemaPlace(this, node, text, keyword.Name, keyword.Value);
            if (Refused.Contains(keyword.Name)) place.Wrong("is not supported");
            else if (Rule(place) is { } rule) rules.Add(rule);
        }

        node.Rules = [.. rules];
    }

    private static SchemaRule? Rule(SchemaPlace place) => place.Keyword switch
    {
        "type" or "enum" or "const" => ValueKeywords.Read(place),
        "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" or "multipleOf" => NumberKeywords.Read(place),
        "minLength" or "maxLength" or "pattern" or "format" => TextKeywords.Read(place),
        "items" or "prefixItems" or "additionalItems" or "contains" or "minItems" or "maxItems" or "uniqueItems" => ArrayKeywords.Read(place),
        "properties" or "patternProperties" or "additionalProperties" => MemberKeywords.Read(place),
        "required" or "propertyNames" or "minProperties" or "maxProperties" or "dependentRequired" or "dependentSchemas" or "dependencies" =>
            ObjectKeywords.Read(place),
        "$ref" or "allOf" or "anyOf" or "oneOf" or "not" or "if" => LogicKeywords.Read(place),
        "$defs" or "definitions" => Definitions(place),
        _ => null,
    };

    /// <summary>Definitions are read even when nothing refers to them: a mistake in one is told.</summary>
    private static SchemaRule? Definitions(SchemaPlace place)
    {
        place.Map();
        return null;
    }

    private JsonElement? At(string pointer)
    {
        if (pointer == "#") return root;
        if (!pointer.StartsWith("#/", StringComparison.Ordinal)) return null;
        JsonElement? at = root;
        foreach (var part in pointer[2..].Split('/'))
        {
            at = at is { ValueKind: JsonValueKind.Array } list
                ? int.TryParse(part, out var index) && index >= 0 && index < list.GetArrayLength() ? list[index] : null
                : at?.Get(SchemaPath.Unescape(part));
        }

        return at;
    }

    private Dictionary<string, string> Anchors()
    {
        if (anchors is not null) return anchors;
        anchors = new Dictionary<string, string>(StringComparer.Ordinal);
        Collect(root, "#");
        return anchors;

        void Collect(JsonElement at, string pointer)
        {
            if (at.ValueKind == JsonValueKind.Object)
            {
                if (at.GetText("$anchor") is { } anchor) anchors.TryAdd(anchor, pointer);
                if (at.GetText("$id") is ['#', .. var old]) anchors.TryAdd(old, pointer);
                foreach (var member in at.EnumerateObject()) Collect(member.Value, $"{pointer}/{SchemaPath.Escape(member.Name)}");
            }
            else if (at.ValueKind == JsonValueKind.Array)
            {
                for (var i = 0; i < at.GetArrayLength(); i++) Collect(at[i], $"{pointer}/{i}");
            }
        }
    }
}
