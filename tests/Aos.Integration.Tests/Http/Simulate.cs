using System.Net;
using System.Text;
using System.Text.Json;
using Aos.App.Cli;

namespace Aos.Integration.Tests.Http;

/// <summary>Simulate over HTTP, and that it says what a run will be told.</summary>
public sealed class Simulate(OpenHouse open) : IClassFixture<OpenHouse>
{
    private const string Route = "/api/v1/runtime/simulate";

    private readonly House house = open.House;

    public static TheoryData<string> Plans() =>
    [
        """{"plan":[{"skill":"echo","params":{"n":1}}]}""",
        """{"plan":[{"skill":"http_call","params":{"url":"http://127.0.0.1:1/"}},{"skill":"echo"}],"budget_cents":0}""",
        """{"plan":[]}""",
        """{"plan":[{"skill":"http_cal","params":{"url":"x"}}]}""",
        """{"plan":[{"skill":"parity_test"},{"skill":"shell"},{"skill":"echo","params":{"x":"${{ steps.nope.result }}"}}]}""",
        """{"plan":[{"skill":"http_call","params":{}}]}""",
        """{"plan":[{"params":{}},7]}""",
        """{"steps":[{"id":"s1","skill":"echo","params":{"msg":"hi"}},{"id":"s2","skill":"wait","params":{"ms":1}}],"budget":{"max_cost_usd":0.01}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","agent":{"goal":"g"}}]}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","await":{"approval":{"level":1}}}]}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","await":{"approval":{}}}]}}}]}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"nowhere"}]}}}]}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","run":{"plan":{"$ref":"workflow:w"}}}]}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","skill":"echo","params":{"x":"${{ memory[\"k\"] }}"}}]}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","skill":"echo","parms":{}}]}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","skill":"echo","depends_on":["b"]},{"id":"b","skill":"echo","depends_on":["a"]}]}}""",
        """{"plan":{"name":"p","inputs":{"n":{"type":"integer"}},"steps":[{"id":"a","skill":"echo","params":{"n":"${{ inputs.n }}"}}]},"inputs":{"n":1}}""",
        """{"plan":{"name":"p","inputs":{"n":{"type":"integer"}},"steps":[{"id":"a","skill":"echo","params":{"n":"${{ inputs.n }}"}}]},"inputs":{"n":"one"}}""",
        """{"plan":{"name":"p","inputs":{"n":{"type":"integer"}},"steps":[{"id":"a","skill":"echo"}]}}""",
        """{"plan":[{"skill":"http_call","params":{"url":5}}]}""",
        """{"plan":[{"skill":"nowhere"},{"skill":"http_call","params":{"url":["x"],"headers":1}},{"skill":"json_transform","params":{"payload":{},"mapping":7}}]}""",
        """{"plan":[{"skill":"http_call","params":{"url":"http://a.example","timeout_ms":"soon"}}]}""",
        """{"plan":[{"skill":"http_call","params":{"url":"http://a.example","timeout_ms":999999999999}}]}""",
        """{"plan":[{"skill":"http_call","params":{"url":"http://a.example","timeout_ms":-1}}]}""",
        """{"plan":[{"skill":"wait","params":{"ms":-1}}]}""",
        """{"plan":[{"skill":"wait","params":{"ms":"long"}}]}""",
        """{"plan":{"name":"p","steps":[{"id":"a","skill":"echo","timeout":"-1s"}]}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","skill":"echo","timeout":"999999d"}]}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","skill":"echo","timeout":"999999999999999999999d"}]}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","skill":"echo","compensate":{"skill":"http_call","params":{"url":1}}}]}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"http_call","params":{"url":true}}]}}}]}}""",
        """{"plan":{"name":"p","steps":[{"id":"a","skill":"http_call","for_each":"${{ inputs.urls }}","params":{"url":"${{ item }}","method":7}}]}}""",
    ];

