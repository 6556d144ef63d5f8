using System.Collections.Concurrent;
using System.Diagnostics;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.Campaigns;

/// <summary>What a campaign of equal runs came to.</summary>
internal sealed record GoldenCount(string Kind, int Runs, int Roots, int Recordings, int Retries, int Events);

/// <summary>
/// The same workflows again and again, by several workers at once, in the whole product on its embedded store: each run must have the root
/// hash and the golden recording of the first one of its kind and seed, and its stored record must replay.
/// </summary>
internal sealed class GoldenCampaign(Product product, int workers, int iterations, int seeds)
{
    private static readonly TimeSpan RunMax = TimeSpan.FromSeconds(60);
    private readonly ConcurrentDictionary<(int Kind, ulong Seed), (string Root, string Recording)> first = new();
    private readonly ConcurrentQueue<string> mismatches = new();
    private int[] runs = [], retries = [], events = [];

    internal static ulong Seed(int at) => 20_261_127ul + (1_000_003ul * (ulong)at);

    internal async Task<(IReadOnlyList<GoldenCount> Counts, IReadOnlyList<string> Mismatches)> RunAsync()
    {
        var kinds = Kinds.Of(product.Peer);
        var plans = kinds.Select(kind => product.Read(kind.Plan)).ToList();
        (runs, retries, events) = (new int[kinds.Count], new int[kinds.Count], new int[kinds.Count]);
        await Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < iterations && mismatches.Count < 20; i++)
            {
                for (var at = 0; at < seeds * plans.Count; at++)
                {
                    var kind = (at + worker) % plans.Count; // Workers are at different kinds at the same time.
                    if (await OneAsync(kind, plans[kind], Seed(at / plans.Count)) is { } wrong) mismatches.Enqueue($"{kinds[kind].Name}, seed {Seed(at / plans.Count)}, worker {worker}, iteration {i}: {wrong}");
                }
            }
        })));
        var counts = kinds.Select((kind, i) => new GoldenCount(
            kind.Name, runs[i], Of(i).Select(pair => pair.Root).Distinct().Count(), Of(i).Select(pair => pair.Recording).Distinct().Count(), retries[i], events[i])).ToList();
        return (counts, [.. mismatches]);

        IEnumerable<(string Root, string Recording)> Of(int kind) => first.Where(pair => pair.Key.Kind == kind).Select(pair => pair.Value);
    }

    internal static async Task<int> StartAsync(int iterations)
    {
        const int workers = 3, seeds = 5;
        await using var product = await Product.OpenAsync(Kinds.Answer);
        var clock = Stopwatch.StartNew();
        var (counts, mismatches) = await new GoldenCampaign(product, workers, iterations, seeds).RunAsync();
        var total = counts.Sum(count => count.Runs);
        Console.WriteLine($"{workers} workers x {iterations} iterations x {seeds} seeds x {counts.Count} kinds = {total} runs in {clock.Elapsed.TotalSeconds:0.0} s on {Environment.ProcessorCount} processors");
        foreach (var count in counts)
            Console.WriteLine($"  {count.Kind,-18} {count.Runs,6} runs, {count.Events,7} events, {count.Retries,5} tries again, {count.Roots} roots and {count.Recordings} recordings for {seeds} seeds");
        foreach (var mismatch in mismatches) Console.WriteLine($"MISMATCH {mismatch}");
        Console.WriteLine($"root hash, golden recording, replay of the stored record: {mismatches.Count} mismatches of {total}");
        return mismatches.Count == 0 && total == workers * iterations * seeds * counts.Count ? 0 : 1;
    }

    /// <summary>One run; says how it differs from the first of its kind.</summary>
    private async Task<string?> OneAsync(int kind, Plan plan, ulong seed)
    {
        var door = product.Get<IRuns>();
        var reply = await door.StartAsync(Product.Caller, new StartRequest("campaign", plan, Json.EmptyObject, seed), CancellationToken.None);
        if (reply is not StartReply.Started(var run)) return $"not started: {reply}";
        var state = (await door.WaitAsync(Product.Caller, run, RunMax, CancellationToken.None))!;
        Interlocked.Increment(ref runs[kind]);
        Interlocked.Add(ref retries[kind], state.Steps.Sum(step => step.Calls.Sum(call => Math.Max(0, call.Attempts - 1))));
        Interlocked.Add(ref events[kind], state.Seq);
        if (state.Status != RunStatus.Succeeded) return $"{run} is {state.Status.Wire()}: {state.End?.Failure?.Code} {state.End?.Failure?.Message}";
        var recording = Recording.Of(state);
        var (root, golden) = first.GetOrAdd((kind, seed), (state.End!.RootHash, recording.Hash()));
        if (state.End.RootHash != root) return $"{run} has another root hash: {state.End.RootHash}, not {root}";
        if (Recording.Read(recording.ToBytes()).Hash() != golden) return $"{run} has another recording";
        var verdict = await product.Get<ITraces>().VerifyAsync(Product.Caller, run, CancellationToken.None);
        return verdict is { Ok: true } && verdict.RootHash == root ? null : $"{run} does not replay: {verdict?.Reason}";
    }
}
