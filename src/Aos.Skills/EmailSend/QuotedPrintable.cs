using System.Text;

namespace Aos.Skills;

/// <summary>Text as lines of ASCII of at most 76 characters (RFC 2045, 6.7). Line breaks of any kind become those of mail.</summary>
internal static class QuotedPrintable
{
    private const int LineMax = 76;

    internal static string Of(string text)
    {
        var lines = Lines(text);
        var coded = new StringBuilder(text.Length + (text.Length / 8));
        foreach (var (i, line) in lines.Index())
        {
            if (i > 0) coded.Append("\r\n");
            Append(coded, Encoding.UTF8.GetBytes(line));
        }

        return coded.ToString();
    }

    /// <summary>Lines as mail knows them: only CR, LF and both together end one.</summary>
    internal static string[] Lines(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');

    private static void Append(StringBuilder coded, byte[] line)
    {
        var column = 0;
        for (var i = 0; i < line.Length; i++)
        {
            var isLast = i == line.Length - 1;
            var width = IsPlain(line, i, isLast) ? 1 : 3;
            // A soft break takes a place too, but for the last letter of a line.
            if (column + width > (isLast ? LineMax : LineMax - 1))
            {
                coded.Append("=\r\n");
                column = 0;
            }

            if (width == 1) coded.Append((char)line[i]);
            else coded.Append($"={line[i]:X2}");
            column += width;
        }
    }

    /// <summary>Spaces at the end of a line would be lost; <c>From </c> at its beginning is changed by those who keep mail in one file.</summary>
    private static bool IsPlain(byte[] line, int i, bool isLast) => line[i] switch
    {
        (byte)' ' or (byte)'\t' => !isLast,
        (byte)'=' => false,
        (byte)'F' when i == 0 && line.AsSpan().StartsWith("From "u8) => false,
        _ => line[i] is > (byte)' ' and <= (byte)'~',
    };
}
