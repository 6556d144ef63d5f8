using System.Text.Json;
using Aos.Contracts;
using Aos.Testing;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests.Models;

/// <summary>Who is asked when the provider cannot answer.</summary>
public sealed class Fallbacks
{
    private const string ToOpenAi = """ "fallback":[{"provider":"openai","model":"gpt-4o"}] """;

    [Theory]
    [InlineData(429, "rate_limit_error", "RATE_LIMITED")]
    [InlineData(529, "overloaded_error", "LLM_ERROR")]
    [InlineData(500, "api_error", "LLM_ERROR")]
    [InlineData(401, "authentication_error", "LLM_AUTH_FAILED")]
    [InlineData(402, "billing_error", "QUOTA_EXHAUSTED")]
    [InlineData(504, "timeout_error", "TIMEOUT")]
    [Trait("id", "F5.44-01")]
    public async Task Another_provider_answers_in_the_same_call_and_the_result_says_who_and_why(int status, string type, string code)
    {
        await using var peer = await Peer(context => ModelServer.RefuseAsync(context, status, Error(type), ("retry-after", "30")));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""{"prompt":"Hi",{{ToOpenAi}} }""");

        Assert.Equal(("from openai", "openai"), (outcome.Result.GetText("content"), outcome.Result.GetText("provider")));
        var before = Assert.Single(outcome.Result.GetProperty("fallbacks").EnumerateArray());
        Assert.Equal(("anthropic", "claude-sonnet-4-20250514", code), (before.GetText("provider"), before.GetText("model"), before.GetText("error")));
        Assert.Equal(30_000, before.GetProperty("retry_after_ms").GetInt64());
        Assert.Equal(["/v1/messages", "/v1/chat/completions"], peer.Calls.Select(call => call.Path));
        Assert.Equal("gpt-4o", peer.Asked[1].GetText("model"));
    }

    [Fact]
    [Trait("id", "F5.44-01")]
    public async Task Nobody_is_asked_twice_when_the_first_answers()
    {
        await using var peer = await Peer(context => ModelServer.StreamAsync(context, AnthropicEvents.Text("from anthropic")));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""{"prompt":"Hi",{{ToOpenAi}} }""");

