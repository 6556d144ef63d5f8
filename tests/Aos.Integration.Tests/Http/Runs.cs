using System.Net;
using System.Text;
using System.Text.Json;

namespace Aos.Integration.Tests.Http;

public sealed class Runs : IAsyncLifetime
{
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public async Task An_sdk_creates_a_run_and_one_immediate_get_finds_it_succeeded()
    {
        var created = await PostAsync("/api/v1/runs", """{"agent_id":"my-first-agent","goal":"g","plan":[{"skill":"echo","params":{"n":1},"description":"d"}]}""");
        Assert.Equal(HttpStatusCode.Created, created.Status);

        var run = await GetAsync($"/api/v1/runs/{created.Body.GetText("run_id")}");
        Assert.Equal("succeeded", run.Body.GetText("status"));
        Assert.Equal(created.Body.GetText("id"), run.Body.GetText("run_id"));
        Assert.True(run.Body.Get("outcome")!.Value.Get("success")!.Value.GetBoolean());
    }

    [Fact]
    public async Task Steps_see_the_results_of_earlier_steps_by_index_as_the_demos_write_it()
    {
        var run = await PostAsync("/api/v1/runs?wait=10", """{"plan":[{"skill":"echo","params":{"n":7}},{"skill":"echo","params":{"text":"got ${{steps[0].result.echo.n}}"}}]}""");

        Assert.Equal("got 7", run.Body.Get("outcome")!.Value.Get("result")!.Value.Get("echo")!.Value.GetText("text"));
    }

    [Fact]
    public async Task The_outcome_of_an_unfinished_run_is_absent_and_never_null()
    {
        var run = await PostAsync("/api/v1/runs", """{"name":"w","steps":[{"id":"a","await":{"signal":"go"}}]}""");

        Assert.Equal("waiting", run.Body.GetText("status"));
        Assert.Null(run.Body.Get("outcome"));
    }

    [Fact]
    public async Task A_signal_carries_a_run_on()
    {
        var id = (await PostAsync("/api/v1/runs", """{"name":"w","steps":[{"id":"a","await":{"signal":"go"}}]}""")).Body.GetText("run_id");
        await PostAsync($"/api/v1/runs/{id}/signals/go", """{"k":1}""");

        var run = await GetAsync($"/api/v1/runs/{id}?wait=10");
        Assert.Equal("succeeded", run.Body.GetText("status"));
    }

    [Fact]
    public async Task A_waiting_run_survives_a_restart()
    {
        var id = (await PostAsync("/api/v1/runs", """{"name":"w","steps":[{"id":"e","skill":"echo","params":{"v":1}},{"id":"a","await":{"signal":"go"}}]}""")).Body.GetText("run_id");
        await GetAsync($"/api/v1/runs/{id}?wait=0");
        await house.RestartAsync();
        await PostAsync($"/api/v1/runs/{id}/signals/go", "1");

        Assert.Equal("succeeded", (await GetAsync($"/api/v1/runs/{id}?wait=10")).Body.GetText("status"));
    }

    [Fact]
    public async Task A_sleep_ends_by_itself()
    {
        var run = await PostAsync("/api/v1/runs?wait=10", """{"name":"s","steps":[{"id":"a","sleep":"50ms"},{"id":"b","skill":"wait","params":{"ms":20}}]}""");

        Assert.Equal("succeeded", run.Body.GetText("status"));
    }

    [Fact]
    public async Task A_child_runs_result_is_its_steps_result()
    {
        var run = await PostAsync("/api/v1/runs?wait=10", """
            {"name":"p","steps":[{"id":"c","run":{"plan":{"name":"child","steps":[{"id":"x","skill":"echo","params":{"got":"${{ inputs.k }}"}}]},"inputs":{"k":5}}}],
             "output":"${{ steps.c.result.echo.got }}"}
            """);

        Assert.Equal("succeeded", run.Body.GetText("status"));
        Assert.Equal(5, run.Body.Get("outcome")!.Value.Get("result")!.Value.GetInt32());
    }

    [Fact]
    public async Task The_same_key_starts_one_run_and_another_body_is_a_conflict()
    {
        const string Body = """{"plan":[{"skill":"echo"}],"idempotency_key":"k1"}""";
        var first = await PostAsync("/api/v1/runs", Body);
        var second = await PostAsync("/api/v1/runs", Body);
        var third = await PostAsync("/api/v1/runs", """{"plan":[{"skill":"echo","params":{"n":2}}],"idempotency_key":"k1"}""");

        Assert.Equal(first.Body.GetText("run_id"), second.Body.GetText("run_id"));
        Assert.Equal(HttpStatusCode.Conflict, third.Status);
        Assert.Equal("IDEMPOTENCY_CONFLICT", third.Body.Get("error")!.Value.GetText("code"));
    }

