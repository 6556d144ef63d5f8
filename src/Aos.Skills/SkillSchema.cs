using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>JSON Schemas from types; the attributes of a parameter become its bounds and its description.</summary>
internal static class SkillSchema
{
    private static readonly JsonSchemaExporterOptions Taken = new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Transform };

    private static readonly JsonSchemaExporterOptions Given = new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = static (context, node) => Transform(context, WithoutAbsent(context, node)) };

    /// <summary>Of parameters.</summary>
    internal static JsonElement Of(JsonTypeInfo type) => Json.Parse(type.GetJsonSchemaAsNode(Taken).ToJsonString());

    /// <summary>Of results: a member that is not written when it is null may be absent.</summary>
    internal static JsonElement OfResult(JsonTypeInfo type) => Json.Parse(type.GetJsonSchemaAsNode(Given).ToJsonString());

    /// <summary>Names the input accepts (none: any) and names it cannot do without.</summary>
    internal static (ImmutableArray<string> Known, ImmutableArray<string> Required) Members(JsonTypeInfo type)
    {
        var isOpen = type.Properties.Any(property => property.IsExtensionData);
        var members = type.Properties.Where(property => !property.IsExtensionData).ToList();
        return (isOpen ? [] : [.. members.Select(property => property.Name)], [.. members.Where(property => property.IsRequired).Select(property => property.Name)]);
    }

    /// <summary>What a value of the right type must keep besides, without the schema: making that takes longer than a call.</summary>
    internal static ImmutableArray<(string Name, Func<object, object?> Get, ValidationAttribute Bound)> Bounds(JsonTypeInfo type) =>
    [
        .. from property in type.Properties
           where property.Get is not null
           from bound in Attributes<ValidationAttribute>(property)
           select (property.Name, property.Get!, bound),
    ];

    /// <summary>True: there are bounds below the parameters themselves, which only the schema holds values to.</summary>
    internal static bool IsDeep(JsonTypeInfo type)
    {
        var seen = new HashSet<Type>();
        return type.Properties.Any(property => HasBounds(property.Options.GetTypeInfo(property.PropertyType)));

        bool HasBounds(JsonTypeInfo inner) => seen.Add(inner.Type)
            && (inner.Properties.Any(property => Attributes<ValidationAttribute>(property).Any() || HasBounds(inner.Options.GetTypeInfo(property.PropertyType)))
                || (inner.ElementType is { } element && HasBounds(inner.Options.GetTypeInfo(element))));
    }

    private static JsonNode WithoutAbsent(JsonSchemaExporterContext context, JsonNode node)
    {
        if (context.TypeInfo.Options.DefaultIgnoreCondition is not JsonIgnoreCondition.WhenWritingNull || node is not JsonObject schema || schema["required"] is not JsonArray required) return node;
        var absent = context.TypeInfo.Properties.Where(property => property.IsGetNullable || Nullable.GetUnderlyingType(property.PropertyType) is not null).Select(property => property.Name).ToHashSet(StringComparer.Ordinal);
        schema["required"] = new JsonArray([.. required.Select(name => (string)name!).Where(name => !absent.Contains(name)).Select(name => JsonValue.Create(name))]);
        if (schema["required"]!.AsArray().Count == 0) schema.Remove("required");
        return schema;
    }

    private static JsonNode Transform(JsonSchemaExporterContext context, JsonNode node)
    {
        if (node is JsonObject open && context.TypeInfo.Properties.Any(property => property.IsExtensionData)) open.Remove("additionalProperties");
        if (context.PropertyInfo is not { } property) return node;
        var schema = node as JsonObject ?? []; // Anything at all is written as true, which has no place for a description.
        foreach (var attribute in Attributes<Attribute>(property)) Add(schema, attribute);
        return schema;
    }

    private static void Add(JsonObject schema, Attribute attribute)
    {
        switch (attribute)
        {
            case DescriptionAttribute description:
                schema["description"] = description.Description;
                break;
            case RangeAttribute range:
                if (Number(range.Minimum) is { } least) schema[range.MinimumIsExclusive ? "exclusiveMinimum" : "minimum"] = least;
                if (Number(range.Maximum) is { } most) schema[range.MaximumIsExclusive ? "exclusiveMaximum" : "maximum"] = most;
                break;
            case StringLengthAttribute length:
                if (length.MinimumLength > 0) schema["minLength"] = length.MinimumLength;
                schema["maxLength"] = length.MaximumLength;
                break;
            case RegularExpressionAttribute pattern:
                schema["pattern"] = Anchored(pattern.Pattern);
                break;
            case AllowedValuesAttribute allowed when allowed.Values.All(value => value is not Enum): // How those are written is the serialiser's affair, and so is their schema.
                var values = new JsonArray([.. allowed.Values.Select(Constant)]);
                if (schema["type"] is JsonArray && !allowed.Values.Contains(null)) values.Add(null);
                schema["enum"] = values;
                break;
        }
    }

    /// <summary>Null: it is no number that JSON has here, such as infinity, so nothing is bounded by it.</summary>
    private static JsonValue? Number(object bound) =>
        decimal.TryParse(Convert.ToString(bound, CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : null;

    private static JsonNode? Constant(object? value) => value switch
    {
        null => null,
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        _ => Number(value),
    };

    /// <summary>The attribute asks that the whole text matches, the schema's keyword that a part of it does.</summary>
    private static string Anchored(string pattern) => pattern.StartsWith('^') && pattern.EndsWith('$') ? pattern : $"^(?:{pattern})$";

    private static IEnumerable<T> Attributes<T>(JsonPropertyInfo property)
        where T : Attribute
    {
        var provider = property.AssociatedParameter?.AttributeProvider ?? property.AttributeProvider;
        return provider is null ? [] : provider.GetCustomAttributes(typeof(T), inherit: true).OfType<T>();
    }
}
