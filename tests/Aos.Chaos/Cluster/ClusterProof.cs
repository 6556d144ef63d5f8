using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Aos.Chaos;

/// <summary>
/// Several nodes on one PostgreSQL under load: killed, stopped and continued, cut from the database, one after another. At the end
/// the receiver's book is held against what stands in the database.
/// </summary>
internal sealed class ClusterProof
{
    private static readonly TimeSpan SettleMax = TimeSpan.FromMinutes(5);

    /// <summary>Longer than any fault lasts: whoever decides about a lost call looks when everybody who may still make it is back.</summary>
    private static readonly TimeSpan DecideAfter = TimeSpan.FromSeconds(20);

    /// <summary>Milliseconds: at every moment many runs are in the middle of a call, so that zombies have something to write.</summary>
    private const int SlowestAnswer = 3_000;

    private readonly Settings settings;
    private readonly Random chance;
    private readonly Stand stand;
    private readonly Evidence evidence;
    private readonly Receiver receiver;
    private readonly Outages outages;
    private readonly ConcurrentDictionary<int, string?> runs = new();
    private readonly ConcurrentDictionary<string, byte> decided = new();
    private readonly Tally tally = new();
    private int posted;

    private ClusterProof(Settings settings, Stand stand, string servers)
    {
        (this.settings, this.stand, evidence, receiver) = (settings, stand, stand.Evidence, stand.Receiver);
        chance = new Random(settings.Seed);
        outages = new Outages(settings, servers, stand.Source);
    }

    private IReadOnlyList<Node> Nodes => stand.Nodes;

    internal static async Task<int> RunAsync(Settings settings)
    {
        if (Environment.GetEnvironmentVariable("AOS_TEST_SERVERS") is not { } servers)
        {
            await Console.Error.WriteLineAsync("AOS_TEST_SERVERS is not set: the folder in which the servers were started. Run it by ./test chaos.");
            return 2;
        }

        await using var stand = await Stand.OpenAsync(settings.Bouncer, SlowestAnswer);
        return stand is null ? 2 : await new ClusterProof(settings, stand, servers).RunAsync();
    }

    private async Task<int> RunAsync()
    {
        for (var i = 0; i < settings.Nodes; i++) stand.Add(settings.Binary, clockJumps: true);
        await Task.WhenAll(Nodes.Select(node => node.StartAsync()));
        for (var fault = 1; fault <= settings.Kills; fault++) await FaultAsync(fault);
        for (var outage = 0; outage < settings.Outages; outage++) await OutageAsync(outage);
        while (posted < settings.Runs) await PostManyAsync(Math.Min(200, settings.Runs - posted));
        await SettleAsync();
        foreach (var node in Nodes) await tally.ReadAsync(node);
        return await JudgeAsync();
    }

    private async Task FaultAsync(int number)
    {
        await FillAsync();
        var node = Nodes[chance.Next(Nodes.Count)];
        var lasts = TimeSpan.FromMilliseconds(chance.Next(7_000, 11_000));
        var kind = number == 1 ? 0 : chance.Next(3); // A proof without a kill proves no takeover.
        await tally.ReadAsync(node);
        var inFlight = await evidence.InFlightAsync();
        if (inFlight < settings.InFlight) tally.TooFew++;
        var posting = PostManyAsync(60);
        await Task.Delay(chance.Next(0, 300));
        var what = kind switch
        {
            0 => await KillAsync(node),
            1 => await HoldAsync(node, "frozen", node.Freeze, node.Thaw, lasts),
            _ => await HoldAsync(node, "cut off", node.Cut, node.Mend, lasts),
        };
        await posting;
        await RepostAsync();
        await DecideAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fault {number,3}: node {node.Number} {what}; {inFlight} in flight, {posted} posted, {receiver.Arrivals} effects, {tally}"));
    }

