using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Testing;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests.Models;

/// <summary>Both protocols against a server that speaks them.</summary>
[Trait("store", "none")]
public sealed class Providers
{
    [Theory]
    [InlineData("anthropic")]
    [InlineData("openai")]
    [Trait("id", "F5.40-15")]
    public async Task An_answer_that_comes_in_pieces_is_put_together(string provider)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(
            context, context.Request.Path == "/v1/messages" ? AnthropicEvents.Text("Grüße, 世界 😀!") : OpenAiChunks.Text("Grüße, 世界 😀!"), piece: 3));
        await using var room = ModelRoom.Of(peer);
        var result = (await room.AskAsync($$"""{"prompt":"Say hello","provider":"{{provider}}"}""")).Result;

        Assert.Equal("Grüße, 世界 😀!", result.GetText("response_text"));
        Assert.Equal(result.GetText("response_text"), result.GetText("content"));
        Assert.Equal(provider, result.GetText("provider"));
        Assert.Equal("end_turn", result.GetText("finish_reason"));
        Assert.Equal(12, result.GetProperty("input_tokens").GetInt32());
        Assert.Equal(5, result.GetProperty("output_tokens").GetInt32());
        Assert.False(result.GetProperty("usage_estimated").GetBoolean());
        Assert.Equal(16, result.GetText("content_hash")!.Length);
    }

    [Fact]
    [Trait("id", "F5.40-11")]
    [Trait("id", "F5.40-16")]
    public async Task The_messages_protocol_is_spoken()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text("ok")));
        await using var room = ModelRoom.Of(peer);
        await room.AskAsync("""
            {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},{"role":"assistant","content":"Yes?"},{"role":"user","content":[{"type":"text","text":"Go"}]}],
             "system_prompt":"You help.","max_tokens":50,"temperature":0.2,"stop_sequences":["END"],"model":"claude-3-haiku-20240307"}
            """);

        Assert.Equal(
            """{"max_tokens":50,"messages":[{"content":"Hi","role":"user"},{"content":"Yes?","role":"assistant"},{"content":"Go","role":"user"}],"model":"claude-3-haiku-20240307","stop_sequences":["END"],"stream":true,"system":"You help.\n\nBe brief.","temperature":0.2}""",
            CanonicalJson.Text(Assert.Single(peer.Asked)));
        var (path, headers) = Assert.Single(peer.Calls);
        Assert.Equal("/v1/messages", path);
        Assert.Equal("sk-test-1", headers["x-api-key"]);
        Assert.Equal("2023-06-01", headers["anthropic-version"]);
    }

    [Fact]
    [Trait("id", "F5.40-16")]
    public async Task The_chat_completions_protocol_is_spoken()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, OpenAiChunks.Text("ok")));
        await using var room = ModelRoom.Of(peer);
        await room.AskAsync("""{"prompt":"Hi","system_prompt":"You help.","adapter":"openai","seed":7,"max_tokens":9,"stop_sequences":["x"]}""");
        await room.AskAsync("""{"prompt":"Hi","provider":"own","max_tokens":9}""");

        Assert.Equal(
            """{"max_completion_tokens":9,"messages":[{"content":"You help.","role":"system"},{"content":"Hi","role":"user"}],"model":"gpt-4o","seed":7,"stop":["x"],"stream":true,"stream_options":{"include_usage":true}}""",
            CanonicalJson.Text(peer.Asked[0]));
        Assert.Equal(9, peer.Asked[1].GetProperty("max_tokens").GetInt32());
        Assert.Equal("Bearer sk-test-1", peer.Calls[0].Headers.Authorization);
        Assert.False(peer.Calls[1].Headers.ContainsKey("Authorization"));
        Assert.Equal("/v1/chat/completions", peer.Calls[0].Path);
    }

    [Theory]
    [InlineData("claude-sonnet-4-20250514", "0.0111")]
    [InlineData("claude-3-5-haiku-20241022", "0.00296")]
    [InlineData("claude-of-tomorrow", "0.0111")]
    [Trait("id", "F5.40-07")]
    [Trait("id", "F5.40-08")]
    public async Task The_cost_is_exact(string model, string cents)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text("ok", input: 12, output: 5)));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""{"prompt":"Hi","model":"{{model}}","provider":"anthropic"}""");

        Assert.Equal(cents, outcome.Cost.ToString());
        Assert.Equal(cents, CanonicalJson.Number(outcome.Result.GetProperty("cost_cents").GetDecimal()));
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(539, 170, 1)]
    [InlineData(100_000, 50_000, 105)]
    [Trait("id", "A8.10-16")]
    [Trait("id", "A8.10-17")]
    public async Task In_whole_cents_a_call_costs_one_at_least_and_a_larger_one_as_computed(int input, int output, int cents)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text("ok", input: input, output: output)));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""
            {"prompt":"{{new string('a', input)}}","model":"claude-sonnet-4-20250514","provider":"anthropic","max_tokens":{{Math.Max(output, 1)}}}
            """);
        var document = OutcomeDocument.Of(outcome, DateTimeOffset.UnixEpoch, "r", "s", "llm_invoke", "1.0.0");

        Assert.Equal(cents, document.Get("cost_cents")!.Value.GetInt32());
        Assert.Equal(((input * 300m) + (output * 1500m)) / 1_000_000m, document.Get("metadata")!.Value.Get("cost_cents_exact")!.Value.GetDecimal());
    }

    [Fact]
    public async Task A_models_name_tells_its_provider()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, OpenAiChunks.Text("ok")));
        await using var room = ModelRoom.Of(peer);

        Assert.Equal("openai", (await room.AskAsync("""{"prompt":"Hi","model":"gpt-4o-mini"}""")).Result.GetText("provider"));
    }

    [Theory]
    [InlineData(429, """{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}""", "RATE_LIMITED", true)]
    [InlineData(529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", "LLM_ERROR", true)]
    [InlineData(500, """{"type":"error","error":{"type":"api_error","message":"temperature of the generator"}}""", "LLM_ERROR", true)]
    [InlineData(503, "gone fishing", "LLM_ERROR", true)]
    [InlineData(401, """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}""", "LLM_AUTH_FAILED", false)]
    [InlineData(403, """{"type":"error","error":{"type":"permission_error","message":"no"}}""", "LLM_AUTH_FAILED", false)]
    [InlineData(404, """{"type":"error","error":{"type":"not_found_error","message":"model: nix"}}""", "INVALID_INPUT", false)]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}""", "LLM_CONTEXT_EXCEEDED", false)]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"temperature: rate of the key"}}""", "INVALID_INPUT", false)]
    [InlineData(413, """{"type":"error","error":{"type":"request_too_large","message":"too large"}}""", "LLM_CONTEXT_EXCEEDED", false)]
    [InlineData(400, """{"error":{"message":"This model's maximum context length is 8192 tokens","type":"invalid_request_error","code":"context_length_exceeded"}}""", "LLM_CONTEXT_EXCEEDED", false)]
    [InlineData(400, """{"error":{"message":"blocked","type":"invalid_request_error","code":"content_policy_violation"}}""", "LLM_CONTENT_FILTER", false)]
    [InlineData(429, """{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}""", "QUOTA_EXHAUSTED", false)]
    [InlineData(404, """{"error":{"message":"no such model","type":"invalid_request_error","code":"model_not_found"}}""", "INVALID_INPUT", false)]
    [InlineData(302, "", "LLM_ERROR", true)]
    [Trait("id", "F5.40-01")]
    [Trait("id", "F5.40-02")]
    [Trait("id", "F5.40-04")]
    [Trait("id", "F5.40-17")]
    public async Task A_refusal_has_its_code_and_is_asked_once(int status, string body, string code, bool retryable)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.RefuseAsync(context, status, body, ("Location", "http://169.254.169.254/")));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync("""{"prompt":"Hi"}""");

        Assert.Equal(code, outcome.Failure?.Code);
        Assert.Equal(retryable, outcome.Failure!.Retryable);
        Assert.Equal(Cents.Zero, outcome.Cost);
        Assert.Equal(status, outcome.Failure.Details!.Value.GetProperty("upstream_status").GetInt32());
        Assert.Single(peer.Asked);
    }

    [Theory]
    [InlineData("retry-after", "7", 7_000)]
    [InlineData("retry-after-ms", "250", 250)]
    [Trait("id", "F5.40-01")]
    public async Task The_providers_delay_is_handed_on(string header, string value, int milliseconds)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.RefuseAsync(context, 429, "{}", (header, value)));
        await using var room = ModelRoom.Of(peer);

        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), (await room.AskAsync("""{"prompt":"Hi"}""")).Failure!.RetryAfter);
    }

    [Fact]
    public async Task A_key_is_in_no_message()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.RefuseAsync(
            context, 401, $$$"""{"error":{"code":"invalid_api_key","message":"Incorrect API key: {{{context.Request.Headers["x-api-key"]}}}"}}"""));
        await using var room = ModelRoom.Of(peer, "sk-very-secret");
        var failure = (await room.AskAsync("""{"prompt":"Hi"}""")).Failure!;

        Assert.Contains("***", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-very-secret", failure.Message + failure.Details, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-very-secret", new ModelEndpoint("a", ModelWire.OpenAi, "http://x", "sk-very-secret", "m", false).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_within_the_stream_is_the_outcome_and_what_was_read_is_paid()
    {
        var begun = AnthropicEvents.Text("half", input: 1_000);
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(
            context, begun[..begun.IndexOf("event: content_block_stop", StringComparison.Ordinal)] + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync("""{"prompt":"Hi"}""");

        Assert.Equal("LLM_ERROR", outcome.Failure?.Code);
        Assert.True(outcome.Cost > Cents.Zero);
    }

    [Theory]
    [InlineData("refusal", "LLM_CONTENT_FILTER")]
    [InlineData("max_tokens", null)]
    [Trait("id", "F5.40-03")]
    public async Task A_refusal_of_the_model_is_a_failure_and_a_cut_answer_is_not(string stop, string? code)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text("x", stop: stop)));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync("""{"prompt":"Hi"}""");

        Assert.Equal(code, outcome.Failure?.Code);
        if (code is null) Assert.Equal(stop, outcome.Result.GetText("finish_reason"));
    }

    [Fact]
    [Trait("id", "F5.40-03")]
    public async Task A_filtered_completion_is_a_failure()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, OpenAiChunks.Text("x", finish: "content_filter")));
        await using var room = ModelRoom.Of(peer);

        Assert.Equal("LLM_CONTENT_FILTER", (await room.AskAsync("""{"prompt":"Hi","provider":"openai"}""")).Failure?.Code);
    }

    [Theory]
    [InlineData("data: {\"type\":\"message_start\"\n\n", "LLM_INVALID_RESPONSE")]
    [InlineData("data: {\"type\":\"message_start\",\"message\":{}}\n\n", "LLM_ERROR")]
    [InlineData("", "LLM_ERROR")]
    public async Task A_broken_stream_is_a_failure(string events, string code)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, events));
        await using var room = ModelRoom.Of(peer);

        Assert.Equal(code, (await room.AskAsync("""{"prompt":"Hi"}""")).Failure?.Code);
    }

    [Fact]
    public async Task An_answer_that_is_no_stream_is_a_failure()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => context.Response.WriteAsync("<html>"));
        await using var room = ModelRoom.Of(peer);

        Assert.Equal("LLM_INVALID_RESPONSE", (await room.AskAsync("""{"prompt":"Hi"}""")).Failure?.Code);
    }

    [Fact]
    public async Task A_connection_that_breaks_in_the_middle_is_a_failure_to_try_again()
    {
        var begun = AnthropicEvents.Text("half");
        await using var peer = await ModelServer.OpenAsync(async (context, _) =>
        {
            await ModelServer.StreamAsync(context, begun[..(begun.Length / 2)]);
            context.Abort();
        });
        await using var room = ModelRoom.Of(peer);
        var failure = (await room.AskAsync("""{"prompt":"Hi"}""")).Failure!;

        Assert.Equal("CONNECTION_RESET", failure.Code);
        Assert.True(failure.Retryable);
    }

    [Fact]
    [Trait("id", "F5.40-05")]
    public async Task A_stream_that_never_ends_times_out()
    {
        await using var peer = await ModelServer.OpenAsync(async (context, _) =>
        {
            await ModelServer.StreamAsync(context, AnthropicEvents.Text("half")[..300]);
            await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted);
        });
        await using var room = ModelRoom.Of(peer);

        Assert.Equal("TIMEOUT", (await room.AskAsync("""{"prompt":"Hi","timeout_ms":300}""")).Failure?.Code);
    }

    [Fact]
    public async Task A_cancelled_call_leaves_the_provider()
    {
        var left = new TaskCompletionSource();
        using var cancel = new CancellationTokenSource();
        await using var peer = await ModelServer.OpenAsync(async (context, _) =>
        {
            context.RequestAborted.Register(() => left.TrySetResult());
            await ModelServer.StreamAsync(context, AnthropicEvents.Text("half")[..300]);
            await cancel.CancelAsync();
            await left.Task;
        });
        await using var room = ModelRoom.Of(peer);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => room.AskAsync("""{"prompt":"Hi"}""", cancel: cancel.Token));
        await left.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("""{"prompt_tokens":999999999,"completion_tokens":999999999}""")]
    [InlineData("""{"prompt_tokens":-5,"completion_tokens":-5}""")]
    [InlineData("""{"prompt_tokens":"many"}""")]
    [InlineData(null)]
    public async Task A_count_that_cannot_be_is_not_believed(string? usage)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, OpenAiChunks.Text("a word or two", usage)));
        await using var room = ModelRoom.Of(peer);
        var parameters = """{"prompt":"Hi","provider":"openai","max_tokens":100}""";
        var outcome = await room.AskAsync(parameters);

        Assert.True(outcome.Result.GetProperty("usage_estimated").GetBoolean());
        Assert.InRange(outcome.Result.GetProperty("output_tokens").GetInt64(), 1, 100);
        Assert.True(outcome.Cost > Cents.Zero);
        Assert.True(outcome.Cost <= room.Skills.Terms["llm_invoke"].Cost.UpperBound(Json.Parse(parameters)));
    }

    [Fact]
    public async Task A_server_that_only_closes_after_its_answer_is_understood()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, OpenAiChunks.Text("ok", done: false)));
        await using var room = ModelRoom.Of(peer);

        Assert.Equal("ok", (await room.AskAsync("""{"prompt":"Hi","provider":"own"}""")).Result.GetText("content"));
    }

    [Fact]
    public async Task An_answer_without_an_end_is_cut_off()
    {
        await using var peer = await ModelServer.OpenAsync(async (context, _) =>
        {
            context.Response.ContentType = "text/event-stream";
            var line = Encoding.ASCII.GetBytes(new string('a', 1024 * 1024));
            for (var i = 0; i < 80; i++) await context.Response.Body.WriteAsync(line, context.RequestAborted);
        });
        await using var room = ModelRoom.Of(peer);

        Assert.Equal("RESPONSE_TOO_LARGE", (await room.AskAsync("""{"prompt":"Hi"}""")).Failure?.Code);
    }

    [Fact]
    public async Task An_address_that_is_not_public_is_refused_unless_allowed()
    {
        await using var room = new ModelRoom(new ModelsOptions { Endpoints = [new ModelEndpoint("own", ModelWire.OpenAi, "http://127.0.0.1:9/v1", null, "m", false)], DefaultProvider = "own" });

        Assert.Equal("EGRESS_BLOCKED", (await room.AskAsync("""{"prompt":"Hi"}""")).Failure?.Code);
    }

    [Fact]
    public async Task Nobody_listening_is_told()
    {
        await using var room = new ModelRoom(
            new ModelsOptions { Endpoints = [new ModelEndpoint("own", ModelWire.OpenAi, "http://127.0.0.1:9/v1", null, "m", false)], DefaultProvider = "own" }, "127.0.0.1:9");

        Assert.Equal("CONNECTION_REFUSED", (await room.AskAsync("""{"prompt":"Hi"}""")).Failure?.Code);
    }
}