    public static TheoryData<string> Samples() =>
        [.. Directory.EnumerateFiles(Path.Combine(Root(), "samples"), "*.yaml", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) is not ("connection.yaml" or "models.yaml" or "seed.yaml")) // What stands beside a plan.
            .Select(file => Path.GetRelativePath(Root(), file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Plans))]
    public async Task A_run_is_refused_exactly_when_and_as_simulate_says(string body)
    {
        var simulated = await PostAsync(Route, body);
        var run = await PostAsync("/api/v1/runs", body);

        Assert.Equal(HttpStatusCode.OK, simulated.Status);
        AssertAgreement(simulated.Body, run);
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Simulate_and_run_agree_about_every_sample(string file)
    {
        var plan = await PlanFile.ReadAsync(Path.Combine(Root(), file), TestContext.Current.CancellationToken);
        var body = $"{{\"plan\":{plan.GetRawText()}}}";

        AssertAgreement((await PostAsync(Route, body)).Body, await PostAsync("/api/v1/runs", body));
    }

    [Fact]
    [Trait("id", "A8.8-20")]
    public async Task Clients_of_every_kind_find_their_members()
    {
        const string Body = """{"plan":[{"skill":"http_call","params":{"url":"https://fx.example"}},{"skill":"echo","params":{}}],"budget_cents":50,"seed":7,"timestamp":"2026-01-01T00:00:00Z"}""";

        var body = (await PostAsync(Route, Body)).Body;

        Assert.True(body.Get("feasible")!.Value.GetBoolean());
        Assert.Equal("feasible", body.GetText("status"));
        foreach (var name in new[] { "estimated_cost_cents", "estimated_duration_ms", "budget_remaining_cents", "seed", "estimated_cost_cents_exact", "cost_max_cents" })
            Assert.Equal(JsonValueKind.Number, body.Get(name)?.ValueKind);
        foreach (var name in new[] { "permission_gaps", "risks", "step_estimates", "step_simulations", "steps", "alternatives", "warnings" })
            Assert.Equal(JsonValueKind.Array, body.Get(name)?.ValueKind);
        Assert.Equal("1.1", body.GetText("schema_version"));
        Assert.Equal("2026-01-01T00:00:00Z", body.GetText("frozen_timestamp"));
        Assert.Equal(64, body.GetText("root_hash")!.Length);
        Assert.NotEmpty(body.GetText("trace_id")!);
        var risk = body.Get("risks")!.Value[0];
        Assert.Equal(("TIMEOUT", "timeout", 0.1), (risk.GetText("risk_type"), risk.GetText("type"), risk.Get("probability")!.Value.GetDouble()));
        var step = body.Get("step_estimates")!.Value[0];
        foreach (var name in new[] { "step_index", "estimated_cost_cents", "estimated_latency_ms", "cost_cents", "latency_ms", "risk_probability" })
            Assert.Equal(JsonValueKind.Number, step.Get(name)?.ValueKind);
        Assert.Equal(("http_call", "timeout"), (step.GetText("skill_id"), step.GetText("risk_type")));
        Assert.Equal("TIMEOUT", body.Get("step_simulations")!.Value[0].Get("failure_modes")!.Value[0].GetText("code"));
        Assert.Equal(0.1, body.Get("metadata")!.Value.Get("cumulative_risk")!.Value.GetDouble());
        Assert.NotEmpty(body.Get("facts")!.Value.GetText("price_table")!);
    }

    [Fact]
    public async Task Equal_requests_get_equal_bytes_whatever_ran_in_between()
    {
        const string Body = """{"plan":[{"skill":"http_call","params":{"url":"https://a.example"}},{"skill":"nowhere"}],"seed":12345}""";

        var first = await RawAsync(Body);
        await PostAsync("/api/v1/runs", """{"plan":[{"skill":"echo"}]}""");
        var second = await RawAsync(Body);

        Assert.Equal(first, second);
        Assert.NotEqual(first, await RawAsync(Body.Replace("12345", "12346", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("echo", true)]
    [InlineData("shell", false)]
    [InlineData("parity_test", false)]
    public async Task Every_skill_name_gets_an_estimate_and_one_that_is_not_there_a_warning(string skill, bool isThere)
    {
        var reply = await PostAsync(Route, $$$"""{"plan":[{"skill":"{{{skill}}}","params":{}}]}""");

        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal(isThere, reply.Body.Get("feasible")!.Value.GetBoolean());
        Assert.Equal(skill, reply.Body.Get("step_estimates")!.Value[0].GetText("skill_id"));
        Assert.Equal(!isThere, reply.Body.Get("warnings")!.Value.EnumerateArray().Any(warning => warning.GetString()!.Contains(skill, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("echo", "{}", 0)]
    [InlineData("http_call", """{"url":"https://a.example"}""", 0)]
    [InlineData("json_transform", """{"payload":{"a":1},"mapping":{"b":"a"}}""", 0)]
    [InlineData("llm_invoke", """{"prompt":"Hi"}""", 5)]
    [Trait("id", "F5.2-07")]
    public async Task Every_skill_has_a_cost_estimate_and_simulate_uses_it(string skill, string parameters, int cents)
    {
        var skills = Json.Parse(await house.Http.GetStringAsync("/api/v1/runtime/capabilities", TestContext.Current.CancellationToken)).Get("skills")!.Value;
        var step = (await PostAsync(Route, $$"""{"plan":[{"skill":"{{skill}}","params":{{parameters}}}]}""")).Body.Get("step_estimates")!.Value[0];

        Assert.Equal(cents, skills.Get(skill)!.Value.Get("cost_estimate_cents")!.Value.GetInt32());
        Assert.Equal(cents, step.Get("cost_cents")!.Value.GetInt32());
        Assert.All(skills.EnumerateObject(), one => Assert.True(one.Value.Get("cost_estimate_cents")!.Value.GetInt64() >= 0, one.Name));
    }

    [Fact]
    public async Task The_older_shape_with_a_workflow_id_gets_stable_ids()
    {
        const string Body = """{"workflow_id":"w","input":{"type":"t","message":"m"},"config":{"seed":12345,"frozen_timestamp":"2026-01-01T00:00:00Z","deterministic":true},"idempotency_key":"k"}""";

        var (one, two) = ((await PostAsync(Route, Body)).Body, (await PostAsync(Route, Body)).Body);

        Assert.Equal(one.GetText("root_hash"), two.GetText("root_hash"));
        Assert.Equal((12345, "2026-01-01T00:00:00Z", "1.1"), (one.Get("seed")!.Value.GetInt32(), one.GetText("frozen_timestamp"), one.GetText("schema_version")));
        Assert.Equal("NOT_FOUND", one.Get("error")!.Value.GetText("code"));
        Assert.NotEqual(one.GetText("root_hash"), (await PostAsync(Route, Body.Replace("\"m\"", "\"n\"", StringComparison.Ordinal))).Body.GetText("root_hash"));
    }

    [Fact]
    public async Task The_tenant_is_the_credential_s()
    {
        var reply = await PostAsync(Route, """{"plan":[],"tenant_id":"other"}""");

        Assert.Equal(HttpStatusCode.Forbidden, reply.Status);
    }

    [Fact]
    public async Task Members_without_meaning_are_named()
    {
        var body = (await PostAsync(Route, """{"plan":[{"skill":"echo"}],"colour":"red"}""")).Body;

        Assert.Contains(body.Get("warnings")!.Value.EnumerateArray(), warning => warning.GetString()!.StartsWith("colour", StringComparison.Ordinal));
    }

    /// <summary>A run starts when simulate says feasible, else it is refused with the same code, message and details.</summary>
    internal static void AssertAgreement(JsonElement simulated, (HttpStatusCode Status, JsonElement Body) run)
    {
        Assert.Equal(simulated.Get("feasible")!.Value.GetBoolean(), run.Status == HttpStatusCode.Created);
        if (run.Status == HttpStatusCode.Created) return;
        var (said, got) = (simulated.Get("error")!.Value, run.Body.Get("error")!.Value);
        Assert.Equal(got.GetText("code"), said.GetText("code"));
        Assert.Equal(got.GetText("message"), said.GetText("message"));
        Assert.Equal(got.Get("details")?.GetRawText() ?? "null", said.Get("details")?.GetRawText() ?? "null");
        Assert.Equal(simulated.GetText("reason"), got.GetText("message"));
    }

    private async Task<string> RawAsync(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await house.Http.PostAsync(Route, content, TestContext.Current.CancellationToken);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string route, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await house.Http.PostAsync(route, content, TestContext.Current.CancellationToken);
        return (response.StatusCode, Json.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Aos.slnx"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Aos.slnx");
        return folder;
    }
}
