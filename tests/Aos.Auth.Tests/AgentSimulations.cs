using Aos.Kernel;
using Aos.Skills;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>Simulate tells what a start would meet: the agent's standing and money refuse, the tenant's quotas are said.</summary>
public sealed class AgentSimulations : IAsyncLifetime
{
    private const string Echo = """[{"skill":"echo","params":{}}]""";

    private AgentHouse world = null!;

    public async ValueTask InitializeAsync() => world = await AgentHouse.OpenAsync();

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Theory]
    [Trait("id", "AGENT-simulate-standing")]
    [InlineData("paused")]
    [InlineData("disabled")]
    public async Task An_agent_that_starts_nothing_is_refused_with_the_words_of_a_start(string status)
    {
        var agent = await world.AgentAsync("");
        await world.ChangeAsync(agent, $$"""{"status":"{{status}}"}""");

        var (simulated, started) = (await world.SimulateAsync(agent, Echo), await world.RunAsync(agent, Echo));

        Assert.Equal((false, "permission_denied", status), (simulated["feasible"].GetBoolean(), simulated.Text("status"), simulated.Text("facts.agent_status")));
        Assert.Equal((403, simulated.Text("reason")), (started.Status, started.Text("error.message")));
    }

    [Fact]
    [Trait("id", "AGENT-simulate-money")]
    public async Task An_agent_without_the_money_is_refused_with_the_words_of_a_start()
    {
        await using var provider = await ModelPeer.OpenAsync(read: 7, written: 5);
        var models = new ModelsOptions { Endpoints = [new ModelEndpoint("openai", ModelWire.OpenAi, provider.Url, null, "gpt-4o", Seeds: false)] };
        await using var own = await AgentHouse.OpenAsync(services => services.AddSingleton(models));
        var (poor, rich) = (await own.AgentAsync(""" "budget_cents":1 """), await own.AgentAsync(""" "budget_cents":1000 """));
        const string plan = """{"steps":[{"id":"a","skill":"llm_invoke","params":{"provider":"openai","model":"gpt-4o","prompt":"hello","max_tokens":50000}}]}""";

        var (simulated, started) = (await own.SimulateAsync(poor, plan), await own.RunAsync(poor, plan));

        Assert.Equal((false, "budget_insufficient"), (simulated["feasible"].GetBoolean(), simulated.Text("status")));
        Assert.Equal((402, simulated.Text("reason")), (started.Status, started.Text("error.message")));
        var enough = await own.SimulateAsync(rich, plan);
        Assert.Equal((true, "enough"), (enough["feasible"].GetBoolean(), enough.Text("facts.agent_budget")));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await own.SimulateAsync(poor, Echo))["facts.agent_budget"].ValueKind);
    }

    [Fact]
    [Trait("id", "AGENT-simulate-quota")]
    public async Task A_quota_that_is_used_up_is_a_fact_and_a_warning_and_equal_facts_give_equal_bytes()
    {
        await world.House.AsFirstAsync("PUT", "/api/v1/tenants/default", """{"quota":{"runs_per_day":3,"storage_bytes":1000000000,"concurrent_runs":0}}""");
        var before = await world.SimulateAsync("label", Echo);
        Assert.Equal(("within: 3", "within: 1000000000", "limit: 0"), (before.Text("facts.quota_runs_per_day"), before.Text("facts.quota_storage_bytes"), before.Text("facts.quota_concurrent_runs")));
        Assert.Contains(before.Texts("warnings"), warning => warning.Contains("concurrent_runs is 0", StringComparison.Ordinal));
        await world.House.AsFirstAsync("PUT", "/api/v1/tenants/default", """{"quota":{"concurrent_runs":null}}""");
        before = await world.SimulateAsync("label", Echo);
        await world.RunAsync("label", Echo);
        Assert.Equal(before.Body.GetRawText(), (await world.SimulateAsync("label", Echo)).Body.GetRawText());
        await world.RunAsync("label", Echo);
        await world.RunAsync("label", Echo);

        var (after, again) = (await world.SimulateAsync("label", Echo), await world.SimulateAsync("label", Echo));
        var refused = await world.RunAsync("label", Echo);

        Assert.True(after["feasible"].GetBoolean());
        Assert.StartsWith("used up: 3 until ", after.Text("facts.quota_runs_per_day"), StringComparison.Ordinal);
        Assert.Contains(after.Texts("warnings"), warning => warning.Contains("runs_per_day of 3 is used up", StringComparison.Ordinal) && warning.Contains("QUOTA_EXHAUSTED", StringComparison.Ordinal));
        Assert.Equal((429, "QUOTA_EXHAUSTED"), (refused.Status, refused.Text("error.code")));
        Assert.Equal(after.Body.GetRawText(), again.Body.GetRawText());
        Assert.Equal((before.Text("trace_id"), before.Text("root_hash")), (after.Text("trace_id"), after.Text("root_hash")));
    }

    [Fact]
    [Trait("id", "AGENT-simulate-quota")]
    public async Task Tokens_are_said_for_plans_that_call_a_model_and_for_no_others()
    {
        await using var provider = await ModelPeer.OpenAsync(read: 7, written: 5);
        var models = new ModelsOptions { Endpoints = [new ModelEndpoint("local", ModelWire.OpenAi, provider.Url, null, "m", Seeds: false)] };
        await using var own = await AgentHouse.OpenAsync(services => services.AddSingleton(models));
        await own.House.AsFirstAsync("PUT", "/api/v1/tenants/default", """{"quota":{"tokens_per_month":100}}""");

        var model = await own.SimulateAsync("label", """[{"skill":"llm_invoke","params":{"provider":"local","prompt":"hello","max_tokens":4000}}]""");
        var echo = await own.SimulateAsync("label", Echo);

        Assert.StartsWith("used up: 100", model.Text("facts.quota_tokens_per_month"), StringComparison.Ordinal);
        Assert.Contains(model.Texts("warnings"), warning => warning.Contains("tokens_per_month", StringComparison.Ordinal));
        Assert.Equal("within: 100", echo.Text("facts.quota_tokens_per_month"));
        Assert.DoesNotContain(echo.Texts("warnings"), warning => warning.Contains("quota", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "AGENT-simulate-none")]
    public async Task Whoever_is_held_by_nothing_is_answered_without_a_word_of_it()
    {
        var facts = (await world.SimulateAsync("label", Echo))["facts"];

        Assert.Equal(["limits", "model", "model_prices", "price_table", "simulator", "skills"], facts.EnumerateObject().Select(fact => fact.Name));
    }
}
