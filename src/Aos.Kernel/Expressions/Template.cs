using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>A part of a value that an expression put there.</summary>
/// <param name="Path">Of the text, such as <c>messages[0].content</c>; of a value that is no text, its own.</param>
/// <param name="Start">In the text, UTF-16.</param>
/// <param name="Length">Below 0: the whole value, which is no text.</param>
/// <param name="Expression">As the author wrote it, such as <c>steps.load.result.body</c>.</param>
public readonly record struct Filling(string Path, int Start, int Length, string Expression);

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

    /// <summary>The same value, and which of its texts were filled in from where.</summary>
    internal static (JsonElement? Value, ImmutableArray<Filling> Fillings) Filled(JsonElement template, IScope scope, string path)
    {
        var fillings = ImmutableArray.CreateBuilder<Filling>();
        Failure? failure = null;
        var value = Json.Write(writer => Write(writer, template, scope, ref failure, (fillings, path)));
        return failure is null ? (value, fillings.ToImmutable()) : (null, []);
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

    private static void Write(Utf8JsonWriter writer, JsonElement template, IScope scope, ref Failure? failure, (ImmutableArray<Filling>.Builder List, string Path)? filled = null)
    {
        switch (template.ValueKind)
        {
            case JsonValueKind.String:
                WriteText(writer, template, scope, ref failure, filled);
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var (i, item) in template.EnumerateArray().Index())
                    Write(writer, item, scope, ref failure, filled is { } list ? (list.List, string.Create(CultureInfo.InvariantCulture, $"{list.Path}[{i}]")) : null);
                writer.WriteEndArray();
                break;
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in template.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, scope, ref failure, filled is { } members ? (members.List, members.Path.Length == 0 ? member.Name : $"{members.Path}.{member.Name}") : null);
                }

                writer.WriteEndObject();
                break;
            default:
                template.WriteTo(writer);
                break;
        }
    }

    private static void WriteText(Utf8JsonWriter writer, JsonElement template, IScope scope, ref Failure? failure, (ImmutableArray<Filling>.Builder List, string Path)? filled)
    {
        var parts = Parts(template.GetString()!);
        if (parts is [(var single, true)])
        {
            var value = Expression.Evaluate(single, scope);
            failure ??= value.Failure;
            var whole = value.Value ?? Json.Null;
            filled?.List.Add(new Filling(filled.Value.Path, 0, whole.ValueKind == JsonValueKind.String ? whole.GetString()!.Length : -1, single));
            whole.WriteTo(writer);
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
            var at = text.Length;
            if (value.Value is { } found) text.Append(AsText(found));
            filled?.List.Add(new Filling(filled.Value.Path, at, text.Length - at, part));
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
