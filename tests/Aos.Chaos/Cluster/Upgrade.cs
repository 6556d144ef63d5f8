using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Aos.Chaos;

/// <summary>
/// A rolling upgrade under load: nodes of an earlier build and of this one share a database, one after another is replaced, and nothing
/// fails. Then runs that only this build can drive meet a node of the earlier one.
/// </summary>
internal sealed class Upgrade
{
    /// <summary>One run of this agent at a time; the others wait in line, which the earlier build knows nothing of.</summary>
    private const string Limits = """{"runs":[{"tenant":"default","agent":"single","concurrent":1}]}""";

    /// <summary>Long enough for several heartbeats of the node that must keep its hands off.</summary>
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan SettleMax = TimeSpan.FromMinutes(2);
    /// <summary>A start that so many nodes turned away, one after another, has failed.</summary>
    private const int TriesMax = 20;

    private readonly Settings settings;
    private readonly Stand stand;
    private readonly Evidence evidence;
    private readonly Receiver receiver;
    private readonly ConcurrentDictionary<int, string> runs = new();
    private readonly ConcurrentQueue<string> wrong = new();
    private volatile Node[] up = [];
    private int posted;
    private int turnedAway;

    private Upgrade(Settings settings, Stand stand) => (this.settings, this.stand, evidence, receiver) = (settings, stand, stand.Evidence, stand.Receiver);

    internal static async Task<int> RunAsync(Settings settings)
    {
        await using var stand = await Stand.OpenAsync(settings.Bouncer, slowest: 400);
        return stand is null ? 2 : await new Upgrade(settings, stand).RunAsync();
    }

    private async Task<int> RunAsync()
    {
        var first = await AddAsync(settings.Earlier!);
        var second = await AddAsync(settings.Earlier!);
        var share = TimeSpan.FromSeconds(settings.Seconds / 5.0);
        using var over = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 12).Select(_ => LoadAsync(over.Token)));

        await Task.Delay(share);
        var third = await AddAsync(settings.Binary, Limits);
        await Task.Delay(share);
        await RemoveAsync(first);
        await Task.Delay(share);
        var fourth = await AddAsync(settings.Binary, Limits);
        await Task.Delay(share * 2);
        await over.CancelAsync();
        await load;
        await SettleAsync();
        await JudgeAsync();

        await KeepOffAsync(second, third, fourth);
        foreach (var line in wrong.Take(50)) Console.WriteLine("WRONG " + line);
        if (!wrong.IsEmpty)
        {
            foreach (var node in stand.Nodes) Console.WriteLine($"node {node.Number}:\n{node.Tail}");
        }

        Console.WriteLine($"upgrade{(settings.Bouncer ? " through PgBouncer" : "")}: two builds for {settings.Seconds} s, {runs.Count} runs, {turnedAway} starts sent on by a node that was leaving, {receiver.Arrivals} effects ({receiver.Repeats} repeated with their key), {wrong.Count} wrong");
        return wrong.IsEmpty ? 0 : 1;
    }

    private async Task<Node> AddAsync(string binary, string? limits = null)
    {
        var node = stand.Add(binary, limits);
        await node.StartAsync();
        up = [.. up, node];
        Console.WriteLine($"node {node.Number} of {(binary == settings.Binary ? "this build" : "the earlier build")} is up; {posted} posted");
        return node;
    }

    private async Task RemoveAsync(Node node)
    {
        up = [.. up.Where(other => other != node)];
        await node.EndAsync();
        Console.WriteLine($"node {node.Number} has ended; {posted} posted");
    }

    /// <summary>Starts runs through any node, and again through another one when a node that is leaving says so.</summary>
    private async Task LoadAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var n = Interlocked.Increment(ref posted);
            for (var tries = 0; !runs.ContainsKey(n) && tries < TriesMax; tries++)
            {
                var nodes = up;
                if (await nodes[(n + tries) % nodes.Length].PostAsync($"upgrade-{n}", ChaosPlan.Of(n, receiver.Origin)) is { } run) runs[n] = run;
                else Interlocked.Increment(ref turnedAway);
            }

            if (!runs.ContainsKey(n)) wrong.Enqueue($"run {n} was not taken by anybody");
            await Task.Delay(100, CancellationToken.None);
        }
    }

    private async Task SettleAsync()
    {
        var since = Stopwatch.StartNew();
        while (await evidence.InFlightAsync() > 0 && since.Elapsed < SettleMax) await Task.Delay(500);
    }

    private async Task JudgeAsync()
    {
        var over = await evidence.OverAsync();
        foreach (var (n, run) in runs)
        {
            if (!over.TryGetValue(Guid.Parse(run), out var status)) wrong.Enqueue($"run {n} ({run}) is not over");
            else if (status != 6) wrong.Enqueue($"run {n} ({run}) ended with status {status}");
            else ChaosPlan.Check(n, receiver, wrong);
        }

        if (runs.IsEmpty) wrong.Enqueue("no run was started");
        if (over.Count != runs.Count) wrong.Enqueue($"{over.Count} runs are in the database, {runs.Count} were asked for");
        foreach (var broken in await evidence.BrokenAsync()) wrong.Enqueue($"run {broken} has a gap in its journal, or a row that differs from it");
    }

    /// <summary>Queued runs need a rule that the earlier build does not know: it leaves them alone, and this build ends them.</summary>
    private async Task KeepOffAsync(Node earlier, params Node[] newer)
    {
        for (var n = 1; n <= 5; n++) await newer[n % newer.Length].PostAsync($"queued-{n}", ChaosPlan.Of(1_000_000 + n, receiver.Origin), "single");
        foreach (var node in newer) await RemoveAsync(node);
        var waiting = await evidence.NewerAsync();
        if (waiting.Count < 4) wrong.Enqueue($"{waiting.Count} runs need the newer rules, at least 4 were meant to");
        await Task.Delay(Watched);
        var after = await evidence.NewerAsync();
        if (after.Exists(run => run.Owned)) wrong.Enqueue("the earlier build has taken a run whose rules it does not know");
        if (!after.SequenceEqual(waiting)) wrong.Enqueue("runs that need newer rules went on while only the earlier build was there");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{waiting.Count} runs of newer rules lay untouched beside node {earlier.Number} for {Watched.TotalSeconds:0} s"));
        await AddAsync(settings.Binary, Limits);
        await SettleAsync();
        if (await evidence.InFlightAsync() is > 0 and var left) wrong.Enqueue($"{left} queued runs did not end");
    }
}
