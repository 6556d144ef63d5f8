using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// The older form: each member of the result names a place of the payload, without <c>$</c>, such as <c>items[0].name</c>;
/// the empty text is the whole payload. What is not there is the default of that name, else null and a line of errors.
/// </summary>
internal static partial class Mapping
{
    internal static (JsonElement Result, List<string> Errors) Apply(
        JsonElement payload, IReadOnlyDictionary<string, string> mapping, IReadOnlyDictionary<string, JsonElement> defaults)
    {
        var errors = new List<string>();
        var result = Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var (key, path) in mapping)
            {
                writer.WritePropertyName(key);
                if (Find(payload, path) is { } found)
                {
                    found.WriteTo(writer);
                }
                else if (defaults.TryGetValue(key, out var other))
                {
                    other.WriteTo(writer);
                }
                else
                {
                    errors.Add($"{key}: there is nothing at '{path}'.");
                    writer.WriteNullValue();
                }
            }

            writer.WriteEndObject();
        });
        return (result, errors);
    }

    private static JsonElement? Find(JsonElement at, string path)
    {
        if (path.Length == 0) return at;
        foreach (var part in path.Split('.'))
        {
            var segment = Segment().Match(part);
            if (!segment.Success) return null;
            if (segment.Groups["key"] is { Length: > 0 } key)
            {
                if (at.Get(key.Value) is not { } member) return null;
                at = member;
            }

            if (!segment.Groups["index"].Success) continue;
            if (at.ValueKind != JsonValueKind.Array || !int.TryParse(segment.Groups["index"].ValueSpan, CultureInfo.InvariantCulture, out var index)) return null;
            var length = at.GetArrayLength();
            if (index < 0) index += length;
            if (index < 0 || index >= length) return null;
            at = at[index];
        }

        return at;
    }

    [GeneratedRegex(@"^(?<key>[^\[\]]*)(?:\[(?<index>-?[0-9]{1,9})\])?$", RegexOptions.CultureInvariant)]
    private static partial Regex Segment();
}
