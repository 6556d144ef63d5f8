using System.Diagnostics;
using System.Globalization;
using Aos.Kernel;

namespace Aos.Campaigns;

/// <summary>Random plans in random worlds, each from its own seed, held to the laws of the machine.</summary>
internal static class PropertyCampaign
{
    internal static int Start(string[] args)
    {
        switch (args)
        {
            case ["--seed", var text] when ulong.TryParse(text, CultureInfo.InvariantCulture, out var seed):
                return One(seed);
            case [] or ["--"]:
                return Many(1, 10_000);
            case [var count] when int.TryParse(count, CultureInfo.InvariantCulture, out var n) && n > 0:
                return Many(1, n);
            case [var count, "--from", var text] when int.TryParse(count, CultureInfo.InvariantCulture, out var n) && n > 0 && ulong.TryParse(text, CultureInfo.InvariantCulture, out var first):
                return Many(first, n);
            default:
                Console.Error.WriteLine("properties [N [--from S] | --seed S]");
                return 2;
        }
    }

    /// <summary>Runs seeds on all processors. Breaches come in the order of their seeds.</summary>
    internal static (Tally Tally, IReadOnlyList<string> Broken) Run(ulong first, int count)
    {
        var (total, broken, next) = (new Tally(), new SortedDictionary<ulong, string>(), -1);
        var workers = Enumerable.Range(0, Math.Min(Environment.ProcessorCount, count)).Select(_ => new Thread(Work)).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        return (total, [.. broken.Values]);

        void Work()
        {
            var tally = new Tally();
            while (Interlocked.Increment(ref next) is var at && at < count)
            {
                var seed = first + (ulong)at;
                if (Try(seed, tally, out _) is [var one, ..])
                {
                    lock (broken) broken[seed] = $"seed {seed}: {one}";
                }
            }

            lock (total) total.Add(tally);
        }
    }

    /// <summary>Plays one seed: a run, then a fork of it. Says what broke.</summary>
    internal static IReadOnlyList<string> Try(ulong seed, Tally tally, out string plan)
    {
        var (draw, broken) = (new Draw(seed), new List<string>());
        var read = RandomPlan.Read(draw, out plan);
        tally.Read(read);
        try
        {
            var run = new RandomRun(draw, tally, RandomRun.Start(draw, read), broken.Add);
            run.Play();
            Fork(draw, tally, run.Laws, broken.Add);
        }
        catch (LawBrokenException)
        {
            Invariant.Holds(broken.Count > 0, "Who breaks off has told why.");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            broken.Add($"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("Aos.", StringComparison.Ordinal))?.Trim()}");
        }

        return broken;
    }

    private static void Fork(Draw draw, Tally tally, Laws origin, Action<string> broken)
    {
        var latest = origin.State;
        var step = draw.OneIn(2) ? latest.Plan.Steps[draw.Below(latest.Plan.Steps.Length)].Id : null;
        var was = step is null || draw.OneIn(4) ? draw.Of(origin.States) : latest;
        var (taken, refusal) = Forks.Cut(was, latest, step);
        if (refusal is not null)
        {
            tally.Uncut++;
            return;
        }

        tally.Forks++;
        var start = latest.Start!;
        var cost = taken.Aggregate(Cents.Zero, (sum, done) => sum + done.Cost);
        var fork = new RandomRun(draw, tally, RandomRun.Start(draw, latest.Plan) with
        {
            Inputs = start.Inputs, Seed = start.Seed, Budget = start.Budget, Fork = new ForkOrigin(start.Run, was.Seq, step, cost, "a property"), Taken = taken,
        }, broken);
        fork.Laws.ComparePrefix(was);
        fork.Play();
        if (fork.Laws.State.Attempt == 1) fork.Laws.ComparePrefix(was); // A new attempt does anew what failed and was gone past.
    }

    private static int One(ulong seed)
    {
        var (tally, clock) = (new Tally { Story = Console.WriteLine }, Stopwatch.StartNew());
        var broken = Try(seed, tally, out var plan);
        Console.WriteLine($"seed {seed}: {plan}");
        foreach (var (name, count) in tally.Seen) Console.WriteLine($"  {name,-40} {count,6}");
        foreach (var one in broken) Console.WriteLine($"BROKEN: {one}");
        Console.WriteLine($"{tally.Decisions} decisions, {tally.Events} events, {broken.Count} laws broken, {clock.Elapsed.TotalMilliseconds:0} ms");
        return broken.Count == 0 ? 0 : 1;
    }

    private static int Many(ulong first, int count)
    {
        var clock = Stopwatch.StartNew();
        var (tally, broken) = Run(first, count);
        Console.WriteLine($"{tally.Plans} random plans, seeds {first} to {first + (ulong)count - 1}, in {clock.Elapsed.TotalSeconds:0.0} s on {Environment.ProcessorCount} processors");
        Console.WriteLine($"{tally.Children} child runs, {tally.Forks} forks ({tally.Uncut} cuts refused), {tally.Decisions} commands decided (each three times), {tally.Events} events");
        foreach (var (name, seen) in tally.Seen) Console.WriteLine($"  {name,-40} {seen,8}");
        foreach (var one in broken.Take(20)) Console.WriteLine(one);
        var missing = count >= 1_000 ? tally.Missing() : [];
        foreach (var name in missing) Console.WriteLine($"never came up: {name}");
        Console.WriteLine($"replays that differ, forks whose prefix differs, events that do not fold, decisions that are not the state's alone: {broken.Count} of {tally.Plans}");
        return broken.Count == 0 && missing.Length == 0 ? 0 : 1;
    }
}
