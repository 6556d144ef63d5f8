using System.Globalization;
using System.Text.RegularExpressions;

namespace Aos.Integration.Tests.Measures;

/// <summary>A page of metrics as Prometheus reads it.</summary>
internal sealed partial class Scrape
{
    private readonly Dictionary<string, string> types;
    private readonly Dictionary<string, Dictionary<string, string>> labels = new(StringComparer.Ordinal);
    private readonly List<(string Name, Dictionary<string, string> Labels, double Value)> series = [];

    internal Scrape(string page)
    {
        types = Type().Matches(page).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["kind"].Value, StringComparer.Ordinal);
        foreach (Match line in Line().Matches(page))
        {
            var of = Label().Matches(line.Groups["labels"].Value).ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value, StringComparer.Ordinal);
            series.Add((line.Groups["name"].Value, of, double.Parse(line.Groups["value"].Value, CultureInfo.InvariantCulture)));
            labels.TryAdd(line.Groups["name"].Value, of);
        }
    }

    internal IReadOnlyCollection<string> Names => types.Keys;

    /// <summary>Null: there is no such metric.</summary>
    internal string? Kind(string name) => types.GetValueOrDefault(name);

    /// <summary>The metric that a name in an expression is of: of a histogram's parts the histogram.</summary>
    internal string Metric(string name) => types.ContainsKey(name) ? name : Part().Replace(name, "");

    /// <summary>Names of labels, without <c>le</c>; null: nothing was recorded of it.</summary>
    internal IReadOnlyList<string>? Labels(string metric) =>
        labels.GetValueOrDefault(Kind(metric) == "histogram" ? metric + "_count" : metric) is { } of ? [.. of.Keys.Order(StringComparer.Ordinal)] : null;

    /// <summary>Bounds of a histogram's buckets, without the infinite one.</summary>
    internal IReadOnlyList<double> Buckets(string metric) =>
        [.. series.Where(one => one.Name == metric + "_bucket").Select(one => one.Labels["le"]).Where(le => le != "+Inf").Distinct().Select(le => double.Parse(le, CultureInfo.InvariantCulture))];

    /// <summary>The sum over all series with these labels; null: there is none.</summary>
    internal double? this[string name, params (string Label, string Value)[] with]
    {
        get
        {
            var found = series.Where(one => one.Name == name && with.All(label => one.Labels.GetValueOrDefault(label.Label) == label.Value)).ToList();
            return found.Count == 0 ? null : found.Sum(one => one.Value);
        }
    }

    [GeneratedRegex(@"^# TYPE (?<name>\S+) (?<kind>\S+)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Type();

    [GeneratedRegex(@"^(?<name>[a-z_0-9]+)(?:\{(?<labels>.*)\})? (?<value>\S+)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Line();

    [GeneratedRegex("(?<name>[a-z_]+)=\"(?<value>(?:[^\"\\\\]|\\\\.)*)\"", RegexOptions.CultureInvariant)]
    private static partial Regex Label();

    [GeneratedRegex("_(?:bucket|count|sum)$", RegexOptions.CultureInvariant)]
    private static partial Regex Part();
}
