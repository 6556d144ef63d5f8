using System.Text.Json;
using Aos.App;
using Aos.App.Server;
using Aos.Contracts;
using Aos.Identity;
using Aos.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Cluster;

/// <summary>Equal runs have equal root hashes, wherever they run; and a client computes the roots of their traces as AOS does.</summary>
public sealed class RootHashes : IAsyncDisposable
{
    private static readonly string[] Plans =
    [
        """
        {"name":"list","seed":7,"steps":[
          {"id":"a","skill":"json_transform","params":{"data":[3,1,2],"query":"sort"}},{"id":"b","for_each":"${{ steps.a.result.result }}","as":"it","max_parallel":2,"skill":"kv_set","params":{"key":"k-${{ it }}","value":"${{ it }}"}},
          {"id":"c","skill":"kv_get","params":{"key":"k-2"}},{"id":"d","skill":"echo","params":{"message":"${{ uuid() }} é ${{ steps.c.result.value }}"}},{"id":"e","skill":"fs_read","params":{"path":"gone.txt"},"on_error":"continue"}]}
        """,
        """
        {"name":"graph","seed":18446744073709551615,"steps":[
          {"id":"a","skill":"echo","params":{"message":"1"},"depends_on":[]},{"id":"b","skill":"kv_set","params":{"key":"b","value":{"n":2}},"depends_on":[]},{"id":"c","skill":"kv_set","params":{"key":"c","value":3},"depends_on":[]},
          {"id":"d","sleep":"10ms","depends_on":[]},{"id":"e","skill":"kv_get","params":{"key":"b"},"depends_on":["b","d"]},{"id":"f","when":"steps.e.result.value.n > 5","skill":"echo","params":{"message":"no"},"depends_on":["e"]},
          {"id":"g","run":{"plan":{"name":"child","steps":[{"id":"x","skill":"echo","params":{"message":"child"}}]}},"depends_on":["a","c"]},{"id":"h","skill":"echo","params":{"message":"${{ steps.g.result }}"},"depends_on":["f","g"]}]}
        """,
    ];

    private readonly List<(WebApplication App, HttpClient Http, TemporaryFolder Data)> nodes = [];
    private readonly List<TestStore> stores = [];

    [Fact]
    [Trait("id", "ROOT-01")]
    [Trait("id", "ROOT-02")]
    [Trait("id", "ROOT-03")]
    [Trait("store", "postgres")]
    public async Task They_are_equal_on_both_stores_on_one_node_and_on_three_and_every_time()
    {
        var embedded = await StartAsync(Open(TestStoreKind.Sqlite));
        var shared = Open(null);
        var first = await StartAsync(shared);
        foreach (var plan in Plans)
        {
            var root = await RootAsync(embedded, plan);
            Assert.Matches("^[0-9a-f]{64}$", root);
            Assert.Equal(root, await RootAsync(embedded, plan));
            Assert.Equal(root, await RootAsync(first, plan));
        }

        HttpClient[] cluster = [first, await StartAsync(shared), await StartAsync(shared)];
        foreach (var plan in Plans)
        {
            var roots = await Task.WhenAll(cluster.Concat(cluster).Select(node => RootAsync(node, plan)));
            Assert.Equal([await RootAsync(embedded, plan)], roots.Distinct());
        }
    }

    [Fact]
    [Trait("id", "ROOT-04")]
    [Trait("id", "W-14")]
    public async Task A_client_of_schema_1_1_computes_the_root_of_an_exported_trace()
    {
        var node = await StartAsync(Open(null));
        foreach (var plan in Plans)
        {
            var run = await RunAsync(node, plan);
            var trace = await AskAsync(node, "GET", $"/api/v1/runs/{run.GetText("run_id")}/trace?schema=1.1");

            Assert.True(trace.GetProperty("finalized").GetBoolean());
            Assert.Equal(trace.GetText("root_hash"), ClientTrace.Root(trace));
            Assert.Equal(Json.Parse(plan).GetProperty("seed").GetRawText(), trace.GetProperty("seed").GetRawText());
        }

        var echoed = await RunAsync(node, """{"name":"p","steps":[{"id":"a","skill":"echo","params":{"message":"é","n":[1,{"b":2,"a":null}]}}]}""");
        var step = (await AskAsync(node, "GET", $"/api/v1/runs/{echoed.GetText("run_id")}/trace?schema=1.1")).GetProperty("steps")[0];
        Assert.Equal(ClientTrace.Data(Json.Parse("""{"n":[1,{"a":null,"b":2}],"message":"é"}""")), step.GetText("input_hash"));
    }

