using System.Diagnostics;
using Aos.Kernel;
using Aos.Testing;

namespace Aos.Campaigns;

/// <summary>What runs came to that one kind of fault struck.</summary>
internal sealed record FaultCount(string Kind, int Runs, int Succeeded, int Failed, int Deaths, int Resolved, IReadOnlyList<string> Wrong)
{
    internal string Text => $"  {Kind,-26} {Runs,4} runs: {Succeeded,4} succeeded, {Failed,3} failed, {Deaths,3} deaths, {Resolved,3} calls a person was asked about, {Wrong.Count} mismatches";
}

/// <summary>Twelve kinds of fault, each at many places of several plans: a run that one strikes must come out as one that it does not strike.</summary>
internal static class FaultCampaign
{
    private const int RoundsMax = 40;

    private sealed record Outcome(RunStatus Status, string RootHash, int Deaths, int Resolved, IReadOnlyList<string> Wrong);

    internal static async Task<FaultCount> RunAsync(FaultKind kind, int places)
    {
        var (outcomes, wrong) = (new List<Outcome>(), new List<string>());
        foreach (var plan in FaultPlans.All)
        {
            var calm = await OneAsync(plan, null, 0);
            for (var at = 0; at < places; at++)
            {
                var struck = await OneAsync(plan, kind, at);
                var expected = kind.IsHealed ? calm : await OneAsync(plan, kind, at);
                outcomes.Add(struck);
                var where = $"{kind.Name} at {at} of {plan[9..13]}";
                wrong.AddRange(struck.Wrong.Select(what => $"{where}: {what}"));
                if (struck.Status != expected.Status) wrong.Add($"{where}: it is {struck.Status.Wire()}, not {expected.Status.Wire()}");
                else if (struck.RootHash != expected.RootHash) wrong.Add($"{where}: it has another root hash");
            }
        }

        return new FaultCount(
            kind.Name, outcomes.Count, outcomes.Count(one => one.Status == RunStatus.Succeeded), outcomes.Count(one => one.Status == RunStatus.Failed), outcomes.Sum(one => one.Deaths), outcomes.Sum(one => one.Resolved), wrong);
    }

    internal static async Task<int> StartAsync(int places)
    {
        var clock = Stopwatch.StartNew();
        Console.WriteLine("faults at many places of four plans:");
        var counts = new List<FaultCount>();
        foreach (var kind in FaultKind.InWorlds) Say(await RunAsync(kind, places));
        Say(await DiskFaults.TornAsync(4, 12));
        Say(await DiskFaults.FullAsync(48));
        Console.WriteLine($"{counts.Count} kinds of fault, {counts.Sum(count => count.Runs)} runs in {clock.Elapsed.TotalSeconds:0.0} s: {counts.Sum(count => count.Wrong.Count)} mismatches");
        return counts.Count == 12 && counts.TrueForAll(count => count.Wrong.Count == 0) ? 0 : 1;

        void Say(FaultCount count)
        {
            counts.Add(count);
            Console.WriteLine(count.Text);
            foreach (var wrong in count.Wrong.Take(5)) Console.WriteLine($"MISMATCH {wrong}");
        }
    }

    private static async Task<Outcome> OneAsync(string plan, FaultKind? kind, int at)
    {
        await using var world = await FaultPlans.OpenAsync();
        kind?.Arm(world, at);
        var (run, resolved) = (await world.StartAsync(plan, budget: new Cents(300)), 0);
        for (var round = 0; round < RoundsMax; round++)
        {
            await world.SettleAsync();
            var open = world.Journal.Rows.Where(row => !row.Status.IsOver()).ToList();
            if (open.Count == 0) break;
            foreach (var row in open) resolved += await ResolveAsync(world, row.Id);
        }

        var state = await world.ReadAsync(run);
        var wrong = (await world.ViolationsAsync()).ToList();
        if (state.End is null) wrong.Add($"it never ended: {state.Status.Wire()}");
        else if (await world.VerifyAsync(run) is { Ok: false } verdict) wrong.Add($"it does not replay: {verdict.Reason}");
        return new Outcome(state.Status, state.End?.RootHash ?? "", world.Crashes, resolved, wrong);
    }

    /// <summary>The person's part: the truth about calls that nobody heard of.</summary>
    private static async Task<int> ResolveAsync(World world, RunId run)
    {
        var (state, count) = (await world.ReadAsync(run), 0);
        for (var i = 0; i < state.Steps.Length; i++)
        {
            var (step, plan) = (state.Steps[i], state.Plan.Steps[i]);
            for (var item = 0; item < step.Calls.Length; item++)
            {
                if (step.Calls[item] is not { Status: CallStatus.Unknown, Started: { } started }) continue;
                var happened = world.Skills.Effects.FirstOrDefault(effect => effect.Call.IdempotencyKey == started.IdempotencyKey);
                await world.CommandOnceAsync(run, new ResolveStep(
                    plan.Id, step.Items is null && plan.Kind != StepKind.Agent ? -1 : item, happened is null ? ResolveVerdict.NotDone : ResolveVerdict.Done, happened?.Params ?? Json.Null));
                count++;
            }
        }

        return count;
    }
}
