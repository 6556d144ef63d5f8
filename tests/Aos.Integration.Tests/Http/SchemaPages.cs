using System.Net;
using System.Text;
using System.Text.Json;

namespace Aos.Integration.Tests.Http;

/// <summary>Contract documents over HTTP, and inputs that are checked before a run starts.</summary>
public sealed class SchemaPages : IAsyncLifetime
{
    private const string Plan = """
        {"name":"p","inputs":{"month":{"type":"string","pattern":"^[0-9]{4}-[0-9]{2}$"},"limit":{"type":"integer","default":5}},
         "steps":[{"id":"a","skill":"echo","params":{"got":"${{ inputs.month }}/${{ inputs.limit }}"}}]}
        """;

    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public async Task Every_object_that_is_served_fits_its_served_schema()
    {
        var names = (await GetAsync("/api/v1/schemas")).Body.GetProperty("schemas").EnumerateArray().Select(one => one.GetText("name")!).ToList();

        Assert.Equal(6, names.Count);
        foreach (var name in names)
        {
            var schema = JsonSchema.Known((await GetAsync($"/api/v1/schemas/{name}")).Body);
            var examples = (await GetAsync($"/api/v1/schemas/{name}/examples")).Body.GetProperty("examples").EnumerateArray().ToList();

            Assert.NotEmpty(examples);
            Assert.All(examples, example => Assert.Empty(schema.Check(example, name)));
        }
    }

    [Fact]
    public async Task All_skills_describe_themselves()
    {
        var examples = (await GetAsync("/api/v1/schemas/skill_metadata/examples")).Body.GetProperty("examples").EnumerateArray().Select(one => one.GetText("skill_id"));

        Assert.Contains("llm_invoke", examples);
    }

    [Theory]
    [InlineData("/api/v1/schemas/nothing")]
    [InlineData("/api/v1/schemas/nothing/examples")]
    public async Task An_unknown_document_is_told(string path)
    {
        var (status, body) = await GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Equal("NOT_FOUND", body.Get("error")!.Value.GetText("code"));
    }

    [Fact]
    public async Task A_run_takes_the_inputs_its_plan_declares_with_their_defaults()
    {
        var run = await StartAsync("""{"month":"2026-01"}""");

        Assert.Equal("2026-01/5", run.Body.GetProperty("outcome").GetProperty("result").GetProperty("echo").GetText("got"));
    }

    [Theory]
    [InlineData("{}", "inputs.month")]
    [InlineData("""{"month":1}""", "inputs.month")]
    [InlineData("""{"month":"2026-01","more":1}""", "inputs.more")]
    public async Task A_run_with_other_inputs_is_refused_by_name(string inputs, string path)
    {
        var (status, body) = await StartAsync(inputs);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("INVALID_INPUT", body.GetProperty("error").GetText("code"));
        Assert.StartsWith(path, body.GetProperty("error").GetText("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_child_run_with_other_inputs_fails_its_step()
    {
        var (_, run) = await PostAsync("/api/v1/runs?wait=10", """{"name":"q","steps":[{"id":"c","run":{"plan":PLAN,"inputs":{"month":"January"}}}]}""".Replace("PLAN", Plan, StringComparison.Ordinal));

        Assert.Equal("failed", run.GetText("status"));
        Assert.Contains("inputs.month", run.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_step_runs_without_a_key_and_says_that_it_is_scripted()
    {
        var (_, run) = await PostAsync("/api/v1/runs?wait=10", """{"name":"q","seed":3,"budget_cents":10,"steps":[{"id":"a","skill":"llm_invoke","params":{"prompt":"Say hello","seed":"${{ run.seed }}"}}]}""");

        Assert.Equal("scripted", run.GetProperty("outcome").GetProperty("result").GetText("provider"));
    }

    private Task<(HttpStatusCode Status, JsonElement Body)> StartAsync(string inputs) => PostAsync("/api/v1/runs?wait=10", $$"""{"plan":{{Plan}},"inputs":{{inputs}}}""");

    private async Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string path)
    {
        using var response = await house.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return (response.StatusCode, Json.Parse(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)));
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await house.Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return (response.StatusCode, Json.Parse(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)));
    }
}
