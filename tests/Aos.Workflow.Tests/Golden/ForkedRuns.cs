using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Testing;

namespace Aos.Workflow.Tests.Golden;

/// <summary>Runs that begin where another one stood, on the real engine.</summary>
public sealed class ForkedRuns
{
    private const string Plan =
        """{"name":"p","inputs":{"n":{"type":"integer"}},"steps":[{"id":"a","skill":"pure","params":{"n":"${{ inputs.n }}"}},{"id":"b","skill":"charge","params":{"of":"${{ steps.a.result.n }}"}},{"id":"c","skill":"charge","params":{"of":"${{ steps.b.result.of }}"}}]}""";

    [Fact]
    [Trait("id", "FORK-01")]
    public async Task Nothing_before_the_fork_point_is_done_again_and_everything_after_it_is()
    {
        await using var world = await OpenAsync();
        var origin = await RunAsync(world, Plan, """{"n":1}""");

        var fork = await world.ForkAsync(origin, "c");
        await world.SettleAsync();

        var state = await world.ReadAsync(fork);
        Assert.Equal(RunStatus.Succeeded, state.Status);
        Assert.Equal(["b", "c", "c"], world.Skills.Effects.Select(effect => effect.Call.StepId));
        Assert.Equal([origin, origin, fork], world.Skills.Effects.Select(effect => effect.Call.Run));
        Assert.NotEqual(world.Skills.Effects[1].Call.IdempotencyKey, world.Skills.Effects[2].Call.IdempotencyKey);
        Assert.Empty(await world.ViolationsAsync());
    }

    [Fact]
    [Trait("id", "FORK-02")]
    public async Task What_was_taken_over_is_shown_and_not_charged_again()
    {
        await using var world = await OpenAsync();
        var origin = await RunAsync(world, Plan, """{"n":1}""");

        var fork = await world.ForkAsync(origin, "c", budget: new Cents(5));
        await world.SettleAsync();

        var state = await world.ReadAsync(fork);
        Assert.Equal(RunStatus.Succeeded, state.Status); // A budget for one charge is enough.
        Assert.Equal((new Cents(5), new Cents(5)), (state.Spent, state.Start!.Fork!.Cost));
        Assert.Equal((Cents.Zero, new Cents(5)), (state.Steps[1].Cost, state.Steps[1].Taken!.Cost));
        Assert.Equal((origin, "c", "a test"), (state.Start.Fork.Run, state.Start.Fork.Step, state.Start.Fork.Reason));
    }

    [Fact]
    [Trait("id", "FORK-03")]
    public async Task A_fork_with_no_change_has_the_root_hash_of_its_origin_wherever_it_is_cut()
    {
        await using var world = await OpenAsync();
        var origin = await RunAsync(world, Plan, """{"n":1}""");
        var was = await world.ReadAsync(origin);

        foreach (var step in new[] { "a", "b", "c" })
        {
            var fork = await world.ForkAsync(origin, step);
            await world.SettleAsync();
            Assert.Equal(was.End!.RootHash, (await world.ReadAsync(fork)).End!.RootHash);
        }
    }

    [Fact]
    [Trait("id", "FORK-04")]
    public async Task A_fork_s_own_record_holds_by_itself()
    {
        await using var world = await OpenAsync();
        var origin = await RunAsync(world, Plan, """{"n":1}""");
        var fork = await world.ForkAsync(origin, "b", seed: 7);
        await world.SettleAsync();

        var verdict = await world.VerifyAsync(fork);

        Assert.True(verdict.Ok, verdict.Reason);
        Assert.Equal(["run.started.v1", "step.taken.v1", "step.started.v1"], (await world.Journal.ReadAsync(fork, 0, 3, TestContext.Current.CancellationToken)).Select(entry => entry.Kind));
    }

