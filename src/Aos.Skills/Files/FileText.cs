using System.Text;

namespace Aos.Skills;

/// <summary>Bytes of files as text and back.</summary>
internal static class FileText
{
    /// <summary>The text, or null: the bytes are none in this encoding.</summary>
    /// <param name="truncated">The end may cut a character in two; what is left of it is dropped.</param>
    internal static string? Read(ReadOnlySpan<byte> bytes, string encoding, bool truncated)
    {
        if (encoding == "base64") return Convert.ToBase64String(bytes);
        if (encoding == "latin1") return Encoding.Latin1.GetString(bytes);
        if (encoding == "utf-8" && bytes.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        if (encoding == "utf-16" && bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE])) bytes = bytes[2..];
        var strict = Of(encoding);
        for (var cut = 0; cut <= (truncated ? Math.Min(3, bytes.Length) : 0); cut++)
        {
            try
            {
                return strict.GetString(bytes[..^cut]);
            }
            catch (DecoderFallbackException)
            {
                continue;
            }
        }

        return null;
    }

    /// <summary>The bytes, or null: the text cannot be written in this encoding.</summary>
    internal static byte[]? Write(string text, string encoding)
    {
        try
        {
            return encoding == "base64" ? Convert.FromBase64String(text) : Of(encoding).GetBytes(text);
        }
        catch (Exception e) when (e is FormatException or EncoderFallbackException)
        {
            return null;
        }
    }

    private static Encoding Of(string encoding) => encoding switch
    {
        "utf-16" => new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true),
        "ascii" => Encoding.GetEncoding("us-ascii", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback),
        "latin1" => Encoding.GetEncoding("iso-8859-1", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback),
        _ => new UTF8Encoding(false, throwOnInvalidBytes: true),
    };
}
