using System.Text.Json;
using Aos.Testing;

namespace Aos.Skills.Tests.Models;

/// <summary>The providers' own caches of prompts: asked for, counted, priced, reserved.</summary>
[Trait("store", "none")]
public sealed class PromptCaching
{
    private const string Tools = """ "tools":[{"name":"a","input_schema":{"type":"object"}},{"name":"b","input_schema":{"type":"object"}}] """;

    [Fact]
    [Trait("id", "F5.43-01")]
    public async Task The_last_tool_the_system_prompt_and_the_last_message_end_what_is_cached()
    {
        await using var peer = await ModelServer.OpenAsync([new ModelTurn("ok")]);
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""{"messages":[{"role":"user","content":"One"},{"role":"assistant","content":"Two"},{"role":"user","content":"Three"}],"system_prompt":"Help.",{{Tools}},"cache_prompt":true}""");

        Assert.True(outcome.Ok, outcome.Failure?.Message);
        var asked = Assert.Single(peer.Asked);
        Assert.Equal("""[{"cache_control":{"type":"ephemeral"},"text":"Help.","type":"text"}]""", CanonicalJson.Text(asked.GetProperty("system")));
        Assert.Equal([false, true], asked.GetProperty("tools").EnumerateArray().Select(tool => tool.Get("cache_control") is not null));
        Assert.Equal(
            """[{"content":"One","role":"user"},{"content":"Two","role":"assistant"},{"content":[{"cache_control":{"type":"ephemeral"},"text":"Three","type":"text"}],"role":"user"}]""",
            CanonicalJson.Text(asked.GetProperty("messages")));
    }

    [Fact]
    [Trait("id", "F5.43-01")]
    public async Task Answers_of_tools_end_it_too_and_without_being_asked_nothing_does()
    {
        await using var peer = await ModelServer.OpenAsync([new ModelTurn("ok"), new ModelTurn("ok")]);
        await using var room = ModelRoom.Of(peer);
        const string Talk = """ "messages":[{"role":"user","content":"Go"},{"role":"assistant","content":"","tool_calls":[{"id":"t1","name":"a","arguments":{}}]},{"role":"tool","tool_call_id":"t1","content":"7"}] """;
        await room.AskAsync($$"""{ {{Talk}},{{Tools}},"cache_prompt":true}""");
        await room.AskAsync($$"""{ {{Talk}},{{Tools}} }""");

        Assert.Equal("""{"type":"ephemeral"}""", CanonicalJson.Text(peer.Asked[0].GetProperty("messages")[2].GetProperty("content")[0].GetProperty("cache_control")));
        Assert.DoesNotContain("cache_control", peer.Asked[1].GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.43-02")]
    public async Task What_the_cache_took_and_gave_is_told_and_priced_at_its_own_prices()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Cached("ok", input: 20, read: 1_000, written: 200)));
        await using var room = ModelRoom.Of(peer);
        var parameters = $$"""{"prompt":"{{new string('a', 2_000)}}","cache_prompt":true,"model":"claude-sonnet-4-20250514"}""";
        var outcome = await room.AskAsync(parameters);

        Assert.Equal((1_220, 1_000, 200), (Tokens(outcome, "input_tokens"), Tokens(outcome, "cached_input_tokens"), Tokens(outcome, "cache_write_tokens")));
        // 20 at 300, 1,000 at 30, 200 at 375, 5 written at 1500 cents a million.
        Assert.Equal(((20 * 300m) + (1_000 * 30m) + (200 * 375m) + (5 * 1_500m)) / 1_000_000m, outcome.Cost.Value);
        Assert.Equal(outcome.Cost.Value, outcome.Result.GetProperty("cost_cents").GetDecimal());
    }

    [Fact]
    [Trait("id", "F5.43-02")]
    public async Task What_chat_completions_found_in_its_cache_is_cheaper()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(
            context, OpenAiChunks.Text("ok", """{"prompt_tokens":1500,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":0}}""")));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""{"prompt":"{{new string('a', 2_000)}}","provider":"openai"}""");

        Assert.Equal((1_500, 1_024, 0), (Tokens(outcome, "input_tokens"), Tokens(outcome, "cached_input_tokens"), Tokens(outcome, "cache_write_tokens")));
        Assert.Equal(((476 * 250m) + (1_024 * 125m) + (5 * 1_000m)) / 1_000_000m, outcome.Cost.Value);
    }

    [Theory]
    [InlineData(10, 5_000, 0)]
    [InlineData(10, -5, 0)]
    [InlineData(10, 0, long.MaxValue)]
    [Trait("id", "F5.43-03")]
    public async Task Counts_of_the_cache_that_cannot_be_are_not_believed(long input, long read, long written)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Cached("ok", input, read, written)));
        await using var room = ModelRoom.Of(peer);
        const string Parameters = """{"prompt":"Hi","cache_prompt":true,"max_tokens":10}""";
        var outcome = await room.AskAsync(Parameters);

        Assert.True(outcome.Result.GetProperty("usage_estimated").GetBoolean());
        Assert.Equal((0, 0), (Tokens(outcome, "cached_input_tokens"), Tokens(outcome, "cache_write_tokens")));
        Assert.True(outcome.Cost <= room.Bound(Parameters));
    }

    [Fact]
    [Trait("id", "F5.43-04")]
    public async Task A_call_that_writes_its_whole_prompt_into_the_cache_stays_within_what_it_reserved()
    {
        await using var peer = await ModelServer.OpenAsync((context, body) => ModelServer.StreamAsync(
            context, AnthropicEvents.Cached("ok", 0, 0, 2_500, body.GetProperty("max_tokens").GetInt32())));
        await using var room = ModelRoom.Of(peer);
        var prompt = new string('a', 2_450);
        var cached = $$"""{"prompt":"{{prompt}}","cache_prompt":true,"max_tokens":3}""";
        var outcome = await room.AskAsync(cached);

        Assert.Equal(2_500, Tokens(outcome, "cache_write_tokens"));
        Assert.Equal(((2_500 * 375m) + (3 * 1_500m)) / 1_000_000m, outcome.Cost.Value);
        Assert.True(outcome.Cost <= room.Bound(cached));
        // The dearer price is reserved by those alone that ask for it.
        Assert.True(room.Bound($$"""{"prompt":"{{prompt}}","cache_prompt":true}""").Value > room.Bound($$"""{"prompt":"{{prompt}}","cache_prompt":null}""").Value * 1.1m);
    }

    [Fact]
    [Trait("id", "F5.43-04")]
    public async Task Who_did_not_ask_for_it_pays_no_price_of_writing()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Cached("ok", 0, 0, 100)));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync("""{"prompt":"Hi","model":"claude-sonnet-4-20250514"}""");

        Assert.Equal((100, 0), (Tokens(outcome, "input_tokens"), Tokens(outcome, "cache_write_tokens")));
        Assert.Equal(((100 * 300m) + (5 * 1_500m)) / 1_000_000m, outcome.Cost.Value);
    }

    [Fact]
    [Trait("id", "F5.43-05")]
    public void Cache_prices_are_dated_and_overridden_as_the_others()
    {
        var (table, problems) = PriceTable.Shipped.With(Json.Parse("""
            {"prices":[{"provider":"openai","model":"gpt-4o","input_cents_per_million":100,"output_cents_per_million":400,"cache_read_cents_per_million":10,"cache_write_cents_per_million":150,"since":"2030-01-01","source":"s"}]}
            """));
        var usage = new TokenUsage(1_000_000, 0, CacheRead: 500_000, CacheWritten: 500_000);

        Assert.Empty(problems);
        Assert.Equal(80, table!.Cost("openai", "gpt-4o", usage, new DateOnly(2030, 1, 1)).Value);
        Assert.Equal(187.5m, table.Cost("openai", "gpt-4o", usage, new DateOnly(2029, 1, 1)).Value);
        Assert.Equal(table.Version, PriceTable.Shipped.With(table.ToJson()).Table!.Version);
        Assert.NotEmpty(PriceTable.Shipped.With(Json.Parse("""
            {"prices":[{"provider":"a","model":"m","input_cents_per_million":1,"output_cents_per_million":1,"cache_read_cents_per_million":-1,"since":"2030-01-01","source":"s"}]}
            """)).Problems);
    }

    private static long Tokens(StructuredOutcome outcome, string name) => outcome.Result.GetProperty(name).GetInt64();
}
