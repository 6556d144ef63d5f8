namespace Aos.App.Server;

/// <summary>Cells of CSV.</summary>
internal static class CsvCell
{
    /// <summary>RFC 4180; a text that a spreadsheet would take for a formula gets an apostrophe before it. Of nothing, nothing.</summary>
    internal static string Text(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        if (text[0] is '=' or '+' or '-' or '@' or '\t' or '\r') text = "'" + text;
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
