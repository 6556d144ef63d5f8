using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <param name="Operation">extract, pick, omit, filter, merge, flatten, sort, map or aggregate.</param>
/// <param name="Data">Any value; a string is parsed as JSON.</param>
/// <param name="Path">Of extract, map and aggregate, from <c>$</c>: <c>$.items[0].id</c>, <c>$[*].total</c>.</param>
internal sealed record JsonTransformIn(
    string Operation, JsonElement Data, string? Path = null, string[]? Keys = null, JsonElement? Condition = null, JsonElement? MergeWith = null,
    int Depth = 1, string? SortKey = null, string SortOrder = "asc", string? Fn = null);

internal sealed record JsonTransformOut(JsonElement Result, string ResultHash, string Operation);

internal sealed class TransformException(string message) : Exception(message);

/// <summary>Reshapes JSON. Pure.</summary>
internal sealed class JsonTransform : ISkill<JsonTransformIn, JsonTransformOut>
{
    private static readonly string[] Operations = ["aggregate", "extract", "filter", "flatten", "map", "merge", "omit", "pick", "sort"];

    public SkillContract Contract { get; } = new()
    {
        Name = "json_transform",
        Version = "2.0.0",
        Description = "Reshapes JSON: extract, pick, omit, filter, merge, flatten, sort, map, aggregate.",
        Effect = EffectClass.Pure,
        TypicalLatencyMs = 10,
        FailureModes = [new("TRANSFORM_ERROR", 0.01, "A path leads nowhere, or the data has another shape.")],
        StableFields = ["result", "result_hash", "operation"],
        OftenFollowedBy = ["http_call", "llm_invoke"],
        OftenPrecededBy = ["http_call", "llm_invoke"],
        Tags = ["transform", "json", "data"],
    };

    public JsonTypeInfo<JsonTransformIn> Input => SkillsJson.Default.JsonTransformIn;

    public JsonTypeInfo<JsonTransformOut> Output => SkillsJson.Default.JsonTransformOut;

    public Task<SkillAnswer<JsonTransformOut>> InvokeAsync(JsonTransformIn input, SkillCall call, CancellationToken cancel)
    {
        try
        {
            var result = Apply(input, Data(input.Data));
            return Task.FromResult(new SkillAnswer<JsonTransformOut>(new JsonTransformOut(result, ContentHash.Short(result), input.Operation)));
        }
        catch (Exception e) when (e is TransformException or JsonException or CanonicalJsonException)
        {
            return Task.FromResult(new SkillAnswer<JsonTransformOut>(null, FailureCatalog.Fail("TRANSFORM_ERROR", $"{input.Operation}: {e.Message}")));
        }
    }

    private static JsonElement Data(JsonElement data) => data.ValueKind == JsonValueKind.String ? Json.Parse(data.GetString()!) : data;

    private static JsonElement Apply(JsonTransformIn input, JsonElement data) => input.Operation switch
    {
        "extract" => JsonPath.Read(data, Need(input.Path, "path")),
        "pick" => Members(data, member => Need(input.Keys, "keys").Contains(member, StringComparer.Ordinal)),
        "omit" => Members(data, member => !Need(input.Keys, "keys").Contains(member, StringComparer.Ordinal)),
        "filter" => Arrays.Filter(data, input.Condition ?? throw new TransformException("condition is missing.")),
        "merge" => Merge(data, input.MergeWith ?? Json.EmptyObject),
        "flatten" => Arrays.Flatten(data, input.Depth),
        "sort" => Arrays.Sort(data, input.SortKey, input.SortOrder == "desc"),
        "map" => Arrays.Map(data, Need(input.Path, "path")),
        "aggregate" => Arrays.Aggregate(input.Path is null ? data : JsonPath.Read(data, input.Path), input.Fn ?? "sum"),
        _ => throw new TransformException($"There is no such operation. Operations: {string.Join(", ", Operations)}."),
    };

    private static T Need<T>(T? value, string name)
        where T : class => value ?? throw new TransformException($"{name} is missing.");

    private static JsonElement Members(JsonElement data, Func<string, bool> keep)
    {
        if (data.ValueKind != JsonValueKind.Object) throw new TransformException("The data is no object.");
        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in data.EnumerateObject().Where(member => keep(member.Name))) member.WriteTo(writer);
            writer.WriteEndObject();
        });
    }

    private static JsonElement Merge(JsonElement data, JsonElement with)
    {
        if (data.ValueKind != JsonValueKind.Object || with.ValueKind != JsonValueKind.Object) throw new TransformException("merge takes two objects.");
        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in data.EnumerateObject().Where(member => with.Get(member.Name) is null)) member.WriteTo(writer);
            foreach (var member in with.EnumerateObject()) member.WriteTo(writer);
            writer.WriteEndObject();
        });
    }
}
