using System.Net;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.CostSim;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Http;

/// <summary>The cost models over HTTP, under both of their addresses.</summary>
public sealed class CostModels : IAsyncLifetime
{
    private const string Hello = """{"plan":[{"skill":"llm_invoke","params":{"prompt":"Hello world"}}],"budget_cents":100,"workflow_id":"w","agent_id":"a"}""";

    private readonly CostModelOptions models = new() { IsShadowOn = true, WritesMemory = true, DetectsDrift = true };
    private readonly Kept kept = new();
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync(services => services.AddSingleton(new CostSimOptions { Models = models }).AddSingleton<IProvenance>(kept));

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Theory]
    [Trait("id", "D1.1-01")]
    [Trait("id", "D9.21-01")]
    [InlineData("/costsim")]
    [InlineData("/api/v1/costsim")]
    public async Task The_status_says_how_the_second_model_stands(string prefix)
    {
        var (status, body) = await AskAsync(HttpMethod.Get, $"{prefix}/v2/status");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((true, false, true, false), (Flag(body, "sandbox_enabled"), Flag(body, "circuit_breaker_open"), Flag(body, "circuit_breaker_known"), Flag(body, "disabled_by_drift")));
        Assert.Equal(("2.0.0", "2.0.0", "v1 1.0.0", 0.2), (body.GetText("model_version"), body.GetText("adapter_version"), body.GetText("production_model"), body.GetProperty("drift_threshold").GetDouble()));
    }

    [Fact]
    [Trait("id", "D1.2-01")]
    [Trait("id", "D9.21-05")]
    public async Task Both_models_answer_with_all_members()
    {
        models.WritesMemory = models.DetectsDrift = false;
        var (status, body) = await AskAsync(HttpMethod.Post, "/costsim/v2/simulate", Hello);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            """
            {"comparison":{"cost_delta_cents":-1,"cost_delta_pct":0.2,"drift_score":0.12,"feasibility_match":true,"v1_cost_cents":5,"v2_cost_cents":4,"verdict":"minor_drift"},"drift_detected":null,"drift_score":null,"memory_context_keys":null,"memory_updates_applied":null,"sandbox_enabled":true,"v1_cost_cents":5,"v1_duration_ms":2000,"v1_feasible":true,"v1_status":"feasible","v2_error":null,"v2_result":{"budget_remaining_cents":96,"confidence_score":0.92,"estimated_cost_cents":4,"estimated_duration_ms":1802,"feasible":true,"model_version":"2.0.0","risks":[{"probability":0.03,"risk_type":"rate_limit","skill_id":"llm_invoke","step_index":0}],"runtime_ms":0,"status":"success","step_estimates":[{"confidence":0.92,"cost_cents":3.54,"latency_ms":1802.2,"skill_id":"llm_invoke","step_index":0}],"warnings":[]}}
            """,
            CanonicalJson.Text(Still(body)));
        models.IsShadowOn = false;
        var off = (await AskAsync(HttpMethod.Post, "/api/v1/costsim/v2/simulate", """{"plan":[]}""")).Body;
        Assert.Equal((false, "invalid_plan", false, JsonValueKind.Null, JsonValueKind.Null), (Flag(off, "v1_feasible"), off.GetText("v1_status"), Flag(off, "sandbox_enabled"), off.GetProperty("v2_result").ValueKind, off.GetProperty("comparison").ValueKind));
    }

    [Fact]
    [Trait("id", "D1.2-04")]
    [Trait("id", "D9.21-02")]
    [Trait("id", "D9.21-03")]
    [Trait("id", "D9.21-04")]
    [Trait("id", "D9.21-06")]
    public async Task The_memory_is_told_and_asked_where_the_caller_may()
    {
        var first = (await AskAsync(HttpMethod.Post, "/costsim/v2/simulate", Hello)).Body;
        Assert.Equal((JsonValueKind.Null, 2, JsonValueKind.Null), (first.GetProperty("memory_context_keys").ValueKind, first.GetProperty("memory_updates_applied").GetInt32(), first.GetProperty("drift_detected").ValueKind));

        var second = (await AskAsync(HttpMethod.Post, "/costsim/v2/simulate", Hello.Replace("{\"plan\"", "{\"inject_memory\":true,\"plan\"", StringComparison.Ordinal))).Body;
        Assert.Equal("""["workflow_state","cost_history"]""", second.GetProperty("memory_context_keys").GetRawText());
        Assert.Equal((false, 0.12, "low"), (Flag(second, "drift_detected"), second.GetProperty("drift_score").GetDouble(), second.GetText("drift_severity")));
        Assert.Equal(first.GetProperty("v1_cost_cents").GetInt64(), second.GetProperty("v1_cost_cents").GetInt64());

        var history = await house.Get<IPins>().FindAsync(Caller.System(TenantId.Default), "costsim:history", TestContext.Current.CancellationToken);
        Assert.Equal(2, history!.Value.GetProperty("total_simulations").GetInt32());
    }

    [Fact]
    [Trait("id", "D1.8-01")]
    [Trait("id", "D1.9-01")]
    public async Task Datasets_are_listed_and_told_one_by_one()
    {
        var list = (await AskAsync(HttpMethod.Get, "/costsim/datasets")).Body;
        Assert.Equal(["low_variance", "high_variance", "mixed_city", "noise_injected", "historical"], list.EnumerateArray().Select(one => one.GetText("id")!));
        Assert.Null(list[0].Get("sample_tags"));

        var one = (await AskAsync(HttpMethod.Get, "/api/v1/costsim/datasets/low_variance")).Body;
        Assert.Equal(("Low Variance Dataset", 30, 1.0, 4), (one.GetText("name"), one.GetProperty("sample_count").GetInt32(), one.GetProperty("thresholds").GetProperty("max_mean_error").GetDouble(), one.GetProperty("sample_tags").GetArrayLength()));
        foreach (var (method, path) in new[] { (HttpMethod.Get, "/costsim/datasets/nowhere"), (HttpMethod.Post, "/costsim/datasets/nowhere/validate") })
        {
            var (status, body) = await AskAsync(method, path);
            Assert.Equal(HttpStatusCode.NotFound, status);
            Assert.Contains("nowhere", body.GetProperty("detail").ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("id", "D1.10-01")]
    [Trait("id", "D1.11-01")]
    public async Task A_dataset_judges_the_second_model_and_so_do_all()
    {
        var one = (await AskAsync(HttpMethod.Post, "/costsim/datasets/mixed_city/validate")).Body;
        Assert.Equal(("mixed_city", "Mixed City Dataset", "acceptable", 0.0, 25), (one.GetText("dataset_id"), one.GetText("dataset_name"), one.GetText("verdict"), one.GetProperty("drift_score").GetDouble(), one.GetProperty("details").GetProperty("errors_count").GetInt32()));
        Assert.True(one.GetProperty("timestamp").TryGetDateTimeOffset(out _));

        var all = (await AskAsync(HttpMethod.Post, "/api/v1/costsim/datasets/validate-all")).Body;
        Assert.True(Flag(all, "all_passed"));
        Assert.All(all.GetProperty("results").EnumerateObject(), result => Assert.Equal("acceptable", result.Value.GetText("verdict")));
        Assert.Equal(5, all.GetProperty("results").EnumerateObject().Count());
    }

    [Theory]
    [Trait("id", "D1.2-06")]
    [InlineData("""{}""")]
    [InlineData("""{"plan":{}}""")]
    [InlineData("""{"plan":[{}]}""")]
    [InlineData("""{"plan":[{"skill":"a","params":7}]}""")]
    [InlineData("""{"plan":[],"budget_cents":-1}""")]
    [InlineData("""{"plan":[],"budget_cents":1.5}""")]
    [InlineData("""{"plan":[],"run_id":"x"}""")]
    [InlineData("""{"plan":[],"inject_memory":"yes"}""")]
    public async Task What_makes_no_sense_is_refused(string body) =>
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await AskAsync(HttpMethod.Post, "/costsim/v2/simulate", body)).Status);

    [Fact]
    [Trait("id", "D1.2-07")]
    public async Task Odd_parameters_and_other_tenants()
    {
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(HttpMethod.Post, "/costsim/v2/simulate", """{"plan":[{"skill":"llm_invoke","params":{"prompt":{"a":[1]},"timeout":"soon"}},{"skill":"http_call","params":{"url":null,"timeout":-3}}],"colour":"red"}""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(HttpMethod.Post, "/costsim/v2/simulate", """{"plan":[],"tenant_id":"other"}""")).Status);
    }

    [Fact]
    [Trait("id", "D1.12-07")]
    [Trait("id", "D2.5-05")]
    public async Task Simulate_says_its_model_its_alternatives_and_what_was_measured()
    {
        const string body = """{"plan":[{"skill":"llm_invoke","params":{"prompt":"hi"}},{"skill":"kv_get","params":{"key":"k"}}],"budget_cents":2}""";
        var before = (await AskAsync(HttpMethod.Post, "/api/v1/runtime/simulate", body)).Body;
        Assert.Equal("v1", before.GetProperty("model").GetText("name"));
        var raise = before.GetProperty("alternatives").EnumerateArray().Last();
        Assert.Equal(("raise_budget", 5, true), (raise.GetText("kind"), raise.GetProperty("budget_cents").GetInt32(), Flag(raise, "feasible")));
        Assert.Null(before.GetProperty("facts").Get("measured_risks"));

        Assert.Equal("succeeded", (await AskAsync(HttpMethod.Post, "/api/v1/runs?wait=30", """{"plan":[{"skill":"echo","params":{}}]}""")).Body.GetText("status"));
        var rates = house.Get<CallRates>();
        for (var i = 0; i < 100; i++) rates.Called(TenantId.Default, "kv_get", i < 50 ? "TIMEOUT" : null);
        await rates.PassAsync(TestContext.Current.CancellationToken);
        var measured = await house.Get<CallTable>().OfAsync(TenantId.Default, TimeProvider.System.GetUtcNow(), TestContext.Current.CancellationToken);
        Assert.Equal(1, measured.Single(rate => rate.Skill == "echo").Calls); // The run's own call.
        Assert.Equal((100, 50), (measured.Single(rate => rate.Skill == "kv_get").Calls, measured.Single(rate => rate.Skill == "kv_get").Failures["TIMEOUT"]));
    }

    [Fact]
    [Trait("id", "D3.1-08")]
    public async Task What_simulate_has_answered_comes_to_the_second_model_by_itself()
    {
        await AskAsync(HttpMethod.Post, "/api/v1/runtime/simulate", """{"plan":[{"skill":"llm_invoke","params":{"prompt":"Hello world"}}],"budget_cents":100}""");

        var record = await kept.First.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(("shadow", 5m, 4m, "minor_drift", "default"), (record.Source, record.V1Cents, record.V2Cents, record.Verdict, record.Tenant.Value));
        Assert.Equal(5, record.Payload.GetProperty("simulated_cents").GetDecimal());
    }

    /// <summary>The answer with the one member that differs from call to call set to 0.</summary>
    private static JsonElement Still(JsonElement body) =>
        Json.Parse(System.Text.RegularExpressions.Regex.Replace(body.GetRawText(), "\"runtime_ms\": ?\\d+", "\"runtime_ms\":0"));

    private static bool Flag(JsonElement body, string name) => body.GetProperty(name).GetBoolean();

    private async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-AOS-Key", house.Key());
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var reply = await house.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (reply.StatusCode, Json.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    /// <summary>Provenance that the test can look at.</summary>
    private sealed class Kept : IProvenance
    {
        internal TaskCompletionSource<ProvenanceRecord> First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<int> WriteAsync(IReadOnlyList<ProvenanceRecord> records, CancellationToken cancel)
        {
            if (records.FirstOrDefault(record => record.Source == "shadow") is { } compared) First.TrySetResult(compared);
            return Task.FromResult(records.Count);
        }

        public Task<IReadOnlyList<ProvenanceRecord>> QueryAsync(ProvenanceFilter filter, int limit, int offset, CancellationToken cancel) => Task.FromResult<IReadOnlyList<ProvenanceRecord>>([]);

        public Task<long> CountAsync(ProvenanceFilter filter, CancellationToken cancel) => Task.FromResult(0L);

        public Task<ProvenanceStats> StatsAsync(ProvenanceFilter filter, CancellationToken cancel) => Task.FromResult(new ProvenanceStats(0, 0, 0, 0, 0));
    }
}
