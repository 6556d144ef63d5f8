using System.Collections.Concurrent;
using Aos.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests;

/// <summary><c>slack_send</c> against a server that answers as Slack's incoming webhooks do.</summary>
[Trait("store", "none")]
public sealed class SlackPosts : IAsyncLifetime
{
    private readonly string token = $"T0/B0/{Guid.NewGuid():N}";
    private readonly ConcurrentQueue<(string Type, string Body)> posts = new();
    private Peer slack = null!;
    private ConnectionRoom room = null!;
    private (int Status, string Body, string? RetryAfter) answer = (200, "ok", null);

    private string Url => $"{slack.Origin}/services/{token}";

    public async ValueTask InitializeAsync()
    {
        slack = await Peer.StartAsync(app => app.MapPost("/services/{**path}", async (HttpContext context) =>
        {
            if (answer.Status == 0)
            {
                context.Abort();
                return;
            }

            posts.Enqueue((context.Request.ContentType ?? "", await Peer.BodyAsync(context)));
            if (answer.RetryAfter is { } after) context.Response.Headers.RetryAfter = after;
            if (answer.Status is >= 300 and < 400) context.Response.Headers.Location = Url + "/else";
            context.Response.StatusCode = answer.Status;
            await context.Response.WriteAsync(answer.Body);
        }));
        room = new ConnectionRoom(slack.Authority);
        await room.SecretAsync("HOOK", Url);
    }

    public async ValueTask DisposeAsync()
    {
        room.Dispose();
        await slack.DisposeAsync();
    }

