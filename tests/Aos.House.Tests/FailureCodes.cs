using System.Text.RegularExpressions;

namespace Aos.House.Tests;

/// <summary>The codes of failures are a closed set: what the source says is in the catalog, and what is in the catalog is said.</summary>
public sealed partial class FailureCodes
{
    /// <summary>Words of the same shape that are no codes, beside the names of settings.</summary>
    private static readonly HashSet<string> Others = new(StringComparer.Ordinal) { "GOLDEN_SECRET_SET", "MANUAL_INTERVENTION", "RETRY_EXPONENTIAL" };

    /// <summary>Files that ask which code a failure has, and tell none themselves.</summary>
    private static readonly string[] Readers =
        ["src/Aos.Kernel/Outcomes/", "src/Aos.Failures/", "src/Aos.Kernel/Runs/Retries.cs", "src/Aos.Runs/Observing/PolicyMeter.cs"];

    private static List<(string File, string Text)> Sources { get; } =
        [.. Tree.Files("src", "*.cs").Select(file => (Tree.Name(file), File.ReadAllText(file))).Where(source => !source.Item1.StartsWith("src/Aos.Testing/", StringComparison.Ordinal))];

    [Fact]
    [Trait("id", "F5.81-03")]
    public void Every_code_in_the_source_is_one_of_the_catalog()
    {
        var settings = File.ReadAllText(Tree.At("src", "Aos.App", "Cli", "ConfigVerb.cs"));
        var told = Sources.SelectMany(source => Told().Matches(source.Text).Select(match => (source.File, Code: match.Groups["code"].Value))).ToList();
        var words = Sources.SelectMany(source => Words().Matches(source.Text).Select(match => (source.File, Code: match.Groups["code"].Value)))
            .Where(word => !Others.Contains(word.Code) && !Regex.IsMatch(settings, $"\\b{word.Code}\\b"));

        Assert.True(told.Count > 300, "Failures are made in another way now.");
        Assert.Empty(told.Concat(words).Where(word => FailureCatalog.Find(word.Code) is null).Distinct());
    }

    [Fact]
    [Trait("id", "F5.81-04")]
    public void Every_code_of_the_catalog_is_told_by_something()
    {
        var words = Sources.Where(source => !Readers.Any(reader => source.File.StartsWith(reader, StringComparison.Ordinal)))
            .SelectMany(source => Literals().Matches(source.Text).Select(match => FailureCatalog.Find(match.Groups["code"].Value)?.Code)).ToHashSet();

        Assert.All(FailureCatalog.All, entry => Assert.Contains(entry.Code, words));
    }

    [Fact]
    [Trait("id", "F5.81-05")]
    public void The_index_of_the_pages_lists_every_code_as_the_catalog_has_it()
    {
        var rows = File.ReadAllLines(Tree.At("docs", "errors", "README.md")).Where(line => line.StartsWith("| [", StringComparison.Ordinal));

        Assert.Equal(FailureCatalog.All.OrderBy(entry => entry.Code, StringComparer.Ordinal).Select(Row), rows.Order(StringComparer.Ordinal));
    }

    private static string Row(FailureEntry entry) =>
        $"| [{entry.Code}]({entry.Code}.md) | {entry.Category.ToString().ToLowerInvariant()} | {entry.HttpStatus} | {(entry.Retryable ? $"up to {entry.RetriesMax} times" : "no")} |";

    /// <summary>What makes a failure or a problem, up to the first text in capitals that it is given.</summary>
    [GeneratedRegex("""\b(Fail|Failed|Refusal|ExpressionException|TransformException|PlanProblem|Problem|Warn|Misses|Error)\((?:[^"();{}]|\([^()"]*\)|\$?"[^"A-Z][^"]*")*"(?<code>[A-Z][A-Z0-9_]{2,})"|\bnew\("(?<code>[A-Z][A-Z0-9_]{2,})", 0[.\d]*, """)]
    private static partial Regex Told();

    [GeneratedRegex("\"(?<code>[A-Z][A-Z0-9]*(_[A-Z0-9]+)+)\"")]
    private static partial Regex Words();

    [GeneratedRegex("\"(?<code>[A-Z][A-Z0-9_]{2,})\"")]
    private static partial Regex Literals();
}
