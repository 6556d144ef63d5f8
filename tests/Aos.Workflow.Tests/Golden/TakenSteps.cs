using System.Text.Json;
using Aos.Runs;
using Aos.Testing;

namespace Aos.Workflow.Tests.Golden;

/// <summary>What a fork takes over of steps that are more than one call, on the real engine: conversations, lists that failed, stand-ins, what was undone.</summary>
public sealed class TakenSteps
{
    [Fact]
    [Trait("id", "PROPERTY-05")]
    public async Task A_conversation_is_taken_over_with_its_turns_and_tools_and_without_its_model()
    {
        const string Plan = """
            {"name":"p","steps":[
              {"id":"a","agent":{"goal":"Find it","skills":["search","post"],"max_turns":5}},
              {"id":"b","skill":"put","params":{"said":"${{ steps.a.result }}"}}]}
            """;
        await using var world = await OpenAsync();
        var origin = await RunAsync(world, Plan);
        var effects = world.Skills.Effects.Count;

        var fork = await world.ForkAsync(origin, "b");
        await world.SettleAsync();

        var (was, now) = (await world.ReadAsync(origin), await world.ReadAsync(fork));
        Assert.Equal((RunStatus.Succeeded, was.End!.RootHash), (now.Status, now.End!.RootHash));
        Assert.Equal(["put"], world.Skills.Effects.Skip(effects).Select(effect => effect.Skill));
        Assert.Equal(was.Steps[0].Calls.Select(call => (call.Started?.Skill, call.Started?.Turn)), now.Steps[0].Calls.Select(call => (call.Started?.Skill, call.Started?.Turn)));
        Assert.Equal(4, now.Steps[0].Calls.Length); // Two tools, one of them denied, between two turns.
        Assert.True((await world.VerifyAsync(fork)).Ok);
        Assert.True(RunComparison.Of(was, now).Match);
        Assert.Equal(KernelRule.Undoing, now.Start!.Rule);
        Assert.Equal(KernelRule.Fork, (await world.ReadAsync(await world.ForkAsync(origin, "a"))).Start!.Rule); // Nothing of the conversation is taken.
        Assert.Empty(await world.ViolationsAsync());
    }

    [Fact]
    [Trait("id", "PROPERTY-06")]
    public async Task A_list_that_failed_in_part_and_one_that_another_step_stood_in_for_have_the_results_they_had()
    {
        const string Plan = """
            {"name":"p","steps":[
              {"id":"a","for_each":[1,2,3],"skill":"flaky","params":{"v":"${{ item }}"},"on_error":"continue"},
              {"id":"b","for_each":[1,2,3],"skill":"flaky","params":{"v":"${{ item }}"},"on_error":{"fallback":"f"}},
              {"id":"f","fallback_only":true,"skill":"pure","params":{"instead":true}},
              {"id":"c","skill":"put","params":{"a":"${{ steps.a.results }}","b":"${{ steps.b.result }}"}}]}
            """;
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call is { Skill: "flaky" } && call.Params.GetProperty("v").GetInt32() == 3 ? Behaviour.Fail : Behaviour.Answer;
        var origin = await RunAsync(world, Plan);

        var fork = await world.ForkAsync(origin, "c");
        await world.SettleAsync();

        var (was, now) = (await world.ReadAsync(origin), await world.ReadAsync(fork));
        Assert.Equal("""{"a":[{"v":1},{"v":2},null],"b":{"instead":true}}""", was.End!.Result!.Value.GetRawText());
        Assert.Equal(was.End.Result.Value.GetRawText(), now.End!.Result!.Value.GetRawText());
        Assert.Equal(was.End.RootHash, now.End.RootHash);
    }

    [Fact]
    [Trait("id", "PROPERTY-07")]
    public async Task A_call_that_was_under_way_when_its_list_failed_is_not_made_by_the_fork()
    {
        const string Plan = """
            {"name":"p","steps":[
              {"id":"a","for_each":[1,2],"skill":"post","params":{"v":"${{ item }}"},"timeout":"20s","on_error":"continue"},
              {"id":"b","sleep":"1s"}]}
            """;
        await using var world = await OpenAsync();
        world.Skills.Behave = _ => Behaviour.ThenNever;
        var origin = await RunAsync(world, Plan, new Cents(3)); // Enough for one of them: the other one's refusal ends the step.
        var failed = (await world.Journal.ReadAsync(origin, 0, 100, TestContext.Current.CancellationToken)).First(entry => entry.Kind == "step.ended.v1").Seq;
        world.Skills.Behave = _ => Behaviour.Answer;
        var effects = world.Skills.Effects.Count;

        var fork = await world.ForkAsync(origin, fromEvent: failed);
        await world.SettleAsync();

        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(fork)).Status);
        Assert.Equal(effects, world.Skills.Effects.Count);
        Assert.True((await world.VerifyAsync(fork)).Ok);
    }

    [Fact]
    [Trait("id", "PROPERTY-08")]
    public async Task What_was_undone_and_done_anew_since_is_not_taken_over_as_it_was_first()
    {
        const string Plan = """
            {"name":"p","on_failure":"compensate","steps":[{"id":"a","skill":"put","params":{"n":1},"compensate":{"skill":"put","params":{"undo":1}}},{"id":"b","skill":"flaky","params":{}}]}
            """;
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Skill == "flaky" ? Behaviour.Fail : Behaviour.Answer;
        var origin = await RunAsync(world, Plan);
        world.Skills.Behave = _ => Behaviour.Answer;
        var first = (await world.Journal.ReadAsync(origin, 0, 100, TestContext.Current.CancellationToken)).First(entry => entry.Kind == "call.succeeded.v1").Seq;
        await world.CommandAsync(origin, new RetryRun("again"));
        await world.SettleAsync();

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => world.ForkAsync(origin, fromEvent: first));
        var fork = await world.ForkAsync(origin, "b");
        await world.SettleAsync();

        Assert.Contains("Step a was undone", refused.Message, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(fork)).Status);
    }

    private static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("pure", EffectClass.Pure).Add("put", EffectClass.Idempotent).Add("flaky", EffectClass.Idempotent).Add("post", EffectClass.AtMostOnce, cents: 2)
            .Add("search", EffectClass.Idempotent, cents: 1).Add("llm_invoke", EffectClass.Idempotent, call => Said(call.Params), cents: 2);
        return world;
    }

    private static JsonElement Said(JsonElement asked) => asked.GetProperty("messages").EnumerateArray().Any(message => message.GetText("role") == "assistant")
        ? Json.Parse("""{"content":"It is there.","finish_reason":"end_turn"}""")
        : Json.Parse("""{"content":"I look.","tool_calls":[{"id":"c0","name":"search","arguments":{"q":1}},{"id":"c1","name":"pure","arguments":{}}],"finish_reason":"tool_use"}""");

    private static async Task<RunId> RunAsync(World world, string plan, Cents? budget = null)
    {
        var run = await world.StartAsync(plan, budget: budget);
        await world.SettleAsync();
        return run;
    }
}
