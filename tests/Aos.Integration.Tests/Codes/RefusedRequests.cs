using Aos.Contracts;

namespace Aos.Integration.Tests.Codes;

/// <summary>Requests that the server does not take.</summary>
public sealed class RefusedRequests(CodeHouse house) : OfOneCode(house), IClassFixture<CodeHouse>
{
    private const string Run = """{"plan":{"name":"p","steps":[{"id":"a","skill":"echo"}]}}""";

    [Fact]
    [Trait("id", "F5.80-INVALID-INPUT")]
    public Task A_value_out_of_its_bounds() => RefusedAsync(House.AskAsync("/api/v1/runs?limit=0"), 422); // Queries and bodies that cannot be read: 422.

    [Fact]
    [Trait("id", "F5.80-METHOD-NOT-ALLOWED")]
    public Task A_method_that_the_path_does_not_take() => RefusedAsync(House.AskAsync("DELETE", "/health", null));

    [Fact]
    [Trait("id", "F5.80-NOT-FOUND")]
    public Task An_address_without_anything() => RefusedAsync(House.AskAsync("/nothing/here"));

    [Fact]
    [Trait("id", "F5.80-UNSUPPORTED-MEDIA-TYPE")]
    public Task A_packed_body() => RefusedAsync(House.AskAsync("POST", "/api/v1/runs", Run, ("Content-Encoding", "gzip")));

    [Fact]
    [Trait("id", "F5.80-PAYLOAD-TOO-LARGE")]
    public Task A_body_of_too_many_values() => RefusedAsync(House.AskAsync("/api/v1/runs", $$"""{"plan":[{{string.Join(',', Enumerable.Repeat("0", 1_500_000))}}]}"""));

    [Fact]
    [Trait("id", "F5.80-UNAUTHORIZED")]
    public Task A_key_that_nobody_made() => RefusedAsync(House.AskAsync("POST", "/api/v1/runs", Run, ("X-AOS-Key", "nobody-made-this-key")));

    [Fact]
    [Trait("id", "F5.80-PERMISSION-DENIED")]
    public async Task What_a_role_may_not_do() => await RefusedAsync(House.AskAsync("POST", "/api/v1/runs", Run, ("X-AOS-Key", await House.KeyAsync("readonly"))));

    [Fact]
    [Trait("id", "F5.80-SIGNATURE-INVALID")]
    public Task A_message_of_a_node_without_its_seal() => RefusedAsync(House.AskAsync("POST", IPokes.Path, "\"x\"", (IPokes.Header, $"v1:0:{new string('0', 64)}")));

    [Fact]
    [Trait("id", "F5.80-IDEMPOTENCY-CONFLICT")]
    public async Task A_key_of_another_request()
    {
        Assert.Equal(201, (await House.AskAsync("POST", "/api/v1/runs", Run, ("Idempotency-Key", "k"))).Status);
        await RefusedAsync(House.AskAsync("POST", "/api/v1/runs", Run.Replace("\"a\"", "\"b\"", StringComparison.Ordinal), ("Idempotency-Key", "k")));
    }

    [Fact]
    [Trait("id", "F5.80-PRECONDITION-FAILED")]
    public Task A_write_for_a_version_that_is_not_there() =>
        RefusedAsync(House.AskAsync("POST", "/api/v1/memory/pins", """{"key":"k","value":{}}""", ("If-Match", "\"7\"")));

    [Fact]
    [Trait("id", "F5.80-RATE-LIMITED")]
    public async Task More_goals_than_an_agent_may_have_in_a_minute()
    {
        var agent = await House.AgentAsync(""","rate_limits":{"requests_per_minute":1}""");
        Assert.Equal(202, (await House.AskAsync($"/agents/{agent}/goals", """{"goal":"echo a"}""")).Status);
        await RefusedAsync(House.AskAsync($"/agents/{agent}/goals", """{"goal":"echo b"}"""));
    }

    [Fact]
    [Trait("id", "F5.80-QUOTA-EXHAUSTED")]
    public async Task More_runs_than_a_tenant_may_start_in_a_day()
    {
        Assert.Equal(200, (await House.AskAsync("PUT", "/api/v1/tenants/small", """{"quota":{"runs_per_day":0}}""")).Status);
        var key = (await House.AskAsync("/api/v1/keys", """{"name":"test","roles":["admin"],"tenant_id":"small"}""")).Body.GetText("key")!;
        await RefusedAsync(House.AskAsync("POST", "/api/v1/runs", Run, ("X-AOS-Key", key)));
    }

    [Fact]
    [Trait("id", "F5.80-AGENT-BUDGET-EXCEEDED")]
    public async Task More_than_an_agents_allowance() =>
        await RefusedAsync(House.AskAsync($"/agents/{await House.AgentAsync(""","budget_cents":10""")}/goals", """{"goal":"echo hi"}"""));

    [Fact]
    [Trait("id", "F5.80-ACCOUNT-BUDGET-EXCEEDED")]
    public async Task A_run_whose_first_call_no_shared_budget_pays()
    {
        Assert.Equal(201, (await House.AskAsync("PUT", "/api/v1/budgets/skill/day?name=llm_invoke", """{"hard_limit_cents":0}""")).Status);
        await RefusedAsync(House.AskAsync("/api/v1/runs", """{"plan":{"name":"p","steps":[{"id":"a","skill":"llm_invoke","params":{"prompt":"hi","model":"claude-sonnet-4-20250514"}}]}}"""));
    }

    [Fact]
    [Trait("id", "F5.80-GOAL-REJECTED")]
    public async Task A_goal_that_looks_like_an_attack() =>
        await RefusedAsync(House.AskAsync($"/agents/{await House.AgentAsync()}/goals", """{"goal":"drop table users"}"""));

    [Fact]
    [Trait("id", "F5.80-PLANNER-ERROR")]
    public async Task A_goal_that_no_model_plans() =>
        await RefusedAsync(GoalAsync("something that is broken"), 503); // Planners that may answer later: 503.

    [Fact]
    [Trait("id", "F5.80-PLANNER-TIMEOUT")]
    public async Task A_goal_over_which_the_model_takes_too_long() => await RefusedAsync(GoalAsync("take for ever over this"), 503);

    private async Task<Reply> GoalAsync(string goal)
    {
        var agent = await House.AgentAsync(""","planner":{"planner_type":"openai"}""");
        return await House.AskAsync($"/agents/{agent}/goals", $$"""{"goal":"{{goal}}"}""");
    }
}