    [Fact]
    [Trait("id", "FORK-05")]
    public async Task The_tail_may_change_and_the_prefix_may_not()
    {
        await using var world = await OpenAsync();
        var origin = await RunAsync(world, Plan, """{"n":1}""");

        var fork = await world.ForkAsync(origin, "c", plan: Plan.Replace("steps.b.result.of }}", "steps.b.result.of + 10 }}", StringComparison.Ordinal));
        await world.SettleAsync();
        var changed = await Assert.ThrowsAsync<ArgumentException>(() => world.ForkAsync(origin, "c", plan: Plan.Replace("steps.a.result.n }}", "steps.a.result.n + 1 }}", StringComparison.Ordinal)));
        var renamed = await Assert.ThrowsAsync<ArgumentException>(() => world.ForkAsync(origin, "c", plan: Plan.Replace("\"a\"", "\"z\"", StringComparison.Ordinal).Replace("steps.a", "steps.z", StringComparison.Ordinal)));

        Assert.Equal("""{"of":11}""", (await world.ReadAsync(fork)).End!.Result!.Value.GetRawText());
        Assert.Contains("step b (index 1) was taken over and differs at params.of", changed.Message, StringComparison.Ordinal);
        Assert.Contains("step a (index 0) was taken over, and z stands at its place", renamed.Message, StringComparison.Ordinal);
        Assert.StartsWith("INVALID_INPUT", changed.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "FORK-06")]
    public async Task Other_inputs_reach_only_what_is_done_anew()
    {
        await using var world = await OpenAsync();
        var origin = await RunAsync(world, Plan.Replace("steps.b.result.of", "inputs.n", StringComparison.Ordinal), """{"n":1}""");

        var fork = await world.ForkAsync(origin, "c", inputs: """{"n":9}""");
        await world.SettleAsync();

        var state = await world.ReadAsync(fork);
        Assert.Equal("""{"n":1}""", state.Steps[0].Result!.Value.GetRawText());
        Assert.Equal("""{"n":1}""", StepView.Params(state, 0).GetRawText()); // As the skill got them, whatever the inputs are now.
        Assert.Equal("""{"of":9}""", state.Steps[2].Result!.Value.GetRawText());
        Assert.True((await world.VerifyAsync(fork)).Ok);
    }

    [Fact]
    [Trait("id", "FORK-07")]
    public async Task A_fork_cut_at_an_event_takes_over_what_was_finished_then()
    {
        await using var world = await OpenAsync();
        var origin = await RunAsync(world, Plan, """{"n":1}""");
        var finished = (await world.Journal.ReadAsync(origin, 0, 100, TestContext.Current.CancellationToken)).First(entry => entry.Kind == "call.succeeded.v1").Seq;

        var fork = await world.ForkAsync(origin, fromEvent: finished);
        await world.SettleAsync();
        var beyond = await Assert.ThrowsAsync<ArgumentException>(() => world.ForkAsync(origin, fromEvent: 1_000));

        Assert.Equal([true, false, false], (await world.ReadAsync(fork)).Steps.Select(step => step.Taken is not null));
        Assert.Contains("from_event: the run has", beyond.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "FORK-08")]
    public async Task Of_a_failed_run_what_failed_is_done_anew_and_nothing_after_it_can_be_forked_from()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Call.StepId == "b" ? Behaviour.Fail : Behaviour.Answer;
        var origin = await RunAsync(world, Plan, """{"n":1}""");
        world.Skills.Behave = _ => Behaviour.Answer;

        var after = await Assert.ThrowsAsync<ArgumentException>(() => world.ForkAsync(origin, "c"));
        var fork = await world.ForkAsync(origin, "b");
        await world.SettleAsync();

