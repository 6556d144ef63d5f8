using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Aos.House.Tests;

/// <summary>Documents say what is there.</summary>
public sealed class Papers
{
    private static readonly HashSet<string> RootEntries = new(StringComparer.Ordinal)
    {
        ".ci", ".editorconfig", ".gitattributes", ".gitignore", "Aos.slnx", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md",
        "Directory.Build.props", "Directory.Packages.props", "LICENSE", "README.md", "SECURITY.md", "aos", "bench", "docs", "ops", "samples", "src", "test",
        "tests",
        ".git", ".aos", "artifacts", // not in the repository
    };

    [Fact]
    public void The_root_holds_what_it_should()
    {
        var entries = Directory.EnumerateFileSystemEntries(Tree.Root).Select(entry => Path.GetFileName(entry)!);

        Assert.Empty(entries.Except(RootEntries));
    }

    [Fact]
    public void Every_package_has_its_reason()
    {
        var reasons = File.ReadAllText(Tree.At("docs", "dependencies.md"));
        var packages = XDocument.Load(Tree.At("Directory.Packages.props")).Descendants("PackageVersion")
            .Select(package => ((string)package.Attribute("Include")!, (string)package.Attribute("Version")!));

        Assert.All(packages, package => Assert.Contains($"| {package.Item1} | {package.Item2} |", reasons, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_setting_that_is_read_is_one_that_config_shows()
    {
        var shown = File.ReadAllText(Tree.At("src", "Aos.App", "Cli", "ConfigVerb.cs"));
        var read = Tree.Files("src", "*.cs")
            .Where(file => !Tree.Name(file).StartsWith("src/Aos.Testing/", StringComparison.Ordinal))
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), "\\b(?:[Ss]etting|Number|Flag|Csv|Whole|GetEnvironmentVariable)\\((?:setting, )?\"(?<name>[A-Z][A-Z0-9]*_[A-Z0-9_]+)\""))
            .Select(match => match.Groups["name"].Value)
            .ToHashSet(StringComparer.Ordinal);

        Assert.True(read.Count > 30, "Settings are read in another way now.");
        Assert.DoesNotContain(read, name => !Regex.IsMatch(shown, $"\\b{name}\\b"));
    }

    [Fact]
    public void Every_package_is_used()
    {
        var used = new[] { "src", "tests", "bench" }.SelectMany(folder => Tree.Files(folder, "*.csproj")).Append(Tree.At("Directory.Build.props"))
            .Append(Tree.At("tests", "Directory.Build.props"))
            .SelectMany(file => XDocument.Load(file).Descendants("PackageReference"))
            .Select(package => (string)package.Attribute("Include")!)
            .ToHashSet(StringComparer.Ordinal);
        var packages = XDocument.Load(Tree.At("Directory.Packages.props")).Descendants("PackageVersion").Select(package => (string)package.Attribute("Include")!);

        Assert.Empty(packages.Except(used));
    }

    [Fact]
    public void Every_link_leads_somewhere()
    {
        var broken =
            from document in Tree.Documents()
            from Match link in Regex.Matches(WithoutCode(File.ReadAllText(document)), "\\]\\((?<to>[^)\\s#]+)(#[^)]*)?\\)")
            let to = link.Groups["to"].Value
            where !Regex.IsMatch(to, "^[a-z]+:")
            where !Path.Exists(Path.Combine(Path.GetDirectoryName(document)!, to))
            select $"{Tree.Name(document)} -> {to}";

        Assert.Empty(broken);
    }

    [Fact]
    public void Every_document_is_found_from_the_index()
    {
        var index = File.ReadAllText(Tree.At("docs", "README.md"));
        var documents = Directory.EnumerateFiles(Tree.At("docs"), "*.md").Select(file => Path.GetFileName(file)!).Where(name => name != "README.md");

        Assert.All(documents, name => Assert.Contains($"]({name})", index, StringComparison.Ordinal));
    }

    [Fact]
    public void A_quoted_sample_equals_its_file()
    {
        var quoted =
            from document in Tree.Documents()
            from Match sample in Regex.Matches(
                File.ReadAllText(document), "<!-- sample: (?<file>\\S+) -->\\s*```\\w*\\n(?<text>.*?)```", RegexOptions.Singleline)
            select (document: Tree.Name(document), file: sample.Groups["file"].Value, text: sample.Groups["text"].Value);

        Assert.All(quoted, sample => Assert.Equal(File.ReadAllText(Tree.At(sample.file)), sample.text));
    }

    [Fact]
    public void A_behaviour_id_stands_in_one_table_only()
    {
        var ids = Tree.Files("tests", "behaviours.md").Concat(Tree.Files(Path.Combine("tests", "behaviours"), "*.md"))
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), "^\\| *(?<id>[A-Z]\\w*[0-9.]*-[\\w-]+) *\\|", RegexOptions.Multiline)
                .Select(match => match.Groups["id"].Value));

        Assert.Empty(ids.GroupBy(id => id, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    private static string WithoutCode(string text) => Regex.Replace(text, "```.*?```|`[^`\n]*`", "", RegexOptions.Singleline);
}