        Assert.Equal("anthropic", outcome.Result.GetText("provider"));
        Assert.Null(outcome.Result.Get("fallbacks"));
        Assert.Single(peer.Calls);
    }

    [Theory]
    [InlineData(400, """{"error":{"type":"invalid_request_error","message":"temperature: the rate of the key is overloaded (529)"}}""", "INVALID_INPUT")]
    [InlineData(404, """{"error":{"type":"not_found_error","message":"model"}}""", "INVALID_INPUT")]
    [InlineData(400, """{"error":{"type":"invalid_request_error","message":"prompt is too long: 2 tokens > 1 maximum"}}""", "LLM_CONTEXT_EXCEEDED")]
    [InlineData(400, """{"error":{"type":"invalid_request_error","code":"content_policy_violation"}}""", "LLM_CONTENT_FILTER")]
    [Trait("id", "F5.44-02")]
    public async Task What_is_wrong_with_the_question_itself_is_asked_of_nobody_else(int status, string body, string code)
    {
        await using var peer = await Peer(context => ModelServer.RefuseAsync(context, status, body));
        await using var room = ModelRoom.Of(peer);

        Assert.Equal(code, (await room.AskAsync($$"""{"prompt":"Hi",{{ToOpenAi}} }""")).Failure?.Code);
        Assert.Single(peer.Calls);
    }

    [Fact]
    [Trait("id", "F5.44-02")]
    public async Task A_refusal_of_the_content_is_the_answer()
    {
        await using var peer = await Peer(context => ModelServer.StreamAsync(context, AnthropicEvents.Text("x", stop: "refusal")));
        await using var room = ModelRoom.Of(peer);

        Assert.Equal("LLM_CONTENT_FILTER", (await room.AskAsync($$"""{"prompt":"Hi",{{ToOpenAi}} }""")).Failure?.Code);
        Assert.Single(peer.Calls);
    }

    [Fact]
    [Trait("id", "F5.44-03")]
    public async Task A_prompt_that_is_too_long_goes_to_the_one_said_to_take_longer_ones()
    {
        await using var peer = await Peer(context => ModelServer.RefuseAsync(context, 413, Error("request_too_large")));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync("""{"prompt":"Hi","fallback":[{"provider":"own"},{"provider":"openai","model":"gpt-4.1","on_context_exceeded":true}]}""");

        Assert.Equal(("openai", "gpt-4.1"), (outcome.Result.GetText("provider"), peer.Asked[1].GetText("model")));
        Assert.Equal(2, peer.Calls.Count);
    }

    [Fact]
    [Trait("id", "F5.44-04")]
    public async Task What_a_provider_billed_before_it_broke_is_paid_too_and_all_stays_within_what_was_reserved()
    {
        var begun = AnthropicEvents.Text("half", input: 40);
        await using var peer = await Peer(context => ModelServer.StreamAsync(
            context, begun[..begun.IndexOf("event: content_block_stop", StringComparison.Ordinal)] + $"event: error\ndata: {Error("overloaded_error")}\n\n"));
        await using var room = ModelRoom.Of(peer);
        var parameters = $$"""{"prompt":"Hi","max_tokens":5,"model":"claude-sonnet-4-20250514","provider":"anthropic",{{ToOpenAi}} }""";
        var outcome = await room.AskAsync(parameters);

        var first = ((40 * 300m) + (1 * 1_500m)) / 1_000_000m;
        Assert.Equal(first, outcome.Result.GetProperty("fallbacks")[0].GetProperty("cost_cents").GetDecimal());
        Assert.Equal(first + (((12 * 250m) + (5 * 1_000m)) / 1_000_000m), outcome.Cost.Value);
        Assert.Equal(outcome.Cost.Value, outcome.Result.GetProperty("cost_cents").GetDecimal());
        Assert.True(outcome.Cost <= room.Bound(parameters));
    }

    [Fact]
    [Trait("id", "F5.44-04")]
    public async Task Each_that_may_bill_is_reserved_at_its_own_price()
    {
        await using var peer = await Peer(context => ModelServer.StreamAsync(context, AnthropicEvents.Text("ok")));
        await using var room = ModelRoom.Of(peer);
        var alone = room.Bound("""{"prompt":"Hi","model":"claude-sonnet-4-20250514","max_tokens":1000}""");
        var dear = room.Bound("""{"prompt":"Hi","model":"claude-sonnet-4-20250514","max_tokens":1000,"fallback":[{"provider":"anthropic","model":"claude-opus-4-20250514"},{"provider":"openai"}]}""");

        // 1,000 written at 7500 and, of the provider's own model gpt-4o, at 1000 cents a million, beside what the prompt costs.
        Assert.InRange((dear - alone).Value, 7.5m + 1, 7.5m + 1 + 4);
    }

    [Fact]
    [Trait("id", "F5.44-10")]
    public async Task A_model_that_a_provider_does_not_list_is_reserved_as_it_is_billed_also_where_another_one_lists_it_for_less()
    {
        await using var peer = await Peer(context => ModelServer.StreamAsync(context, AnthropicEvents.Text("ok")));
        await using var room = ModelRoom.Of(peer);
        const string foreign = """{"prompt":"Hi","model":"gpt-4o-mini","provider":"anthropic","max_tokens":1000}""";

        Assert.True(room.Bound(foreign) > room.Bound("""{"prompt":"Hi","model":"gpt-4o-mini","max_tokens":1000}"""));
        var outcome = await room.AskAsync(foreign);
        Assert.True(outcome.Cost > Cents.Zero && outcome.Cost <= room.Bound(foreign), outcome.Failure?.Message);
    }

    [Fact]
    [Trait("id", "F5.44-05")]
    public async Task When_nobody_can_answer_the_failure_that_may_be_over_soon_is_told_with_all_that_were_asked()
    {
        await using var peer = await ModelServer.OpenAsync((context, body) => context.Request.Path == "/v1/messages"
            ? ModelServer.RefuseAsync(context, 401, Error("authentication_error"))
            : ModelServer.RefuseAsync(context, body.GetText("model") == "llama" ? 403 : 429, """{"error":{"code":"rate_limit_exceeded","message":"slow"}}""", ("retry-after", "7")));
        await using var room = ModelRoom.Of(peer);
        var failure = (await room.AskAsync($$"""{"prompt":"Hi","fallback":[{"provider":"openai"},{"provider":"own"}]}""")).Failure!;

        Assert.Equal(("RATE_LIMITED", true, TimeSpan.FromSeconds(7)), (failure.Code, failure.Retryable, failure.RetryAfter));
        Assert.Equal(["LLM_AUTH_FAILED", "RATE_LIMITED"], failure.Details!.Value.GetProperty("asked").EnumerateArray().Select(one => one.GetText("error")));
        Assert.Equal(3, peer.Calls.Count);
    }

    [Fact]
    [Trait("id", "F5.44-06")]
    public async Task A_provider_that_is_silent_leaves_time_for_the_next()
    {
        await using var peer = await Peer(context => new TaskCompletionSource().Task.WaitAsync(context.RequestAborted));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""{"prompt":"Hi","timeout_ms":1000,{{ToOpenAi}} }""");

        Assert.Equal(("openai", "TIMEOUT"), (outcome.Result.GetText("provider"), outcome.Result.GetProperty("fallbacks")[0].GetText("error")));
    }

    [Theory]
    [InlineData("""[{"provider":"nobody"}]""", "INVALID_INPUT", "nobody")]
    [InlineData("""[{"provider":"scripted"}]""", "INVALID_INPUT", "scripted")]
    [InlineData("""[{"provider":"own"},{"provider":"own"},{"provider":"own"},{"provider":"own"},{"provider":"own"}]""", "INVALID_INPUT", "at most 4")]
    [InlineData("""[{"model":"gpt-4o"}]""", "INVALID_INPUT", "provider")]
    [InlineData("""[{"provider":"own","when":"always"}]""", "INVALID_INPUT", "when")]
    [Trait("id", "F5.44-07")]
    public async Task Who_cannot_be_asked_is_refused_before_anybody_is(string fallback, string code, string named)
    {
        await using var peer = await Peer(context => ModelServer.StreamAsync(context, AnthropicEvents.Text("ok")));
        await using var room = ModelRoom.Of(peer);
        var failure = (await room.AskAsync($$"""{"prompt":"Hi","fallback":{{fallback}} }""")).Failure!;

        Assert.Equal(code, failure.Code);
        Assert.Contains(named, failure.Message, StringComparison.Ordinal);
        Assert.Empty(peer.Calls);
    }

    [Fact]
    [Trait("id", "F5.44-08")]
    public async Task A_seeded_answer_is_kept_as_that_of_the_one_who_gave_it()
    {
        var isUp = false;
        await using var peer = await ModelServer.OpenAsync((context, _) => context.Request.Path != "/v1/messages" ? ModelServer.StreamAsync(context, OpenAiChunks.Text("from openai"))
            : isUp ? ModelServer.StreamAsync(context, AnthropicEvents.Text("from anthropic")) : ModelServer.RefuseAsync(context, 529, Error("overloaded_error")));
        await using var room = ModelRoom.Of(peer);
        var parameters = $$"""{"prompt":"Hi","seed":3,{{ToOpenAi}} }""";
        await room.AskAsync(parameters);
        var again = await room.AskAsync(parameters);
        isUp = true;
        var first = await room.AskAsync(parameters);

        Assert.Equal(("openai", true, Cents.Zero), (again.Result.GetText("provider"), again.Result.GetProperty("cached").GetBoolean(), again.Cost));
        Assert.Equal(("from anthropic", false), (first.Result.GetText("content"), first.Result.GetProperty("cached").GetBoolean()));
        Assert.Equal(1, peer.Calls.Count(call => call.Path != "/v1/messages"));
    }

    [Fact]
    [Trait("id", "F5.44-09")]
    public async Task The_bound_of_a_provider_named_without_a_model_is_that_of_its_model()
    {
        await using var peer = await Peer(context => ModelServer.StreamAsync(context, AnthropicEvents.Text("ok")));
        await using var room = new ModelRoom(new ModelsOptions
        {
            Endpoints =
            [
                new ModelEndpoint("anthropic", ModelWire.Anthropic, peer.Origin, "k", "claude-3-haiku-20240307", false, true),
                new ModelEndpoint("openai", ModelWire.OpenAi, peer.Origin + "/v1", "k", "gpt-4o", true, true),
            ],
            DefaultProvider = "anthropic",
        }, new Uri(peer.Origin).Authority);
        const string Parameters = """{"prompt":"Hi","provider":"openai","max_tokens":5}""";

        Assert.True((await room.AskAsync(Parameters)).Cost <= room.Bound(Parameters));
        Assert.Equal(1_000, room.Skills.Terms["llm_invoke"].Cost.Price(Json.Parse(Parameters))!.OutputCentsPerMillion);
        Assert.Equal(125, room.Skills.Terms["llm_invoke"].Cost.Price(Json.Parse("""{"adapter":"Claude"}"""))!.OutputCentsPerMillion);
    }

    private static string Error(string type) => $$"""{"type":"error","error":{"type":"{{type}}","message":"no"} }""";

    /// <summary>The Messages API answers as told, Chat Completions answers.</summary>
    private static Task<ModelServer> Peer(Func<HttpContext, Task> anthropic) => ModelServer.OpenAsync((context, _) =>
        context.Request.Path == "/v1/messages" ? anthropic(context) : ModelServer.StreamAsync(context, OpenAiChunks.Text("from openai")));
}