        Assert.Equal(RunStatus.Failed, (await world.ReadAsync(origin)).Status);
        Assert.StartsWith("INVALID_STATE: Step b is failed", after.Message, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(fork)).Status);
    }

    [Fact]
    [Trait("id", "FORK-09")]
    public async Task What_the_origin_undid_cannot_be_taken_over_and_a_fork_undoes_only_its_own()
    {
        const string Undo = """{"name":"p","on_error":"compensate","steps":[{"id":"a","skill":"charge","params":{},"compensate":{"skill":"refund"}},{"id":"b","skill":"charge","params":{},"compensate":{"skill":"refund"}},{"id":"c","skill":"put","params":{}}]}""";
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Call.StepId == "c" ? Behaviour.Fail : Behaviour.Answer;
        var undone = await RunAsync(world, Undo.Replace("\"on_error\":\"compensate\",", "", StringComparison.Ordinal).Replace("\"skill\":\"put\",", "\"skill\":\"put\",\"on_error\":\"compensate\",", StringComparison.Ordinal), "{}");
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => world.ForkAsync(undone, "b"));
        world.Skills.Behave = _ => Behaviour.Answer;
        var origin = await RunAsync(world, Undo.Replace("\"on_error\":\"compensate\",", "", StringComparison.Ordinal).Replace("\"skill\":\"put\",", "\"skill\":\"put\",\"on_error\":\"compensate\",", StringComparison.Ordinal), "{}");
        var before = world.Skills.Effects.Count(effect => effect.Skill == "refund");
        world.Skills.Behave = call => call.Call.StepId == "c" ? Behaviour.Fail : Behaviour.Answer;

        var fork = await world.ForkAsync(origin, "b");
        await world.SettleAsync();

        Assert.Contains("Step a was undone", refused.Message, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Failed, (await world.ReadAsync(fork)).Status);
        Assert.Equal(["b"], world.Skills.Effects.Where(effect => effect.Skill == "refund").Skip(before).Select(effect => effect.Call.StepId));
    }

    [Fact]
    [Trait("id", "FORK-10")]
    public async Task In_a_graph_everything_that_does_not_wait_for_the_step_is_taken_over()
    {
        await using var world = await OpenAsync();
        var origin = await RunAsync(
            world,
            """{"name":"g","steps":[{"id":"a","skill":"charge","params":{}},{"id":"b","skill":"charge","params":{},"depends_on":["a"]},{"id":"x","skill":"charge","params":{},"depends_on":[]},{"id":"c","skill":"charge","params":{},"depends_on":["b","x"]}]}""",
            "{}");
        var before = world.Skills.Effects.Count;

        var fork = await world.ForkAsync(origin, "b");
        await world.SettleAsync();

        Assert.Equal(["b", "c"], world.Skills.Effects.Skip(before).Select(effect => effect.Call.StepId));
        Assert.Equal([true, false, true, false], (await world.ReadAsync(fork)).Steps.Select(step => step.Taken is not null));
    }

    [Fact]
    [Trait("id", "FORK-11")]
    public async Task A_fork_survives_the_death_of_its_process_and_can_be_forked_itself()
    {
        await using var world = await OpenAsync();
        var origin = await RunAsync(world, Plan, """{"n":1}""");
        world.Skills.Behave = call => call is { Skill: "charge", Number: 1 } ? Behaviour.CrashBefore : Behaviour.Answer;

        var fork = await world.ForkAsync(origin, "b");
        await world.SettleAsync();
        world.Skills.Behave = _ => Behaviour.Answer;
        var second = await world.ForkAsync(fork, "a");
        await world.SettleAsync();

        Assert.True(world.Crashes > 0);
        Assert.Contains((await world.ReadAsync(fork)).Status, new[] { RunStatus.Waiting, RunStatus.Succeeded }); // At most once: a person may have to say.
        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(second)).Status);
        Assert.Equal(fork, (await world.ReadAsync(second)).Start!.Fork!.Run);
        Assert.True((await world.VerifyAsync(fork)).Ok);
    }

    [Fact]
    [Trait("id", "FORK-12")]
    public async Task The_prefix_of_a_fork_never_differs_from_its_origin()
    {
        for (ulong seed = 1; seed <= 60; seed++)
        {
            var rng = Chance.OfStep(20_261_127, (int)seed);
            await using var world = await OpenAsync();
            world.Skills.Behave = call => call.Skill == "flaky" && call.Call.Seed % 3 == 0 ? Behaviour.Fail : Behaviour.Answer;
            var origin = await RunAsync(world, RandomPlan(rng), """{"n":3}""", seed);
            var was = await world.ReadAsync(origin);
            for (var i = 0; i < was.Steps.Length; i++)
            {
                var effects = world.Skills.Effects.Count;
                RunId fork;
                try
                {
                    fork = await world.ForkAsync(origin, was.Plan.Steps[i].Id);
                }
                catch (ArgumentException e) when (e.Message.StartsWith("INVALID_STATE", StringComparison.Ordinal))
                {
                    continue; // Something before it failed.
                }

                await world.SettleAsync();
                var state = await world.ReadAsync(fork);
                var name = $"seed {seed}, step {i} of {was.Plan.Source}";
                Assert.All(Enumerable.Range(0, was.Plan.IsGraph ? 0 : i), before => Assert.True(state.Steps[before].Taken is not null, name));
                for (var at = 0; at < state.Steps.Length; at++)
                {
                    if (state.Steps[at].Taken is null) continue;
                    Assert.True(Same(was, state, at), name);
                    Assert.DoesNotContain(world.Skills.Effects.Skip(effects), effect => effect.Call.StepId == was.Plan.Steps[at].Id);
                }

                Assert.True(was.End!.RootHash == state.End?.RootHash, name);
                var comparison = RunComparison.Of(was, state);
                Assert.True(comparison.Match, name + comparison.First?.Text);
                Assert.True((await world.VerifyAsync(fork)).Ok, name);
            }

            Assert.Empty(await world.ViolationsAsync());
        }
    }

    private static bool Same(RunState was, RunState state, int at) =>
        was.Steps[at].Status == state.Steps[at].Status
        && JsonElement.DeepEquals(was.Steps[at].Result ?? Json.Null, state.Steps[at].Result ?? Json.Null)
        && JsonElement.DeepEquals(StepView.Params(was, at), StepView.Params(state, at))
        && was.Steps[at].Failure?.Code == state.Steps[at].Failure?.Code
        && was.Steps[at].Calls.Length == state.Steps[at].Calls.Length;

    /// <summary>Two to seven steps: pure and effectful calls, lists, conditions, pauses, stand-ins, failures that are gone past; in order or as a graph.</summary>
    private static string RandomPlan(Chance rng)
    {
        var count = 2 + (int)(rng.Next() % 6);
        var isGraph = rng.Next() % 2 == 0;
        var text = new StringBuilder("""{"name":"random","inputs":{"n":{"type":"integer"}},"steps":[""");
        for (var i = 0; i < count; i++)
        {
            if (i > 0) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $$"""{"id":"s{{i}}",""");
            text.Append(((rng.Next() % 7) switch
            {
                0 => "'sleep':'1s'",
                1 => "'skill':'pure','for_each':[1,2,3],'params':{'v':'${{ item }}'}",
                2 => "'skill':'flaky','params':{'v':1},'on_error':'continue'",
                3 => "'skill':'pure','when':'${{ inputs.n > 5 }}','params':{'v':1}",
                4 => "'skill':'charge','for_each':[1,2],'params':{'v':'${{ item }}'}",
                5 => "'skill':'put','params':{'v':'${{ inputs.n }}'}",
                _ => "'skill':'charge','params':{'v':'${{ inputs.n }}'}",
            }).Replace('\'', '"'));
            if (isGraph) text.Append(i == 0 || rng.Next() % 3 == 0 ? ",\"depends_on\":[]" : string.Create(CultureInfo.InvariantCulture, $",\"depends_on\":[\"s{rng.Next() % (ulong)i}\"]"));
            text.Append('}');
        }

        return text.Append("]}").ToString();
    }

    private static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("pure", EffectClass.Pure).Add("put", EffectClass.Idempotent).Add("flaky", EffectClass.Idempotent)
            .Add("charge", EffectClass.AtMostOnce, cents: 5).Add("refund", EffectClass.Idempotent);
        return world;
    }

    private static async Task<RunId> RunAsync(World world, string plan, string inputs, ulong seed = 42)
    {
        var run = await world.StartAsync(plan, inputs, seed: seed);
        await world.SettleAsync();
        return run;
    }
}
