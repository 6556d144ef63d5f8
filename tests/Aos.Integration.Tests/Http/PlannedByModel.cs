using System.Net;
using Aos.Skills;

namespace Aos.Integration.Tests.Http;

/// <summary>A model planner over HTTP, its model's answers recorded.</summary>
public sealed class PlannedByModel : IAsyncLifetime
{
    private const string Script = """
        {"answers":[
          {"contains":["Goal: find the rates"],"json":{"steps":[{"step_id":"look","skill":"echo","params":{"rate":7}}]}},
          {"contains":["Goal: mend it"],"json":{"steps":[{"step_id":"look","skill":"ecko","params":{}}]}},
          {"contains":["Goal: mend it","Correct all of these"],"json":{"steps":[{"step_id":"mended","skill":"echo","params":{"rate":8}}]}},
          {"contains":["Goal: look inside"],"json":{"steps":[{"step_id":"look","skill":"http_call","params":{"url":"http://169.254.169.254/"}}]}},
          {"contains":["Goal: hurry"],"error":"RATE_LIMITED","retry_after_ms":7000}]}
        """;

    private AgentWorld world = null!;
    private string agent = null!;

    public async ValueTask InitializeAsync()
    {
        world = await AgentWorld.OpenAsync();
        typeof(ModelsOptions).GetProperty(nameof(ModelsOptions.Script))!.SetValue(world.House.Get<ModelsOptions>(), Json.Parse(Script));
        agent = await world.AgentAsync(""","planner":{"planner_type":"scripted"}""");
    }

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    [Theory]
    [InlineData("find the rates", "look", 7)]
    [InlineData("mend it", "mended", 8)]
    public async Task A_models_plan_runs_repaired_once_where_it_must_be(string goal, string step, int rate)
    {
        var run = await world.EndedAsync(agent, await world.GoalAsync(agent, goal));

        Assert.Equal("succeeded", run.GetText("status"));
        var call = run.Get("tool_calls")!.Value[0];
        Assert.Equal((step, rate), (call.GetText("step_id"), call.Get("request")!.Value.Get("rate")!.Value.GetInt32()));
    }

    [Fact]
    public async Task A_plan_that_aims_inside_also_after_the_repair_fails_by_its_place()
    {
        var reply = await world.SendAsync("POST", $"/agents/{agent}/goals", """{"goal":"look inside"}""");
        var error = reply.Body.Get("error")!.Value;

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "INVALID_PLAN"), (reply.Status, error.GetText("code")));
        Assert.Equal("PLANNER_INVALID_PLAN", error.Get("details")!.Value.GetText("planner_code"));
        Assert.Equal("steps[0].params.url", error.Get("details")!.Value.Get("problems")!.Value[0].GetText("path"));
    }

    [Fact]
    public async Task A_model_that_cannot_answer_now_says_when_to_come_again()
    {
        var reply = await world.SendAsync("POST", $"/agents/{agent}/goals", """{"goal":"hurry"}""");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, 7), (reply.Status, (int)reply.RetryAfter!.Value.TotalSeconds));
        Assert.Equal("PLANNER_RATE_LIMITED", reply.Body.Get("error")!.Value.Get("details")!.Value.GetText("planner_code"));
    }
}
