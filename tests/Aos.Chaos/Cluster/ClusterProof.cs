using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Aos.Testing;
using Npgsql;

namespace Aos.Chaos;

/// <summary>
/// Several nodes on one PostgreSQL under load: killed, stopped and continued, cut from the database, one after another. At the end
/// the receiver's book is held against what stands in the database.
/// </summary>
internal sealed class ClusterProof : IAsyncDisposable
{
    private static readonly TimeSpan SettleMax = TimeSpan.FromMinutes(5);

    /// <summary>Longer than any fault lasts: whoever decides about a lost call looks when everybody who may still make it is back.</summary>
    private static readonly TimeSpan DecideAfter = TimeSpan.FromSeconds(20);

    /// <summary>Milliseconds: at every moment many runs are in the middle of a call, so that zombies have something to write.</summary>
    private const int SlowestAnswer = 3_000;

    private readonly Settings settings;
    private readonly Random chance;
    private readonly string database = $"chaos_{Guid.NewGuid():N}";
    private readonly string folder = Directory.CreateTempSubdirectory("aos-cluster-").FullName;
    private readonly NpgsqlDataSource admin;
    private readonly NpgsqlDataSource source;
    private readonly Evidence evidence;
    private readonly Outages outages;
    private readonly List<Node> nodes = [];
    private readonly ConcurrentDictionary<int, string?> runs = new();
    private readonly ConcurrentDictionary<string, byte> decided = new();
    private readonly Tally tally = new();
    private Receiver receiver = null!;
    private int posted;

    private ClusterProof(Settings settings, string direct, string servers)
    {
        this.settings = settings;
        chance = new Random(settings.Seed);
        admin = NpgsqlDataSource.Create(Connection(new Uri(direct), null));
        source = NpgsqlDataSource.Create(Connection(new Uri(direct), database));
        evidence = new Evidence(source);
        outages = new Outages(settings, servers, source);
    }

    internal static async Task<int> RunAsync(Settings settings)
    {
        var direct = Environment.GetEnvironmentVariable("AOS_TEST_POSTGRES");
        var way = settings.Bouncer ? Environment.GetEnvironmentVariable("AOS_TEST_PGBOUNCER") : direct;
        var servers = Environment.GetEnvironmentVariable("AOS_TEST_SERVERS");
        if (direct is null || way is null || servers is null)
        {
            await Console.Error.WriteLineAsync("AOS_TEST_POSTGRES, AOS_TEST_PGBOUNCER or AOS_TEST_SERVERS (their folder) is not set. Run it by ./test chaos, or start the servers: eval \"$(tests/servers start DIR)\".");
            return 2;
        }

        await using var proof = new ClusterProof(settings, direct, servers);
        return await proof.RunAsync(way);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            node.Dispose();
            await node.Wire.DisposeAsync();
        }

        if (receiver is not null) await receiver.DisposeAsync();
        await source.DisposeAsync();
        admin.Clear(); // Its connections may be to a server that was killed.
        await ExecuteAsync($"DROP DATABASE IF EXISTS {database} WITH (FORCE)");
        await admin.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<int> RunAsync(string way)
    {
        await ExecuteAsync($"CREATE DATABASE {database}");
        receiver = await Receiver.StartAsync(SlowestAnswer);
        for (var i = 1; i <= settings.Nodes; i++)
        {
            var node = new Node(settings.Binary, folder, FaultyWire.To(new UriBuilder(way) { Path = database }.Uri.AbsoluteUri), receiver.Origin, i) { ClockJumps = true };
            nodes.Add(node);
        }

        await Task.WhenAll(nodes.Select(node => node.StartAsync()));
        for (var fault = 1; fault <= settings.Kills; fault++) await FaultAsync(fault);
        for (var outage = 0; outage < settings.Outages; outage++) await OutageAsync(outage);
        while (posted < settings.Runs) await PostManyAsync(Math.Min(200, settings.Runs - posted));
        await SettleAsync();
        foreach (var node in nodes) await tally.ReadAsync(node);
        return await JudgeAsync();
    }

    private async Task FaultAsync(int number)
    {
        await FillAsync();
        var node = nodes[chance.Next(nodes.Count)];
        var lasts = TimeSpan.FromMilliseconds(chance.Next(7_000, 11_000));
        var kind = chance.Next(3);
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
        var node = nodes[chance.Next(nodes.Count)];
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
            if (since.Elapsed > TimeSpan.FromMinutes(2)) throw new InvalidOperationException($"The cluster does not take runs: {missing} missing.\n{string.Join('\n', nodes.Select(node => $"node {node.Number}: {node.Tail}"))}");
            await PostManyAsync((int)missing);
        }
    }

    private Task PostManyAsync(int count) => Parallel.ForAsync(
        0, count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) => await PostAsync(Interlocked.Increment(ref posted)));

    private async Task PostAsync(int n)
    {
        var up = nodes.Where(node => node.IsUp).ToList();
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
            var up = nodes.Where(node => node.IsUp).ToList();
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
            foreach (var node in nodes) Console.WriteLine($"node {node.Number}:\n{node.Tail}");
        }

        return wrong.IsEmpty ? 0 : 1;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    internal static string Connection(Uri url, string? database)
    {
        var user = url.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder
        {
            Host = url.Host, Port = url.Port, Database = database ?? url.AbsolutePath.TrimStart('/'), Username = Uri.UnescapeDataString(user[0]),
            Password = Uri.UnescapeDataString(user[1]), ApplicationName = "chaos", MaxPoolSize = 8,
        }.ConnectionString;
    }
}
