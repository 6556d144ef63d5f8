using System.Globalization;
using System.Text.Json;
using Aos.Kernel;
using Aos.Skills;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>Whether a key may use a skill as an agent is told by the walls that a start meets, and asking takes nothing.</summary>
public sealed class AgentAccess : IAsyncLifetime
{
    private const string Use = "action=use&resource=skill:http_call";
    private const string Echo = """[{"skill":"echo","params":{}}]""";

    private AgentHouse world = null!;

    public async ValueTask InitializeAsync() => world = await AgentHouse.OpenAsync();

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    [Trait("id", "AGENT-can-order")]
    public async Task All_walls_are_told_in_the_order_in_which_they_are_asked_with_what_is_left()
    {
        await world.House.AsFirstAsync("PUT", "/api/v1/tenants/default", """{"quota":{"runs_per_day":5,"storage_bytes":1000000000,"tokens_per_month":1000,"concurrent_runs":3}}""");
        var agent = await world.AgentAsync(""" "budget_cents":100,"capabilities":{"allowed_domains":["good.example"]},"rate_limits":{"requests_per_minute":7,"concurrent_runs":2} """);
        await world.RunAsync(agent, Echo);

        var can = await world.CanAsync($"{Use}&agent={agent}&url=http://good.example/&cost_cents=20");

        Assert.True(can["allowed"].GetBoolean(), can.Body.GetRawText());
        Assert.Equal(("run:write", "role:admin", null, agent), (can.Text("permission"), can.Text("rule"), can.Text("denied_by"), can.Text("agent_id")));
        Assert.Equal(
            ["credential", "requests", "scope", "role", "agent_binding", "agent", "agent_skill", "agent_domain", "budget_per_run", "budget_per_day", "budget_total_budget", "agent_goals", "storage_bytes", "runs_per_day", "agent_runs", "concurrent_runs", "kill_switch", "skill_switch"],
            can["walls"].EnumerateArray().Select(wall => wall.GetText("name")));
        Assert.Equal(("cents", 500m, 0m, 500m), Counts(can, "budget_per_run"));
        Assert.Equal(("cents", 10_000m, 0m, 10_000m), Counts(can, "budget_per_day"));
        Assert.Equal(("cents", 100m, 0m, 100m), Counts(can, "budget_total_budget"));
        Assert.Equal(("runs", 5m, 1m, 4m), Counts(can, "runs_per_day"));
        Assert.Equal(("goals", 7m, 0m, 7m), Counts(can, "agent_goals"));
        Assert.Equal(("runs", 2m, 0m, 2m), Counts(can, "agent_runs"));
        Assert.Equal(("runs", 3m, 0m, 3m), Counts(can, "concurrent_runs"));
        Assert.Equal(("tokens", 1000m, 0m, 1000m), Counts(await world.CanAsync("action=use&resource=skill:llm_invoke"), "tokens_per_month"));
    }

    [Theory]
    [Trait("id", "AGENT-can-as-start")]
    [InlineData(""" "status":"paused" """, "", "agent", "paused")]
    [InlineData(""" "status":"disabled" """, "", "agent", "disabled")]
    [InlineData(""" "capabilities":{"blocked_skills":["http_call"]} """, "", "agent_skill", "blocked_skills")]
    [InlineData(""" "capabilities":{"allowed_skills":["echo"]} """, "", "agent_skill", "allowed_skills")]
    [InlineData(""" "capabilities":{"allowed_domains":["good.example"]} """, "", "agent_domain", "allowed_domains")]
    [InlineData(""" "capabilities":{"blocked_domains":["*.example"]} """, "", "agent_domain", "blocked_domains: *.example")]
    [InlineData("", """{"quota":{"runs_per_day":0}}""", "runs_per_day", "QUOTA_EXHAUSTED")]
    public async Task What_denies_is_what_a_start_is_refused_with(string change, string quota, string wall, string rule)
    {
        var agent = await world.AgentAsync("");
        if (change.Length > 0) await world.ChangeAsync(agent, $"{{{change}}}");
        if (quota.Length > 0) await world.House.AsFirstAsync("PUT", "/api/v1/tenants/default", quota);

        var can = await world.CanAsync($"{Use}&agent={agent}&url=http://evil.example:{world.Port}/");
        var refused = await world.RunAsync(agent, """[{"skill":"http_call","params":{"url":"http://evil.example:PORT/"}}]""");

        Assert.False(can["allowed"].GetBoolean());
        Assert.Equal((wall, rule), (can.Text("denied_by"), can.Text("rule")));
        Assert.True(refused.Status is 403 or 429, refused.Body.GetRawText());
        Assert.EndsWith(Wall(can, wall).GetText("says")!, refused.Text("error.message"), StringComparison.Ordinal);
        Assert.Equal(wall, can["walls"].EnumerateArray().First(one => !one.GetProperty("passed").GetBoolean()).GetText("name"));
    }

