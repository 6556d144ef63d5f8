using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>Tenants are held to what they may use, on all nodes together.</summary>
public sealed class TenantQuotas : IAsyncLifetime
{
    private const string Echo = """{"plan":{"steps":[{"id":"a","skill":"echo","params":{"v":1}}]}}""";

    private AuthHouse house = null!;

    public async ValueTask InitializeAsync() => house = await AuthHouse.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "TENANT-api")]
    public async Task The_house_names_a_tenant_and_sets_quotas_and_what_is_not_named_stays()
    {
        Assert.Equal(200, (await SetAsync("acme", """{"name":"Acme Ltd","quota":{"runs_per_day":5,"storage_bytes":1000}}""")).Status);
        await SetAsync("acme", """{"quota":{"storage_bytes":null,"concurrent_runs":2}}""");

        var shown = await house.AsFirstAsync("GET", "/api/v1/tenants/acme");
        Assert.Equal("Acme Ltd", shown.Text("name"));
        Assert.Equal((5, 2), (shown["quota.runs_per_day"].GetInt64(), shown["quota.concurrent_runs"].GetInt64()));
        Assert.Equal((System.Text.Json.JsonValueKind.Null, System.Text.Json.JsonValueKind.Null), (shown["quota.storage_bytes"].ValueKind, shown["quota.tokens_per_month"].ValueKind));
        Assert.Equal(0, shown["usage.runs_today"].GetInt64());
        Assert.Contains((await house.AsFirstAsync("GET", "/api/v1/tenants"))["tenants"].EnumerateArray(), tenant => tenant.GetText("id") == "acme");
    }

    [Fact]
    [Trait("id", "TENANT-own-only")]
    public async Task A_tenant_sees_its_own_quotas_and_changes_none()
    {
        await SetAsync("acme", """{"quota":{"runs_per_day":5}}""");
        await SetAsync("rival", """{"quota":{"runs_per_day":7}}""");
        var admin = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"acme" """)).Text);

        Assert.Equal(5, (await house.AskAsync("GET", "/api/v1/tenants/acme", null, admin))["quota.runs_per_day"].GetInt64());
        var (foreign, unknown) = (await house.AskAsync("GET", "/api/v1/tenants/rival", null, admin), await house.AskAsync("GET", "/api/v1/tenants/nobody", null, admin));
        Assert.Equal((404, 404), (foreign.Status, unknown.Status));
        Assert.Equal(foreign.Text("error.message")!.Replace("rival", "nobody", StringComparison.Ordinal), unknown.Text("error.message"));
        Assert.Equal(403, (await house.AskAsync("GET", "/api/v1/tenants", null, admin)).Status);
        Assert.Equal(403, (await house.AskAsync("PUT", "/api/v1/tenants/acme", """{"quota":{"runs_per_day":null}}""", admin)).Status);
    }

    [Fact]
    [Trait("id", "TENANT-runs-per-day")]
    public async Task More_runs_than_the_quota_says_are_refused_until_the_day_ends_and_a_repeat_is_none()
    {
        await SetAsync("acme", """{"quota":{"runs_per_day":3}}""");
        var key = ("X-AOS-Key", (await house.KeyAsync("machine", """ "tenant_id":"acme" """)).Text);
        const string repeated = """{"idempotency_key":"once","plan":{"steps":[{"id":"a","skill":"echo","params":{"v":1}}]}}""";

        var first = await house.AskAsync("POST", "/api/v1/runs", repeated, key);
        Assert.Equal(first.Text("run_id"), (await house.AskAsync("POST", "/api/v1/runs", repeated, key)).Text("run_id"));
        for (var i = 0; i < 2; i++) Assert.True((await house.AskAsync("POST", "/api/v1/runs", Echo, key)).Status is 201 or 202);
        var refused = await house.AskAsync("POST", "/api/v1/runs", Echo, key);

        Assert.Equal((429, "QUOTA_EXHAUSTED", "runs_per_day"), (refused.Status, refused.Text("error.code"), refused.Text("error.details.quota")));
        Assert.Equal((3, 3), (refused["error.details.limit"].GetInt64(), refused["error.details.used"].GetInt64()));
        Assert.InRange(int.Parse(refused.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture), 1, 86_400);
        Assert.Equal(first.Text("run_id"), (await house.AskAsync("POST", "/api/v1/runs", repeated, key)).Text("run_id"));
        Assert.Equal(3, (await house.AsFirstAsync("GET", "/api/v1/tenants/acme"))["usage.runs_today"].GetInt64());
        Assert.True((await house.AsFirstAsync("POST", "/api/v1/runs", Echo)).Status is 201 or 202);
    }

    [Fact]
    [Trait("id", "TENANT-never-above")]
    public async Task Many_at_once_never_get_more_than_the_quota_and_what_is_refused_is_not_counted()
    {
        await SetAsync("acme", """{"quota":{"runs_per_day":25}}""");
        var key = ("X-AOS-Key", (await house.KeyAsync("machine", """ "tenant_id":"acme","tier":"unlimited" """)).Text);

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => house.AskAsync("POST", "/api/v1/runs", Echo, key)));

        Assert.Equal(25, answers.Count(answer => answer.Status is 201 or 202));
        Assert.Equal(35, answers.Count(answer => answer.Status == 429));
        await SetAsync("acme", """{"quota":{"runs_per_day":26}}""");
        Assert.True((await house.AskAsync("POST", "/api/v1/runs", Echo, key)).Status is 201 or 202);
        Assert.Equal(429, (await house.AskAsync("POST", "/api/v1/runs", Echo, key)).Status);
    }

    [Fact]
    [Trait("id", "TENANT-refused-start")]
    public async Task A_start_that_is_refused_for_another_reason_uses_no_quota()
    {
        await SetAsync("acme", """{"quota":{"runs_per_day":1}}""");
        var key = ("X-AOS-Key", (await house.KeyAsync("machine", """ "tenant_id":"acme" """)).Text);

        Assert.Equal(400, (await house.AskAsync("POST", "/api/v1/runs", """{"plan":{"steps":[{"id":"a","skill":"nothing"}]}}""", key)).Status);

        Assert.True((await house.AskAsync("POST", "/api/v1/runs", Echo, key)).Status is 201 or 202);
    }

    [Fact]
    [Trait("id", "TENANT-tokens")]
    public async Task Tokens_are_taken_before_a_call_and_corrected_by_what_was_used()
    {
        await using var provider = await ModelPeer.OpenAsync(read: 7, written: 5);
        var models = new ModelsOptions { Endpoints = [new ModelEndpoint("local", ModelWire.OpenAi, provider.Url, null, "m", Seeds: false)] };
        await using var own = await AuthHouse.OpenAsync(more: services => services.AddSingleton(models));
        var key = ("X-AOS-Key", (await own.KeyAsync("machine", """ "tenant_id":"acme" """)).Text);
        await own.AsFirstAsync("PUT", "/api/v1/tenants/acme", """{"quota":{"tokens_per_month":500}}""");
        Task<Reply> CallAsync(int tokens) => own.AskAsync(
            "POST", "/api/v1/runs?wait=30", $$$"""{"plan":{"steps":[{"id":"a","skill":"llm_invoke","params":{"provider":"local","prompt":"hello","max_tokens":{{{tokens}}}}}]}}""", key);
        async Task<long> UsedAsync() => (await own.AsFirstAsync("GET", "/api/v1/tenants/acme"))["usage.tokens_this_month"].GetInt64();

        var small = await CallAsync(400);
        Assert.True(small.Text("status") == "succeeded", small.Body.GetRawText());
        Assert.Equal(12, await UsedAsync());

        var large = await CallAsync(488);
        Assert.Equal("failed", large.Text("status"));
        Assert.Contains("QUOTA_EXHAUSTED", large.Body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal((12, 1), (await UsedAsync(), provider.Calls));
    }

    [Fact]
    [Trait("id", "TENANT-storage")]
    public async Task Who_has_stored_too_much_starts_no_run_until_there_is_less()
    {
        await SetAsync("acme", """{"quota":{"storage_bytes":100000}}""");
        var key = ("X-AOS-Key", (await house.KeyAsync("machine", """ "tenant_id":"acme" """)).Text);
        var value = new string('x', 150_000);
        Assert.Equal("succeeded", (await house.AskAsync("POST", "/api/v1/runs?wait=30", $$$"""{"plan":{"steps":[{"id":"a","skill":"kv_set","params":{"key":"k","value":"{{{value}}}"}}]}}""", key)).Text("status"));

        await house.Chore("tenant-storage").PassAsync(TestContext.Current.CancellationToken);
        await SetAsync("acme", "{}"); // What was measured before is looked at again.
        var refused = await house.AskAsync("POST", "/api/v1/runs", Echo, key);

        Assert.Equal((429, "storage_bytes"), (refused.Status, refused.Text("error.details.quota")));
        Assert.InRange(refused["error.details.used"].GetInt64(), 300_000, 1_000_000);
        Assert.True((await house.AsFirstAsync("POST", "/api/v1/runs", Echo)).Status is 201 or 202);
        await SetAsync("acme", """{"quota":{"storage_bytes":1000000}}""");
        Assert.True((await house.AskAsync("POST", "/api/v1/runs", Echo, key)).Status is 201 or 202);
    }

    [Fact]
    [Trait("id", "TENANT-concurrent")]
    public async Task Runs_beyond_those_at_work_at_once_are_queued_and_go_on_when_the_quota_is_raised()
    {
        await SetAsync("acme", """{"quota":{"concurrent_runs":0}}""");
        var key = ("X-AOS-Key", (await house.KeyAsync("machine", """ "tenant_id":"acme" """)).Text);
        var run = await house.AskAsync("POST", "/api/v1/runs", Echo, key);
        var path = $"/api/v1/runs/{run.Text("run_id")}";
        Assert.Equal("queued", (await house.AskAsync("GET", $"{path}?wait=0", null, key)).Text("status"));

        await SetAsync("acme", """{"quota":{"concurrent_runs":1}}""");

        Assert.Equal("succeeded", (await house.AskAsync("GET", $"{path}?wait=30", null, key)).Text("status"));
    }

    [Fact]
    [Trait("id", "TENANT-day")]
    public async Task The_next_day_begins_anew()
    {
        var quotas = house.Services.GetRequiredService<IQuotas>();
        var tenant = new TenantId("acme");
        await SetAsync("acme", """{"quota":{"runs_per_day":1}}""");
        var yesterdays = await quotas.TakeRunAsync(tenant, default);
        Assert.Null(yesterdays.Refusal);
        Assert.NotNull((await quotas.TakeRunAsync(tenant, default)).Refusal);

        await house.DamageAsync("UPDATE tenant_usage SET since = since - 864000000000");

        Assert.Null((await quotas.TakeRunAsync(tenant, default)).Refusal);
        await quotas.GiveBackRunAsync(tenant, yesterdays with { Since = yesterdays.Since!.Value.AddDays(-1) });
        Assert.NotNull((await quotas.TakeRunAsync(tenant, default)).Refusal);
    }

    private Task<Reply> SetAsync(string tenant, string body) => house.AsFirstAsync("PUT", $"/api/v1/tenants/{tenant}", body);
}
