using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What one keyword demands: reports to the run what does not fit.</summary>
internal delegate void SchemaRule(JsonElement value, SchemaRun run);

/// <summary>One compiled subschema. Made empty when first named, filled when its text is read.</summary>
internal sealed class SchemaNode(string pointer)
{
    /// <summary>Where it stands, as a JSON pointer in URI fragment form without escapes for the URI.</summary>
    internal string Pointer { get; } = pointer;

    /// <summary>The schema <c>false</c>.</summary>
    internal bool Never { get; set; }

    internal SchemaRule[] Rules { get; set; } = [];

    /// <summary>Subschemas that judge the same value: a loop of them would never end.</summary>
    internal List<SchemaNode> InPlace { get; } = [];
}
