using System.Text.Json;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>What a text looks like that wants a shell, a database or a path to do more than was meant. All of them cost time in proportion to the text.</summary>
internal static partial class SandboxPatterns
{
    private const RegexOptions Plain = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    /// <summary>False: no text in there can look so. Told from the bytes, for the many calls that have nothing to hide.</summary>
    internal static bool MayHold(JsonElement value)
    {
        var raw = value.Raw();
        return raw.IndexOfAny(";`\\"u8) >= 0 || raw.IndexOf("$("u8) >= 0 || raw.IndexOf("../"u8) >= 0 || raw.IndexOf("/etc/"u8) >= 0;
    }

    /// <summary>Name of the first pattern that the text meets, or null.</summary>
    internal static string? Find(string text, bool isUrl)
    {
        if (text.Contains(';', StringComparison.Ordinal))
        {
            if (Remove().IsMatch(text)) return "remove_all";
            if (DropTable().IsMatch(text)) return "drop_table";
            if (DeleteFrom().IsMatch(text)) return "delete_from";
        }

        if (text.IndexOf("$(", StringComparison.Ordinal) is >= 0 and var open && text.IndexOf(')', open + 2) > open + 2) return "command_substitution";
        if (text.IndexOf('`', StringComparison.Ordinal) is >= 0 and var tick && text.LastIndexOf('`') > tick + 1) return "back_ticks";
        if (!isUrl && (text.Contains("../", StringComparison.Ordinal) || text.Contains("..\\", StringComparison.Ordinal))) return "path_traversal";
        if (text.Contains("/etc/passwd", StringComparison.Ordinal)) return "etc_passwd";
        return text.Contains("/etc/shadow", StringComparison.Ordinal) ? "etc_shadow" : null;
    }

    [GeneratedRegex(@";\s*rm\s+-rf", Plain)]
    private static partial Regex Remove();

    [GeneratedRegex(@";\s*drop\s+table", Plain)]
    private static partial Regex DropTable();

    [GeneratedRegex(@";\s*delete\s+from", Plain)]
    private static partial Regex DeleteFrom();
}
