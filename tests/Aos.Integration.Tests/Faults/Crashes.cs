using System.Collections.Concurrent;
using Aos.Testing;

namespace Aos.Integration.Tests.Faults;

/// <summary>Random plans under random faults: the process dies at any append and around any call, answers come twice or never.</summary>
[Trait("proof", "faults")]
[Trait("store", "none")]
public sealed class Crashes
{
    private const int RunsOfSeed = 2;
    private const int RoundsMax = 60;

    public static TheoryData<int> Blocks()
    {
        var seeds = int.TryParse(Environment.GetEnvironmentVariable("AOS_FAULT_SEEDS"), out var asked) ? asked : 100;
        return [.. Enumerable.Range(0, (seeds + 24) / 25)];
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public async Task Nothing_is_lost_and_nothing_counts_twice(int block)
    {
        var wrong = new List<string>();
        for (var seed = block * 25; seed < (block + 1) * 25; seed++)
        {
            try
            {
                var faulty = await RunAsync(seed, withFaults: true);
                var calm = await RunAsync(seed, withFaults: false);
                wrong.AddRange(faulty.Violations.Concat(calm.Violations).Select(violation => $"seed {seed}: {violation}"));
                for (var i = 0; i < RunsOfSeed; i++)
                {
                    if (faulty.Ends[i].Status == RunStatus.Succeeded && calm.Ends[i].Status == RunStatus.Succeeded && faulty.Ends[i].RootHash != calm.Ends[i].RootHash)
                        wrong.Add($"seed {seed}: run {i} ended with another root hash than without faults.");
                }
            }
            catch (TimeoutException e)
            {
                wrong.Add($"seed {seed}: {e.Message}");
            }
        }

        Assert.Empty(wrong);
    }

    private static async Task<(IReadOnlyList<string> Violations, RunEnded[] Ends)> RunAsync(int seed, bool withFaults)
    {
        await using var world = await World.OpenAsync();
        world.Skills.Add("echo", EffectClass.Pure).Add("put", EffectClass.Idempotent, cents: 1).Add("post", EffectClass.AtMostOnce, cents: 2).Add("flaky", EffectClass.Idempotent, cents: 1)
            .Add("llm_invoke", EffectClass.Idempotent, call => ScriptedModel.Answer(call.Params), cents: 1);
        var plans = new Random(seed);
        if (withFaults) Arm(world, new Random(seed + 1_000_000));
        else world.Skills.Behave = FlakyOnly(new());
        for (var i = 0; i < RunsOfSeed; i++) await world.StartAsync(RandomPlan.Of(plans), budget: new Cents(100));
        for (var round = 0; round < RoundsMax; round++)
        {
            await world.SettleAsync();
            if (world.Journal.Rows.All(row => row.Status.IsOver())) break;
            foreach (var row in world.Journal.Rows.Where(row => !row.Status.IsOver())) await HelpAsync(world, row.Id);
        }

        var violations = (await world.ViolationsAsync()).Concat(world.Journal.Rows.Where(row => !row.Status.IsOver()).Select(row => $"run {row.Id} never ended: {row.Status.Wire()}"));
        var ends = new List<RunEnded>();
        foreach (var run in world.Started) ends.Add((await world.ReadAsync(run)).End ?? new RunEnded { At = default, Status = RunStatus.Running, RootHash = "" });
        return ([.. violations], [.. ends]);
    }

    private static Func<ScriptedCall, Behaviour> FlakyOnly(ConcurrentDictionary<(RunId?, string?), bool> failed) => call =>
        call.Skill == "flaky" && failed.TryAdd((call.Call.Run, call.Call.StepId), true) ? Behaviour.Fail : Behaviour.Answer;

    private static void Arm(World world, Random chance)
    {
        var gate = new Lock();
        var flaky = FlakyOnly(new());
        var (faults, oddities) = (4, 4);
        world.Faults = () =>
        {
            lock (gate)
            {
                if (faults == 0 || chance.Next(8) != 0) return Fault.None;
                faults--;
                return (Fault)chance.Next(1, 5);
            }
        };
        world.Skills.Behave = call =>
        {
            if (flaky(call) == Behaviour.Fail) return Behaviour.Fail;
            lock (gate)
            {
                if (oddities == 0 || chance.Next(4) != 0) return Behaviour.Answer;
                oddities--;
                var odd = (Behaviour[])[Behaviour.Twice, Behaviour.ThenNever, Behaviour.CrashBefore, Behaviour.CrashAfter];
                return odd[chance.Next(odd.Length)];
            }
        };
    }

    /// <summary>The person's part: signals, and the truth about calls nobody heard of.</summary>
    private static async Task HelpAsync(World world, RunId run)
    {
        var state = await world.ReadAsync(run);
        if (state.IsQuarantined) throw new TimeoutException($"run {run} was quarantined.");
        for (var i = 0; i < state.Steps.Length; i++)
        {
            var step = state.Steps[i];
            var id = state.Plan.Steps[i].Id;
            if (step.Wait is { For: WaitKind.Signal, Signal: { } signal }) await world.CommandAsync(run, new SignalRun($"signal-{i}", signal, Json.Parse("true")));
            if (step is { Wait.For: WaitKind.Approval, Approval: null }) await world.CommandAsync(run, new DecideApproval($"decision-{i}-{step.Wait.Item}", id, step.Wait.Item, true, "person", null, 5));
            for (var item = 0; item < step.Calls.Length; item++)
            {
                if (step.Calls[item] is not { Status: CallStatus.Unknown, Started: { } started }) continue;
                var happened = world.Skills.Effects.FirstOrDefault(effect => effect.Call.IdempotencyKey == started.IdempotencyKey);
                await world.CommandOnceAsync(run, new ResolveStep(
                    id, step.Items is null && state.Plan.Steps[i].Kind != StepKind.Agent ? -1 : item, happened is null ? ResolveVerdict.NotDone : ResolveVerdict.Done, happened?.Params ?? Json.Null));
            }
        }
    }
}
