using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Puts secrets where the author of the plan wrote <c>secret:NAME</c> (after one word such as <c>Bearer</c>, if need be).
/// What came in with data is never resolved, however it is spelled: otherwise a peer could ask for any secret by its name.
/// </summary>
internal sealed partial class SecretTokens(SecretLookup secrets)
{
    internal async ValueTask<OpenedParams> OpenAsync(SkillContract skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        var places = skill.SecretParams;
        if (places.IsEmpty || call.Written is not { ValueKind: JsonValueKind.Object } written || parameters.ValueKind != JsonValueKind.Object
            || JsonMarshal.GetRawUtf8Value(written).IndexOf("secret:"u8) < 0)
            return new OpenedParams(parameters, null, []);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in places.SelectMany(place => Names(written.Get(place), parameters.Get(place))).Distinct(StringComparer.Ordinal))
        {
            var answer = await secrets.NeededAsync(new SecretAsk(call.Tenant, name, skill.Name, call.AgentId, call.Run), cancel);
            if (answer.Value is not { } value) return new OpenedParams(parameters, answer.Refusal, []);
            values.Add(name, value);
        }

        if (values.Count == 0) return new OpenedParams(parameters, null, []);
        var opened = Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in parameters.EnumerateObject())
            {
                writer.WritePropertyName(member.Name);
                Write(writer, places.Contains(member.Name, StringComparer.Ordinal) ? written.Get(member.Name) : null, member.Value, values);
            }

            writer.WriteEndObject();
        });
        return new OpenedParams(opened, null, Spellings(values.Values));
    }

    /// <summary>Each as it is and as it stands in a URL. Longer ones first: one that begins like another must not lose its beginning to it.</summary>
    internal static ImmutableArray<string> Spellings(IEnumerable<string> values) =>
        [.. values.SelectMany(value => new[] { value, Uri.EscapeDataString(value) }).Distinct(StringComparer.Ordinal).OrderByDescending(value => value.Length)];

    private static IEnumerable<string> Names(JsonElement? written, JsonElement? value)
    {
        if (written is not { } text || value is not { } actual || text.ValueKind != actual.ValueKind) return [];
        return text.ValueKind switch
        {
            JsonValueKind.String => Token(text, actual) is { } token ? [token.Groups["name"].Value] : [],
            JsonValueKind.Object => text.EnumerateObject().SelectMany(member => Names(member.Value, actual.Get(member.Name))),
            JsonValueKind.Array => text.EnumerateArray().Zip(actual.EnumerateArray(), (t, a) => Names(t, a)).SelectMany(names => names),
            _ => [],
        };
    }

    private static void Write(Utf8JsonWriter writer, JsonElement? written, JsonElement value, Dictionary<string, string> secrets)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, written?.Get(member.Name), member.Value, secrets);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                JsonElement[] list = written is { ValueKind: JsonValueKind.Array } own ? [.. own.EnumerateArray()] : [];
                foreach (var (i, item) in value.EnumerateArray().Index()) Write(writer, i < list.Length ? list[i] : null, item, secrets);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String when written is { } text && Token(text, value) is { } token:
                writer.WriteStringValue(token.Groups["word"].Value + secrets[token.Groups["name"].Value]);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static Match? Token(JsonElement written, JsonElement value)
    {
        if (written.ValueKind != JsonValueKind.String || value.ValueKind != JsonValueKind.String) return null;
        var text = written.GetString()!;
        if (!string.Equals(text, value.GetString(), StringComparison.Ordinal)) return null;
        var match = Form().Match(text);
        return match.Success ? match : null;
    }

    [GeneratedRegex("^(?<word>[A-Za-z]{1,20} )?secret:(?<name>[A-Za-z_][A-Za-z0-9_]{0,63})$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
