using System.Text.Json;
using Aos.Skills;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>
/// What a run says of its calls, and the sandbox, hold for every step that is carried out: one of a template, a list, a fallback, a child, a
/// fork, a model. Every name leads to a web server of this machine, so that what is kept in is kept in by them alone.
/// </summary>
public sealed class CallsOfRuns : IAsyncLifetime
{
    private const string Bad = """{"x":"$(id)","list":["fine","`id`"]}""";

    private const string Script = """
        {"answers":[
          {"contains":["fetch it"],"turn":1,"tool_calls":[{"name":"http_call","arguments":{"url":"http://tool.example:PORT/","headers":{"X":"$(id)"}}},{"name":"http_call","arguments":{"url":"http://tool.example:PORT/"}}]},
          {"contains":["fetch it"],"turn":2,"text":"done"}]}
        """;

    private AgentHouse world = null!;

    public async ValueTask InitializeAsync()
    {
        world = await AgentHouse.OpenAsync();
        typeof(ModelsOptions).GetProperty(nameof(ModelsOptions.Script))!.SetValue(world.House.Services.GetRequiredService<ModelsOptions>(), Json.Parse(world.At(Script)));
    }

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    [Fact]
    [Trait("id", "CALLS-20")]
    [Trait("id", "B8.3-guard-3")]
    public async Task A_call_that_was_kept_in_is_a_fact_of_its_run()
    {
        var run = await RunAsync($$"""{"name":"p","external_calls":["api.example"],"steps":[{{Call("a", "api.example")}},{{Call("b", "other.example")}}]}""");

        Assert.Equal(("failed", "EXTERNAL_CALL_BLOCKED"), (run.Text("status"), run.Text("outcome.error.code")));
        Assert.Equal(["api.example"], world.Asked);
        var blocked = Assert.Single(Step(run, "b").GetProperty("blocked_calls").EnumerateArray());
        Assert.Equal(("http_call", $"other.example:{world.Port}"), (blocked.GetText("call_type"), blocked.GetText("target")));
        Assert.Null(Step(run, "a").Get("blocked_calls"));
        Assert.Equal("""[{"hosts":["api.example"]}]""", CanonicalJson.Text(run["external_calls"]));
        var events = (await world.House.AsFirstAsync("GET", $"/api/v1/runs/{run.Text("run_id")}/trace")).Body.GetRawText();
        Assert.Contains($$"""
            "blocked":[{"skill":"http_call","target":"other.example:{{world.Port}}"}]
            """.Trim(), events, StringComparison.Ordinal);
        Assert.True((await world.House.AsFirstAsync("GET", $"/api/v1/runs/{run.Text("run_id")}/trace/verify"))["ok"].GetBoolean());
    }

    [Fact]
    [Trait("id", "CALLS-21")]
    public async Task The_request_narrows_the_plan_and_nothing_widens_either()
    {
        var plan = $$"""{"name":"p","external_calls":["a.example","b.example"],"steps":[{{Call("a", "a.example")}}]}""";

        Assert.Equal("succeeded", (await RunAsync(plan)).Text("status"));
        Assert.Equal("succeeded", (await RunAsync(plan, """ "external_calls":"allow" """)).Text("status"));
        Assert.Equal("EXTERNAL_CALL_BLOCKED", (await RunAsync(plan, """ "external_calls":["b.example","c.example"] """)).Text("outcome.error.code"));
        Assert.Equal("EXTERNAL_CALL_BLOCKED", (await RunAsync(plan.Replace("\"a.example\",", "", StringComparison.Ordinal), """ "external_calls":["a.example"] """)).Text("outcome.error.code"));
        Assert.Equal("EXTERNAL_CALL_BLOCKED", (await RunAsync($"[{Call("a", "a.example")}]", """ "external_calls":"deny" """)).Text("outcome.error.code"));
        Assert.Equal(422, (await RunAsync(plan, """ "external_calls":["http://a.example"] """)).Status);
        Assert.Equal(2, world.Asked.Length);
    }

    [Fact]
    [Trait("id", "CALLS-22")]
    public async Task Children_and_forks_inherit_it()
    {
        var child = $$"""{"id":"c","run":{"plan":{"name":"inner","external_calls":["a.example","b.example"],"steps":[{{Call("x", "HOST")}}]} } }""";
        var outer = $$"""{"name":"p","external_calls":["a.example"],"steps":[{{child}}]}""";

        Assert.Equal("succeeded", (await RunAsync(outer.Replace("HOST", "a.example", StringComparison.Ordinal))).Text("status"));
        var blocked = await RunAsync(outer.Replace("HOST", "b.example", StringComparison.Ordinal));
        Assert.Contains("EXTERNAL_CALL_BLOCKED", blocked.Text("outcome.error.message")!, StringComparison.Ordinal);

        var origin = await RunAsync($"[{Call("a", "a.example")},{Call("b", "b.example")}]", """ "external_calls":["a.example"] """);
        var fork = await world.House.AsFirstAsync("POST", $"/api/v1/runs/{origin.Text("run_id")}/fork?wait=30", """{"from_step":"b"}""");
        var ended = await world.House.AsFirstAsync("GET", $"/api/v1/runs/{fork.Text("run_id")}?wait=30");
        Assert.Equal("EXTERNAL_CALL_BLOCKED", ended.Text("outcome.error.code"));
        Assert.DoesNotContain("b.example", world.Asked);
    }