    [Theory]
    [Trait("id", "AGENT-can-money")]
    [InlineData(501, "budget_per_run", "per_run")]
    [InlineData(61, "budget_total_budget", "total_budget")]
    public async Task Money_denies_with_its_numbers(int cents, string wall, string rule)
    {
        var agent = await world.AgentAsync(""" "budget_cents":60 """);

        var can = await world.CanAsync($"{Use}&agent={agent}&cost_cents={cents.ToString(CultureInfo.InvariantCulture)}");

        Assert.Equal((false, wall, rule), (can["allowed"].GetBoolean(), can.Text("denied_by"), can.Text("rule")));
        Assert.Contains(cents.ToString(CultureInfo.InvariantCulture), Wall(can, wall).GetText("says"), StringComparison.Ordinal);
        Assert.True((await world.CanAsync($"{Use}&agent={agent}&cost_cents=60"))["allowed"].GetBoolean());
    }

    [Fact]
    [Trait("id", "AGENT-can-money")]
    public async Task What_runs_have_cost_is_no_longer_left_and_the_gate_says_the_same()
    {
        await using var provider = await ModelPeer.OpenAsync(read: 7, written: 5);
        var models = new ModelsOptions { Endpoints = [new ModelEndpoint("openai", ModelWire.OpenAi, provider.Url, null, "gpt-4o", Seeds: false)] };
        await using var own = await AgentHouse.OpenAsync(services => services.AddSingleton(models));
        var agent = await own.AgentAsync(""" "budget_cents":3 """);
        const string plan = """{"steps":[{"id":"a","skill":"llm_invoke","params":{"provider":"openai","model":"gpt-4o","prompt":"hello","max_tokens":200}}]}""";

        var ran = await own.RunAsync(agent, plan);
        Assert.True(ran.Text("status") == "succeeded", ran.Body.GetRawText());
        var spent = (await own.House.AsFirstAsync("GET", $"/agents/{agent}"))["spent_cents"].GetDecimal();
        var can = await own.CanAsync($"action=use&resource=skill:llm_invoke&agent={agent}&cost_cents=3");

        Assert.True(spent > 0);
        Assert.Equal(("cents", 3m, spent, 3m - spent), Counts(can, "budget_total_budget"));
        Assert.Equal("budget_total_budget", can.Text("denied_by"));
        var dear = await own.RunAsync(agent, plan.Replace("200", "100000", StringComparison.Ordinal));
        Assert.Equal((402, "total_budget"), (dear.Status, dear.Text("error.details.breach_type")));
    }

    [Fact]
    [Trait("id", "AGENT-can-key")]
    public async Task The_key_itself_has_walls_before_its_agent()
    {
        var (mine, other) = (await world.AgentAsync(""), await world.AgentAsync(""));
        var bound = await world.House.KeyAsync("machine", $"\"agent_id\":\"{mine}\"");
        var reader = await world.House.KeyAsync("readonly");
        var scoped = await world.House.KeyAsync("machine", """ "scopes":["run:read"] """);
        var ended = await world.House.KeyAsync("machine");
        await world.House.AsFirstAsync("DELETE", $"/api/v1/keys/{ended.Id}");

        Assert.Equal("agent_binding", (await world.CanAsync($"{Use}&key={bound.Id}&agent={other}")).Text("denied_by"));
        var own = await world.CanAsync($"{Use}&key={bound.Id}");
        Assert.Equal((true, mine), (own["allowed"].GetBoolean(), own.Text("agent_id")));
        Assert.Equal(("role", "insufficient-permissions"), Denied(await world.CanAsync($"{Use}&key={reader.Id}&agent={mine}")));
        Assert.Equal(("scope", "scope"), Denied(await world.CanAsync($"{Use}&key={scoped.Id}&agent={mine}")));
        Assert.Equal(("credential", "ended"), Denied(await world.CanAsync($"{Use}&key={ended.Id}&agent={mine}")));
        Assert.Equal(("skill", "SKILL_NOT_FOUND"), Denied(await world.CanAsync("action=use&resource=skill:nothing")));
        Assert.Equal("default", (await world.CanAsync(Use)).Text("agent_id"));
    }

