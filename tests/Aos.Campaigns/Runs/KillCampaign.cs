using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Aos.App.Cli;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Testing;

namespace Aos.Campaigns;

/// <summary>Every plan of the samples, its process killed before and after each append: what comes of it must be what comes of it undisturbed.</summary>
internal static class KillCampaign
{
    internal sealed record Count(string Sample, int Events, int Appends, int Kills, int Equal, IReadOnlyList<string> Wrong);

    /// <summary>The plans, each with the inputs it needs and, where a model answers from a file, that file.</summary>
    private static readonly (string Plan, string Inputs, string? Script)[] Samples =
    [
        ("plans/hello.yaml", "{}", null), ("plans/memory.yaml", "{}", null), ("invoices/plan.yaml", "{}", null), ("http-retry/plan.yaml", """{"server":"PEER"}""", null), ("agent-loop/plan.yaml", "{}", "answers.json"),
        ("workflows/line.yaml", """{"order":{"id":"A-1","cents":250}}""", null),
    ];

    /// <summary>Samples of peers that only a reader or a test of their own has, and what stands beside their plans.</summary>
    private static readonly string[] WithPeers = ["query-to-csv", "email-report", "fallback-model"];

    internal static IReadOnlyList<string> Names => [.. Samples.Select(sample => sample.Plan)];

    /// <summary>Plans of the samples that need no peer of their own, and that nobody here runs.</summary>
    internal static IReadOnlyList<string> Left() =>
    [
        .. Directory.EnumerateFiles(Folder(), "*.yaml", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Folder(), file).Replace('\\', '/')).Except(Names).Where(file => !WithPeers.Contains(file.Split('/')[0]) && Path.GetFileName(file) != "seed.yaml"),
    ];

    internal static async Task<Count> RunAsync(string sample)
    {
        var (file, inputs, script) = Samples.Single(one => one.Plan == sample);
        var from = Path.GetDirectoryName(Path.Combine(Folder(), file))!;
        await using var product = await Product.OpenAsync(script: Path.Combine(from, script ?? "answers.json") is var answers && File.Exists(answers) ? answers : null);
        foreach (var each in Directory.EnumerateFiles(from)) File.Copy(each, Path.Combine(product.Workspace, Path.GetFileName(each)), overwrite: true);
        var plan = product.Read(await PlanFile.ReadAsync(Path.Combine(Folder(), file), CancellationToken.None));
        var given = Json.Parse(inputs.Replace("PEER", product.Peer.Origin, StringComparison.Ordinal));
        var calm = new Lives(product.Get<ISkills>(), product.Get<IMemory>());
        var (whole, sound) = await calm.RunAsync(plan, given);
        var wrong = new List<string>();
        if (whole.Status != RunStatus.Succeeded || !sound.Ok) wrong.Add($"undisturbed it is {whole.Status.Wire()}: {whole.End?.Failure?.Message} {sound.Reason}");
        var (kills, equal) = (0, 0);
        for (var at = 0; at < calm.Appends && wrong.Count < 5; at++)
        {
            foreach (var fault in (Fault[])[Fault.CrashBefore, Fault.CrashAfter])
            {
                var lives = new Lives(product.Get<ISkills>(), product.Get<IMemory>());
                var (state, verdict) = await lives.RunAsync(plan, given, fault, at);
                kills += lives.Deaths;
                if (Differs(whole, state, verdict) is { } difference) wrong.Add($"{sample}, {fault} at append {at}: {difference}");
                else equal += lives.Deaths; // How much time an append gathers differs: the last ones may not come.
            }
        }

        if (kills < (2 * calm.Appends) - 2) wrong.Add($"{sample}: {kills} kills at {calm.Appends} appends");
        return new Count(sample, whole.Seq, calm.Appends, kills, equal, wrong);
    }

    internal static async Task<int> StartAsync()
    {
        var (clock, counts) = (Stopwatch.StartNew(), new List<Count>());
        Console.WriteLine("killed before and after each append of each sample, and resumed:");
        foreach (var sample in Names)
        {
            counts.Add(await RunAsync(sample));
            var count = counts[^1];
            Console.WriteLine($"  {count.Sample,-22} {count.Events,4} events in {count.Appends,3} appends, {count.Kills,4} kills, {count.Equal,4} equal results, roots and replays");
            foreach (var wrong in count.Wrong) Console.WriteLine($"MISMATCH {wrong}");
        }

        foreach (var left in Left()) Console.WriteLine($"MISMATCH nobody runs the sample {left}");
        Console.WriteLine($"{counts.Sum(count => count.Kills)} kills in {clock.Elapsed.TotalSeconds:0.0} s: {counts.Sum(count => count.Wrong.Count) + Left().Count} mismatches");
        return counts.TrueForAll(count => count.Wrong.Count == 0) && Left().Count == 0 ? 0 : 1;
    }

    private static string? Differs(RunState whole, RunState state, TraceVerdict verdict)
    {
        if (state.Status != whole.Status) return $"it is {state.Status.Wire()}: {state.End?.Failure?.Message}";
        if (!JsonElement.DeepEquals(state.End!.Result ?? Json.Null, whole.End!.Result ?? Json.Null)) return "it has another result";
        if (state.End.RootHash != whole.End.RootHash) return "it has another root hash";
        if (state.Spent != whole.Spent) return $"it has cost {state.Spent} cents, not {whole.Spent}";
        return verdict.Ok ? null : $"it does not replay: {verdict.Reason}";
    }

    private static string Folder([CallerFilePath] string self = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(self)!, "..", "..", "..", "samples"));
}
