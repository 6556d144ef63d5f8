using System.Text;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// JSON with <c>${{ expression }}</c> in its strings, at any depth. A string that is exactly one expression takes its
/// value with its type; inside a longer string the value is written as text, objects as canonical JSON.
/// </summary>
public static class Template
{
    /// <summary>The value, or the first thing that is wrong.</summary>
    public static Evaluated Evaluate(JsonElement template, IScope scope)
    {
        if (!HasExpressions(template)) return new Evaluated(template, null);
        Failure? failure = null;
        var value = Json.Write(writer => Write(writer, template, scope, ref failure));
        return failure is null ? new Evaluated(value, null) : new Evaluated(null, failure);
    }

    /// <summary>Texts of all expressions in the template, with the path of each.</summary>
    internal static IEnumerable<(string Path, string Expression)> Expressions(JsonElement template, string path)
    {
        switch (template.ValueKind)
        {
            case JsonValueKind.String:
                foreach (var (text, isExpression) in Parts(template.GetString()!))
                {
                    if (isExpression) yield return (path, text);
                }

                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in template.EnumerateArray())
                {
                    foreach (var found in Expressions(item, $"{path}[{index}]")) yield return found;
                    index++;
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in template.EnumerateObject())
                {
                    foreach (var found in Expressions(member.Value, $"{path}.{member.Name}")) yield return found;
                }

                break;
        }
    }

    internal static bool HasExpressions(JsonElement template) => template.Raw().IndexOf("${{"u8) >= 0;

    internal static string AsText(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : CanonicalJson.Text(value);

    private static void Write(Utf8JsonWriter writer, JsonElement template, IScope scope, ref Failure? failure)
    {
        switch (template.ValueKind)
        {
            case JsonValueKind.String:
                WriteText(writer, template, scope, ref failure);
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in template.EnumerateArray()) Write(writer, item, scope, ref failure);
                writer.WriteEndArray();
                break;
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in template.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, scope, ref failure);
                }

                writer.WriteEndObject();
                break;
            default:
                template.WriteTo(writer);
                break;
        }
    }

    private static void WriteText(Utf8JsonWriter writer, JsonElement template, IScope scope, ref Failure? failure)
    {
        var parts = Parts(template.GetString()!);
        if (parts is [(var single, true)])
        {
            var value = Expression.Evaluate(single, scope);
            failure ??= value.Failure;
            (value.Value ?? Json.Null).WriteTo(writer);
            return;
        }

        var text = new StringBuilder();
        foreach (var (part, isExpression) in parts)
        {
            if (!isExpression)
            {
                text.Append(part);
                continue;
            }

            var value = Expression.Evaluate(part, scope);
            failure ??= value.Failure;
            if (value.Value is { } found) text.Append(AsText(found));
        }

        writer.WriteStringValue(text.ToString());
    }

    private static List<(string Text, bool IsExpression)> Parts(string text)
    {
        var parts = new List<(string, bool)>();
        var at = 0;
        while (true)
        {
            var open = text.IndexOf("${{", at, StringComparison.Ordinal);
            var close = open < 0 ? -1 : text.IndexOf("}}", open, StringComparison.Ordinal);
            if (open >= 0 && close < 0)
            {
                // An expression without an end is a mistake, never text.
                parts.Add((text[(open + 3)..] + " ${{", true));
                return parts;
            }

            if (close < 0)
            {
                if (at < text.Length || parts.Count == 0) parts.Add((text[at..], false));
                return parts;
            }

            if (open > at) parts.Add((text[at..open], false));
            parts.Add((text[(open + 3)..close].Trim(), true));
            at = close + 2;
            if (at == text.Length) return parts;
        }
    }
}
