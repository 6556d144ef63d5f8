using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Values as the server writes them, turned into JSON. Its own text of a value is exact and there for every type; what JSON cannot say exactly stays that text.
/// </summary>
internal static class Cells
{
    /// <summary>What is around a value in the result: result, rows, row.</summary>
    private const int DepthAround = 4;

    /// <summary>Digits that a number of AOS holds exactly.</summary>
    private const int DigitsMax = 28;

    internal static void Write(Utf8JsonWriter writer, QueryColumn column, ReadOnlySpan<byte> text)
    {
        if (!column.IsArray) Write(writer, column.Kind, text, 0);
        else if (ArrayText.IsWhole(text)) new ArrayText(writer, column.Kind).Write(text);
        else Write(writer, CellKind.Text, text, 0);
    }

    /// <param name="levels">Lists that are around it beside those.</param>
    internal static void Write(Utf8JsonWriter writer, CellKind kind, ReadOnlySpan<byte> text, int levels)
    {
        switch (kind)
        {
            case CellKind.Bool:
                writer.WriteBooleanValue(text is [(byte)'t', ..]);
                break;
            case CellKind.Number when IsExact(text):
                writer.WriteRawValue(text);
                break;
            case CellKind.Json when Parsed(text, levels) is { } value:
                value.WriteTo(writer);
                break;
            case CellKind.Bytes when text is [(byte)'\\', (byte)'x', .. var hex]:
                writer.WriteBase64StringValue(Convert.FromHexString(Encoding.ASCII.GetString(hex)));
                break;
            case CellKind.Moment:
                writer.WriteStringValue(Iso(Encoding.ASCII.GetString(text)));
                break;
            default:
                if (Utf8.IsValid(text)) writer.WriteStringValue(text);
                else writer.WriteStringValue(Encoding.UTF8.GetString(text)); // A database without an encoding holds any bytes.
                break;
        }
    }

    /// <summary>JSON that a later step could not carry (too deep, numbers out of range, a name twice) stays text.</summary>
    private static JsonElement? Parsed(ReadOnlySpan<byte> text, int levels)
    {
        try
        {
            var value = JsonText.Read(text);
            return ResultRules.Problem(text, ResultRules.DepthMax - DepthAround - levels) is null ? value : null;
        }
        catch (JsonTextException)
        {
            return null;
        }
    }

    /// <summary>
    /// <c>2026-03-01 12:00:00.5+00</c> with a T, and Z for the zone, which is always UTC. What no calendar of JSON's readers has (infinity, years before Christ) stays as it is.
    /// </summary>
    private static string Iso(string text)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || text.EndsWith(" BC", StringComparison.Ordinal)) return text;
        var iso = $"{text[..space]}T{text[(space + 1)..]}";
        return iso.EndsWith("+00", StringComparison.Ordinal) ? iso[..^3] + "Z" : iso;
    }

    /// <summary>False: no number (NaN, Infinity), or one that would lose digits on its way.</summary>
    private static bool IsExact(ReadOnlySpan<byte> text)
    {
        var (digits, zeros, whole, isWhole, i) = (0, 0, 0, true, text is [(byte)'-', ..] ? 1 : 0);
        for (; i < text.Length && text[i] is not ((byte)'e' or (byte)'E'); i++)
        {
            if (text[i] == '.') isWhole = false;
            else if (text[i] is < (byte)'0' or > (byte)'9') return false;
            else
            {
                // Zeros at either end say nothing; those between digits do.
                if (text[i] == '0') zeros += digits > 0 ? 1 : 0;
                else (digits, zeros) = (digits + zeros + 1, 0);
                if (isWhole && (digits > 0 || text[i] != '0')) whole++;
                else if (!isWhole && digits == 0) whole--;
            }
        }

        if (digits == 0) return text.Length > 0;
        var exponent = 0;
        if (i < text.Length && !int.TryParse(text[(i + 1)..], System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out exponent)) return false;
        // Digits before the point, and behind it.
        return digits <= DigitsMax && whole + exponent <= DigitsMax && digits - whole - exponent <= DigitsMax;
    }
}
