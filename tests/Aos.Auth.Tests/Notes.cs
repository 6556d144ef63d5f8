using Aos.Memory;
using Aos.Skills;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>What agents remember, over HTTP.</summary>
public sealed class Notes : IAsyncLifetime
{
    private const string All = "/api/v1/memory/notes";
    private const string Search = "/api/v1/memory/search";

    private AuthHouse house = null!;
    private (string, string) acme, rival;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        (acme, rival) = (await KeyAsync(house, "acme"), await KeyAsync(house, "rival"));
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "E1.2-01")]
    public async Task Recall_of_an_agent_answers_as_ever()
    {
        var agent = (await AskAsync("POST", "/agents", """{"name":"a7"}""")).Text("agent_id")!;
        await AddAsync($$"""{"text":"The invoice of Brightwater was sent twice.","agent_id":"{{agent}}","meta":{"run_id":"r1"} }""");
        await AddAsync("""{"text":"Invoices go out on Monday."}""");
        await AddAsync("""{"text":"The invoice of another agent.","agent_id":"b8"}""");

        var found = await AskAsync("GET", $"/agents/{agent}/recall?query=invoices%20of%20Brightwater&k=5");
        var aliased = await AskAsync("GET", $"/agents/{agent}/recall?q=invoices%20of%20Brightwater&k=1");

        Assert.Equal(["The invoice of Brightwater was sent twice.", "Invoices go out on Monday."], found.Body.EnumerateArray().Select(one => one.GetText("text")));
        Assert.Equal(["id", "text", "meta", "created_at"], found.Body[0].EnumerateObject().Select(member => member.Name));
        Assert.Equal("""{"run_id":"r1"}""", found.Body[0].GetText("meta"));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, found.Body[1].GetProperty("meta").ValueKind);
        Assert.Equal(found.Body[0].GetText("id"), aliased.Body[0].GetText("id"));
        Assert.Equal(1, aliased.Body.GetArrayLength());
        Assert.Equal(2, (await AskAsync("GET", $"/agents/{agent}/recall?query=")).Body.GetArrayLength());
        Assert.Equal(404, (await AskAsync("GET", "/agents/none/recall?query=a")).Status);
        Assert.Equal(404, (await house.AskAsync("GET", $"/agents/{agent}/recall?query=a", null, rival)).Status);
        Assert.Equal((422, 422, 422), ((await AskAsync("GET", $"/agents/{agent}/recall")).Status, (await AskAsync("GET", $"/agents/{agent}/recall?query=a&k=0")).Status, (await AskAsync("GET", $"/agents/{agent}/recall?query=a&k=101")).Status));
    }

    [Fact]
    [Trait("id", "E1.2-02")]
    public async Task Notes_are_made_read_listed_and_forgotten_and_each_tenant_has_its_own()
    {
        var made = await AddAsync("""{"text":"Leila is allergic to walnuts.","agent_id":"a7","memory_type":"preference","importance":0.9,"ttl_seconds":60}""");
        var again = await AskAsync("POST", All, """{"text":"Leila is allergic to walnuts.","agent_id":"a7"}""");
        var id = made.Text("id")!;

        Assert.Equal((201, 200, id), (made.Status, again.Status, again.Text("id")));
        Assert.Equal(("agent", "trusted", "aos-hash-1", "acme"), (made.Text("scope"), made.Text("trust"), made.Text("embedding_model"), made.Text("tenant_id")));
        Assert.Equal("preference", (await AskAsync("GET", $"{All}/{id}")).Text("memory_type"));
        Assert.Equal((1, 0), ((await AskAsync("GET", $"{All}?agent_id=a7&types=fact,preference"))["count"].GetInt32(), (await AskAsync("GET", $"{All}?types=fact"))["count"].GetInt32()));
        Assert.Equal((404, 404, 0), ((await house.AskAsync("GET", $"{All}/{id}", null, rival)).Status, (await house.AskAsync("DELETE", $"{All}/{id}", null, rival)).Status, (await house.AskAsync("GET", All, null, rival))["count"].GetInt32()));
        Assert.Equal(403, (await AskAsync("POST", All, """{"text":"a","tenant_id":"rival"}""")).Status);
        Assert.Equal(200, (await AskAsync("DELETE", $"{All}/{id}")).Status);
        Assert.Equal((404, 404), ((await AskAsync("GET", $"{All}/{id}")).Status, (await AskAsync("DELETE", $"{All}/nonsense")).Status));

        for (var i = 0; i < 3; i++) await AddAsync($$"""{"text":"note {{i}}","agent_id":"a7"}""");
        var page = await AskAsync("GET", $"{All}?limit=2");
        Assert.Equal(1, (await AskAsync("GET", $"{All}?limit=2&before={page.Text("next_before")}"))["count"].GetInt32());
        Assert.Equal(422, (await AskAsync("DELETE", All)).Status);
        Assert.Equal(3, (await AskAsync("DELETE", $"{All}?agent_id=a7"))["deleted_count"].GetInt32());
    }

    [Fact]
    [Trait("id", "E1.2-03")]
    public async Task A_search_by_query_and_by_body_give_the_same_with_scores_and_reasons()
    {
        await AddAsync("""{"text":"The gateway was deployed on Tuesday.","agent_id":"a7"}""");
        await AddAsync("""{"text":"Walnuts are in the cupboard.","agent_id":"a7"}""");

        var byQuery = await AskAsync("GET", $"{Search}?q=gateway%20deployment&agent_id=a7&k=1&explain=true");
        var byBody = await AskAsync("POST", Search, """{"q":"gateway deployment","agent_id":"a7","k":1,"explain":true}""");
        var hit = byQuery["hits"][0];

        Assert.Equal("The gateway was deployed on Tuesday.", hit.GetText("text"));
        Assert.Equal(hit.GetText("id"), byBody["hits"][0].GetText("id"));
        Assert.InRange(hit.GetProperty("score").GetDouble(), 0.5, 1);
        Assert.Equal(1, hit.GetProperty("explain").GetProperty("full_text").GetProperty("rank").GetInt32());
        Assert.Equal(0.5, hit.GetProperty("explain").GetProperty("importance").GetDouble());
        Assert.Null((await AskAsync("GET", $"{Search}?q=gateway"))["hits"][0].Get("explain"));
        Assert.Equal(0, (await AskAsync("GET", $"{Search}?q=gateway&min_score=1"))["count"].GetInt32());
        Assert.Equal(0, (await house.AskAsync("GET", $"{Search}?q=gateway", null, rival))["count"].GetInt32());
        Assert.Equal("aos-hash-1", byQuery.Text("model"));
    }

    [Theory]
    [Trait("id", "E1.2-04")]
    [InlineData("GET", Search, null)]
    [InlineData("GET", Search + "?q=a&k=0", null)]
    [InlineData("GET", Search + "?q=a&min_score=2", null)]
    [InlineData("GET", Search + "?q=a&scope=world", null)]
    [InlineData("GET", Search + "?q=a&since=soon", null)]
    [InlineData("GET", Search + "?q=a&explain=maybe", null)]
    [InlineData("POST", Search, """{"q":"a","k":101}""")]
    [InlineData("POST", Search, """{"q":"a","types":"fact"}""")]
    [InlineData("POST", Search, """{"q":7}""")]
    [InlineData("POST", All, "{}")]
    [InlineData("POST", All, """{"text":" "}""")]
    [InlineData("POST", All, """{"text":"a","importance":2}""")]
    [InlineData("POST", All, """{"text":"a","trust":"maybe"}""")]
    [InlineData("POST", All, """{"text":"a","scope":"agent"}""")]
    [InlineData("POST", All, """{"text":"a","ttl_seconds":0}""")]
    [InlineData("POST", All, """{"text":"a","meta":[]}""")]
    [InlineData("GET", All + "?before=x", null)]
    [InlineData("GET", All + "?run_id=x", null)]
    public async Task What_is_wrong_is_told(string method, string path, string? body)
    {
        var reply = await AskAsync(method, path, body);

        Assert.Equal((422, "INVALID_INPUT"), (reply.Status, reply.Text("error.code")));
    }

    [Fact]
    [Trait("id", "E1.2-05")]
    [Trait("id", "E5-26")]
    [Trait("id", "E9.5-08")]
    [Trait("id", "E9.5-09")]
    public async Task Vectors_of_a_provider_their_quota_and_their_state()
    {
        await using var provider = await ModelServer.OpenAsync((context, body) => body.GetProperty("input")[0].GetString()!.Contains("refuse", StringComparison.Ordinal)
            ? ModelServer.RefuseAsync(context, 500, """{"error":{"message":"down","type":"server_error"} }""")
            : Testing.Embeddings.AnswerAsync(context, body));
        await using var own = await AuthHouse.OpenAsync(more: services =>
        {
            services.AddSingleton(new RecallOptions { Provider = "local", Model = "m", DailyQuota = 5 });
            services.AddSingleton(new ModelsOptions { Endpoints = [new ModelEndpoint("local", ModelWire.OpenAi, provider.Origin + "/v1", null, "m", Seeds: false) { EmbedModel = "m" }] });
        });
        var key = await KeyAsync(own, "acme");
        for (var i = 0; i < 3; i++) await own.AskAsync("POST", All, $$"""{"text":"note {{new string('x', i)}}"}""", key);
        await own.Chore("memory_embed").PassAsync(TestContext.Current.CancellationToken);

        var state = await own.AskAsync("GET", "/api/v1/memory/backfill", null, key);
        Assert.Equal(("local/m", 3, 3, 0, 0), (state.Text("model"), state["notes"].GetInt32(), state["done"].GetInt32(), state["pending"].GetInt32(), state["failed"].GetInt32()));
        var found = await own.AskAsync("GET", $"{Search}?q=note", null, key);
        Assert.Equal(("local/m", "local/m"), (found.Text("model"), found["hits"][0].GetText("embedding_model")));
        Assert.Equal("no_embedding", (await own.AskAsync("GET", $"{Search}?q=refuse%20note", null, key)).Text("degraded"));
        var quota = await own.AskAsync("GET", "/api/v1/embedding/quota", null, key);
        Assert.Equal((5, 4, 1, false), (quota["daily_quota"].GetInt32(), quota["current_count"].GetInt32(), quota["remaining"].GetInt32(), quota["exceeded"].GetBoolean()));
        Assert.EndsWith("T00:00:00Z", quota.Text("reset_at"), StringComparison.Ordinal);

        var metrics = (await own.AskAsync("GET", "/metrics", null, ("X-AOS-Key", AuthHouse.FirstKey))).Body.GetString()!;
        Assert.Contains("aos_vector_query_latency_seconds_count 2", metrics, StringComparison.Ordinal);
        Assert.Contains("aos_vector_fallback_total{reason=\"no_embedding\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("aos_embedding_api_calls_total{provider=\"local\",status=\"error\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("aos_vector_index_size 3", metrics, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "E1.2-06")]
    public async Task Who_may_only_read_writes_nothing_and_a_machine_removes_nothing()
    {
        var reader = ("X-AOS-Key", (await house.KeyAsync("readonly", """ "tenant_id":"acme" """)).Text);
        var machine = ("X-AOS-Key", (await house.KeyAsync("machine", """ "tenant_id":"acme" """)).Text);
        var note = (await house.AskAsync("POST", All, """{"text":"kept"}""", machine)).Text("id");

        Assert.Equal((200, 200, 403), ((await house.AskAsync("GET", $"{Search}?q=kept", null, reader)).Status, (await house.AskAsync("POST", Search, """{"q":"kept"}""", reader)).Status, (await house.AskAsync("POST", All, """{"text":"no"}""", reader)).Status));
        Assert.Equal((403, 403), ((await house.AskAsync("DELETE", $"{All}/{note}", null, machine)).Status, (await house.AskAsync("DELETE", $"{All}?before=2099-01-01", null, machine)).Status));
    }

    private static async Task<(string, string)> KeyAsync(AuthHouse house, string tenant) => ("X-AOS-Key", (await house.KeyAsync("admin", $""" "tenant_id":"{tenant}","tier":"unlimited" """)).Text);

    private async Task<Reply> AddAsync(string body)
    {
        var reply = await AskAsync("POST", All, body);
        Assert.True(reply.Status == 201, reply.Body.GetRawText());
        return reply;
    }

    private Task<Reply> AskAsync(string method, string path, string? body = null) => house.AskAsync(method, path, body, acme);
}
