using System.Text.Json;
using Aos.Contracts;
using Aos.Runs;
using Aos.Testing;

namespace Aos.Workflow.Tests;

/// <summary>Steps of <c>agent_invoke</c>: agent loops in child runs, under the limits of the run that calls them.</summary>
public sealed class InvokedAgents
{
    private const string Plan = """
        {"name":"p","steps":[
          {"id":"what","skill":"echo","params":{"thing":"a red ball"}},
          {"id":"a","skill":"agent_invoke","params":{"goal":"Find ${{ steps.what.result.thing }}","skills":["search"],"max_turns":3}},
          {"id":"b","skill":"echo","params":{"said":"${{ steps.a.result }}"}}]}
        """;

    [Fact]
    [Trait("id", "LOOP-30")]
    public async Task It_is_a_child_run_whose_answer_is_the_result_of_the_step()
    {
        await using var world = await OpenAsync();
        var run = await world.StartAsync(Plan, budget: new Cents(20));
        await world.SettleAsync();

        var state = await world.ReadAsync(run);
        var child = world.Journal.Events(run).Select(entry => EventCodec.Decode(run, entry)).OfType<WaitStarted>().Single().Child!.Value;
        var inner = await world.ReadAsync(child);
        Assert.Equal("""{"said":"Found: Find a red ball"}""", state.End!.Result!.Value.GetRawText());
        Assert.Equal((RunStatus.Succeeded, run, new Cents(5)), (inner.Status, inner.Start!.Parent!.Run, inner.Spent));
        Assert.Equal((new Cents(5), Cents.Zero), (state.Spent, state.Reserved)); // Two turns at 2 cents, one search at 1.
        Assert.Empty(await world.ViolationsAsync());
    }

    [Theory]
    [InlineData(Fault.CrashBefore)]
    [InlineData(Fault.CrashAfter)]
    [Trait("id", "LOOP-30")]
    public async Task And_survives_the_end_of_its_process_at_each_append(Fault fault)
    {
        for (var at = 0; at < 40; at++)
        {
            await using var world = await OpenAsync();
            var appends = 0;
            world.Faults = () => appends++ == at ? fault : Fault.None;
            var run = await world.StartAsync(Plan, budget: new Cents(20));
            await world.SettleAsync();

            var state = await world.ReadAsync(run);
            Assert.Equal((RunStatus.Succeeded, new Cents(5)), (state.Status, state.Spent));
            Assert.Empty(await world.ViolationsAsync());
            if (world.Crashes == 0) return;
        }

        Assert.Fail("The run takes more appends than this test tries.");
    }

    [Fact]
    [Trait("id", "LOOP-31")]
    public async Task It_spends_no_more_than_the_run_has_left()
    {
        await using var world = await OpenAsync();
        var run = await world.StartAsync(Plan, budget: new Cents(4.99m));
        await world.SettleAsync();

        var state = await world.ReadAsync(run);
        Assert.Equal((RunStatus.Failed, "CHILD_FAILED"), (state.Status, state.End!.Failure!.Code));
        Assert.True(state.Spent <= new Cents(4.99m));
    }

    [Fact]
    [Trait("id", "LOOP-31")]
    public async Task Whoever_runs_it_must_be_allowed_it_and_what_it_uses()
    {
        await using var world = await OpenAsync();
        var plan = PlanReader.Read(Json.Parse(Plan), world.Skills.Terms).Plan!;

        Assert.Equal(["echo", "agent_invoke", "llm_invoke", "search"], Admission.SkillsOf(plan));
        Assert.Equal(["search"], Admission.ToolsOf(plan));
    }

    [Theory]
    [InlineData("""{"id":"a","skill":"agent_invoke","params":{"skills":["search"]}}""", "steps[0].params.goal", "MISSING_REQUIRED_FIELD")]
    [InlineData("""{"id":"a","skill":"agent_invoke","params":{"goal":"g"}}""", "steps[0].params.skills", "MISSING_REQUIRED_FIELD")]
    [InlineData("""{"id":"a","skill":"agent_invoke","params":{"goal":" ","skills":["search"]}}""", "steps[0].params.goal", "INVALID_PLAN")]
    [InlineData("""{"id":"a","skill":"agent_invoke","params":{"goal":"g","skills":["serch"]}}""", "steps[0].params.skills[0]", "SKILL_NOT_FOUND")]
    [InlineData("""{"id":"a","skill":"agent_invoke","params":{"goal":"g","skills":["search"],"max_turns":0}}""", "steps[0].params.max_turns", "INVALID_PLAN")]
    [InlineData("""{"id":"a","skill":"agent_invoke","params":{"goal":"g","skills":["search"],"turns":3}}""", "steps[0].params.turns", "UNKNOWN_MEMBER")]
    [InlineData("""{"id":"a","skill":"agent_invoke","params":{"goal":"g","skills":["agent_invoke"]}}""", "steps[0].params.skills[0]", "INVALID_PLAN")]
    [InlineData("""{"id":"a","for_each":[1],"skill":"agent_invoke","params":{"goal":"g","skills":["search"]}}""", "steps[0].for_each", "INVALID_PLAN")]
    [InlineData("""{"id":"a","skill":"echo","params":{},"compensate":{"skill":"agent_invoke","params":{"goal":"g","skills":["search"]}}}""", "steps[0].compensate.skill", "INVALID_PLAN")]
    [InlineData("""{"id":"a","agent":{"goal":"g","skills":["agent_invoke"]}}""", "steps[0].agent.skills[0]", "INVALID_PLAN")]
    [Trait("id", "LOOP-32")]
    public async Task A_mistake_in_it_is_told_where_it_stands(string step, string path, string code)
    {
        await using var world = await OpenAsync();
        var reading = PlanReader.Read(Json.Parse($$"""{"name":"p","steps":[{{step}}]}"""), world.Skills.Terms);

        Assert.Null(reading.Plan);
        Assert.Equal((path, code), (Assert.Single(reading.Problems).Path, reading.Problems[0].Code));
    }

    private static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("llm_invoke", EffectClass.Idempotent, call => Said(call.Params), cents: 2).Add("search", EffectClass.Idempotent, cents: 1)
            .Add("agent_invoke", EffectClass.Idempotent).Add("echo", EffectClass.Pure);
        return world;
    }

    /// <summary>The model: it searches once, then says what it was asked for.</summary>
    private static JsonElement Said(JsonElement asked)
    {
        var messages = asked.GetProperty("messages").EnumerateArray().ToList();
        return messages.Exists(message => message.GetText("role") == "assistant")
            ? Json.Parse($$"""{"content":"Found: {{messages.First(message => message.GetText("role") == "user").GetText("content")}}","finish_reason":"end_turn"}""")
            : Json.Parse("""{"content":"I look.","tool_calls":[{"id":"c","name":"search","arguments":{"q":1}}],"finish_reason":"tool_use"}""");
    }
}
