using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
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
        Write(to, value);
        return to.WrittenSpan.ToArray();
    }

    public static string Text(JsonElement value)
    {
        var to = new ArrayBufferWriter<byte>(Math.Max(value.Raw().Length, 16));
        Write(to, value);
        return Encoding.UTF8.GetString(to.WrittenSpan);
    }

    /// <summary>Writes the canonical bytes.</summary>
    internal static void Write(IBufferWriter<byte> to, JsonElement value)
    {
        try
        {
            Append(to, value);
        }
        catch (OverflowException)
        {
            throw OutOfRange(value, "$") ?? new CanonicalJsonException("$", "a number is out of range.");
        }
    }

    private static void Append(IBufferWriter<byte> to, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                AppendObject(to, value);
                break;
            case JsonValueKind.Array:
                to.Write("["u8);
                var isFirst = true;
                foreach (var item in value.EnumerateArray())
                {
                    if (!isFirst) to.Write(","u8);
                    Append(to, item);
                    isFirst = false;
                }

                to.Write("]"u8);
                break;
            case JsonValueKind.String:
                AppendString(to, value);
                break;
            case JsonValueKind.Number:
                AppendNumber(to, value);
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

    private static void AppendObject(IBufferWriter<byte> to, JsonElement value)
    {
        if (!IsInOrder(value))
        {
            AppendSorted(to, value);
            return;
        }

        to.Write("{"u8);
        var isFirst = true;
        foreach (var member in value.EnumerateObject())
        {
            to.Write(isFirst ? "\""u8 : ",\""u8);
            to.Write(JsonMarshal.GetRawUtf8PropertyName(member));
            to.Write("\":"u8);
            Append(to, member.Value);
            isFirst = false;
        }

        to.Write("}"u8);
    }

    /// <summary>Whether the names stand in canonical order and form already: plain ASCII, which sorts the same in both encodings.</summary>
    private static bool IsInOrder(JsonElement value)
    {
        ReadOnlySpan<byte> before = default;
        var isFirst = true;
        foreach (var member in value.EnumerateObject())
        {
            var name = JsonMarshal.GetRawUtf8PropertyName(member);
            if (!Ascii.IsValid(name) || name.Contains((byte)'\\') || (!isFirst && before.SequenceCompareTo(name) >= 0)) return false;
            before = name;
            isFirst = false;
        }

        return true;
    }

    private static void AppendSorted(IBufferWriter<byte> to, JsonElement value)
    {
        var members = new (string Name, JsonElement Value)[value.GetPropertyCount()];
        var count = 0;
        foreach (var member in value.EnumerateObject()) members[count++] = (member.Name, member.Value);
        Array.Sort(members, static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        to.Write("{"u8);
        for (var i = 0; i < members.Length; i++)
        {
            if (i > 0) to.Write(","u8);
            AppendText(to, members[i].Name);
            to.Write(":"u8);
            Append(to, members[i].Value);
        }

        to.Write("}"u8);
    }

    private static void AppendNumber(IBufferWriter<byte> to, JsonElement value)
    {
        var raw = value.Raw();
        if (raw.Length <= DigitsAlwaysInRange && raw.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
        {
            to.Write(raw);
            return;
        }

        if (!value.TryGetDecimal(out var number)) throw new OverflowException();
        to.Write(Encoding.UTF8.GetBytes(Number(number)));
    }

    /// <summary>The first number out of range, with its place.</summary>
    private static CanonicalJsonException? OutOfRange(JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Select(member => OutOfRange(member.Value, $"{path}.{member.Name}")).FirstOrDefault(found => found is not null),
        JsonValueKind.Array => value.EnumerateArray().Select(item => OutOfRange(item, path)).FirstOrDefault(found => found is not null),
        JsonValueKind.Number when !value.TryGetDecimal(out _) => new CanonicalJsonException(path, $"{value.GetRawText()} is out of the range of ±7.9·10²⁸."),
        _ => null,
    };

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