    [Fact]
    public async Task A_bad_plan_is_answered_with_all_its_mistakes_and_their_places()
    {
        var reply = await PostAsync("/api/v1/runs", """{"plan":[{"skill":"ecko"},{"skill":"http_call","params":{}}]}""");

        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        var problems = reply.Body.Get("error")!.Value.Get("details")!.Value.Get("problems")!.Value;
        Assert.Equal(["steps[0].skill", "steps[1].params.url"], problems.EnumerateArray().Select(problem => problem.GetText("path")));
    }

    [Fact]
    public async Task Equal_runs_have_equal_root_hashes()
    {
        const string Body = """{"seed":7,"plan":[{"skill":"echo","params":{"n":1}},{"skill":"json_transform","params":{"operation":"extract","data":{"a":[1,2]},"path":"$.a[1]"}}]}""";
        var first = await PostAsync("/api/v1/runs?wait=10", Body);
        var second = await PostAsync("/api/v1/runs?wait=10", Body);

        Assert.NotNull(first.Body.GetText("root_hash"));
        Assert.Equal(first.Body.GetText("root_hash"), second.Body.GetText("root_hash"));
    }

    [Fact]
    [Trait("id", "LOOP-21")]
    public async Task All_mistakes_of_an_agent_step_are_told_at_once_with_suggestions()
    {
        var reply = await PostAsync("/api/v1/runs", """{"name":"a","steps":[{"id":"x","agent":{"goal":"g","skills":["eco"],"max_turns":0,"aprove":[]}}]}""");

        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        var problems = reply.Body.Get("error")!.Value.Get("details")!.Value.GetProperty("problems").EnumerateArray().ToList();
        Assert.Equal(
            [("steps[0].agent.aprove", "UNKNOWN_MEMBER"), ("steps[0].agent.skills[0]", "SKILL_NOT_FOUND"), ("steps[0].agent.max_turns", "INVALID_PLAN")],
            problems.Select(problem => (problem.GetText("path"), problem.GetText("code"))));
        Assert.Equal(["Did you mean approve?", "Did you mean echo?", null], problems.Select(problem => problem.GetText("suggestion")));
    }

    [Fact]
    public async Task Private_targets_are_refused()
    {
        var run = await PostAsync("/api/v1/runs?wait=10", $$$"""{"plan":[{"skill":"http_call","params":{"url":"{{{house.Http.BaseAddress}}}health"}}]}""");

        Assert.Equal("failed", run.Body.GetText("status"));
        Assert.Equal("EGRESS_BLOCKED", run.Body.Get("outcome")!.Value.Get("error")!.Value.GetText("code"));
    }

    [Fact]
    public async Task Events_can_be_followed_to_the_end()
    {
        var id = (await PostAsync("/api/v1/runs?wait=10", """{"plan":[{"skill":"echo"}]}""")).Body.GetText("run_id");
        var events = await house.Http.GetStringAsync($"/api/v1/runs/{id}/events", TestContext.Current.CancellationToken);

        Assert.Contains("id: 1\nevent: run.started.v1\n", events, StringComparison.Ordinal);
        Assert.Contains("event: run.ended.v1\n", events, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deep_nesting_and_bad_utf8_are_refused()
    {
        var deep = await PostAsync("/api/v1/runs", new string('[', 10_000) + new string(']', 10_000));
        using var bytes = new ByteArrayContent([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]);
        using var reply = await house.Http.PostAsync("/api/v1/runs", bytes, TestContext.Current.CancellationToken);

        Assert.InRange((int)deep.Status, 400, 499);
        Assert.InRange((int)reply.StatusCode, 400, 499);
    }

    [Fact]
    public async Task A_wrong_key_is_refused_and_the_right_one_in_any_header_is_taken()
    {
        var key = house.Key();

        Assert.Equal(401, await StatusWithAsync("X-AOS-Key", "wrong"));
        Assert.Equal(200, await StatusWithAsync("X-AOS-Key", key));
        Assert.Equal(200, await StatusWithAsync("X-API-Key", key));
        Assert.Equal(200, await StatusWithAsync("Authorization", "Bearer " + key));
    }

    private async Task<int> StatusWithAsync(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/runs");
        request.Headers.TryAddWithoutValidation(header, value);
        using var reply = await house.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)reply.StatusCode;
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var reply = await house.Http.PostAsync(path, content, TestContext.Current.CancellationToken);
        return (reply.StatusCode, Json.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string path)
    {
        using var reply = await house.Http.GetAsync(path, TestContext.Current.CancellationToken);
        return (reply.StatusCode, Json.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }
}
