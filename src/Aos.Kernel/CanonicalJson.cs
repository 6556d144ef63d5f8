using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>A value that canonical JSON cannot write without losing something.</summary>
public sealed class CanonicalJsonException(string path, string message) : Exception($"{path}: {message}")
{
    public string Path { get; } = path;
}

/// <summary>
/// Canonical JSON: the layout of RFC 8785 (no white space, names sorted by UTF-16 code units, minimal escapes, raw
/// UTF-8) with one rule of our own: a number is its normalised decimal text, exact within the range of
/// <see cref="decimal"/>, and an error outside of it, because doubles would lose seeds and money.
/// </summary>
public static class CanonicalJson
{

    /// <summary>Normalised decimal text: no exponent, no trailing zeros, no negative zero.</summary>
    public static string Number(decimal value) =>
        value == 0 ? "0" : (value / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture);

    /// <summary>The canonical bytes. Throws <see cref="CanonicalJsonException"/> for a number out of range.</summary>
    public static byte[] Bytes(JsonElement value)
    {
        var text = new StringBuilder();
        Append(text, value, "$");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public static string Text(JsonElement value)
    {
        var text = new StringBuilder();
        Append(text, value, "$");
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                AppendObject(text, value, path);
                break;
            case JsonValueKind.Array:
                text.Append('[');
                var index = 0;
                foreach (var item in value.EnumerateArray())
                {
                    if (index > 0) text.Append(',');
                    Append(text, item, path);
                    index++;
                }

                text.Append(']');
                break;
            case JsonValueKind.String:
                AppendText(text, value.GetString()!);
                break;
            case JsonValueKind.Number:
                text.Append(Number(value, path));
                break;
            case JsonValueKind.True:
                text.Append("true");
                break;
            case JsonValueKind.False:
                text.Append("false");
                break;
            default:
                text.Append("null");
                break;
        }
    }

    private static void AppendObject(StringBuilder text, JsonElement value, string path)
    {
        var members = new List<(string Name, JsonElement Value)>();
        var sorted = true;
        foreach (var member in value.EnumerateObject())
        {
            if (members.Count > 0 && string.CompareOrdinal(members[^1].Name, member.Name) >= 0) sorted = false;
            members.Add((member.Name, member.Value));
        }

        if (!sorted) members.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        text.Append('{');
        for (var i = 0; i < members.Count; i++)
        {
            if (i > 0) text.Append(',');
            AppendText(text, members[i].Name);
            text.Append(':');
            Append(text, members[i].Value, $"{path}.{members[i].Name}");
        }

        text.Append('}');
    }

    private static string Number(JsonElement value, string path)
    {
        var raw = value.GetRawText();
        if (!value.TryGetDecimal(out var number))
            throw new CanonicalJsonException(path, $"{raw} is out of the range of ±7.9·10²⁸.");
        return Number(number);
    }

    private static void AppendText(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            switch (c)
            {
                case '"': text.Append("\\\""); break;
                case '\\': text.Append("\\\\"); break;
                case '\b': text.Append("\\b"); break;
                case '\f': text.Append("\\f"); break;
                case '\n': text.Append("\\n"); break;
                case '\r': text.Append("\\r"); break;
                case '\t': text.Append("\\t"); break;
                case < ' ': text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"); break;
                default: text.Append(c); break;
            }
        }

        text.Append('"');
    }
}