    [Fact]
    [Trait("id", "CALLS-23")]
    [Trait("id", "B8.3-guard-2")]
    public async Task What_stays_on_this_machine_needs_no_leave_of_the_run()
    {
        var run = await RunAsync($$"""{"name":"p","external_calls":"deny","steps":[{{Call("a", "localhost")}},{{Call("b", "127.0.0.1")}}]}""");

        Assert.True(run.Text("status") == "succeeded", run.Body.GetRawText());
        Assert.DoesNotContain("blocked", run.Body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(["localhost", "127.0.0.1"], world.Asked);
    }

    [Theory]
    [InlineData("""{"id":"a","skill":"http_call","params":{"url":"http://a.example:PORT/","headers":{"X":"$(id)"}}}""")] // As it is written.
    [InlineData("""{"id":"a","skill":"http_call","params":{"url":"http://a.example:PORT/","headers":{"X":"${{ inputs.x }}"}}}""")] // Of a template.
    [InlineData("""{"id":"a","for_each":"${{ inputs.list }}","as":"one","skill":"http_call","params":{"url":"http://a.example:PORT/${{ index }}","headers":{"X":"${{ one }}"}}}""")]
    [InlineData("""{"id":"a","run":{"plan":{"name":"inner","steps":[{"id":"x","skill":"http_call","params":{"url":"http://a.example:PORT/","headers":{"X":"$(id)"}}}]}}}""")]
    [InlineData("""{"id":"a","skill":"fs_read","params":{"path":"none.txt"},"on_error":{"fallback":"b"}},{"id":"b","fallback_only":true,"skill":"webhook_send","params":{"url":"http://a.example:PORT/","headers":{"X-Note":"${{ inputs.x }}"},"body":"x"}}""")]
    [Trait("id", "SANDBOX-10")]
    [Trait("id", "W-22")]
    public async Task No_way_into_a_step_leads_around_the_sandbox(string steps)
    {
        var run = await world.RunAsync("label", $$"""{"name":"p","steps":[{{steps}}]}""", Bad);

        Assert.True(run.Text("status") == "failed", run.Body.GetRawText());
        Assert.Contains("SANDBOX_REJECTION", run["outcome.error"].GetRawText(), StringComparison.Ordinal);
        Assert.InRange(world.Asked.Length, 0, 1); // The first item of the list is fine.
    }

    [Fact]
    [Trait("id", "SANDBOX-11")]
    [Trait("id", "CALLS-24")]
    public async Task A_tool_call_of_a_model_is_judged_like_a_step_and_the_model_is_told()
    {
        const string loop = """{"id":"a","agent":{"goal":"fetch it","skills":["http_call"]}}""";
        var run = await RunAsync($$"""{"name":"p","steps":[{{loop}}]}""");
        Assert.True(run.Text("status") == "succeeded", run.Body.GetRawText());
        Assert.Equal(["tool.example"], world.Asked);
        var calls = (await world.House.AsFirstAsync("GET", $"/api/v1/runs/{run.Text("run_id")}/steps/a"))["calls"].EnumerateArray().ToList();
        Assert.Contains("SANDBOX_REJECTION", calls[1].GetRawText(), StringComparison.Ordinal);

        var denied = await RunAsync($$"""{"name":"p","external_calls":"deny","steps":[{{loop}}]}""");
        Assert.Equal("succeeded", denied.Text("status"));
        Assert.Equal($"tool.example:{world.Port}", Step(denied, "a").GetProperty("blocked_calls")[0].GetText("target"));
        Assert.Single(world.Asked);
    }

    [Fact]
    [Trait("id", "SANDBOX-12")]
    public async Task A_write_without_a_key_of_its_own_has_one_all_the_same()
    {
        var run = await RunAsync("""[{"id":"a","skill":"http_call","params":{"url":"http://a.example:PORT/","method":"POST"}},{"id":"b","skill":"http_call","params":{"url":"http://a.example:PORT/","method":"DELETE"}}]""");

        Assert.True(run.Text("status") == "succeeded", run.Body.GetRawText());
        var keys = run["steps"].EnumerateArray().Select(step => step.GetProperty("result").GetText("idempotency_key")).ToList();
        Assert.Equal(2, keys.Distinct().Count());
        Assert.DoesNotContain(null, keys);
    }

    private static JsonElement Step(Reply run, string id) => run["steps"].EnumerateArray().Single(step => step.GetText("id") == id);

    private static string Call(string id, string host) => $$$"""{"id":"{{{id}}}","skill":"http_call","params":{"url":"http://{{{host}}}:PORT/"} }""";

    private Task<Reply> RunAsync(string plan, string more = "") => world.RunAsync("label", plan, more: more);
}