    [Fact]
    [Trait("id", "ROOT-04")]
    [Trait("store", "none")]
    public void The_client_s_own_computation_gives_the_vectors_of_the_schema()
    {
        const string at = "2025-01-01T00:00:00Z";
        var one = Json.Parse($$"""
            {"seed":42,"timestamp":"{{at}}","tenant_id":"default","steps":[{"step_index":0,"skill_id":"test","input_hash":"{{ClientTrace.Data(Json.Parse("""{"x":1}"""))}}","output_hash":"{{ClientTrace.Data(Json.Parse("""{"y":2}"""))}}",
              "rng_state_before":"abc123","outcome":"success","idempotency_key":null,"replay_behavior":"execute","duration_ms":7}]}
            """);
        var parity = Json.Parse($$"""
            {"seed":777,"timestamp":"2025-06-15T12:00:00Z","tenant_id":"default","steps":[{"step_index":0,"skill_id":"parity_test","input_hash":"{{ClientTrace.Data(Json.Parse("""{"y":2,"x":1}"""))}}","output_hash":"{{ClientTrace.Data(Json.Parse("""{"result":3}"""))}}",
              "rng_state_before":"state_777","outcome":"success","idempotency_key":null,"replay_behavior":"execute"}]}
            """);

        Assert.Equal("cf938f32827f06283ab80f355aee229da49abb2545beded7fd9fd746305cd7df", ClientTrace.Root(Json.Parse($$"""{"seed":42,"timestamp":"{{at}}","tenant_id":"default","steps":[]}""")));
        Assert.Equal("db2598e2f211210f5ae604dec32272eab72dcb7bb6f8823e95fd39eb7f75efa9", ClientTrace.Step(one.GetProperty("steps")[0]));
        Assert.Equal("47ac1afc78b5d71366ff6556d46a39fc33c86fb2de906b5a7b1f1fc7e876e029", ClientTrace.Root(one));
        Assert.Equal("e3727e1ff06dd2a0664cd78a111e9ad94994a1726943a4f9ee0c97036b0a50cb", ClientTrace.Root(parity));
        Assert.Equal("6071e7aa781e8adc", ClientTrace.Data(Json.Parse("""{"a":1,"b":"é"}""")));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (app, http, data) in nodes)
        {
            http.Dispose();
            await app.StopAsync();
            await app.DisposeAsync();
            data.Dispose();
        }

        foreach (var store in stores) await store.DisposeAsync();
    }

    private static async Task<string> RootAsync(HttpClient node, string plan) => (await RunAsync(node, plan)).GetText("root_hash")!;

    private static async Task<JsonElement> RunAsync(HttpClient node, string plan)
    {
        var run = (await AskAsync(node, "POST", "/api/v1/runs?wait=20", $$"""{"agent_id":"root","plan":{{plan}}}""")).GetText("run_id");
        var shown = await AskAsync(node, "GET", $"/api/v1/runs/{run}?wait=20");
        Assert.True(shown.GetText("status") == "succeeded", shown.GetRawText());
        return shown;
    }

    private static async Task<JsonElement> AskAsync(HttpClient node, string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var reply = await node.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(reply.IsSuccessStatusCode, text);
        return Json.Parse(text);
    }

    private TestStore Open(TestStoreKind? kind)
    {
        var store = TestStore.Open(
            (services, options) => services.AddLogging().AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(options.Data, options.Data) { DatabaseUrl = options.DatabaseUrl }), kind);
        stores.Add(store);
        return store;
    }

    private async Task<HttpClient> StartAsync(TestStore store)
    {
        var data = new TemporaryFolder();
        var master = Path.Combine(store.Data, "master.key");
        if (store.Kind != TestStoreKind.Sqlite && File.Exists(master)) File.Copy(master, Path.Combine(data.Path, "master.key"));
        var app = AosServer.Build("127.0.0.1", 0, new HouseOptions(data.Path, data.Path) { DatabaseUrl = store.Url });
        await app.StartAsync();
        var key = store.Kind == TestStoreKind.Sqlite ? File.ReadAllText(Path.Combine(data.Path, "api.key")).Trim() : SharedKey.Of(app.Services.GetRequiredService<IKeyring>(), made: null);
        if (store.Kind != TestStoreKind.Sqlite && !File.Exists(master)) File.Copy(Path.Combine(data.Path, "master.key"), master);
        var http = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
        http.DefaultRequestHeaders.Add("X-AOS-Key", key);
        nodes.Add((app, http, data));
        return http;
    }
}
