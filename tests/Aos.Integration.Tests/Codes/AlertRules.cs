using System.Text.RegularExpressions;

namespace Aos.Integration.Tests.Codes;

/// <summary>Rules that the documents give to Prometheus speak of what the server tells, and of codes and categories that there are.</summary>
[Trait("store", "none")]
public sealed partial class AlertRules : IAsyncLifetime
{
    /// <summary>What the rules may use of the language.</summary>
    private static readonly HashSet<string> Functions = new(StringComparer.Ordinal)
    {
        "abs", "avg", "clamp_max", "clamp_min", "count", "delta", "histogram_quantile", "increase", "irate", "max", "min", "rate", "sum", "time", "topk", "vector",
    };

    private static readonly HashSet<string> Operators = new(StringComparer.Ordinal) { "and", "bool", "or", "unless" };

    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "F5.84-01")]
    public async Task Every_metric_of_a_rule_is_one_that_the_server_tells()
    {
        var page = (await house.AskAsync("/metrics")).Body.GetString()!;
        var told = Types().Matches(page).SelectMany(match => match.Groups["kind"].Value == "histogram"
            ? new[] { "_bucket", "_sum", "_count" }.Select(part => match.Groups["name"].Value + part)
            : [match.Groups["name"].Value]).ToHashSet(StringComparer.Ordinal);
        var rules = Rules().ToList();

        Assert.True(rules.Count >= 25, "The documents give rules in another way now.");
        Assert.All(rules, rule => Assert.NotEmpty(Metrics(rule)));
        Assert.Empty(rules.SelectMany(rule => Metrics(rule).Where(name => !told.Contains(name)).Select(name => $"{name} in: {rule}")));
    }

    [Fact]
    [Trait("id", "F5.84-02")]
    public void Every_code_and_category_of_a_rule_is_one_of_the_catalog()
    {
        var categories = Enum.GetNames<FailureCategory>().Select(name => name.ToUpperInvariant()).ToHashSet(StringComparer.Ordinal);
        var asked = Rules().SelectMany(rule => Matchers().Matches(rule)).SelectMany(match => match.Groups["value"].Value.Split('|').Select(value => (Label: match.Groups["label"].Value, Value: value))).ToList();

        Assert.Contains(asked, one => one.Label == "error_code");
        Assert.Contains(asked, one => one.Label == "category");
        Assert.All(asked.Where(one => one.Label == "error_code"), one => Assert.Equal(one.Value, FailureCatalog.Find(one.Value)?.Code));
        Assert.All(asked.Where(one => one.Label == "category"), one => Assert.Contains(one.Value, categories));
    }

    [Theory]
    [Trait("id", "F5.84-01")]
    [InlineData("sum by (le) (rate(a_bucket{x=\"y_z(\"}[5m])) / b > 0.5 and c == 1e3", "a_bucket b c")]
    [InlineData("time() - max(a) > 172800", "a")]
    [InlineData("nosuch(a)", "nosuch a")]
    public void A_rule_is_read_as_Prometheus_reads_it(string rule, string metrics) => Assert.Equal(metrics, string.Join(' ', Metrics(rule)));

    /// <summary>Names in a rule that are no functions, operators, labels or durations.</summary>
    private static IEnumerable<string> Metrics(string rule)
    {
        var bare = Texts().Replace(rule, "");
        bare = Braces().Replace(bare, "");
        bare = Groupings().Replace(bare, "");
        return Names().Matches(bare).Where(match => !Operators.Contains(match.Groups["name"].Value) && !(match.Groups["call"].Success && Functions.Contains(match.Groups["name"].Value)))
            .Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Rules() => Directory.EnumerateFiles(Path.Combine(OfOneCode.Root, "docs"), "*.md").Order(StringComparer.Ordinal)
        .SelectMany(file => Expressions().Matches(File.ReadAllText(file)).Select(match => match.Groups["quoted"].Success ? match.Groups["quoted"].Value : match.Groups["plain"].Value.Trim()));

    [GeneratedRegex("^# TYPE (?<name>\\S+) (?<kind>\\S+)", RegexOptions.Multiline)]
    private static partial Regex Types();

    [GeneratedRegex(@"\bexpr: (?:'(?<quoted>[^']*)'|(?<plain>[^'\n]+))")]
    private static partial Regex Expressions();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Texts();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]")]
    private static partial Regex Braces();

    [GeneratedRegex(@"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")]
    private static partial Regex Groupings();

    [GeneratedRegex(@"(?<![\w.])(?<name>[a-zA-Z_:][\w:]*)(?<call>\s*\()?")]
    private static partial Regex Names();

    [GeneratedRegex("(?<label>[a-z_]+)=~?\"(?<value>[^\"]*)\"")]
    private static partial Regex Matchers();
}
