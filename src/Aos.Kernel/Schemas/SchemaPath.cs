using System.Globalization;
using System.Text;

namespace Aos.Kernel;

/// <summary>Paths as problems tell them: <c>a.b[0]["c d"]</c>.</summary>
internal static class SchemaPath
{
    internal static string Of(string start, IEnumerable<(string? Name, int Index)> steps)
    {
        var text = new StringBuilder(start);
        foreach (var (name, index) in steps)
        {
            if (name is null) text.Append(CultureInfo.InvariantCulture, $"[{index}]");
            else if (!IsPlain(name)) text.Append("[\"").Append(name.Length > 80 ? name[..80] + "…" : name).Append("\"]");
            else if (text.Length == 0) text.Append(name);
            else text.Append('.').Append(name);
        }

        return text.ToString();
    }

    /// <summary>The same for a place in the schema itself.</summary>
    internal static string OfPointer(string start, string pointer) =>
        Of(start, pointer.Split('/').Skip(1).Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? ((string?)null, index)
            : (Unescape(part), 0)));

    internal static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    internal static string Unescape(string part) => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    private static bool IsPlain(string name) =>
        name.Length is > 0 and <= 80 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '$');
}
