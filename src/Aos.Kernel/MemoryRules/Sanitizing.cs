using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Tidies values up, at any depth.</summary>
internal static class Sanitizing
{
    private static readonly string[] Times = ["yyyy-MM-dd HH:mm:ss", "yyyy/MM/dd HH:mm:ss", "dd-MM-yyyy HH:mm:ss"];

    internal static JsonElement Apply(JsonElement value, ImmutableArray<Sanitizer> sanitizers) => sanitizers.IsEmpty ? value : Json.Write(writer => Write(writer, value, sanitizers));

    private static void Write(Utf8JsonWriter writer, JsonElement value, ImmutableArray<Sanitizer> sanitizers)
    {
        var drops = sanitizers.Contains(Sanitizer.DropNulls);
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject().Where(member => !drops || member.Value.ValueKind != JsonValueKind.Null))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, sanitizers);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray().Where(item => !drops || item.ValueKind != JsonValueKind.Null)) Write(writer, item, sanitizers);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Text(value.GetString()!, sanitizers));
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static string Text(string text, ImmutableArray<Sanitizer> sanitizers)
    {
        if (sanitizers.Contains(Sanitizer.TrimStrings)) text = text.Trim();
        return sanitizers.Contains(Sanitizer.Timestamps)
            && DateTimeOffset.TryParseExact(text, Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : text;
    }
}
