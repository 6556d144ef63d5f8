using System.Buffers;
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
    // A whole number of so many digits is within the range whatever its digits are, and its text is canonical as it stands.
    private const int DigitsAlwaysInRange = 28;

    private static readonly SearchValues<byte> NeedsEscape = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(c => (byte)c), (byte)'"', (byte)'\\']);

    /// <summary>Normalised decimal text: no exponent, no trailing zeros, no negative zero.</summary>
    public static string Number(decimal value) =>
        value == 0 ? "0" : (value / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture);

    /// <summary>The canonical bytes. Throws <see cref="CanonicalJsonException"/> for a number out of range.</summary>
    public static byte[] Bytes(JsonElement value)
    {
        var to = new ArrayBufferWriter<byte>(Math.Max(value.Raw().Length, 16));
        Append(to, value, "$");
        return to.WrittenSpan.ToArray();
    }

    public static string Text(JsonElement value)
    {
        var to = new ArrayBufferWriter<byte>(Math.Max(value.Raw().Length, 16));
        Append(to, value, "$");
        return Encoding.UTF8.GetString(to.WrittenSpan);
    }

    /// <summary>Writes the canonical bytes.</summary>
    internal static void Write(IBufferWriter<byte> to, JsonElement value) => Append(to, value, "$");

    private static void Append(IBufferWriter<byte> to, JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                AppendObject(to, value, path);
                break;
            case JsonValueKind.Array:
                to.Write("["u8);
                var isFirst = true;
                foreach (var item in value.EnumerateArray())
                {
                    if (!isFirst) to.Write(","u8);
                    Append(to, item, path);
                    isFirst = false;
                }

                to.Write("]"u8);
                break;
            case JsonValueKind.String:
                AppendString(to, value);
                break;
            case JsonValueKind.Number:
                AppendNumber(to, value, path);
                break;
            case JsonValueKind.True:
                to.Write("true"u8);
                break;
            case JsonValueKind.False:
                to.Write("false"u8);
                break;
            default:
                to.Write("null"u8);
                break;
        }
    }

    private static void AppendObject(IBufferWriter<byte> to, JsonElement value, string path)
    {
        var members = new (string Name, JsonElement Value)[value.GetPropertyCount()];
        var sorted = true;
        var count = 0;
        foreach (var member in value.EnumerateObject())
        {
            members[count] = (member.Name, member.Value);
            if (count > 0 && string.CompareOrdinal(members[count - 1].Name, member.Name) >= 0) sorted = false;
            count++;
        }

        if (!sorted) Array.Sort(members, static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        to.Write("{"u8);
        for (var i = 0; i < members.Length; i++)
        {
            if (i > 0) to.Write(","u8);
            AppendText(to, members[i].Name);
            to.Write(":"u8);
            Append(to, members[i].Value, members[i].Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Number ? $"{path}.{members[i].Name}" : path);
        }

        to.Write("}"u8);
    }

    private static void AppendNumber(IBufferWriter<byte> to, JsonElement value, string path)
    {
        var raw = value.Raw();
        if (raw.Length <= DigitsAlwaysInRange && raw.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
        {
            to.Write(raw);
            return;
        }

        if (!value.TryGetDecimal(out var number))
            throw new CanonicalJsonException(path, $"{value.GetRawText()} is out of the range of ±7.9·10²⁸.");
        to.Write(Encoding.UTF8.GetBytes(Number(number)));
    }

    private static void AppendString(IBufferWriter<byte> to, JsonElement value)
    {
        var raw = value.Raw(); // With its quotes. Without a backslash it is what it will be.
        if (raw.IndexOf((byte)'\\') < 0) to.Write(raw);
        else AppendText(to, value.GetString()!);
    }

    private static void AppendText(IBufferWriter<byte> to, string text)
    {
        to.Write("\""u8);
        var bytes = Encoding.UTF8.GetByteCount(text);
        var span = to.GetSpan(bytes);
        bytes = Encoding.UTF8.GetBytes(text, span);
        if (span[..bytes].IndexOfAny(NeedsEscape) < 0) to.Advance(bytes);
        else Escape(to, span[..bytes].ToArray());
        to.Write("\""u8);
    }

    private static void Escape(IBufferWriter<byte> to, byte[] text)
    {
        foreach (var c in text)
        {
            switch ((char)c)
            {
                case '"': to.Write("\\\""u8); break;
                case '\\': to.Write("\\\\"u8); break;
                case '\b': to.Write("\\b"u8); break;
                case '\f': to.Write("\\f"u8); break;
                case '\n': to.Write("\\n"u8); break;
                case '\r': to.Write("\\r"u8); break;
                case '\t': to.Write("\\t"u8); break;
                case < ' ': to.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"))); break;
                default: to.Write([c]); break;
            }
        }
    }
}
