using System.Text.RegularExpressions;

namespace Aos.House.Tests;

/// <summary>The repository's files.</summary>
internal static class Tree
{
    internal static string Root { get; } = Walls.Root;

    internal static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    internal static string Name(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');

    /// <summary>Files under a folder, build output left out.</summary>
    internal static IEnumerable<string> Files(string folder, string pattern) =>
        !Directory.Exists(At(folder))
            ? []
            : Directory.EnumerateFiles(At(folder), pattern, SearchOption.AllDirectories)
                .Where(file => !Regex.IsMatch(Name(file), "(^|/)(artifacts|obj|bin|node_modules|\\.aos|\\.git)/"))
                .Order(StringComparer.Ordinal);

    internal static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(Root, "*.md").Concat(Files("docs", "*.md")).Concat(Files("tests", "*.md")).Concat(Files("samples", "*.md"));

    /// <summary>Lines of these files that match, as <c>file:line text</c>.</summary>
    internal static List<string> Find(IEnumerable<string> files, string pattern)
    {
        var regex = new Regex(pattern, RegexOptions.CultureInvariant);
        return [.. files.SelectMany(file => File.ReadLines(file)
            .Select((text, i) => (text, line: i + 1))
            .Where(found => regex.IsMatch(found.text))
            .Select(found => $"{Name(file)}:{found.line} {found.text.Trim()}"))];
    }
}
