using Aos.Contracts;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests;

/// <summary><c>webhook_send</c> against a receiver.</summary>
[Trait("store", "none")]
public sealed class Webhooks : IAsyncLifetime
{
    private readonly ManualClock clock = new();
    private readonly List<(IHeaderDictionary Headers, string Body)> deliveries = [];
    private Peer receiver = null!;
    private SkillRoom room = null!;
    private int status = 200;

    public async ValueTask InitializeAsync()
    {
        receiver = await Peer.StartAsync(app => app.MapPost("/hook", async (HttpContext context) =>
        {
            deliveries.Add((new HeaderDictionary(context.Request.Headers.ToDictionary()), await Peer.BodyAsync(context)));
            context.Response.Headers.Location = "/elsewhere";
            context.Response.StatusCode = status;
        }));
        room = new SkillRoom([receiver.Authority], null, clock);
    }

    public async ValueTask DisposeAsync()
    {
        room.Dispose();
        await receiver.DisposeAsync();
    }

    [Fact]
    public async Task A_delivery_is_signed_over_its_time_id_and_body()
    {
        var outcome = await SendAsync("""{"token":"s3cret","key_version":"v2","body":{"b":1,"a":"é"}}""");
        var (headers, body) = Assert.Single(deliveries);
        var expected = Convert.ToHexStringLower(HMACSHA256.HashData("s3cret"u8, Encoding.UTF8.GetBytes($"1772366400\nkey-1\n{body}")));

        Assert.Equal("""{"a":"é","b":1}""", body);
        Assert.Equal("1772366400", headers["X-Webhook-Timestamp"].ToString());
        Assert.Equal("sha256=" + expected, headers["X-Webhook-Signature"].ToString());
        Assert.Equal("v2", headers["X-Webhook-Key-Version"].ToString());
        Assert.Equal("key-1", headers["X-Webhook-Delivery"].ToString());
        Assert.Equal("key-1", headers["X-Webhook-Id"].ToString());
        Assert.True(outcome.Result.GetProperty("signed").GetBoolean());
        Assert.Equal("key-1", outcome.Result.GetProperty("delivery_id").GetString());
        Assert.Equal("webhook_send", Assert.Single(outcome.SideEffects).Type);
    }

    [Fact]
    public void The_signature_is_a_known_one() => Assert.Equal(
        "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData("key"u8, "1\nid\n{}"u8)), WebhookSignature.Of("key", "1", "id", "{}"u8));

    [Fact]
    public async Task A_repeat_carries_the_same_id_and_a_new_time()
    {
        await SendAsync("""{"token":"t","body":"x"}""");
        clock.Advance(TimeSpan.FromSeconds(5));
        await SendAsync("""{"token":"t","body":"x"}""");

        Assert.Equal(deliveries[0].Headers["X-Webhook-Delivery"], deliveries[1].Headers["X-Webhook-Delivery"]);
        Assert.NotEqual(deliveries[0].Headers["X-Webhook-Timestamp"], deliveries[1].Headers["X-Webhook-Timestamp"]);
        Assert.NotEqual(deliveries[0].Headers["X-Webhook-Signature"], deliveries[1].Headers["X-Webhook-Signature"]);
    }

    [Fact]
    public async Task Without_a_token_it_says_that_it_is_not_signed()
    {
        var outcome = await SendAsync("""{"body":{}}""");

        Assert.False(outcome.Result.GetProperty("signed").GetBoolean());
        Assert.Equal(0, Assert.Single(deliveries).Headers["X-Webhook-Signature"].Count);
    }

    [Fact]
    public async Task A_caller_cannot_forge_the_webhook_headers()
    {
        await SendAsync("""{"body":{},"token":"t","headers":{"X-Webhook-Delivery":"forged","X-Webhook-Signature":"forged","X-Own":"kept"}}""");
        var headers = Assert.Single(deliveries).Headers;

        Assert.Equal("key-1", headers["X-Webhook-Delivery"].ToString());
        Assert.DoesNotContain("forged", headers["X-Webhook-Signature"].ToString(), StringComparison.Ordinal);
        Assert.Equal("kept", headers["X-Own"].ToString());
    }

    [Theory]
    [InlineData(500, "HTTP_5XX", true)]
    [InlineData(410, "HTTP_4XX", false)]
    [InlineData(429, "RATE_LIMITED", true)]
    [InlineData(302, "HTTP_4XX", false)]
    public async Task A_receiver_that_does_not_take_it_is_a_failure(int answer, string code, bool retryable)
    {
        status = answer;
        var outcome = await SendAsync("""{"body":{}}""");

        Assert.Equal(code, outcome.Failure?.Code);
        Assert.Equal(retryable, outcome.Failure!.Retryable);
        Assert.Single(deliveries);
    }

    [Fact]
    public async Task A_payload_is_limited_and_private_receivers_are_refused()
    {
        Assert.Equal("INPUT_TOO_LARGE", (await SendAsync($$"""{"body":"{{new string('x', 1024 * 1024 + 1)}}"}""")).Failure?.Code);
        Assert.Equal("EGRESS_BLOCKED", (await room.CallAsync("webhook_send", """{"url":"http://10.0.0.1/","body":1}""")).Failure?.Code);
        Assert.Empty(deliveries);
    }

    private Task<StructuredOutcome> SendAsync(string parameters) =>
        room.CallAsync("webhook_send", $$"""{"url":"{{receiver.Origin}}/hook",{{parameters[1..]}}""");
}
