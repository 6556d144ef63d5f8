using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>The references to secrets in settings of connections: texts that are <c>secret:NAME</c> and nothing else.</summary>
public static partial class ConnectionSecrets
{
    public static bool IsOne(string text) => NameOf(text) is not null;

    /// <summary>The name that a text refers to; null: it is no reference.</summary>
    public static string? NameOf(string text) => Form().Match(text) is { Success: true } match ? match.Groups["name"].Value : null;

    /// <summary>Names that settings refer to, each once, in their order.</summary>
    public static IReadOnlyList<string> NamesIn(JsonElement settings) => [.. Texts(settings).Select(NameOf).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>Settings with values in the place of references. What a value says is not looked at again.</summary>
    public static JsonElement Filled(JsonElement settings, IReadOnlyDictionary<string, string> values) => Json.Write(writer => Write(writer, settings, values));

    private static IEnumerable<string> Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Texts(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Texts),
        _ => [],
    };

    private static void Write(Utf8JsonWriter writer, JsonElement value, IReadOnlyDictionary<string, string> values)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, values);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray()) Write(writer, item, values);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String when NameOf(value.GetString()!) is { } name && values.TryGetValue(name, out var secret):
                writer.WriteStringValue(secret);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    [GeneratedRegex("^secret:(?<name>[A-Za-z_][A-Za-z0-9_]{0,63})\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
