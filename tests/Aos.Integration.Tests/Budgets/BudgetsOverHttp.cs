using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Budgets;

/// <summary>Budgets and costs as clients see them.</summary>
public sealed class BudgetsOverHttp : IAsyncLifetime
{
    private House house = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        house = await House.OpenAsync();
        house.Http.DefaultRequestHeaders.Add("X-AOS-Key", house.Key());
    }

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Fact]
    [Trait("id", "D7.7-01")]
    [Trait("id", "D7.7-02")]
    public async Task A_budget_is_set_read_listed_and_removed_and_what_is_no_budget_is_refused()
    {
        const string Path = "/api/v1/budgets/model/month?name=a%2Fb";
        var set = await house.AskAsync("PUT", Path, """{"hard_limit_cents":12.5,"soft_limit_cents":10,"on_limit":"fail"}""");
        var again = await house.AskAsync("PUT", Path, """{"hard_limit_cents":20}""");
        var read = await house.AskAsync(Path);
        var list = await house.AskAsync("/api/v1/budgets");

        Assert.Equal((201, 200, 200), (set.Status, again.Status, read.Status));
        Assert.Equal("fail", set.Body.GetText("on_limit"));
        Assert.Equal(("a/b", "pause", 20m, 20m), (read.Body.GetText("name"), read.Body.GetText("on_limit"), read.Body.GetProperty("hard_limit_cents").GetDecimal(), read.Body.GetProperty("remaining_cents").GetDecimal()));
        Assert.Null(read.Body.Get("soft_limit_cents"));
        Assert.Equal(1, list.Body.GetProperty("count").GetInt32());
        foreach (var (path, body) in new[]
        {
            ("/api/v1/budgets/house/day", """{"hard_limit_cents":1}"""), ("/api/v1/budgets/agent/hour?name=a", """{"hard_limit_cents":1}"""), ("/api/v1/budgets/agent/day", """{"hard_limit_cents":1}"""),
            ("/api/v1/budgets/tenant/day?name=x", """{"hard_limit_cents":1}"""), ("/api/v1/budgets/tenant/day", "{}"), ("/api/v1/budgets/tenant/day", """{"hard_limit_cents":-1}"""),
            ("/api/v1/budgets/tenant/day", """{"hard_limit_cents":1,"warn_at":2}"""), ("/api/v1/budgets/tenant/day", """{"hard_limit_cents":1,"on_limit":"stop"}"""), ("/api/v1/budgets/tenant/day", """{"hard_limit_cents":1,"x":1}"""),
        }) Assert.Equal(422, (await house.AskAsync("PUT", path, body)).Status);

        Assert.Equal(200, (await house.AskAsync("DELETE", Path, null)).Status);
        Assert.Equal((404, 404), ((await house.AskAsync("DELETE", Path, null)).Status, (await house.AskAsync(Path)).Status));
    }

    [Fact]
    [Trait("id", "D7.7-03")]
    [Trait("id", "D7.7-04")]
    [Trait("id", "D7.7-05")]
    public async Task What_was_spent_is_told_by_day_agent_and_skill_as_json_and_as_csv()
    {
        await SpendAsync("a", "llm_invoke", 10, 0);
        await SpendAsync("a", "llm_invoke", 15, 0);
        await SpendAsync("=b", "email_send", 2.5m, 0);
        await SpendAsync("c", "llm_invoke", 7, 3);
        await SpendAsync("c", "llm_invoke", 100, 0, "other");

        var today = (await house.AskAsync("/api/v1/costs/summary?days=1")).Body;
        var week = (await house.AskAsync("/api/v1/costs/summary")).Body;
        var agents = await house.Http.GetStringAsync("/api/v1/costs/by-agent?format=csv", Cancel);
        var daily = (await house.AskAsync("/api/v1/costs/daily?days=30")).Body.GetProperty("costs");

        Assert.Equal((27.5m, 3), (today.GetProperty("total_cost_cents").GetDecimal(), today.GetProperty("request_count").GetInt32()));
        Assert.Equal("""{"email_send":2.5,"llm_invoke":32}""", CanonicalJson.Text(week.GetProperty("by_skill")));
        Assert.Equal("agent_id,cost_cents,calls,input_tokens,output_tokens\r\na,25,2,0,0\r\nc,7,1,0,0\r\n'=b,2.5,1,0,0\r\n", agents);
        Assert.Equal([27.5m, 7m], daily.EnumerateArray().Select(day => day.GetProperty("cost_cents").GetDecimal()));
        Assert.Equal(4, (await house.AskAsync("/api/v1/costs/by-run")).Body.GetProperty("count").GetInt32());
        Assert.Equal(404, (await house.AskAsync("/api/v1/costs/forecast")).Status);
        await SpendAsync("c", "llm_invoke", 7, 9);
        var forecast = (await house.AskAsync("/api/v1/costs/forecast?days=2")).Body;
        Assert.Equal(2, forecast.GetProperty("days").GetArrayLength());
        Assert.Contains("linear regression", forecast.GetText("method"), StringComparison.Ordinal);
        Assert.Equal(422, (await house.AskAsync("/api/v1/costs/by-skill?days=0")).Status);
        Assert.Equal(422, (await house.AskAsync("/api/v1/costs/by-skill?format=xml")).Status);
    }

    [Fact]
    [Trait("id", "D7.5-03")]
    [Trait("id", "D7.5-04")]
    [Trait("id", "D7.5-05")]
    public async Task What_comes_near_a_limit_or_over_it_is_told_once_a_period()
    {
        var alerts = house.Services.GetServices<IChore>().Single(chore => chore.Name == "budget-alerts");
        await house.AskAsync("PUT", "/api/v1/budgets/agent/total?name=a", """{"soft_limit_cents":100}""");
        await SpendAsync("a", "llm_invoke", 85, 0);
        await alerts.PassAsync(Cancel);
        await alerts.PassAsync(Cancel);
        Assert.Equal(["warn agent_total"], await ToldAsync());

        await SpendAsync("a", "llm_invoke", 101, 0);
        await SpendAsync("b", "llm_invoke", 700, 0);
        await alerts.PassAsync(Cancel);
        await alerts.PassAsync(Cancel);

        Assert.Equal(["critical ", "critical ", "exceeded ", "exceeded agent_total", "warn agent_total", "warn tenant_hour"], (await ToldAsync()).Order(StringComparer.Ordinal));
    }

    [Fact]
    [Trait("id", "D7.7-06")]
    public async Task Simulating_tells_of_a_budget_that_would_refuse_as_a_start_is_refused()
    {
        const string Plan = """{"plan":[{"skill":"email_send","params":{"connection":"mail","to":"ann@example.org","subject":"Hello","body":"Hi."}}]}""";
        await house.AskAsync("PUT", "/api/v1/budgets/tenant/day", """{"hard_limit_cents":100000}""");
        var enough = (await house.AskAsync("/api/v1/runtime/simulate", Plan)).Body;
        await house.AskAsync("PUT", "/api/v1/budgets/tenant/day", """{"hard_limit_cents":0}""");

        var simulated = (await house.AskAsync("/api/v1/runtime/simulate", Plan)).Body;
        var started = await house.AskAsync("/api/v1/runs", """{"plan":{"name":"p","steps":[{"id":"a","skill":"email_send","params":{"connection":"mail","to":"ann@example.org","subject":"Hello","body":"Hi."}}]}}""");

        Assert.Equal("enough", enough.GetProperty("facts").GetText("shared_budget"));
        Assert.False(simulated.GetProperty("feasible").GetBoolean());
        Assert.Equal("used up: tenant_day", simulated.GetProperty("facts").GetText("shared_budget"));
        Assert.Equal((402, "ACCOUNT_BUDGET_EXCEEDED"), (started.Status, started.Body.GetProperty("error").GetText("code")));
        Assert.Equal(201, (await house.AskAsync("/api/v1/runs", """{"plan":{"name":"p","steps":[{"id":"a","skill":"echo"}]}}""")).Status);
    }

    private Task SpendAsync(string agent, string skill, decimal cents, int daysAgo, string tenant = "default") =>
        house.Get<ILedger>().ChargeAsync(new TenantId(tenant), agent, skill, new Cents(cents), DateTimeOffset.UtcNow.AddDays(-daysAgo), Cancel);

    /// <summary>Levels, with the account where it is one.</summary>
    private async Task<List<string>> ToldAsync() => [.. (await house.AskAsync("/api/v1/budgets/events")).Body.GetProperty("events").EnumerateArray()
        .Select(one => $"{one.GetText("level")} {(one.GetText("subject")!.Split(':') is ["account" or "alarm", var type, ..] ? type : "")}")];
}
