using System.Collections.Concurrent;
using System.Globalization;

namespace Aos.Chaos;

/// <summary>What the nodes counted, over the lives of all their processes, and how long takeovers took.</summary>
internal sealed class Tally
{
    private const double MedianMax = 6;
    private const double LongestMax = 15;
    private static readonly string[] Names = ["aos_store_fenced_appends_total", "aos_node_takeovers_total", "aos_runs_adopted_total"];
    private readonly Dictionary<(int Node, string Name), double> now = [];
    private readonly Dictionary<string, double> before = Names.ToDictionary(name => name, _ => 0.0);

    /// <summary>Seconds from each kill to the first new event of a run it left.</summary>
    internal List<double> Resumed { get; } = [];

    /// <summary>Seconds from the end of each outage to the next event of any run.</summary>
    internal List<double> WentOn { get; } = [];

    internal int TooFew { get; set; }

    internal async Task ReadAsync(Node node)
    {
        foreach (var name in Names)
        {
            var value = await node.CounterAsync(name);
            if (value > 0) now[(node.Number, name)] = value;
        }
    }

    /// <summary>The node's process is gone; its counters begin anew.</summary>
    internal void Stopped(Node node)
    {
        foreach (var name in Names)
        {
            if (now.Remove((node.Number, name), out var value)) before[name] += value;
        }
    }

    internal void Judge(Settings settings, ConcurrentQueue<string> wrong)
    {
        if (TooFew > 0) wrong.Enqueue($"{TooFew} faults came with fewer than {settings.InFlight} runs in flight");
        if (Sum(Names[0]) == 0) wrong.Enqueue("no append was fenced: the zombies were never met");
        if (WentOn.Exists(seconds => seconds > LongestMax)) wrong.Enqueue(string.Create(CultureInfo.InvariantCulture, $"after an outage nothing went on for {WentOn.Max():0.0} s (limit {LongestMax})"));
        if (Resumed.Count == 0 && settings.Kills > 0) wrong.Enqueue("no node was killed with runs of its own: no takeover was timed");
        if (Resumed.Count == 0) return;
        if (Median > MedianMax) wrong.Enqueue(string.Create(CultureInfo.InvariantCulture, $"the median of takeovers is {Median:0.0} s (limit {MedianMax})"));
        if (Resumed.Max() > LongestMax) wrong.Enqueue(string.Create(CultureInfo.InvariantCulture, $"a takeover took {Resumed.Max():0.0} s (limit {LongestMax})"));
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Sum(Names[1])} takeovers of {Sum(Names[2])} runs (first event median {(Resumed.Count == 0 ? 0 : Median):0.0} s, max {(Resumed.Count == 0 ? 0 : Resumed.Max()):0.0} s), {Sum(Names[0])} fenced appends");

    private double Median => Resumed.Order().ElementAt(Resumed.Count / 2);

    private double Sum(string name) => before[name] + now.Where(pair => pair.Key.Name == name).Sum(pair => pair.Value);
}
