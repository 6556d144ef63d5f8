using System.Text.Json;
using Aos.Testing;

namespace Aos.Skills.Tests.Models;

/// <summary>What the system AOS replaces was tested for with its model skill and its adapters, in the form AOS has it.</summary>
[Trait("store", "none")]
public sealed class OlderSystem
{
    [Theory]
    [InlineData(429, "rate_limit_error", "ERR_LLM_RATE_LIMITED", "RATE_LIMITED", FailureCategory.Resource, true)]
    [InlineData(529, "overloaded_error", "ERR_LLM_OVERLOADED", "LLM_ERROR", FailureCategory.Skill, true)]
    [InlineData(504, "timeout_error", "ERR_LLM_TIMEOUT", "TIMEOUT", FailureCategory.Transient, true)]
    [InlineData(401, "authentication_error", "ERR_LLM_AUTH_FAILED", "LLM_AUTH_FAILED", FailureCategory.Permission, false)]
    [InlineData(400, "content_policy_violation", "ERR_LLM_CONTENT_BLOCKED", "LLM_CONTENT_FILTER", FailureCategory.Skill, false)]
    [InlineData(413, "request_too_large", "ERR_LLM_CONTEXT_TOO_LONG", "LLM_CONTEXT_EXCEEDED", FailureCategory.Skill, false)]
    [InlineData(400, "invalid_request_error", "ERR_LLM_INVALID_PROMPT", "INVALID_INPUT", FailureCategory.Validation, false)]
    [InlineData(404, "not_found_error", "ERR_LLM_INVALID_MODEL", "INVALID_INPUT", FailureCategory.Validation, false)]
    [Trait("id", "F5.11-01")]
    [Trait("id", "F5.11-02")]
    [Trait("id", "F5.11-03")]
    [Trait("id", "F5.11-04")]
    [Trait("id", "F5.11-05")]
    [Trait("id", "F5.11-09")]
    [Trait("id", "F5.11-10")]
    [Trait("id", "F5.11-11")]
    [Trait("id", "F5.11-12")]
    [Trait("id", "F5.42-01")]
    public async Task Every_kind_of_error_has_its_code_its_category_and_says_whether_to_try_again(
        int status, string type, string older, string code, FailureCategory category, bool isRetryable)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.RefuseAsync(context, status, $$"""{"type":"error","error":{"type":"{{type}}","message":"m"} }"""));
        await using var room = ModelRoom.Of(peer);
        var failure = (await room.AskAsync("""{"prompt":"Hi"}""")).Failure!;

        Assert.Equal((code, category, isRetryable), (failure.Code, failure.Category, failure.Retryable));
        Assert.Equal(code, FailureCatalog.Find(older)!.Code);
    }

    [Fact]
    [Trait("id", "F5.42-02")]
    public async Task A_failure_nobody_knows_may_be_tried_again()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.RefuseAsync(context, 599, """{"error":{"type":"of_tomorrow","message":"m"}}"""));
        await using var room = ModelRoom.Of(peer);
        var failure = (await room.AskAsync("""{"prompt":"Hi"}""")).Failure!;

        Assert.Equal(("LLM_ERROR", true), (failure.Code, failure.Retryable));
    }

    [Fact]
    [Trait("id", "F5.42-03")]
    [Trait("id", "F5.11-06")]
    [Trait("id", "F5.11-07")]
    [Trait("id", "F5.11-08")]
    public async Task Deterministic_says_whether_the_same_call_gives_the_same_answer()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, context.Request.Path == "/v1/messages" ? AnthropicEvents.Text("ok") : OpenAiChunks.Text("ok")));
        await using var room = ModelRoom.Of(peer);
        async Task<bool> SaysAsync(string parameters) => (await room.AskAsync(parameters)).Result.GetProperty("deterministic").GetBoolean();
        async Task<string> WritesAsync(int seed) => (await room.AskAsync($$"""{"prompt":"Hi","provider":"scripted","seed":{{seed}} }""")).Result.GetText("content_hash")!;

        Assert.False(await SaysAsync("""{"prompt":"Hi","provider":"openai"}"""));
        Assert.True(await SaysAsync("""{"prompt":"Hi","provider":"openai","seed":1}"""));
        Assert.False(await SaysAsync("""{"prompt":"Hi","provider":"anthropic","seed":1}"""));
        Assert.True(await SaysAsync("""{"prompt":"Hi","provider":"anthropic","seed":1}""")); // It is kept by now.
        Assert.True(await SaysAsync("""{"prompt":"Hi","provider":"scripted"}"""));
        Assert.Equal(await WritesAsync(42), await WritesAsync(42));
        Assert.NotEqual(await WritesAsync(42), await WritesAsync(123));
    }

    [Fact]
    [Trait("id", "F5.42-04")]
    [Trait("id", "F5.11-13")]
    [Trait("id", "F5.11-14")]
    public async Task A_scripted_answer_names_itself_and_its_model_and_has_all_fields()
    {
        await using var room = ModelRoom.Scripted();
        var result = (await room.AskAsync("""{"prompt":"What is 2+2?","adapter":"stub"}""")).Result;

        Assert.Equal(("scripted", "scripted", "end_turn", 0m), (result.GetText("provider"), result.GetText("model"), result.GetText("finish_reason"), result.GetProperty("cost_cents").GetDecimal()));
        Assert.True(result.GetProperty("input_tokens").GetInt64() > 0 && result.GetProperty("output_tokens").GetInt64() > 0);
        Assert.All(["content", "response_text", "content_hash", "prompt_hash", "llm_model", "cached", "deterministic", "usage_estimated"], name => Assert.NotNull(result.Get(name)));
    }

    [Fact]
    [Trait("id", "F5.42-05")]
    public async Task The_same_parameters_have_the_same_hash_and_other_prompts_another()
    {
        await using var room = ModelRoom.Scripted();
        async Task<(string?, string?)> HashesAsync(string prompt)
        {
            var result = (await room.AskAsync($$"""{"prompt":"{{prompt}}"}""")).Result;
            return (result.GetText("prompt_hash"), result.GetText("content_hash"));
        }

        var (prompt, content) = await HashesAsync("one");
        Assert.Equal((prompt, content), await HashesAsync("one"));
        Assert.NotEqual(prompt, (await HashesAsync("two")).Item1);
        Assert.NotEqual(content, (await HashesAsync("two")).Item2);
        Assert.Equal((16, 16), (prompt!.Length, content!.Length));
        Assert.Equal("065c3d6d9b877efb", (await HashesAsync("What is 2+2?")).Item1); // As the older system has it.
    }

    [Fact]
    [Trait("id", "F5.42-06")]
    public async Task The_contract_names_fields_failures_and_limits()
    {
        await using var room = ModelRoom.Scripted();
        var contract = room.Skills.Contracts["llm_invoke"];

        Assert.Equal(("llm_invoke", "2.2.0"), (contract.Name, contract.Version));
        Assert.All(["content_hash", "input_tokens", "output_tokens", "finish_reason", "seed"], field => Assert.Contains(field, contract.StableFields));
        Assert.All(["RATE_LIMITED", "TIMEOUT", "LLM_CONTENT_FILTER", "LLM_AUTH_FAILED"], code => Assert.Contains(contract.FailureModes, mode => mode.Code == code));
        Assert.Equal((100_000, 100_000), (contract.Constraints["max_prompt_tokens"].GetInt32(), contract.Constraints["max_output_tokens"].GetInt32()));
        Assert.All(contract.FailureModes, mode => Assert.NotNull(FailureCatalog.Find(mode.Code)));
    }

    [Fact]
    [Trait("id", "F5.42-07")]
    public async Task Without_counts_tokens_are_taken_to_be_four_characters()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, OpenAiChunks.Text(new string('b', 28), usage: null)));
        await using var room = ModelRoom.Of(peer);
        var result = (await room.AskAsync("""{"prompt":"This has twenty-eight chars.","provider":"openai"}""")).Result;

        Assert.InRange(result.GetProperty("input_tokens").GetInt64(), 5, 15);
        Assert.Equal(7, result.GetProperty("output_tokens").GetInt64());
    }

    [Fact]
    [Trait("id", "F5.42-08")]
    public void The_smaller_model_costs_less_and_the_table_says_since_when_and_where()
    {
        var prices = PriceTable.Shipped;

        Assert.True(prices.Find("anthropic", "claude-3-5-haiku-20241022")!.InputCentsPerMillion < prices.Find("anthropic", "claude-sonnet-4-20250514")!.InputCentsPerMillion);
        Assert.True(prices.Find("openai", "gpt-4o-mini")!.OutputCentsPerMillion < prices.Find("openai", "gpt-4o")!.OutputCentsPerMillion);
        Assert.All(prices.All.Where(price => price.Provider != "scripted"), price => Assert.StartsWith("https://", price.Source, StringComparison.Ordinal));
        Assert.All(prices.All, price => Assert.True((price.CacheReadCentsPerMillion ?? 0) <= price.InputCentsPerMillion));
    }

    [Fact]
    [Trait("id", "F5.42-09")]
    public async Task A_configured_provider_is_there_by_its_name_with_its_own_model()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text("ok")));
        await using var room = ModelRoom.Of(peer);
        await room.AskAsync("""{"prompt":"Hi","adapter":"claude"}""");

        Assert.Equal("claude-sonnet-4-20250514", peer.Asked[0].GetText("model"));
        Assert.Equal(["anthropic", "openai", "own", "scripted"], room.Skills.Contracts["llm_invoke"].Constraints["providers"].EnumerateArray().Select(name => name.GetString()));
    }
}
