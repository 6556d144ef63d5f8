using System.Text.Json;

namespace Aos.Integration.Tests.Http;

/// <summary>The skills that load scripts name, over HTTP: one that fetches, and one that is refused.</summary>
public sealed class LoadScriptSkills : IAsyncLifetime
{
    private const string Simulate = "/api/v1/runtime/simulate";
    private const string Shell = """{"plan":[{"skill":"shell","params":{"type":"btc_price","currency":"EUR"}}]}""";

    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Theory]
    [InlineData("http_get")]
    [InlineData("skill.http_get")]
    [InlineData("skill.http_call")]
    [Trait("id", "F5.61-05")]
    [Trait("id", "F5.61-06")]
    public async Task Both_forms_of_a_name_are_one_skill_in_simulate_runs_and_descriptions(string skill)
    {
        var name = skill.Replace("skill.", "", StringComparison.Ordinal);
        var plan = $$"""{"plan":[{"skill":"{{skill}}","params":{"url":"http://127.0.0.1:1/"} }]}""";
        var simulated = await house.AskAsync(Simulate, plan);
        var run = await house.AskAsync($"/api/v1/runs/{await house.RunAsync(plan)}");
        var described = await house.AskAsync($"/api/v1/runtime/skills/{skill}");

        Assert.True(simulated["feasible"].GetBoolean());
        Assert.Equal(name, simulated["step_estimates"][0].GetText("skill_id"));
        Assert.Equal("EGRESS_BLOCKED", run["outcome.error.code"].GetString());
        Assert.Equal((200, name), (described.Status, described.Body.GetText("skill_id")));
    }

    [Fact]
    [Trait("id", "F5.61-07")]
    public async Task The_load_scripts_request_for_a_page_is_feasible_and_priced()
    {
        var reply = await house.AskAsync(Simulate, """{"plan":[{"skill":"http_get","params":{"type":"http_retry","url":"https://api.example.com/v1"}}]}""");

        Assert.Equal((200, true), (reply.Status, reply["feasible"].GetBoolean()));
        Assert.Equal(("http_get", 0, 500), (reply["step_estimates"][0].GetText("skill_id"), reply["step_estimates"][0].GetProperty("cost_cents").GetInt32(), reply["step_estimates"][0].GetProperty("latency_ms").GetInt32()));
        Assert.Equal("TIMEOUT", reply["risks"][0].GetText("risk_type"));
    }

    [Fact]
    [Trait("id", "F5.61-12")]
    public async Task The_load_scripts_shell_is_priced_and_not_feasible()
    {
        var reply = await house.AskAsync(Simulate, Shell);

        Assert.Equal((200, false, "skill_unavailable"), (reply.Status, reply["feasible"].GetBoolean(), reply["status"].GetString()));
        Assert.Equal(("shell", 200), (reply["step_estimates"][0].GetText("skill_id"), reply["step_estimates"][0].GetProperty("latency_ms").GetInt32()));
        Assert.Contains(reply["warnings"].EnumerateArray(), warning => warning.GetString()!.Contains("shell", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Shell)]
    [InlineData("""{"plan":[{"skill":"skill.shell","params":{"command":"id"}}]}""")]
    [InlineData("""{"plan":{"name":"p","steps":[{"id":"a","skill":"shell","params":{"command":"id"}}]}}""")]
    [Trait("id", "F5.61-13")]
    public async Task A_run_with_a_shell_is_refused_and_told_what_to_do_instead(string plan)
    {
        var (run, simulated) = (await house.AskAsync("/api/v1/runs", plan), await house.AskAsync(Simulate, plan));

        Assert.Equal((400, "PERMISSION_DENIED"), (run.Status, run["error.code"].GetString()));
        Assert.Contains("http_call", run["error.message"].GetString(), StringComparison.Ordinal);
        Assert.Equal(run["error.message"].GetString(), simulated["error.message"].GetString());
        Assert.Empty((await house.AskAsync("/api/v1/runs"))["runs"].EnumerateArray());
    }
}
