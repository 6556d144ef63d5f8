using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

internal sealed record JsonTransformIn(
    [Description("What to do with the data.")]
    [AllowedValues("aggregate", "extract", "filter", "flatten", "map", "merge", "omit", "pick", "sort")] string? Operation = null,
    [Description("Where in the value to begin: a path from $.")] string? InputPath = null,
    [Description("Of extract, map and aggregate: a path from $, such as $.items[0].id or $[*].total.")] string? Path = null,
    [Description("Of pick and omit: names of members.")] string[]? Keys = null,
    [Description("Of flatten: levels to open."), Range(0, 64)] int Depth = 1,
    [Description("Of sort: the member to sort by.")] string? SortKey = null,
    [Description("Of sort."), AllowedValues("asc", "desc")] string SortOrder = "asc",
    [Description("Of aggregate."), AllowedValues("avg", "count", "max", "min", "sum")] string Fn = "sum",
    [Description("A query in a subset of jq, in place of an operation."), StringLength(4096)] string? Query = null,
    [Description("Older form: name of a result member to a place in the payload, such as items[0].name.")] SortedDictionary<string, string>? Mapping = null,
    [Description("Older form: values of members whose place is empty.")] Dictionary<string, JsonElement>? Defaults = null)
{
    [Description("The value to work on. A text is read as JSON.")]
    public JsonElement Data { get; init; }

    [Description("The value to work on, as it is. Used when there is no data.")]
    public JsonElement Input { get; init; }

    [Description("Of filter: field, operator (eq by default), value.")]
    public JsonElement Condition { get; init; }

    [Description("Of merge: the object whose members win.")]
    public JsonElement MergeWith { get; init; }

    [Description("Older form, with mapping: the value to map.")]
    public JsonElement Payload { get; init; }
}

/// <param name="Status">ok; partial when a mapping found nothing for one of its members.</param>
/// <param name="InputSize">Bytes of the data as canonical JSON.</param>
/// <param name="OutputSize">Bytes of the result as canonical JSON.</param>
internal sealed record JsonTransformOut(
    JsonElement Result, string ResultHash, string Operation, string Status, bool Canonical, int InputSize, int OutputSize, IReadOnlyList<string>? Errors);

/// <summary>Reshapes JSON. Pure.</summary>
internal sealed class JsonTransform : ISkill<JsonTransformIn, JsonTransformOut>
{
    private const int BytesMax = 10 * 1024 * 1024;

