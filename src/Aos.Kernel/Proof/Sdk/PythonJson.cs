using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// JSON text as Python's <c>json.dumps(sort_keys=True)</c> writes it: names sorted by code point, everything outside
/// 0x20 to 0x7E escaped, whole numbers plain at any size, other numbers as Python prints a float. The hashes of SDK traces
/// (schema 1.1) and of the determinism signature are taken over it; nothing of our own is.
/// </summary>
public static class PythonJson
{
    /// <summary>Separators <c>,</c> and <c>:</c>, what the SDKs hash.</summary>
    public static string Compact(JsonElement value) => Text(value, ",", ":");

    /// <summary>Python's default separators <c>, </c> and <c>: </c>.</summary>
    public static string Spaced(JsonElement value) => Text(value, ", ", ": ");

    /// <summary>The SDK's <c>hash_data</c>: the first 16 hex digits of SHA-256 of the compact text.</summary>
    public static string HashData(JsonElement value) => HashTrace(value)[..16];

    /// <summary>The SDK's <c>hash_trace</c>: 64 hex digits of SHA-256 of the compact text.</summary>
    public static string HashTrace(JsonElement value) => Sha(Compact(value));

    /// <summary>64 lower-case hex digits of SHA-256 of the text's UTF-8 bytes.</summary>
    internal static string Sha(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>A float as Python prints it: shortest round trip, <c>1.0</c> keeps its <c>.0</c>, exponents from 1e16 and below 1e-4.</summary>
    public static string Float(double value)
    {
        if (double.IsNaN(value)) return "NaN";
        if (double.IsInfinity(value)) return value > 0 ? "Infinity" : "-Infinity";
        if (value == 0) return double.IsNegative(value) ? "-0.0" : "0.0";
        var (digits, exponent) = Split(value.ToString("R", CultureInfo.InvariantCulture));
        var sign = value < 0 ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            var mantissa = digits.Length == 1 ? digits : digits[..1] + "." + digits[1..];
            var power = Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);
            return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{power}";
        }

        if (exponent < 0) return sign + "0." + new string('0', -exponent - 1) + digits;
        if (digits.Length <= exponent + 1) return sign + digits + new string('0', exponent + 1 - digits.Length) + ".0";
        return sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    /// <summary>Names in Python's order: by code point, which differs from UTF-16 order for astral characters.</summary>
    internal static int ByCodePoint(string left, string right)
    {
        for (var i = 0; i < left.Length && i < right.Length; i++)
        {
            if (left[i] == right[i]) continue;
            var (a, b) = (left[i], right[i]);
            if (char.IsSurrogate(a) != char.IsSurrogate(b)) return char.IsSurrogate(a) ? 1 : -1;
            return a.CompareTo(b);
        }

        return left.Length.CompareTo(right.Length);
    }

    private static (string Digits, int Exponent) Split(string round)
    {
        var text = round.TrimStart('-');
        var exponent = 0;
        if (text.IndexOf('E', StringComparison.Ordinal) is >= 0 and var e)
        {
            exponent = int.Parse(text[(e + 1)..], CultureInfo.InvariantCulture);
            text = text[..e];
        }

        var point = text.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? text.Length : point;
        var digits = text.Replace(".", "", StringComparison.Ordinal);
        var leading = digits.Length - digits.TrimStart('0').Length;
        digits = digits.Trim('0');
        return (digits.Length == 0 ? "0" : digits, exponent + whole - 1 - leading);
    }

    private static string Text(JsonElement value, string comma, string colon)
    {
        var text = new StringBuilder();
        Append(text, value, comma, colon);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonElement value, string comma, string colon)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var first = true;
                text.Append('{');
                foreach (var member in value.EnumerateObject().OrderBy(member => member.Name, Comparer<string>.Create(ByCodePoint)))
                {
                    if (!first) text.Append(comma);
                    first = false;
                    Quote(text, member.Name);
                    text.Append(colon);
                    Append(text, member.Value, comma, colon);
                }

                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                var isNext = false;
                foreach (var item in value.EnumerateArray()) // By index each would cost a walk over those before it.
                {
                    if (isNext) text.Append(comma);
                    isNext = true;
                    Append(text, item, comma, colon);
                }

                text.Append(']');
                break;
            case JsonValueKind.String:
                Quote(text, value.GetString()!);
                break;
            case JsonValueKind.Number:
                text.Append(Number(value.GetRawText()));
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

    private static string Number(string raw) =>
        raw.AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? raw == "-0" ? "0" : raw : Float(double.Parse(raw, CultureInfo.InvariantCulture));

    private static void Quote(StringBuilder text, string value)
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
                case >= ' ' and <= '~': text.Append(c); break;
                default: text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"); break;
            }
        }

        text.Append('"');
    }
}
