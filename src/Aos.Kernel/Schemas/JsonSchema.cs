using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>One place where a value does not fit its schema, or a schema is none.</summary>
/// <param name="Path">For instance <c>params.headers["X-A"]</c> or <c>items[2].url</c>; empty: the whole value.</param>
/// <param name="Keyword">The keyword that is broken, such as <c>required</c>.</param>
/// <param name="Message">What is wrong, a sentence without its subject. Never quotes the value: it may be a secret.</param>
public sealed record SchemaProblem(string Path, string Keyword, string Message)
{
    /// <summary>The whole sentence, for people.</summary>
    public override string ToString() => Path.Length == 0 ? $"The value {Message}." : $"{Path} {Message}.";
}

/// <summary>Either a schema or at least one problem.</summary>
public sealed record SchemaReading(JsonSchema? Schema, ImmutableArray<SchemaProblem> Problems);

/// <summary>
/// A JSON Schema, compiled. Reads draft 2020-12, and draft-07 where <c>$schema</c> says so (then the neighbours of
/// <c>$ref</c> have no meaning); tuples and dependencies may be written in either way. Formats are asserted.
/// <c>unevaluated*</c>, dynamic references and references to other documents are refused when the schema is read, never
/// ignored. Reading and checking do bounded work (docs/schemas.md).
/// </summary>
public sealed class JsonSchema
{
    /// <summary>Most subschemas of one document.</summary>
    public const int NodesMax = 10_000;

    /// <summary>Most subschemas applied in one check.</summary>
    public const int StepsMax = 1_000_000;

    /// <summary>Deepest nesting of subschemas applied, references included.</summary>
    public const int DepthMax = 512;

    /// <summary>Most problems told by one check.</summary>
    public const int ProblemsMax = 100;

    /// <summary>Longest regular expression, characters.</summary>
    public const int PatternMax = 2_000;

    private readonly SchemaNode root;

    internal JsonSchema(JsonElement source, SchemaNode root)
    {
        Source = source;
        this.root = root;
    }

    /// <summary>The schema as it was written.</summary>
    public JsonElement Source { get; }

    /// <summary>Reads a schema; problems carry paths below <paramref name="path"/>.</summary>
    public static SchemaReading Parse(JsonElement schema, string path = "") => new SchemaText(schema, path).Read();

    /// <summary>Reads a schema that is known to be right. Throws <see cref="InvariantBrokenException"/> when it is not.</summary>
    public static JsonSchema Known(JsonElement schema)
    {
        var reading = Parse(schema);
        return reading.Schema ?? throw new InvariantBrokenException($"A schema of the house is none: {reading.Problems[0]}");
    }

    /// <summary>All problems of a value, at most <see cref="ProblemsMax"/>; none: it fits.</summary>
    /// <param name="path">Put before every path.</param>
    /// <param name="unknown">Tells values that are not known yet, such as templates: they fit everything.</param>
    public IReadOnlyList<SchemaProblem> Check(JsonElement value, string path = "", Func<JsonElement, bool>? unknown = null)
    {
        var run = new SchemaRun(path, unknown);
        run.Apply(root, value);
        return run.Finish();
    }
}
