using Aos.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Skills.Tests;

public sealed class Calls : IAsyncLifetime
{
    private WebApplication peer = null!;
    private string origin = "";

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        peer = builder.Build();
        peer.MapGet("/json", () => Results.Text("""{"a":1}""", "application/json"));
        peer.MapGet("/status/{code:int}", (int code, HttpContext context) =>
        {
            context.Response.Headers.RetryAfter = "7";
            return Results.StatusCode(code);
        });
        peer.MapGet("/never", async (HttpContext context) => await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted));
        peer.MapGet("/away", () => Results.Redirect("http://169.254.169.254/latest/meta-data"));
        peer.MapGet("/big", () => Results.Bytes(new byte[11 * 1024 * 1024]));
        peer.MapPost("/key", (HttpContext context) => context.Request.Headers["Idempotency-Key"].ToString());
        await peer.StartAsync();
        origin = peer.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    public async ValueTask DisposeAsync() => await peer.DisposeAsync();

    [Fact]
    public async Task A_json_answer_is_parsed()
    {
        using var room = Allowed();
        var outcome = await room.CallAsync("http_call", $$"""{"url":"{{origin}}/json"}""");

        Assert.Equal(200, outcome.Result.GetProperty("status_code").GetInt32());
        Assert.Equal(1, outcome.Result.GetProperty("body").GetProperty("a").GetInt32());
    }

    [Theory]
    [InlineData(404, "HTTP_4XX", false)]
    [InlineData(429, "RATE_LIMITED", true)]
    [InlineData(500, "HTTP_5XX", true)]
    [InlineData(503, "SERVICE_UNAVAILABLE", true)]
    public async Task A_bad_status_is_a_failure_with_the_peers_advice(int status, string code, bool retryable)
    {
        using var room = Allowed();
        var failure = (await room.CallAsync("http_call", $$"""{"url":"{{origin}}/status/{{status}}"}""")).Failure!;

        Assert.Equal(code, failure.Code);
        Assert.Equal(retryable, failure.Retryable);
        Assert.Equal(TimeSpan.FromSeconds(7), failure.RetryAfter);
        Assert.Equal(status, failure.Details!.Value.GetProperty("upstream_status").GetInt32());
    }

    [Fact]
    public async Task A_slow_peer_times_out()
    {
        using var room = Allowed();

        Assert.Equal("TIMEOUT", (await room.CallAsync("http_call", $$"""{"url":"{{origin}}/never","timeout_ms":100}""")).Failure?.Code);
    }

    [Fact]
    public async Task A_redirect_to_a_metadata_address_is_refused()
    {
        using var room = Allowed();

        Assert.Equal("EGRESS_BLOCKED", (await room.CallAsync("http_call", $$"""{"url":"{{origin}}/away"}""")).Failure?.Code);
    }

    [Fact]
    public async Task An_answer_beyond_the_limit_is_refused()
    {
        using var room = Allowed();

        Assert.Equal("RESPONSE_TOO_LARGE", (await room.CallAsync("http_call", $$"""{"url":"{{origin}}/big"}""")).Failure?.Code);
    }

    [Fact]
    public async Task A_call_that_writes_carries_its_key()
    {
        using var room = Allowed();
        var outcome = await room.CallAsync("http_call", $$$"""{"url":"{{{origin}}}/key","method":"POST","body":{"n":1}}""");

        Assert.Equal("key-1", outcome.Result.GetProperty("body").GetString());
        Assert.Equal("http_post", Assert.Single(outcome.SideEffects).Type);
    }

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://localhost/")]
    [InlineData("http://LOCALHOST./")]
    [InlineData("http://0177.0.0.1/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::ffff:127.0.0.1]/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[fd00::1]/")]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://172.16.0.1/")]
    [InlineData("http://192.168.0.1/")]
    [InlineData("http://100.64.0.1/")]
    [InlineData("http://169.254.169.254/")]
    [InlineData("http://224.0.0.1/")]
    [InlineData("http://0.0.0.0/")]
    public async Task Addresses_that_are_not_public_are_refused_however_they_are_written(string url)
    {
        using var room = new SkillRoom();

        Assert.Equal("EGRESS_BLOCKED", (await room.Egress.CheckAsync(url, TestContext.Current.CancellationToken))?.Code);
    }

    [Theory]
    [InlineData("ftp://example.com/")]
    [InlineData("http://user:secret@example.com/")]
    [InlineData("example.com")]
    public async Task What_is_no_plain_web_address_is_refused(string url)
    {
        using var room = new SkillRoom();

        Assert.Equal("INVALID_INPUT", (await room.Egress.CheckAsync(url, TestContext.Current.CancellationToken))?.Code);
    }

    [Fact]
    public async Task A_public_address_is_allowed()
    {
        using var room = new SkillRoom();

        Assert.Null(await room.Egress.CheckAsync("http://93.184.216.34/", TestContext.Current.CancellationToken));
    }

    private SkillRoom Allowed() => new(new Uri(origin).Authority);
}