    [Fact]
    [Trait("id", "AGENT-can-takes-nothing")]
    public async Task Asking_takes_no_request_no_goal_and_no_run_of_whoever_is_asked_about()
    {
        await world.House.AsFirstAsync("PUT", "/api/v1/tenants/default", """{"quota":{"runs_per_day":2}}""");
        var agent = await world.AgentAsync(""" "rate_limits":{"requests_per_minute":3} """);
        var key = await world.House.KeyAsync("machine", """ "tier":"free" """);
        for (var i = 0; i < 8; i++) await world.CanAsync($"{Use}&key={key.Id}&agent={agent}");

        var can = await world.CanAsync($"{Use}&key={key.Id}&agent={agent}");

        Assert.Equal(("requests", 60m, 0m, 60m), Counts(can, "requests"));
        Assert.Equal(("goals", 3m, 0m, 3m), Counts(can, "agent_goals"));
        Assert.Equal(("runs", 2m, 0m, 2m), Counts(can, "runs_per_day"));
        for (var i = 0; i < 60; i++) await world.House.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", key.Text));
        Assert.Equal("requests", (await world.CanAsync($"{Use}&key={key.Id}&agent={agent}")).Text("denied_by"));
    }

    [Fact]
    [Trait("id", "AGENT-can-waits")]
    public async Task What_waits_for_a_slot_is_allowed_and_says_so()
    {
        await world.House.AsFirstAsync("PUT", "/api/v1/tenants/default", """{"quota":{"concurrent_runs":0}}""");

        var can = await world.CanAsync(Use);

        Assert.True(can["allowed"].GetBoolean());
        Assert.True(Wall(can, "concurrent_runs").GetProperty("waits").GetBoolean());
    }

    [Fact]
    [Trait("id", "AGENT-can-private")]
    public async Task What_holds_an_agent_is_told_to_whoever_may_read_agents_of_its_tenant()
    {
        var agent = await world.AgentAsync(""" "status":"paused","budget_cents":1 """);
        await world.ChangeAsync(agent, """{"status":"paused"}""");
        var narrow = ("X-AOS-Key", (await world.House.KeyAsync("machine", """ "scopes":["rbac:read"] """)).Text);
        var rival = ("X-AOS-Key", (await world.House.KeyAsync("machine", """ "tenant_id":"rival" """)).Text);

        Assert.Equal(403, (await world.House.AskAsync("GET", $"/api/v1/rbac/can?{Use}&agent={agent}", null, narrow)).Status);
        Assert.Equal(200, (await world.House.AskAsync("GET", "/api/v1/rbac/can?action=write&resource=run", null, narrow)).Status);
        var foreign = await world.House.AskAsync("GET", $"/api/v1/rbac/can?{Use}&agent={agent}", null, rival);
        var nobody = await world.House.AskAsync("GET", $"/api/v1/rbac/can?{Use}&agent={Guid.NewGuid()}", null, rival);
        Assert.Equal("label", Wall(foreign, "agent").GetText("rule"));
        // The requests of the one who asks go on counting.
        Assert.Equal(Rest(nobody), Rest(foreign));

        static string[] Rest(Reply can) => [.. can["walls"].EnumerateArray().Where(wall => wall.GetText("name") != "requests").Select(wall => wall.GetRawText())];
    }

    private static (string?, string?) Denied(Reply can) => (can.Text("denied_by"), can.Text("rule"));

    private static JsonElement Wall(Reply can, string name) => can["walls"].EnumerateArray().Single(wall => wall.GetText("name") == name);

    private static (string?, decimal, decimal, decimal) Counts(Reply can, string name) => Wall(can, name) is var wall
        ? (wall.GetText("unit"), wall.GetProperty("limit").GetDecimal(), wall.GetProperty("used").GetDecimal(), wall.GetProperty("left").GetDecimal())
        : default;
}
