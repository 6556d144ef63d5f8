using System.Text.Json;
using Aos.Contracts;
using Aos.Testing;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests.Models;

/// <summary>What providers, and what stands between, answer besides answers.</summary>
[Trait("store", "none")]
public sealed class WireFaults
{
    [Theory]
    // A kind of error that says no more than whose fault it was does not stand above the status.
    [InlineData(401, """{"error":{"message":"You didn't provide an API key.","type":"invalid_request_error","param":null,"code":null}}""", "LLM_AUTH_FAILED")]
    [InlineData(403, """{"error":{"message":"Country not supported","type":"request_forbidden","code":"unsupported_country_region_territory"}}""", "LLM_AUTH_FAILED")]
    [InlineData(429, """{"error":{"message":"busy","type":"invalid_request_error"}}""", "RATE_LIMITED")]
    [InlineData(429, """{"error":{"message":"Request too large for gpt-4o on tokens per min","type":"tokens","code":"rate_limit_exceeded"}}""", "RATE_LIMITED")]
    [InlineData(504, """{"error":{"message":"late","type":"server_error"}}""", "TIMEOUT")]
    [InlineData(503, """{"error":{"message":"Slow down","type":"server_error","code":"slow_down"}}""", "LLM_ERROR")]
    [InlineData(418, """{"error":{"message":"rate limit of the api key: temperature, timeout, content policy"}}""", "LLM_ERROR")]
    [InlineData(400, """{"error":{"message":"content policy of the rate limited key timed out, 529 overloaded","type":"invalid_request_error"}}""", "INVALID_INPUT")]
    [InlineData(400, """{"error":{"message":"filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}""", "LLM_CONTENT_FILTER")]
    [InlineData(400, """{"object":"error","message":"max_tokens is too large","type":"BadRequestError","code":400}""", "INVALID_INPUT")]
    [InlineData(502, "<html><head><title>502 Bad Gateway: rate limit, invalid key</title></head></html>", "LLM_ERROR")]
    [InlineData(500, "", "LLM_ERROR")]
    [InlineData(500, "[1,2", "LLM_ERROR")]
    [InlineData(500, """{"error":"just words about a rate"}""", "LLM_ERROR")]
    [InlineData(301, "", "LLM_ERROR")]
    [Trait("id", "F5.45-01")]
    [Trait("id", "F5.45-02")]
    public async Task A_refusal_is_told_by_its_code_and_status_and_by_no_word_in_its_message(int status, string body, string code)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.RefuseAsync(context, status, body, ("Location", "http://169.254.169.254/")));
        await using var room = ModelRoom.Of(peer);
        foreach (var provider in new[] { "anthropic", "openai" })
        {
            var failure = (await room.AskAsync($$"""{"prompt":"Hi","provider":"{{provider}}"}""")).Failure!;

            Assert.Equal((code, status), (failure.Code, failure.Details!.Value.GetProperty("upstream_status").GetInt32()));
        }

        Assert.Equal(2, peer.Calls.Count); // Nobody follows where it is sent to.
    }

    [Theory]
    [InlineData("""{"error":{"message":"Rate limit","type":"x","code":429}}""", "RATE_LIMITED")]
    [InlineData("""{"error":{"message":"x","code":503}}""", "LLM_ERROR")]
    [InlineData("""{"error":{"message":"x","type":"insufficient_quota","code":"insufficient_quota"}}""", "QUOTA_EXHAUSTED")]
    [InlineData("""{"error":{"message":"x","code":"context_length_exceeded"}}""", "LLM_CONTEXT_EXCEEDED")]
    [InlineData("""{"error":{"message":"x","type":"invalid_request_error"}}""", "INVALID_INPUT")]
    [InlineData("""{"error":"words"}""", "LLM_ERROR")]
    [Trait("id", "F5.45-03")]
    public async Task An_error_within_a_stream_of_completions_is_told_apart_too(string error, string code)
    {
        var begun = OpenAiChunks.Text("half", done: false);
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, begun[..begun.IndexOf("data: {\"id\":\"c1\",\"choices\"", StringComparison.Ordinal)] + $"data: {error}\n\n"));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync("""{"prompt":"Hi","provider":"openai"}""");

        Assert.Equal(code, outcome.Failure?.Code);
        Assert.True(outcome.Cost > Cents.Zero);
    }

    [Theory]
    [InlineData("x-ratelimit-remaining-requests:0;x-ratelimit-reset-requests:6m0s;x-ratelimit-remaining-tokens:10;x-ratelimit-reset-tokens:9h", 360_000)]
    [InlineData("x-ratelimit-remaining-requests:0;x-ratelimit-reset-requests:120ms;x-ratelimit-remaining-tokens:0;x-ratelimit-reset-tokens:1m1.5s", 61_500)]
    [InlineData("x-ratelimit-remaining-requests:0;x-ratelimit-reset-requests:120ms;retry-after:2", 2_000)]
    [InlineData("x-ratelimit-remaining-requests:0;x-ratelimit-reset-requests:soon", null)]
    [InlineData("x-ratelimit-remaining-requests:0;x-ratelimit-reset-requests:-3s", null)]
    [InlineData("x-ratelimit-remaining-requests:3;x-ratelimit-reset-requests:1s", null)]
    [InlineData("anthropic-ratelimit-input-tokens-remaining:0;anthropic-ratelimit-input-tokens-reset:2001-01-01T00:00:00Z", null)]
    [Trait("id", "F5.45-04")]
    public async Task Without_retry_after_the_limits_in_the_headers_say_how_long(string headers, int? milliseconds)
    {
        var pairs = headers.Split(';').Select(pair => pair.Split(':', 2)).Select(pair => (pair[0], pair[1])).ToArray();
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.RefuseAsync(context, 429, "{}", pairs));
        await using var room = ModelRoom.Of(peer);

        Assert.Equal(milliseconds, (await room.AskAsync("""{"prompt":"Hi"}""")).Failure!.RetryAfter?.TotalMilliseconds);
    }

    [Fact]
    [Trait("id", "F5.45-04")]
    public async Task The_time_at_which_a_limit_ends_is_a_delay()
    {
        var until = DateTimeOffset.UtcNow.AddMinutes(10);
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.RefuseAsync(
            context, 429, "{}", ("anthropic-ratelimit-requests-remaining", "0"), ("anthropic-ratelimit-requests-reset", until.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture))));
        await using var room = ModelRoom.Of(peer);

        Assert.InRange((await room.AskAsync("""{"prompt":"Hi"}""")).Failure!.RetryAfter!.Value, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10));
    }

    [Theory]
    [InlineData("anthropic")]
    [InlineData("openai")]
    [Trait("id", "F5.45-09")]
    public async Task What_a_stream_that_is_cut_has_written_is_paid(string provider)
    {
        var text = new string('x', 400);
        var events = provider == "anthropic" ? AnthropicEvents.Text(text) : OpenAiChunks.Text(text);
        var end = events.IndexOf(provider == "anthropic" ? "event: message_delta" : "data: {\"id\":\"c1\",\"choices\"", StringComparison.Ordinal);
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, events[..end]));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""{"prompt":"Hi","provider":"{{provider}}","max_tokens":200}""");

        Assert.False(outcome.Ok);
        Assert.InRange(outcome.Cost.Value, 100 * (provider == "anthropic" ? 1_500 : 1_000) / 1_000_000m, 101 * (provider == "anthropic" ? 1_600 : 1_100) / 1_000_000m);
    }

    [Fact]
    [Trait("id", "F5.45-10")]
    public async Task What_a_provider_says_of_a_refusal_is_told_short_and_without_secrets()
    {
        var secret = "sk-" + new string('a', 40);
        var said = new string('m', 290) + " " + secret;
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.RefuseAsync(context, 400, $$$"""{"error":{"message":"{{{said}}}","code":"{{{secret + new string('c', 10_000)}}}"}}"""));
        await using var room = ModelRoom.Of(peer);
        var failure = (await room.AskAsync("""{"prompt":"Hi"}""")).Failure!;

        Assert.DoesNotContain("sk-a", failure.Message + failure.Details!.Value.GetRawText(), StringComparison.Ordinal);
        Assert.InRange(failure.Message.Length + failure.Details.Value.GetText("upstream_code")!.Length, 100, 600);
    }

    [Theory]
    [InlineData("event: ping\ndata: {\"type\": \"ping\"}\n\n: comment\n\nevent: news\ndata: {\"type\":\"of_tomorrow\",\"x\":[1]}\n\ndata: 7\n\ndata: [\"x\"]\n\n")]
    [InlineData("id: 1\nretry: 5\n\nevent: message_start\ndata: {\"type\":\"message_start\"}\n\n")]
    [Trait("id", "F5.45-05")]
    public async Task Pings_comments_and_events_nobody_knows_change_nothing(string noise)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(
            context, noise + (context.Request.Path == "/v1/messages" ? AnthropicEvents.Text("ok") : OpenAiChunks.Text("ok"))));
        await using var room = ModelRoom.Of(peer);
        foreach (var provider in new[] { "anthropic", "openai" })
        {
            var outcome = await room.AskAsync($$"""{"prompt":"Hi","provider":"{{provider}}"}""");

            Assert.Equal(("ok", 12, 5), (outcome.Result.GetText("content"), outcome.Result.GetProperty("input_tokens").GetInt32(), outcome.Result.GetProperty("output_tokens").GetInt32()));
        }
    }

    [Theory]
    [InlineData("anthropic", "model_context_window_exceeded", "max_tokens")]
    [InlineData("anthropic", "pause_turn", "pause_turn")]
    [InlineData("anthropic", "stop_sequence", "stop_sequence")]
    [InlineData("openai", "length", "max_tokens")]
    [InlineData("openai", "function_call", "end_turn")]
    [InlineData("openai", "of_tomorrow", "of_tomorrow")]
    [Trait("id", "F5.45-06")]
    public async Task Why_an_answer_ended_is_told_in_one_language(string provider, string theirs, string ours)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(
            context, provider == "anthropic" ? AnthropicEvents.Text("x", stop: theirs) : OpenAiChunks.Text("x", finish: theirs)));
        await using var room = ModelRoom.Of(peer);

        Assert.Equal(ours, (await room.AskAsync($$"""{"prompt":"Hi","provider":"{{provider}}"}""")).Result.GetText("finish_reason"));
    }

    [Fact]
    [Trait("id", "F5.45-06")]
    public async Task A_call_streamed_under_its_older_name_is_read()
    {
        static string Chunk(string delta, string finish = "null") => $$"""data: {"choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finish}} }]}""" + "\n\n";
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(
            context,
            Chunk("""{"role":"assistant","content":null,"function_call":{"name":"weather","arguments":""}}""") + Chunk("""{"function_call":{"arguments":"{\"city\":"}}""")
            + Chunk("""{"function_call":{"arguments":"\"Bern\"}"}}""") + Chunk("{}", "\"function_call\"") + "data: [DONE]\n\n"));
        await using var room = ModelRoom.Of(peer);
        var result = (await room.AskAsync("""{"prompt":"Rain?","provider":"own","tools":[{"name":"weather","input_schema":{"type":"object"}}]}""")).Result;

        Assert.Equal(("tool_use", "weather", """{"city":"Bern"}"""), (
            result.GetText("finish_reason"), result.GetProperty("tool_calls")[0].GetText("name"), result.GetProperty("tool_calls")[0].GetProperty("arguments").GetRawText()));
    }

    [Theory]
    [InlineData("text/html", "<html>Please log in</html>")]
    [InlineData("application/json", """{"choices":[{"message":{"content":"ok"}}]}""")]
    [InlineData(null, "")]
    [Trait("id", "F5.45-07")]
    public async Task An_answer_of_another_type_is_no_answer(string? type, string body)
    {
        await using var peer = await ModelServer.OpenAsync(async (context, _) =>
        {
            context.Response.ContentType = type;
            await context.Response.WriteAsync(body);
        });
        await using var room = ModelRoom.Of(peer);
        var failure = (await room.AskAsync("""{"prompt":"Hi","provider":"openai"}""")).Failure!;

        Assert.Equal("LLM_INVALID_RESPONSE", failure.Code);
        Assert.Contains(type ?? "no type", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", "LLM_ERROR")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n", "LLM_ERROR")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"con", "LLM_ERROR")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"con\n\n", "LLM_INVALID_RESPONSE")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"a\",\"content\":\"b\"}}]}\n\n", "LLM_INVALID_RESPONSE")]
    [InlineData("data: {\"choices\":[5]}\n\ndata: {\"choices\":{}}\n\ndata: {\"choices\":[{\"delta\":[]}]}\n\n", "LLM_ERROR")]
    [InlineData("this is no event at all\n\n", "LLM_ERROR")]
    [Trait("id", "F5.45-08")]
    public async Task A_stream_of_completions_that_is_cut_or_broken_is_a_failure(string events, string code)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, events));
        await using var room = ModelRoom.Of(peer);

        Assert.Equal(code, (await room.AskAsync("""{"prompt":"Hi","provider":"openai"}""")).Failure?.Code);
    }
}
