using System.Net;
using System.Text.Json;
using Aos.Skills;

namespace Aos.Integration.Tests.Http;

/// <summary>Agent loops over HTTP, their model's answers recorded.</summary>
public sealed class AgentLoops : IAsyncLifetime
{
    private const string Script = """
        {"answers":[
          {"contains":["count the apples"],"turn":1,"tool_calls":[{"name":"echo","arguments":{"apples":3,"password":"hush"}},{"name":"kv_set","arguments":{"key":"apples","value":3}}]},
          {"contains":["count the apples"],"turn":2,"text":"There are three. ${{ inputs }}"},
          {"contains":["never ending"],"tool_calls":[{"name":"echo","arguments":{"n":1}}]}]}
        """;

    private AgentWorld world = null!;

    public async ValueTask InitializeAsync()
    {
        world = await AgentWorld.OpenAsync();
        typeof(ModelsOptions).GetProperty(nameof(ModelsOptions.Script))!.SetValue(world.House.Get<ModelsOptions>(), Json.Parse(Script));
    }

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    [Fact]
    [Trait("id", "LOOP-22")]
    public async Task An_agent_set_to_it_runs_its_goals_as_loops_with_the_skills_it_may_use()
    {
        var agent = await world.AgentAsync(""","planner":{"planner_type":"agent_loop","max_steps":4},"capabilities":{"allowed_skills":["echo","kv_set","llm_invoke"]}""");
        var run = await world.EndedAsync(agent, await world.GoalAsync(agent, "count the apples, ${{ run.id }} too"));

        Assert.True(run.GetText("status") == "succeeded", run.GetRawText());
        var calls = run.Get("tool_calls")!.Value.EnumerateArray().ToList();
        Assert.Equal(["llm_invoke", "echo", "kv_set", "llm_invoke"], calls.Select(call => call.GetText("skill")));
        Assert.Equal("[REDACTED]", calls[1].GetProperty("request").GetText("password"));
    }

    [Fact]
    [Trait("id", "LOOP-22")]
    public async Task An_agent_that_may_not_ask_a_model_or_use_any_tool_has_no_loop()
    {
        var mute = await world.AgentAsync(""","planner":{"planner_type":"agent_loop"},"capabilities":{"allowed_skills":["echo"]}""");
        var reply = await world.SendAsync("POST", $"/agents/{mute}/goals", """{"goal":"count the apples"}""");
        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (reply.Status, reply.Body.Get("error")!.Value.GetText("code")));

        var bare = await world.AgentAsync(""","planner":{"planner_type":"agent_loop"},"capabilities":{"allowed_skills":["llm_invoke"]}""");
        Assert.False((await world.SendAsync("GET", $"/api/v1/runtime/capabilities?agent_id={mute}")).Body.GetProperty("agent_loop").GetProperty("available").GetBoolean());
        var capabilities = (await world.SendAsync("GET", $"/api/v1/runtime/capabilities?agent_id={bare}")).Body;
        Assert.Equal((true, 5), (capabilities.GetProperty("agent_loop").GetProperty("available").GetBoolean(), capabilities.GetProperty("approval_level").GetInt32()));
        reply = await world.SendAsync("POST", $"/agents/{bare}/goals", """{"goal":"count the apples"}""");
        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (reply.Status, reply.Body.Get("error")!.Value.GetText("code")));
    }

    [Fact]
    [Trait("id", "LOOP-23")]
    public async Task Its_calls_are_shown_and_its_tools_are_told_as_their_skills_describe_them()
    {
        var run = await StartAsync("""{"name":"p","steps":[{"id":"a","agent":{"goal":"count the apples","skills":["echo","kv_set"],"approve":["kv_set"],"approval":{"level":2}}}]}""");
        var waiting = await StepAsync(run, step => step.Get("approval") is not null);
        var asked = waiting.GetProperty("approval");
        Assert.Equal((2, "kv_set", """{"key":"apples","value":3}""", 2), (
            asked.GetProperty("call").GetInt32(), asked.GetText("skill"), CanonicalJson.Text(asked.GetProperty("params")), asked.GetProperty("level").GetInt32()));
        var shown = waiting.GetProperty("calls").EnumerateArray().ToList();
        Assert.Equal(["llm_invoke", "echo"], shown.Select(call => call.GetText("skill")));
        Assert.Equal(1, shown[0].GetProperty("turn").GetInt32());
        Assert.Equal("""{"apples":3,"password":"[REDACTED]"}""", CanonicalJson.Text(shown[1].GetProperty("params")));

        Assert.Equal(HttpStatusCode.OK, (await world.SendAsync("POST", $"/api/v1/runs/{run}/steps/a/approve", """{"call":2,"note":"three is fine"}""")).Status);
        var ended = (await world.SendAsync("GET", $"/api/v1/runs/{run}?wait=20")).Body;
        Assert.Equal("There are three. ${{ inputs }}", ended.GetProperty("outcome").GetText("result"));
        var calls = (await world.SendAsync("GET", $"/api/v1/runs/{run}/steps/a")).Body.GetProperty("calls");
        Assert.Equal((true, "three is fine"), (calls[2].GetProperty("decision").GetProperty("approved").GetBoolean(), calls[2].GetProperty("decision").GetText("note")));

        var state = await world.House.Get<Contracts.IRuns>().ReadAsync(Contracts.Caller.System(TenantId.Default), RunId.TryParse(run, out var id) ? id : default, TestContext.Current.CancellationToken);
        var tool = RunMachine.Params(state!, 0, 0)!.Value.GetProperty("tools")[1];
        var skill = world.House.Get<Contracts.ISkills>().All["kv_set"];
        Assert.Equal((skill.Contract.Description, CanonicalJson.Text(skill.InputSchema)), (tool.GetText("description"), CanonicalJson.Text(tool.GetProperty("input_schema"))));
        Assert.Null(state!.Start!.Terms["llm_invoke"].Tool);
        var replay = (await world.SendAsync("POST", $"/api/v1/runtime/replay/{run}", "{}")).Body;
        Assert.True(replay.GetProperty("parity_check").GetProperty("is_parity").GetBoolean(), replay.GetRawText());
    }

    [Fact]
    [Trait("id", "LOOP-23")]
    public async Task A_limit_is_told_with_what_there_is()
    {
        var run = await StartAsync("""{"name":"p","steps":[{"id":"a","agent":{"goal":"never ending","skills":["echo"],"max_turns":3}}]}""");
        var error = (await world.SendAsync("GET", $"/api/v1/runs/{run}?wait=20")).Body.GetProperty("outcome").GetProperty("error");
        Assert.Equal(("AGENT_LIMIT", "RESOURCE"), (error.GetText("code"), error.GetText("category")));
        Assert.Equal(("max_turns", 3, 2), (
            error.GetProperty("details").GetText("limit"), error.GetProperty("details").GetProperty("turns").GetInt32(), error.GetProperty("details").GetProperty("tool_calls").GetInt32()));
    }

    private async Task<string> StartAsync(string plan)
    {
        var reply = await world.SendAsync("POST", "/api/v1/runs", plan);
        Assert.True(reply.Status == HttpStatusCode.Created, reply.Body.GetRawText());
        return reply.Body.GetText("run_id")!;
    }

    private async Task<JsonElement> StepAsync(string run, Func<JsonElement, bool> isIt)
    {
        await world.SendAsync("GET", $"/api/v1/runs/{run}?wait=20");
        var step = (await world.SendAsync("GET", $"/api/v1/runs/{run}/steps/a")).Body;
        Assert.True(isIt(step), step.GetRawText());
        return step;
    }
}