    private async Task OutageAsync(int number)
    {
        await FillAsync();
        var inFlight = await evidence.InFlightAsync();
        var node = Nodes[chance.Next(Nodes.Count)];
        var lasts = TimeSpan.FromMilliseconds(chance.Next(2_000, 9_000));
        var posting = PostManyAsync(60);
        var what = await outages.StrikeAsync(number, node, lasts);
        var (before, since) = (await evidence.EventsAsync(), Stopwatch.StartNew());
        await posting;
        while (await evidence.EventsAsync() == before && since.Elapsed < TimeSpan.FromSeconds(40)) await Task.Delay(100);
        tally.WentOn.Add(since.Elapsed.TotalSeconds);
        await RepostAsync();
        await DecideAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"outage {number + 1,2}: {what}, went on after {since.Elapsed.TotalSeconds:0.0} s; {inFlight} in flight, {posted} posted, {receiver.Arrivals} effects, {tally}"));
    }

    private async Task<string> KillAsync(Node node)
    {
        await node.KillAsync();
        tally.Stopped(node);
        var moment = DateTimeOffset.UtcNow;
        var left = await evidence.OwnedAsync(node.Port);
        var starting = node.StartAsync();
        var first = await WatchAsync(left, moment);
        await starting;
        if (first is { } seconds) tally.Resumed.Add(seconds);
        return string.Create(CultureInfo.InvariantCulture, $"killed with {left.Count} runs, first new event after {first:0.0} s");
    }

    /// <summary>Seconds until the first of the runs went on.</summary>
    private async Task<double?> WatchAsync(List<Guid> left, DateTimeOffset moment)
    {
        var since = Stopwatch.StartNew();
        while (left.Count > 0 && since.Elapsed < TimeSpan.FromSeconds(40))
        {
            if (await evidence.ResumedAsync(left, moment) is [var first, ..]) return first;
            await Task.Delay(100);
        }

        return left.Count == 0 ? null : since.Elapsed.TotalSeconds;
    }

    private static async Task<string> HoldAsync(Node node, string name, Action begin, Action end, TimeSpan lasts)
    {
        begin();
        await Task.Delay(lasts);
        end();
        return string.Create(CultureInfo.InvariantCulture, $"{name} for {lasts.TotalSeconds:0.0} s");
    }

    private async Task FillAsync()
    {
        var since = Stopwatch.StartNew();
        while (true)
        {
            var missing = (settings.InFlight * 2) + 100 - await evidence.InFlightAsync();
            if (missing <= 0) return;
            if (since.Elapsed > TimeSpan.FromMinutes(2)) throw new InvalidOperationException($"The cluster does not take runs: {missing} missing.\n{string.Join('\n', Nodes.Select(node => $"node {node.Number}: {node.Tail}"))}");
            await PostManyAsync((int)missing);
        }
    }

    private Task PostManyAsync(int count) => Parallel.ForAsync(
        0, count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) => await PostAsync(Interlocked.Increment(ref posted)));

    private async Task PostAsync(int n)
    {
        var up = Nodes.Where(node => node.IsUp).ToList();
        runs[n] = up.Count == 0 ? null : await up[n % up.Count].PostAsync($"chaos-{n}", ChaosPlan.Of(n, receiver.Origin));
    }

    /// <summary>A post without an answer may or may not have started its run: the same key again finds it or starts it.</summary>
    private async Task RepostAsync()
    {
        foreach (var lost in runs.Where(run => run.Value is null).Select(run => run.Key).ToList()) await PostAsync(lost);
    }

    /// <summary>The person's part: looks at the other side, then says what became of the call; any node takes the answer.</summary>
    private async Task DecideAsync()
    {
        foreach (var (run, since) in await evidence.WaitingAsync())
        {
            if (DateTimeOffset.UtcNow - since < DecideAfter) continue;
            var up = Nodes.Where(node => node.IsUp).ToList();
            if (up.Count == 0 || await up[chance.Next(up.Count)].GetAsync(run.ToString()) is not { } shown || ChaosPlan.Unknown(shown) is not { } step) continue;
            var n = runs.First(pair => pair.Value == run.ToString()).Key;
            if (await up[chance.Next(up.Count)].ResolveAsync(run.ToString(), step, receiver.Keys($"POST /once/{n}").Count > 0)) decided[run.ToString()] = 1;
        }
    }

    private async Task SettleAsync()
    {
        var since = Stopwatch.StartNew();
        while (since.Elapsed < SettleMax)
        {
            await RepostAsync();
            await DecideAsync();
            if (await evidence.InFlightAsync() == 0 && runs.Values.All(run => run is not null)) return;
            await Task.Delay(500);
        }
    }

    private async Task<int> JudgeAsync()
    {
        var wrong = new ConcurrentQueue<string>();
        var over = await evidence.OverAsync();
        foreach (var (n, run) in runs)
        {
            if (run is null) wrong.Enqueue($"run {n} was never taken");
            else if (!over.TryGetValue(Guid.Parse(run), out var status)) wrong.Enqueue($"run {n} ({run}) is not over");
            else if (status != 6) wrong.Enqueue($"run {n} ({run}) ended with status {status}");
            else ChaosPlan.Check(n, receiver, wrong);
        }

        if (over.Count != runs.Count) wrong.Enqueue($"{over.Count} runs are in the database, {runs.Count} were asked for");
        foreach (var broken in await evidence.BrokenAsync()) wrong.Enqueue($"run {broken} has a gap in its journal, or a row that differs from it");
        tally.Judge(settings, wrong);
        foreach (var line in wrong.Take(50)) Console.WriteLine("WRONG " + line);
        Console.WriteLine($"{settings.Nodes} nodes{(settings.Bouncer ? " through PgBouncer" : "")}, {settings.Kills} faults, {settings.Outages} outages, {runs.Count} runs, {over.Count} over, {receiver.Arrivals} effects ({receiver.Repeats} repeated with their key), {decided.Count} unknown and resolved by hand, {tally}, {wrong.Count} wrong");
        if (!wrong.IsEmpty)
        {
            foreach (var node in Nodes) Console.WriteLine($"node {node.Number}:\n{node.Tail}");
        }

        return wrong.IsEmpty ? 0 : 1;
    }
}
