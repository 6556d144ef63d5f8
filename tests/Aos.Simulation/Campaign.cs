using System.Diagnostics;
using System.Globalization;
using Aos.Testing;

namespace Aos.Simulation;

/// <summary>Many schedules, each from its own seed.</summary>
internal static class Campaign
{
    private const string Usage = """
        simulation [N]          runs N schedules, 100000 by default, and prints figures
        simulation --seed S     runs one schedule and tells its story
        simulation --planted    plants mistakes into the protocol and shows the seed that finds each
        simulation --forever [S]  runs from seed S, by default one of the time of day, until it finds something or is stopped
        """;

    /// <summary>After so many schedules a run without end says how far it is.</summary>
    private const int Portion = 100_000;

    internal static int Start(string[] args)
    {
        switch (args)
        {
            case [] or ["--"]:
                return Run(1, 100_000);
            case ["--seed", var text] when ulong.TryParse(text, CultureInfo.InvariantCulture, out var seed):
                return Replay(seed, Planted.None);
            case ["--seed", var text, var mistake] when ulong.TryParse(text, CultureInfo.InvariantCulture, out var seed) && Enum.TryParse<Planted>(mistake, out var planted):
                return Replay(seed, planted);
            case ["--planted", var one] when Enum.TryParse<Planted>(one, out var only):
                return Plant(100_000, only);
            case ["--planted"]:
                return Plant(100_000, null);
            case ["--forever"]:
                return RunOn((ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000); // No night repeats another's seeds.
            case ["--forever", var text] when ulong.TryParse(text, CultureInfo.InvariantCulture, out var seed):
                return RunOn(seed);
            case [var count] when int.TryParse(count, CultureInfo.InvariantCulture, out var n) && n > 0:
                return Run(1, n);
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    /// <summary>Runs seeds on all processors until one of them breaks a promise; sums up what was seen.</summary>
    internal static Summary Search(ulong first, int count, Planted planted, bool goesOn = false)
    {
        var summary = new Summary();
        long next = -1;
        var workers = new Thread[Math.Min(Environment.ProcessorCount, count)];
        for (var i = 0; i < workers.Length; i++)
        {
            workers[i] = new Thread(() =>
            {
                while ((goesOn || summary.Found is null) && Interlocked.Increment(ref next) is var at && at < count) summary.Add(new World(first + (ulong)at, planted).Run());
            });
            workers[i].Start();
        }

        foreach (var worker in workers) worker.Join();
        return summary;
    }

    private static int RunOn(ulong first)
    {
        while (true)
        {
            Console.WriteLine($"seeds {first} to {first + Portion - 1}");
            if (Run(first, Portion) is var code and not 0) return code;
            first += Portion;
        }
    }

    private static int Run(ulong first, int count)
    {
        var clock = Stopwatch.StartNew();
        var summary = Search(first, count, Planted.None);
        Console.WriteLine($"{summary.Schedules} schedules in {clock.Elapsed.TotalSeconds:0.0} s on {Environment.ProcessorCount} processors: {summary.Runs} runs, {summary.Steps} tasks, {summary.Takeovers} takeovers, {summary.Fenced} refusals by the fence");
        foreach (var point in Enum.GetValues<Point>()) Console.WriteLine($"  {point,-30} {summary.Hits[(int)point],8}");
        Console.WriteLine($"hash of all schedules: {summary.Hash:x16}");
        if (summary.Found is not { } found) return 0;
        foreach (var violation in found.Violations) Console.WriteLine($"seed {found.Seed}: {violation}");
        return 1;
    }

    private static int Plant(int count, Planted? only)
    {
        var missed = 0;
        foreach (var planted in Enum.GetValues<Planted>().Where(planted => planted != Planted.None && (only is null || planted == only)))
        {
            var clock = Stopwatch.StartNew();
            var summary = Search(1, count, planted);
            if (summary.Found is { } found) Console.WriteLine($"{planted,-18} found by seed {found.Seed} after {summary.Schedules} schedules, {clock.Elapsed.TotalSeconds:0.0} s: {found.Violations[0]}");
            else Console.WriteLine($"{planted,-18} NOT FOUND in {summary.Schedules} schedules");
            if (summary.Found is null) missed++;
        }

        return missed == 0 ? 0 : 1;
    }

    private static int Replay(ulong seed, Planted planted)
    {
        var verdict = new World(seed, planted, Console.WriteLine).Run();
        Console.WriteLine($"seed {seed}: {verdict.Runs} runs, {verdict.Steps} tasks, hash {verdict.Hash:x16}, {verdict.Violations.Count} violations");
        return verdict.Violations.Count == 0 ? 0 : 1;
    }
}
