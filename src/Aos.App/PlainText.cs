using System.Globalization;
using System.Text;

namespace Aos.App;

/// <summary>Text for a line that people read: what would break the line, move the cursor, colour or turn what follows is written as its code.</summary>
internal static class PlainText
{
    internal static string Of(string text)
    {
        var first = 0;
        while (first < text.Length && !Acts(text[first])) first++;
        if (first == text.Length) return text;
        var plain = new StringBuilder(text, 0, first, text.Length + 16);
        foreach (var c in text.AsSpan(first))
        {
            if (!Acts(c)) plain.Append(c);
            else if (c == '\n') plain.Append("\\n");
            else if (c == '\r') plain.Append("\\r");
            else if (c == '\t') plain.Append("\\t");
            else plain.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return plain.ToString();
    }

    /// <summary>Control characters (escape among them), line and paragraph separators, and marks of direction.</summary>
    private static bool Acts(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or '\u200E' or '\u200F' or '\u061C' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