    [Theory]
    [Trait("id", "F5.62-01")]
    [InlineData("""{"text":"Grüße, <@U1> & *all*"}""", """{"text":"Grüße, <@U1> & *all*"}""")]
    [InlineData("""{"text":"<!channel> & co","escape":true}""", """{"text":"&lt;!channel&gt; &amp; co"}""")]
    [InlineData("""{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"hi"}}]}""", """{"blocks":[{"text":{"text":"hi","type":"mrkdwn"},"type":"section"}]}""")]
    [InlineData("""{"text":"t","attachments":[{"color":"#f00","text":"a"}]}""", """{"attachments":[{"color":"#f00","text":"a"}],"text":"t"}""")]
    [InlineData(
        """{"text":"t","thread_ts":"1700000000.000100","reply_broadcast":true,"mrkdwn":false,"unfurl_links":false,"unfurl_media":true,"channel":"#c","username":"u","icon_emoji":":fox:","icon_url":"https://x.example/i"}""",
        """{"channel":"#c","icon_emoji":":fox:","icon_url":"https://x.example/i","mrkdwn":false,"reply_broadcast":true,"text":"t","thread_ts":"1700000000.000100","unfurl_links":false,"unfurl_media":true,"username":"u"}""")]
    public async Task A_message_is_posted_as_slack_takes_it(string members, string body)
    {
        var outcome = await SendAsync(members);

        Assert.True(outcome.Ok, outcome.Failure?.Message);
        Assert.Equal(("application/json; charset=utf-8", body), Assert.Single(posts));
        Assert.Equal(("ok", 200, ContentHash.Hex(System.Text.Encoding.UTF8.GetBytes(body))[..16]), (outcome.Result.GetText("status"), outcome.Result.GetProperty("status_code").GetInt32(), outcome.Result.GetText("body_hash")));
        Assert.Equal(new SideEffect("slack_send", "webhook", false), Assert.Single(outcome.SideEffects));
        Assert.DoesNotContain(token, outcome.Result.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("id", "F5.62-02")]
    [InlineData("""{}""", "neither text nor blocks")]
    [InlineData("""{"text":" "}""", "neither text nor blocks")]
    [InlineData("""{"blocks":[]}""", "neither text nor blocks")]
    [InlineData("""{"blocks":{"type":"section"}}""", "blocks is no list")]
    [InlineData("""{"blocks":[{"text":"x"}]}""", "blocks[0] is no object with a type")]
    [InlineData("""{"attachments":[1]}""", "attachments[0] is no object")]
    [InlineData("""{"text":"t","thread_ts":"yesterday"}""", "thread_ts")]
    public async Task What_slack_would_not_take_is_told_before_it_is_sent(string members, string said)
    {
        var outcome = await SendAsync(members);

        Assert.Equal("INVALID_INPUT", outcome.Failure?.Code);
        Assert.Contains(said, outcome.Failure!.Message, StringComparison.Ordinal);
        Assert.Empty(posts);
    }

    [Fact]
    [Trait("id", "F5.62-03")]
    public async Task A_message_is_held_to_slack_s_limits()
    {
        var block = """{"type":"divider"}""";
        string Blocks(int count) => string.Join(',', Enumerable.Repeat(block, count));

        Assert.True((await SendAsync($$"""{"text":"{{new string('x', 40_000)}}","blocks":[{{Blocks(50)}}]}""")).Ok);
        Assert.Equal("INVALID_INPUT", (await SendAsync($$"""{"text":"{{new string('x', 40_001)}}"}""")).Failure?.Code);
        Assert.Equal("INVALID_INPUT", (await SendAsync($$"""{"text":"{{new string('<', 20_000)}}","escape":true}""")).Failure?.Code);
        Assert.Equal("INVALID_INPUT", (await SendAsync($$"""{"blocks":[{{Blocks(51)}}]}""")).Failure?.Code);
        Assert.Equal("INPUT_TOO_LARGE", (await SendAsync($$"""{"blocks":[{"type":"x","y":"{{new string('x', 1024 * 1024)}}"}]}""")).Failure?.Code);
        Assert.Single(posts);
        using var other = new SkillRoom();
        Assert.Equal((40_000, 50), (Limit("max_text_characters"), Limit("max_blocks")));

        int Limit(string name) => other.Skills.All["slack_send"].Contract.Constraints[name].GetInt32();
    }

    [Theory]
    [Trait("id", "F5.62-04")]
    [InlineData(400, "invalid_payload", "HTTP_4XX", "invalid_payload. Correct blocks")]
    [InlineData(400, "no_text", "HTTP_4XX", "no_text. Give text or blocks.")]
    [InlineData(403, "action_prohibited", "HTTP_4XX", "action_prohibited. An administrator")]
    [InlineData(404, "no_service", "HTTP_4XX", "no_service. The webhook was taken away")]
    [InlineData(404, "channel_not_found", "HTTP_4XX", "channel_not_found. The channel is gone")]
    [InlineData(410, "channel_is_archived", "HTTP_4XX", "channel_is_archived. Choose another channel")]
    [InlineData(500, "rollup_error", "HTTP_5XX", "rollup_error.")]
    [InlineData(503, "<html>down", "SERVICE_UNAVAILABLE", "answered 503.")]
    [InlineData(302, "", "HTTP_4XX", "follows no redirect")]
    [InlineData(200, """{"ok":false,"error":"invalid_auth"}""", "HTTP_4XX", "invalid_auth")]
    public async Task What_slack_says_against_it_is_told_with_what_to_do(int status, string said, string code, string message)
    {
        answer = (status, said, null);

        var failure = (await SendAsync("""{"text":"t"}""")).Failure!;

        Assert.Equal((code, false), (failure.Code, Retries.IsAmbiguous(failure)));
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        if (status is not 302 and not 503) Assert.Equal((status, said.Contains("invalid_auth", StringComparison.Ordinal) ? "invalid_auth" : said), (failure.Details?.GetProperty("upstream_status").GetInt32(), failure.Details?.GetText("error")));
        Assert.DoesNotContain(token, failure.Message + failure.Details, StringComparison.Ordinal);
        Assert.Single(posts);
    }

    [Theory]
    [Trait("id", "F5.62-05")]
    [InlineData("30", 30)]
    [InlineData(null, null)]
    public async Task Too_many_messages_wait_as_long_as_slack_says(string? header, int? seconds)
    {
        answer = (429, """{"ok":false,"error":"ratelimited"}""", header);

        var failure = (await SendAsync("""{"text":"t"}""")).Failure!;

        Assert.Equal(("RATE_LIMITED", true, seconds is { } s ? TimeSpan.FromSeconds(s) : null), (failure.Code, failure.Retryable, failure.RetryAfter));
        Assert.Equal("ratelimited", failure.Details?.GetText("error"));
    }

    [Theory]
    [Trait("id", "F5.62-06")]
    [InlineData("<html>Welcome to the hotel's network</html>", "UNKNOWN_ERROR")]
    [InlineData("", "UNKNOWN_ERROR")]
    [InlineData("""{"ok":"yes"}""", "UNKNOWN_ERROR")]
    [InlineData("""{"ok":true}""", null)]
    [InlineData("""{"success":true}""", null)]
    [InlineData("ok\n", null)]
    public async Task An_answer_that_is_none_leaves_it_unknown_whether_it_was_posted(string said, string? code)
    {
        answer = (200, said, null);

        var failure = (await SendAsync("""{"text":"t"}""")).Failure;

        Assert.Equal(code, failure?.Code);
        if (failure is not null) Assert.True(Retries.IsAmbiguous(failure));
    }

    [Fact]
    [Trait("id", "F5.62-06")]
    public async Task An_answer_that_is_too_long_to_be_one_leaves_it_unknown_too()
    {
        answer = (200, new string('x', 70_000), null);

        var failure = (await SendAsync("""{"text":"t"}""")).Failure!;

        Assert.Equal(("UNKNOWN_ERROR", true), (failure.Code, Retries.IsAmbiguous(failure)));
    }

    [Fact]
    [Trait("id", "F5.62-07")]
    public async Task It_is_never_posted_again_by_itself_where_it_may_have_been_posted()
    {
        answer = (0, "", null);
        var broken = (await SendAsync("""{"text":"t"}""")).Failure!;

        Assert.Equal(EffectClass.AtMostOnce, room.Skills.Terms["slack_send"].ClassOf(Json.EmptyObject, hasKey: true));
        Assert.Equal(("CONNECTION_RESET", true), (broken.Code, Retries.IsAmbiguous(broken)));
        Assert.DoesNotContain(token, broken.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.62-08")]
    public async Task The_url_is_a_secret_or_nothing_is_posted()
    {
        var plain = await room.CallAsync($$"""{"webhook_url":"{{Url}}","text":"t"}""", "slack_send");
        var data = await room.CallAsync("""{"webhook_url":"secret:HOOK","text":"t"}""", "slack_send", written: """{"webhook_url":"${{ inputs.u }}","text":"t"}""");
        var none = await room.CallAsync("""{"text":"t"}""", "slack_send");
        var missing = await room.CallAsync("""{"webhook_url":"secret:OTHER","text":"t"}""", "slack_send");

        Assert.Equal(("INVALID_INPUT", "INVALID_INPUT", "INVALID_INPUT", "CONFIG_INVALID"), (plain.Failure?.Code, data.Failure?.Code, none.Failure?.Code, missing.Failure?.Code));
        Assert.DoesNotContain(token, plain.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(plain.Failure.Message, Aos.Kernel.Redactor.RedactText(plain.Failure.Message)); // What to do is told, and nothing of it hidden.
        Assert.Empty(posts);
    }

    [Theory]
    [Trait("id", "F5.62-09")]
    [InlineData("http://10.0.0.1/services/T0/B0/sesame", "EGRESS_BLOCKED")]
    [InlineData("https://slack.invalid/services/T0/B0/sesame", "DNS_FAILURE")]
    [InlineData("http://127.0.0.1:1/services/T0/B0/sesame", "EGRESS_BLOCKED")]
    [InlineData("ftp://slack.example/T0/B0/sesame", "INVALID_INPUT")]
    [InlineData("T0/B0/sesame", "INVALID_INPUT")]
    public async Task No_failure_on_the_way_tells_the_url(string url, string code)
    {
        await room.SecretAsync("HOOK", url);

        var failure = (await SendAsync("""{"text":"t"}""")).Failure!;

        Assert.Equal(code, failure.Code);
        Assert.DoesNotContain("sesame", failure.Message + failure.Details, StringComparison.Ordinal);
        Assert.DoesNotContain("B0", failure.Message + failure.Details, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.62-10")]
    public async Task A_slow_answer_is_a_timeout_that_does_not_tell_the_url()
    {
        await using var slow = await Peer.StartAsync(app => app.MapPost("/{**path}", async (HttpContext context) =>
        {
            var gone = new TaskCompletionSource();
            await using var hangUp = context.RequestAborted.Register(gone.SetResult);
            await gone.Task;
        }));
        using var other = new ConnectionRoom(slow.Authority);
        await other.SecretAsync("HOOK", $"{slow.Origin}/services/{token}");
        const string Parameters = """{"webhook_url":"secret:HOOK","text":"t"}""";

        var outcome = await other.Skills.InvokeAsync("slack_send", Json.Parse(Parameters), SkillRoom.Call(timeout: TimeSpan.FromMilliseconds(200), tenant: "acme", written: Parameters), TestContext.Current.CancellationToken);

        Assert.Equal("TIMEOUT", outcome.Failure?.Code);
        Assert.DoesNotContain(token, outcome.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.62-11")]
    public async Task A_connection_stands_for_the_url_as_a_whole_or_in_part()
    {
        await room.HttpAsync("whole", Url);
        await room.HttpAsync("house", slack.Origin + "/services");
        await room.SecretAsync("PATH", token);

        var whole = await room.CallAsync("""{"connection":"whole","text":"t"}""", "slack_send");
        var part = await room.CallAsync("""{"connection":"house","webhook_url":"secret:PATH","text":"t"}""", "slack_send");
        var away = await room.CallAsync("""{"connection":"house","webhook_url":"https://example.com/x","text":"t"}""", "slack_send");

        Assert.True(whole.Ok, whole.Failure?.Message);
        Assert.True(part.Ok, part.Failure?.Message);
        Assert.Equal(("house", "connection:house"), (part.Result.GetProperty("connection").GetText("name"), Assert.Single(part.SideEffects).Target));
        Assert.DoesNotContain(token, whole.Result.GetRawText() + part.Result.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("INVALID_INPUT", away.Failure?.Code);
        Assert.Equal(2, posts.Count);
    }

    private Task<StructuredOutcome> SendAsync(string members) =>
        room.CallAsync(members == "{}" ? """{"webhook_url":"secret:HOOK"}""" : $$"""{"webhook_url":"secret:HOOK",{{members[1..]}}""", "slack_send");
}