    public SkillContract Contract { get; } = new()
    {
        Name = "json_transform",
        Version = "2.1.0",
        Description = "Reshapes JSON: extract, pick, omit, filter, merge, flatten, sort, map, aggregate, or a query in a subset of jq.",
        Effect = EffectClass.Pure,
        TypicalLatencyMs = 10,
        FailureModes =
        [
            new("INVALID_INPUT", 0.01, "The request makes no sense: an unknown operation, a broken path or query, text that is no JSON."),
            new("DATA_NOT_FOUND", 0.01, "A path leads nowhere."),
            new("TRANSFORM_ERROR", 0.01, "The data have another shape than the operation wants."),
            new("INPUT_TOO_LARGE", 0.001, "The data or a list in it are larger than accepted."),
        ],
        Constraints = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [
            KeyValuePair.Create("max_input_size_bytes", Json.Of(BytesMax)), KeyValuePair.Create("max_output_size_bytes", Json.Of(BytesMax)),
            KeyValuePair.Create("max_depth", Json.Of(Json.DepthMax)), KeyValuePair.Create("max_array_length", Json.Of(Arrays.LengthMax)),
            KeyValuePair.Create("max_query_steps", Json.Of(Query.QueryBudget.StepsMax)),
        ]),
        StableFields = ["result", "result_hash", "operation"],
        OftenFollowedBy = ["http_call", "llm_invoke"],
        OftenPrecededBy = ["http_call", "llm_invoke"],
        Tags = ["transform", "json", "data"],
        InputBytesMax = BytesMax,
        OutputBytesMax = BytesMax,
    };

    public JsonTypeInfo<JsonTransformIn> Input => SkillsJson.Default.JsonTransformIn;

    public JsonTypeInfo<JsonTransformOut> Output => SkillsJson.Default.JsonTransformOut;

    public Task<SkillAnswer<JsonTransformOut>> InvokeAsync(JsonTransformIn input, SkillCall call, CancellationToken cancel)
    {
        try
        {
            return Task.FromResult(new SkillAnswer<JsonTransformOut>(Answer(input, cancel)));
        }
        catch (TransformException e)
        {
            return Task.FromResult(new SkillAnswer<JsonTransformOut>(null, FailureCatalog.Fail(e.Code, $"{Name(input)}: {e.Message}")));
        }
        catch (Exception e) when (e is CanonicalJsonException or JsonException or InvalidOperationException)
        {
            return Task.FromResult(new SkillAnswer<JsonTransformOut>(null, FailureCatalog.Fail("TRANSFORM_ERROR", $"{Name(input)}: {e.Message}")));
        }
    }

    private static JsonTransformOut Answer(JsonTransformIn input, CancellationToken cancel)
    {
        List<string> errors = [];
        JsonElement data, result;
        if (input.Mapping is { } mapping)
        {
            data = input.Payload;
            if (data.ValueKind != JsonValueKind.Object) throw TransformException.Request("payload must be an object.");
            (result, errors) = Mapping.Apply(data, mapping, input.Defaults ?? []);
        }
        else
        {
            if (input.Operation is null == input.Query is null) throw TransformException.Request("Give an operation or a query, one of them.");
            data = Data(input);
            result = input.Query is { } query ? Query.JsonQuery.Run(query, data, cancel) : Apply(input, data);
        }

        var canonical = CanonicalJson.Bytes(result);
        return new JsonTransformOut(
            result, ContentHash.Hex(canonical)[..16], Name(input), errors.Count == 0 ? "ok" : "partial", true, CanonicalJson.Bytes(data).Length, canonical.Length,
            errors.Count == 0 ? null : errors);
    }

    private static string Name(JsonTransformIn input) => input.Mapping is not null ? "mapping" : input.Query is not null ? "query" : input.Operation ?? "json_transform";

    private static JsonElement Data(JsonTransformIn input)
    {
        var data = input.Data;
        if (data.ValueKind == JsonValueKind.Undefined) data = input.Input;
        else if (data.ValueKind == JsonValueKind.String) data = Parsed(data.GetString()!);
        if (data.ValueKind == JsonValueKind.Undefined) throw TransformException.Request("data is missing.");
        return input.InputPath is { } path ? JsonPath.Parse(path).Read(data) : data;
    }

    private static JsonElement Parsed(string text)
    {
        try
        {
            return Json.Parse(text);
        }
        catch (JsonException e)
        {
            throw IsTooDeep(text)
                ? new TransformException("INPUT_TOO_LARGE", $"The data are nested deeper than {Json.DepthMax} levels.")
                : TransformException.Request($"The data are a text that is no JSON: {e.Message}");
        }
    }

    private static bool IsTooDeep(string text)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { MaxDepth = 100_000 });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject && reader.CurrentDepth >= Json.DepthMax) return true;
            }
        }
        catch (JsonException)
        {
            return false;
        }

        return false;
    }

    private static JsonElement Apply(JsonTransformIn input, JsonElement data) => input.Operation switch
    {
        "extract" => Path(input).Read(data),
        "pick" => Objects.Pick(data, Keys(input)),
        "omit" => Objects.Omit(data, Keys(input)),
        "filter" => Arrays.Filter(data, input.Condition),
        "merge" => Objects.Merge(data, input.MergeWith.ValueKind == JsonValueKind.Undefined ? Json.EmptyObject : input.MergeWith),
        "flatten" => Arrays.Flatten(data, input.Depth),
        "sort" => Arrays.Sort(data, input.SortKey, input.SortOrder == "desc"),
        "map" => Arrays.Map(data, Path(input)),
        _ => Arrays.Aggregate(input.Path is null ? data : Path(input).Read(data), input.Fn),
    };

    private static JsonPath Path(JsonTransformIn input) => JsonPath.Parse(input.Path ?? throw TransformException.Request("path is missing."));

    private static string[] Keys(JsonTransformIn input) =>
        input.Keys is { Length: > 0 } keys ? keys : throw TransformException.Request("keys is missing or empty.");
}
