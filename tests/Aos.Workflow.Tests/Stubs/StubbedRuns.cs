using System.Text.Json;
using Aos.Testing;
using Aos.Workflow.Tests.Basics;

namespace Aos.Workflow.Tests.Stubs;

/// <summary>Runs of the three skills that most plans are made of, in a world with stubs.</summary>
public sealed class StubbedRuns
{
    private const string Fetch = """
        {"name":"fetch","steps":[
          {"id":"fetch","skill":"http_call","params":{"url":"https://api.example.com/users"}},
          {"id":"users","skill":"json_transform","params":{"data":"${{ steps.fetch.result.body }}","operation":"extract","path":"$.users"}},
          {"id":"active","skill":"json_transform","params":{"data":"${{ steps.users.result.result }}","operation":"filter","condition":{"field":"active","value":true}}}]}
        """;

    private const string Ask = """
        {"name":"ask","steps":[
          {"id":"ask","skill":"llm_invoke","params":{"prompt":"Analyze the numbers","seed":"${{ run.seed }}"}},
          {"id":"pick","skill":"json_transform","params":{"data":"${{ steps.ask.result }}","operation":"pick","keys":["content","content_hash"]}},
          {"id":"sum","skill":"llm_invoke","params":{"prompt":"Sum up: ${{ steps.pick.result.result.content }}","seed":"${{ run.seed }}"}}]}
        """;

    private const string Names = """
        {"name":"names","inputs":{"people":{"type":"object"}},"steps":[
          {"id":"people","skill":"json_transform","params":{"data":"${{ inputs.people }}","operation":"extract","path":"$.list"}},
          {"id":"sorted","skill":"json_transform","params":{"data":"${{ steps.people.result.result }}","operation":"sort","sort_key":"age","sort_order":"desc"}},
          {"id":"names","skill":"json_transform","params":{"data":"${{ steps.sorted.result.result }}","operation":"map","path":"$.name"}}]}
        """;

    private const string People = """{"people":{"list":[{"age":31,"name":"Ann"},{"age":54,"name":"Bob"},{"age":42,"name":"Cid"}]}}""";

    [Fact]
    [Trait("id", "F5.8-01")]
    [Trait("id", "F5.8-05")]
    public async Task What_is_fetched_is_taken_apart_and_sieved()
    {
        await using var world = await OpenAsync();
        var run = await world.RunAsync(Fetch);

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal("""[{"active":true,"id":1,"name":"Ann"},{"active":true,"id":3,"name":"Cid"}]""", run.Steps[2].Result!.Value.GetProperty("result").GetRawText());
        Assert.Empty(await world.ViolationsAsync());
    }

    [Fact]
    [Trait("id", "F5.8-02")]
    public async Task What_a_model_says_goes_on_to_the_next_question()
    {
        await using var world = await OpenAsync();
        var run = await world.RunAsync(Ask);

        Assert.Equal((RunStatus.Succeeded, "All is well."), (run.Status, run.Steps[2].Result!.Value.GetText("content")));
        Assert.Equal("user: Sum up: They rise.", "user: " + world.Skills.Effects[^1].Params.GetText("prompt"));
    }

    [Fact]
    [Trait("id", "F5.8-03")]
    public async Task A_list_is_sorted_and_mapped()
    {
        await using var world = await OpenAsync();
        var id = await world.StartAsync(Names, People);
        await world.SettleAsync();

        Assert.Equal("""["Bob","Cid","Ann"]""", (await world.ReadAsync(id)).Steps[2].Result!.Value.GetProperty("result").GetRawText());
    }

    [Theory]
    [InlineData(Fetch)]
    [InlineData(Ask)]
    [Trait("id", "F5.8-04")]
    [Trait("id", "F5.8-06")]
    public async Task Five_runs_of_one_seed_have_one_root_hash(string plan)
    {
        await using var world = await OpenAsync();
        var roots = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 5; i++) roots.Add((await world.RunAsync(plan)).End!.RootHash);

        Assert.Single(roots);
        Assert.DoesNotContain((await world.RunAsync(plan, seed: 43)).End!.RootHash, roots);
    }

    [Fact]
    [Trait("id", "F5.8-07")]
    [Trait("id", "F5.8-08")]
    [Trait("id", "F5.8-10")]
    [Trait("id", "F5.8-11")]
    [Trait("id", "F5.8-12")]
    public async Task Each_skill_gives_its_hash_and_what_else_its_callers_count_on()
    {
        await using var world = await OpenAsync();
        var (fetch, ask) = (await world.RunAsync(Fetch), await world.RunAsync(Ask));
        var (http, json, llm) = (fetch.Steps[0].Result!.Value, fetch.Steps[1].Result!.Value, ask.Steps[0].Result!.Value);

        Assert.Equal([16, 16, 16], new[] { http.GetText("body_hash")!.Length, json.GetText("result_hash")!.Length, llm.GetText("content_hash")!.Length });
        Assert.True(json.GetProperty("canonical").GetBoolean());
        AssertHas(http, "status_code", "headers", "body", "body_hash", "latency_ms");
        AssertHas(json, "result", "result_hash", "operation", "canonical");
        AssertHas(llm, "content", "content_hash", "input_tokens", "output_tokens", "model", "finish_reason");
    }

    [Fact]
    [Trait("id", "F5.8-09")]
    public async Task Failures_of_all_three_are_of_one_form()
    {
        await using var world = await OpenAsync();
        foreach (var (step, code) in new[]
        {
            ("""{"id":"a","skill":"http_call","params":{"url":"https://api.example.com/missing"}}""", "HTTP_4XX"),
            ("""{"id":"a","skill":"json_transform","params":{"data":{"b":1},"operation":"extract","path":"$.c"}}""", "DATA_NOT_FOUND"),
            ("""{"id":"a","skill":"llm_invoke","params":{"prompt":"a secret"}}""", "LLM_CONTENT_FILTER"),
        })
        {
            var run = await world.RunAsync($$"""{"name":"p","steps":[{{step}}]}""");
            var failure = run.End!.Failure!;
            Assert.Equal((RunStatus.Failed, code, code), (run.Status, failure.Code, FailureCatalog.Find(failure.Code)?.Code));
            Assert.Equal((FailureCatalog.Find(code)!.Category, FailureCatalog.Find(code)!.Retryable), (failure.Category, failure.Retryable));
        }
    }

    private static void AssertHas(JsonElement result, params string[] members) =>
        Assert.All(members, member => Assert.True(result.TryGetProperty(member, out _), member));

    private static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills
            .Add(new StubHttp(world.Clock)
                .Answer("/users", new StubResponse(200, """{"users":[{"active":true,"id":1,"name":"Ann"},{"active":false,"id":2,"name":"Bob"},{"active":true,"id":3,"name":"Cid"}]}"""))
                .Answer("/missing", new StubResponse(404)))
            .Add(new StubLlm().Answer("analyze", "They rise.").Answer("sum up", "All is well.").AddError("secret", "LLM_CONTENT_FILTER"))
            .Add(new StubJson());
        return world;
    }
}
