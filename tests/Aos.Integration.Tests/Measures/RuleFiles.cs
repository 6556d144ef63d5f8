using System.Diagnostics;
using System.Text.RegularExpressions;
using YamlDotNet.Serialization;

namespace Aos.Integration.Tests.Measures;

/// <summary>One alert rule as Prometheus reads it.</summary>
internal sealed record Rule(string Group, string Alert, string Expression, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Annotations);

/// <summary>The files that operators load into Prometheus, Alertmanager and Grafana.</summary>
internal static partial class RuleFiles
{
    private static readonly HashSet<string> Words = new(StringComparer.Ordinal)
    {
        "absent", "and", "bool", "by", "changes", "histogram_quantile", "ignoring", "increase", "max", "min", "offset", "on", "or", "rate", "sum", "unless", "vector",
    };

    internal static string Folder { get; } = Path.Combine(Root(), "ops");

    internal static string Docs { get; } = Path.Combine(Root(), "docs");

    /// <summary>Cases that take minutes, and those that take more than a day.</summary>
    internal static IReadOnlyList<string> Tests { get; } = ["costsim_test.yml", "costsim_days_test.yml"];

    internal static IReadOnlyList<Rule> Rules { get; } =
    [
        .. Of(Yaml("prometheus", "rules", "costsim.yml"), "groups").SelectMany(group => Of(group, "rules").Select(rule => new Rule(
            Text(group, "name"), Text(rule, "alert"), Text(rule, "expr"), Texts(rule, "labels"), Texts(rule, "annotations")))),
    ];

    /// <summary>Cases of the unit tests: alert, and whether it is to fire.</summary>
    internal static IReadOnlyList<(string Alert, bool Fires)> Cases { get; } =
    [
        .. Tests.SelectMany(file => Of(Yaml("prometheus", "tests", file), "tests")).SelectMany(test => Of(test, "alert_rule_test")).Select(one => (Text(one, "alertname"), ((List<object>)one["exp_alerts"]).Count > 0)),
    ];

    /// <summary>What a program says, with its exit code. It is one of the packages that <c>tests/servers install</c> installs.</summary>
    internal static async Task<(int Code, string Said)> AskAsync(string program, string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{program} does not start: tests/servers install");
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await said + await complained);
    }

    /// <summary>Names of metrics in an expression, with the labels that it selects by, compares or groups by.</summary>
    internal static IReadOnlyList<(string Metric, IReadOnlyList<string> Labels)> Metrics(string expression)
    {
        var grouped = Grouping().Matches(expression).SelectMany(match => match.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToList();
        var bare = Quoted().Replace(Grouping().Replace(expression, " "), "\"\"");
        return
        [
            .. Metric().Matches(bare).Where(match => !Words.Contains(match.Groups["name"].Value))
                .Select(match => (match.Groups["name"].Value, (IReadOnlyList<string>)[.. Label().Matches(match.Groups["selector"].Value).Select(label => label.Groups["name"].Value), .. grouped])),
        ];
    }

    private static Dictionary<object, object> Yaml(params string[] path) =>
        new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(File.ReadAllText(Path.Combine([Folder, .. path])));

    private static IEnumerable<Dictionary<object, object>> Of(Dictionary<object, object> map, string name) => ((List<object>)map[name]).Cast<Dictionary<object, object>>();

    private static string Text(Dictionary<object, object> map, string name) => (string)map[name];

    private static Dictionary<string, string> Texts(Dictionary<object, object> map, string name) =>
        ((Dictionary<object, object>)map[name]).ToDictionary(pair => (string)pair.Key, pair => (string)pair.Value, StringComparer.Ordinal);

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Aos.slnx"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Aos.slnx");
        return folder;
    }

    [GeneratedRegex(@"\b(?:by|ignoring|on)\s*\((?<labels>[^)]*)\)", RegexOptions.CultureInvariant)]
    private static partial Regex Grouping();

    [GeneratedRegex("\"[^\"]*\"", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(?<![\w.\[{,])(?<name>[a-z_:][a-z0-9_:]*)(?<selector>\{[^}]*\})?", RegexOptions.CultureInvariant)]
    private static partial Regex Metric();

    [GeneratedRegex(@"(?<name>[a-z_]+)\s*(?:=~|!~|!=|=)", RegexOptions.CultureInvariant)]
    private static partial Regex Label();
}
