using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aos.E2E.Tests;

/// <summary>Three demos of older SDKs, call by call over plain HTTP as they make them.</summary>
public sealed class Demos(Served served) : IClassFixture<Served>, IAsyncLifetime
{
    private readonly ConcurrentQueue<string> slack = [];
    private WebApplication peer = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        peer = builder.Build();
        peer.MapGet("/api/v3/simple/price", Answer(200, """{"bitcoin":{"usd":97321.5}}"""));
        peer.MapGet("/status/{code:int}", (HttpContext context, int code) => context.Response.StatusCode = code);
        peer.MapPost("/slack", async context =>
        {
            using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
            slack.Enqueue(await reader.ReadToEndAsync(context.RequestAborted));
            await context.Response.WriteAsync("ok");
        });
        await peer.StartAsync();
    }

    public ValueTask DisposeAsync() => peer.DisposeAsync();

    [Fact]
    [Trait("id", "CLI-50")]
    public async Task The_price_of_bitcoin_reaches_slack()
    {
        var demo = Demo("btc_price.json");
        Assert.Equal(JsonValueKind.True, (await SimulateAsync(demo, 100)).GetProperty("feasible").ValueKind);
        var run = await RunAsync(demo);

        Assert.Equal("succeeded", run.GetText("status"));
        Assert.Equal("BTC price: $97321.5 USD", Json.Parse(Assert.Single(slack)).GetText("text"));
    }

    [Fact]
    [Trait("id", "CLI-51")]
    public async Task Users_are_transformed_the_same_way_twice()
    {
        var demo = Demo("json_transform.json");
        Assert.Equal(JsonValueKind.True, (await SimulateAsync(demo, 50)).GetProperty("feasible").ValueKind);
        var first = await RunAsync(demo);
        var second = await RunAsync(demo);

        Assert.Equal("succeeded", first.GetText("status"));
        var result = first.GetProperty("outcome").GetProperty("result");
        Assert.Equal(result.GetRawText(), second.GetProperty("outcome").GetProperty("result").GetRawText());
        Assert.Equal(
            """[{"contact":"alice@example.com","label":"Alice"},{"contact":"charlie@example.com","label":"Charlie"}]""",
            CanonicalJson.Text(result.ValueKind == JsonValueKind.Array ? result : result.GetProperty("result")));
    }

    [Fact]
    [Trait("id", "CLI-52")]
    public async Task A_failing_call_is_retried_and_then_its_fallback_answers()
    {
        var demo = Demo("http_retry.json");
        await SimulateAsync(demo, 100);
        var run = await RunAsync(demo);

        Assert.Equal("succeeded", run.GetText("status"));
        var result = run.GetProperty("outcome").GetProperty("result");
        Assert.Equal("200", (result.Get("result") ?? result).GetProperty("status").GetRawText());
    }

    [Fact]
    [Trait("id", "CLI-53")]
    public async Task The_parity_check_of_older_pipelines_passes()
    {
        var body = Json.Parse("""{"steps":[{"id":"s1","skill":"echo","params":{"msg":"hi"}},{"id":"s2","skill":"wait","params":{"ms":100}}],"budget":{"max_cost_usd":0.01}}""");
        using var http = new HttpClient { BaseAddress = served.Url };
        http.DefaultRequestHeaders.Add("Authorization", $"Bearer {Served.Key}");
        Assert.Equal(JsonValueKind.True, (await PostAsync(http, "/api/v1/runtime/simulate", body)).GetProperty("feasible").ValueKind);
        var id = (await PostAsync(http, "/api/v1/runs", body)).GetText("run_id")!;
        var run = Json.Parse(await http.GetStringAsync($"/api/v1/runs/{id}", TestContext.Current.CancellationToken));

        Assert.Equal("succeeded", run.GetText("status"));
        Assert.Equal(JsonValueKind.True, (await PostAsync(http, $"/api/v1/traces/{id}/replay", Json.EmptyObject)).GetProperty("match").ValueKind);
    }

    private static RequestDelegate Answer(int status, string json) => async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json);
    };

    private JsonElement Demo(string file) => Json.Parse(File.ReadAllText(Path.Combine(Samples.At("demos"), file)).Replace("SERVER", peer.Urls.First(), StringComparison.Ordinal));

    private Task<JsonElement> SimulateAsync(JsonElement demo, int budget) => PostAsync(served.Http, "/api/v1/runtime/simulate", Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("plan");
        demo.GetProperty("plan").WriteTo(writer);
        writer.WriteNumber("budget_cents", budget);
        writer.WriteEndObject();
    }));

    /// <summary>Creates the run and reads it once, at once.</summary>
    private async Task<JsonElement> RunAsync(JsonElement demo)
    {
        var created = await PostAsync(served.Http, "/api/v1/runs", demo);
        return Json.Parse(await served.Http.GetStringAsync($"/api/v1/runs/{created.GetText("run_id")}", TestContext.Current.CancellationToken));
    }

    private static async Task<JsonElement> PostAsync(HttpClient http, string path, JsonElement body)
    {
        using var response = await http.PostAsync(path, new StringContent(body.GetRawText(), Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {text}");
        return Json.Parse(text);
    }
}
