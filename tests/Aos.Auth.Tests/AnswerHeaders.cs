using Aos.App.Server;

namespace Aos.Auth.Tests;

/// <summary>What every answer tells browsers, and whose pages may ask.</summary>
[Trait("store", "none")]
public sealed class AnswerHeaders(OpenHouse open) : IClassFixture<OpenHouse>
{
    private const string Console = "https://console.example.com";

    private readonly AuthHouse house = open.House;

    [Theory]
    [Trait("id", "SERVER-headers")]
    [InlineData("GET", "/api/v1/me", true, 200)]
    [InlineData("GET", "/api/v1/me", false, 401)]
    [InlineData("POST", "/api/v1/runs", true, 422)]
    [InlineData("GET", "/nothing", true, 404)]
    [InlineData("PATCH", "/health", false, 405)]
    [InlineData("GET", "/healthz", false, 200)]
    [InlineData("GET", "/metrics", true, 200)]
    [InlineData("GET", "/openapi.json", false, 200)]
    [InlineData("GET", "/docs", false, 200)]
    public async Task Every_answer_is_shut_to_browsers_whatever_its_status(string method, string path, bool hasKey, int status)
    {
        var reply = hasKey ? await house.AsFirstAsync(method, path) : await house.AskAsync(method, path);

        Assert.Equal(status, reply.Status);
        Assert.Equal(("nosniff", "no-referrer", "DENY", "no-store"), (reply.Headers["X-Content-Type-Options"], reply.Headers["Referrer-Policy"], reply.Headers["X-Frame-Options"], reply.Headers["Cache-Control"]));
        Assert.StartsWith("default-src 'none'; ", reply.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", reply.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.DoesNotContain("Server", reply.Headers.Keys, StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain("Strict-Transport-Security", reply.Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    [Trait("id", "SERVER-headers")]
    public async Task The_page_of_routes_may_use_its_own_style_and_nothing_else()
    {
        var page = await house.AskAsync("GET", "/docs");
        var style = page.Body.GetString()!.Split("<style>")[1].Split("</style>")[0];
        var hash = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(style)));

        Assert.Contains($"style-src 'sha256-{hash}'", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page.Body.GetString()!, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    [Trait("id", "SERVER-headers")]
    public async Task A_route_that_says_how_long_its_answer_keeps_is_not_overruled()
    {
        var run = (await house.AsFirstAsync("POST", "/api/v1/runs?wait=20", """{"plan":[{"skill":"echo"}]}""")).Text("run_id");

        Assert.Equal("no-cache", (await house.AsFirstAsync("GET", $"/api/v1/runs/{run}/events")).Headers["Cache-Control"]);
    }

    [Fact]
    [Trait("id", "SERVER-cors")]
    public async Task Without_origins_no_page_may_read_an_answer()
    {
        var answer = await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", AuthHouse.FirstKey), ("Origin", Console));
        var asked = await house.AskAsync("OPTIONS", "/api/v1/me", null, ("Origin", Console), ("Access-Control-Request-Method", "GET"));

        Assert.Equal((200, 405), (answer.Status, asked.Status));
        Assert.DoesNotContain(answer.Headers.Keys.Concat(asked.Headers.Keys), name => name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [Trait("id", "SERVER-cors")]
    [InlineData(Console, true)]
    [InlineData("https://console.example.com.evil.example", false)]
    [InlineData("http://console.example.com", false)]
    [InlineData("https://console.example.com:444", false)]
    [InlineData("null", false)]
    public async Task Only_the_exact_origin_may_ask_and_never_with_what_a_browser_adds_by_itself(string origin, bool isAllowed)
    {
        await using var house = await AuthHouse.OpenAsync(server: new ServerOptions { Origins = [Console] });

        var asked = await house.AskAsync("OPTIONS", "/api/v1/me", null, ("Origin", origin), ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "x-aos-key"));
        var answer = await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", AuthHouse.FirstKey), ("Origin", origin));

        Assert.Equal(isAllowed ? origin : null, asked.Headers.GetValueOrDefault("Access-Control-Allow-Origin"));
        Assert.Equal(isAllowed ? origin : null, answer.Headers.GetValueOrDefault("Access-Control-Allow-Origin"));
        Assert.False(answer.Headers.ContainsKey("Access-Control-Allow-Credentials"));
        Assert.Equal("nosniff", asked.Headers["X-Content-Type-Options"]);
        if (isAllowed) Assert.Contains("X-Request-ID", answer.Headers["Access-Control-Expose-Headers"], StringComparison.Ordinal);
    }

    [Theory]
    [Trait("id", "SERVER-cors")]
    [InlineData("*")]
    [InlineData("https://*.example.com")]
    [InlineData("https://console.example.com/")]
    [InlineData("https://console.example.com/app")]
    [InlineData("console.example.com")]
    [InlineData("https://user:pass@console.example.com")]
    public void What_is_no_single_origin_keeps_the_server_from_starting(string origins)
    {
        var options = ServerOptions.Read(name => name == "AOS_CORS_ORIGINS" ? $"{Console}, {origins}" : null);

        Assert.Contains("AOS_CORS_ORIGINS", Assert.Single(options.Problems), StringComparison.Ordinal);
    }
}
