using System.Net;

namespace Aos.Integration.Tests.Http;

public sealed class Agents : IAsyncLifetime
{
    private AgentWorld world = null!;

    public async ValueTask InitializeAsync() => world = await AgentWorld.OpenAsync();

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    [Fact]
    [Trait("id", "A8.12-02")]
    [Trait("id", "A8.12-03")]
    [Trait("id", "A8.12-04")]
    public async Task A_missing_key_is_422_a_wrong_one_401_and_with_the_right_one_an_unknown_agent_404()
    {
        using var bare = new HttpClient { BaseAddress = world.House.Http.BaseAddress };
        Assert.Equal(422, (int)(await bare.GetAsync("/agents/x", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(422, (int)(await bare.GetAsync("/admin/failed-runs", TestContext.Current.CancellationToken)).StatusCode);
        bare.DefaultRequestHeaders.Add("X-AOS-Key", "wrong");
        Assert.Equal(401, (int)(await bare.GetAsync("/agents/x", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(401, (int)(await bare.GetAsync("/agents", TestContext.Current.CancellationToken)).StatusCode);

        var unknown = await world.SendAsync("GET", "/agents/x");
        Assert.Equal(HttpStatusCode.NotFound, unknown.Status);
        Assert.Equal("Agent not found", unknown.Body.GetText("detail"));
    }

    [Fact]
    [Trait("id", "A8.12-05")]
    [Trait("id", "A8.12-06")]
    [Trait("id", "A8.12-19")]
    [Trait("id", "A8.12-20")]
    public async Task An_agent_is_made_active_read_listed_and_survives_a_restart()
    {
        var made = await world.SendAsync("POST", "/agents", """{"name":"invoice-bot","color":"red"}""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal(("invoice-bot", "active"), (made.Body.GetText("name"), made.Body.GetText("status")));
        Assert.NotNull(made.Body.GetText("created_at"));
        Assert.Contains("color", made.Body.Get("warnings")!.Value.GetRawText(), StringComparison.Ordinal);

        await world.House.RestartAsync();
        world.House.Http.DefaultRequestHeaders.Add("X-AOS-Key", world.House.Key());
        var read = await world.SendAsync("GET", $"/agents/{made.Body.GetText("agent_id")}");
        var listed = await world.SendAsync("GET", "/agents");
        Assert.Equal(made.Body.GetText("created_at"), read.Body.GetText("created_at"));
        Assert.Equal(made.Body.GetText("agent_id"), listed.Body.Get("agents")!.Value[0].GetText("agent_id"));
    }

    [Theory]
    [InlineData("{}", "name")]
    [InlineData("""{"name":" "}""", "name")]
    [InlineData("""{"name":5}""", "name")]
    [InlineData("""{"name":"a","budget_cents":-1}""", "budget_cents")]
    [InlineData("""{"name":"a","capabilities":{"allow_llm":false}}""", "allow_llm")]
    [InlineData("""{"name":"a","rate_limits":{"concurrent_runs":0}}""", "concurrent_runs")]
    [InlineData("""{"name":"a","planner":{"planner_type":"oracle"}}""", "planner_type")]
    public async Task What_an_agent_cannot_be_is_refused_by_its_place(string body, string place)
    {
        var reply = await world.SendAsync("POST", "/agents", body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Contains(place, reply.Body.GetText("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_keep_what_they_do_not_name_and_null_takes_a_restriction_away()
    {
        var id = await world.AgentAsync(""","budget_cents":70,"capabilities":{"allowed_skills":["echo"]}""");
        var changed = (await world.SendAsync("PATCH", $"/agents/{id}", """{"budget_cents":null,"description":"d"}""")).Body;

        Assert.Equal(("invoice-bot", "d"), (changed.GetText("name"), changed.GetText("description")));
        Assert.Equal("null", changed.Get("budget_cents")!.Value.GetRawText());
        Assert.Equal("""["echo"]""", changed.Get("capabilities")!.Value.Get("allowed_skills")!.Value.GetRawText());
        Assert.Equal(404, (int)(await world.SendAsync("PATCH", "/agents/none", "{}")).Status);
    }

    [Theory]
    [InlineData("PATCH", """{"status":"paused"}""")]
    [InlineData("DELETE", null)]
    public async Task A_paused_or_disabled_agent_starts_nothing_through_any_door(string method, string? body)
    {
        var id = await world.AgentAsync();
        await world.SendAsync(method, $"/agents/{id}", body);
        var goal = await world.SendAsync("POST", $"/agents/{id}/goals", """{"goal":"echo hi"}""");
        var run = await world.SendAsync("POST", "/api/v1/runs", $$"""{"agent_id":"{{id}}","plan":[{"skill":"echo"}]}""");

        Assert.Equal((403, "PERMISSION_DENIED"), ((int)goal.Status, goal.Body.Get("error")!.Value.GetText("code")));
        Assert.Equal((403, "PERMISSION_DENIED"), ((int)run.Status, run.Body.Get("error")!.Value.GetText("code")));
    }

    [Fact]
    public async Task Blocked_skills_are_refused_through_any_door_and_unknown_agents_are_labels()
    {
        var id = await world.AgentAsync(""","capabilities":{"blocked_skills":["echo"]}""");
        var goal = await world.SendAsync("POST", $"/agents/{id}/goals", """{"goal":"hi","force_skill":"echo"}""");
        var run = await world.SendAsync("POST", "/api/v1/runs", $$"""{"agent_id":"{{id}}","plan":[{"skill":"echo"}]}""");

        Assert.Equal(403, (int)goal.Status);
        Assert.Equal(403, (int)run.Status);
        Assert.Equal("""["echo"]""", run.Body.Get("error")!.Value.Get("details")!.Value.Get("permission_gaps")!.Value.GetRawText());
        Assert.Equal(201, (int)(await world.SendAsync("POST", "/api/v1/runs", """{"agent_id":"free","plan":[{"skill":"echo"}]}""")).Status);
    }
}
