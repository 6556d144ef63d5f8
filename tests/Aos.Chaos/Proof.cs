using System.Collections.Concurrent;
using System.Diagnostics;

namespace Aos.Chaos;

/// <summary>Posts runs, kills, restarts, and at the end holds the receiver's book against the server's.</summary>
internal sealed class Proof(Settings settings)
{
    private static readonly TimeSpan SettleMax = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<int, string?> runs = new();
    private readonly ConcurrentDictionary<int, string> over = new();
    private readonly Random chance = new(settings.Seed);
    private Receiver receiver = null!;
    private Server server = null!;
    private string data = "";
    private int tooFew;
    private int posted;
    private int resolved;

    internal async Task<int> RunAsync()
    {
        if (!File.Exists(settings.Binary))
        {
            await Console.Error.WriteLineAsync($"There is no server at {settings.Binary}.");
            return 2;
        }

        data = Directory.CreateTempSubdirectory("aos-chaos-").FullName;
        try
        {
            receiver = await Receiver.StartAsync();
            server = new Server(settings.Binary, data, receiver.Origin);
            await server.StartAsync();
            for (var kill = 1; kill <= settings.Kills; kill++) await KillAsync(kill);
            await SettleAsync();
            return await JudgeAsync();
        }
        finally
        {
            server?.Dispose();
            if (receiver is not null) await receiver.DisposeAsync();
            Directory.Delete(data, recursive: true);
        }
    }

    private async Task KillAsync(int kill)
    {
        await FillAsync();
        var posting = Parallel.ForAsync(0, 50, async (_, _) => await PostAsync(Interlocked.Increment(ref posted)));
        await Task.Delay(chance.Next(0, 400));
        await server.KillAsync();
        await posting;
        var inFlight = InFlight.Count(data);
        if (inFlight < settings.InFlight) tooFew++;
        await server.StartAsync();

        // A post that got no answer may or may not have started its run: the same key again finds it or starts it.
        foreach (var lost in runs.Where(run => run.Value is null).Select(run => run.Key).ToList()) await PostAsync(lost);
        Console.WriteLine($"kill {kill,3}: {inFlight} in flight, {posted} posted, {over.Count} over, {receiver.Arrivals} effects");
    }

    /// <summary>Posts until enough runs are in flight, by what the server itself says right before the kill.</summary>
    private async Task FillAsync()
    {
        while (true)
        {
            await LookAsync();
            var flying = runs.Count - over.Count;
            if (flying >= settings.InFlight * 2) return; // Some end before the kill.
            var missing = (settings.InFlight * 3) - flying;
            await Parallel.ForAsync(0, missing, async (_, _) => await PostAsync(Interlocked.Increment(ref posted)));
        }
    }

    private async Task PostAsync(int n) => runs[n] = await server.PostAsync($"chaos-{n}", ChaosPlan.Of(n, receiver.Origin));

    private async Task LookAsync() => await Parallel.ForEachAsync(
        runs.Where(run => run.Value is not null && !over.ContainsKey(run.Key)).ToList(),
        new ParallelOptions { MaxDegreeOfParallelism = 16 },
        async (run, _) =>
        {
            var shown = await server.GetAsync(run.Value!) ?? throw new InvalidOperationException($"Run {run.Value} was acknowledged and is lost.");
            var status = shown.GetProperty("status").GetString()!;
            if (status is "succeeded" or "failed" or "cancelled") over[run.Key] = status;
            else if (status == "waiting" && ChaosPlan.Unknown(shown) is { } step) await DecideAsync(run.Key, run.Value!, step);
        });

    /// <summary>The person's part: looks at the other side, then says what became of the call.</summary>
    private async Task DecideAsync(int n, string run, string step)
    {
        await server.ResolveAsync(run, step, receiver.Keys($"POST /once/{n}").Count > 0);
        Interlocked.Increment(ref resolved);
    }

    private async Task SettleAsync()
    {
        var since = Stopwatch.StartNew();
        while (over.Count < runs.Count && since.Elapsed < SettleMax)
        {
            await LookAsync();
            await Task.Delay(200);
        }
    }

    private async Task<int> JudgeAsync()
    {
        var wrong = new ConcurrentQueue<string>();
        foreach (var run in runs.Where(run => !over.ContainsKey(run.Key))) wrong.Enqueue($"run {run.Key} ({run.Value}) is not over");
        foreach (var run in over.Where(run => run.Value != "succeeded")) wrong.Enqueue($"run {run.Key} ({runs[run.Key]}) {run.Value}");
        foreach (var n in over.Keys) ChaosPlan.Check(n, receiver, wrong);
        await Parallel.ForEachAsync(runs, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (run, _) =>
        {
            if (run.Value is null) return;
            var numbers = await server.SequenceAsync(run.Value);
            if (numbers.Count == 0 || !numbers.SequenceEqual(Enumerable.Range(1, numbers.Count)))
                wrong.Enqueue($"run {run.Key} ({run.Value}) has a gap in its journal: {string.Join(' ', numbers.Take(40))}");
        });

        if (tooFew > 0) wrong.Enqueue($"{tooFew} kills came with fewer than {settings.InFlight} runs in flight");
        foreach (var line in wrong.Take(50)) Console.WriteLine("WRONG " + line);
        Console.WriteLine($"{settings.Kills} kills, {runs.Count} runs, {over.Count} over, {receiver.Arrivals} effects ({receiver.Repeats} repeated with their key), {resolved} unknown and resolved by hand, {wrong.Count} wrong");
        return wrong.IsEmpty ? 0 : 1;
    }
}
