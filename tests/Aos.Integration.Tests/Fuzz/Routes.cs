using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.App.Server;

namespace Aos.Integration.Tests.Fuzz;

/// <summary>
/// Hostile requests to every route there is. Whatever comes: an answer in time, never a 5xx but 503 with Retry-After, every
/// refusal in the one JSON form, and the server goes on. <c>AOS_FUZZ_SEEDS</c> sets how many seeds are played (2 by default).
/// </summary>
public sealed partial class Routes : IAsyncLifetime
{
    private const int RequestsPerRoute = 6;
    private static readonly int Seeds = int.TryParse(Environment.GetEnvironmentVariable("AOS_FUZZ_SEEDS"), out var seeds) ? seeds : 2;
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public async Task No_request_breaks_the_server()
    {
        var routes = OpenApiPage.Routes(house.Services).Select(route => (route.Method, route.Path)).ToList();
        var key = house.Key();

        Assert.True(routes.Count > 20);
        for (var seed = 0; seed < Seeds; seed++)
        {
            var hostile = new Hostile(seed);
            foreach (var (method, path) in routes)
            {
                for (var i = 0; i < RequestsPerRoute; i++)
                {
                    using var request = Request(hostile, i == 0 ? hostile.Method() : method, path, key);
                    await AnswerAsync(request, $"seed {seed}, request {i}: {request.Method} {request.RequestUri}");
                }
            }
        }

        Assert.Equal(200, (await house.AskAsync("/readyz")).Status);
        Assert.Equal("succeeded", (await house.AskAsync("/api/v1/runs?wait=20", """{"plan":[{"skill":"echo"}]}""")).Body.GetText("status"));
    }

    private static HttpRequestMessage Request(Hostile hostile, string method, string path, string key)
    {
        var target = Parameter().Replace(path, _ => hostile.Segment()) + hostile.QueryText();
        var request = new HttpRequestMessage(new HttpMethod(method), target);
        if (method is "POST" or "PUT" or "PATCH" or "DELETE" or "QUERY")
        {
            request.Content = new ByteArrayContent(hostile.Body());
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        request.Headers.TryAddWithoutValidation("X-API-Key", key);
        var (name, value) = hostile.Header();
        if (name == "Content-Type") request.Content?.Headers.TryAddWithoutValidation(name, value);
        else if (value.All(c => c is >= ' ' and < '\x7f')) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private async Task AnswerAsync(HttpRequestMessage request, string what)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var reply = await house.Http.SendAsync(request, HttpCompletionOption.ResponseContentRead, limit.Token);
        var status = (int)reply.StatusCode;
        var text = await reply.Content.ReadAsStringAsync(limit.Token);

        Assert.True(status < 500 || (status == 503 && reply.Headers.RetryAfter is not null), $"{what}: {status} {text}");
        Assert.False(status is >= 300 and < 400, $"{what}: a redirect");
        if (status < 400 || text.Length == 0) return;
        var body = Json.Parse(text);
        Assert.True(body.Get("detail") is not null, $"{what}: {text}");
        Assert.True(FailureCatalog.Find(body.Get("error")?.GetText("code") ?? "") is not null, $"{what}: {text}");
        if (body.Get("error")!.Value.GetText("message")!.StartsWith("The body is no valid JSON", StringComparison.Ordinal))
            Assert.Equal(JsonValueKind.Number, body.Get("error")!.Value.Get("details")!.Value.GetProperty("offset").ValueKind);
    }

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Parameter();
}
