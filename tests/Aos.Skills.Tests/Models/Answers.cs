using System.Text.Json;
using Aos.Testing;

namespace Aos.Skills.Tests.Models;

/// <summary>Shapes, seeds, recorded answers, and what a call may say.</summary>
public sealed class Answers
{
    private const string Shape = """{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}},"additionalProperties":false}""";

    [Theory]
    [InlineData("""{"n":3}""")]
    [InlineData("```json\n{\"n\":3}\n```")]
    [InlineData("\n {\"n\": 3}\n")]
    public async Task An_answer_of_a_wanted_shape_is_given_back_parsed_also_when_it_is_only_written(string text)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text(text)));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""{"prompt":"Count","json_schema":{{Shape}}}""");

        Assert.Equal("""{"n":3}""", CanonicalJson.Text(outcome.Result.GetProperty("parsed")));
        Assert.Equal("end_turn", outcome.Result.GetText("finish_reason"));
    }

    [Theory]
    [InlineData("""{"n":"three"}""", "parsed.n must be integer")]
    [InlineData("three", "no JSON")]
    public async Task An_answer_of_another_shape_fails_names_the_place_and_costs(string text, string message)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, OpenAiChunks.Text(text)));
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""{"prompt":"Count","provider":"openai","json_schema":{{Shape}}}""");

        Assert.Equal("LLM_INVALID_RESPONSE", outcome.Failure?.Code);
        Assert.Contains(message, outcome.Failure!.Message, StringComparison.Ordinal);
        Assert.True(outcome.Cost > Cents.Zero);
        Assert.Equal(Shape, peer.Asked[0].GetProperty("response_format").GetProperty("json_schema").GetProperty("schema").GetRawText());
    }

    [Fact]
    [Trait("id", "F5.40-18")]
    public async Task The_same_question_with_the_same_seed_is_asked_once_per_tenant()
    {
        var calls = 0;
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text($"answer {++calls}")));
        await using var room = ModelRoom.Of(peer);
        var first = await room.AskAsync("""{"prompt":"Hi","seed":1}""");
        var second = await room.AskAsync("""{"prompt":"Hi","seed":1}""");
        var other = await room.AskAsync("""{"prompt":"Hi","seed":1}""", tenant: "other");

        Assert.False(first.Result.GetProperty("cached").GetBoolean());
        Assert.True(second.Result.GetProperty("cached").GetBoolean());
        Assert.Equal(first.Result.GetText("content_hash"), second.Result.GetText("content_hash"));
        Assert.Equal(first.Result.GetProperty("input_tokens").GetInt32(), second.Result.GetProperty("input_tokens").GetInt32());
        Assert.Equal(Cents.Zero, second.Cost);
        Assert.True(first.Cost > Cents.Zero);
        Assert.False(other.Result.GetProperty("cached").GetBoolean());
        Assert.Equal(2, calls);
    }

    [Theory]
    [InlineData("""{"prompt":"Hi"}""")]
    [InlineData("""{"prompt":"Hi","seed":2}""")]
    [InlineData("""{"prompt":"Ho","seed":1}""")]
    [InlineData("""{"prompt":"Hi","seed":1,"temperature":0.5}""")]
    [InlineData("""{"prompt":"Hi","seed":1,"max_tokens":7}""")]
    [InlineData("""{"prompt":"Hi","seed":1,"model":"claude-3-haiku-20240307"}""")]
    [InlineData("""{"prompt":"Hi","seed":1,"system_prompt":"x"}""")]
    [InlineData("""{"prompt":"Hi","seed":1,"stop_sequences":["x"]}""")]
    [InlineData("""{"prompt":"Hi","seed":1,"json_schema":{"type":"integer"}}""")]
    [InlineData("""{"prompt":"Hi","seed":1,"tools":[{"name":"a","input_schema":{"type":"object"}}]}""")]
    public async Task Another_question_is_not_answered_from_the_cache(string other)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text("1")));
        await using var room = ModelRoom.Of(peer);
        await room.AskAsync("""{"prompt":"Hi","seed":1}""");
        var outcome = await room.AskAsync(other);

        Assert.False(outcome.Result.GetProperty("cached").GetBoolean());
        Assert.Equal(2, peer.Asked.Count);
    }

    [Fact]
    public async Task A_failed_call_is_not_kept()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.RefuseAsync(context, 500, "{}"));
        await using var room = ModelRoom.Of(peer);
        await room.AskAsync("""{"prompt":"Hi","seed":1}""");
        await room.AskAsync("""{"prompt":"Hi","seed":1}""");

        Assert.Equal(2, peer.Asked.Count);
    }

    [Fact]
    [Trait("id", "F5.40-06")]
    [Trait("id", "F5.40-09")]
    [Trait("id", "F5.40-14")]
    [Trait("id", "F5.40-15")]
    public async Task Without_a_key_answers_are_scripted_and_say_so()
    {
        await using var room = ModelRoom.Scripted();
        var first = await room.AskAsync("""{"prompt":"What is the weather?","seed":42}""");
        var again = await room.AskAsync("""{"prompt":"What is the weather?","seed":42}""");
        var other = await room.AskAsync("""{"prompt":"What is the weather?","seed":123}""");

        Assert.Equal("scripted", first.Result.GetText("provider"));
        Assert.Equal("scripted", first.Result.GetText("model"));
        Assert.Contains("What is the weather?", first.Result.GetText("content"), StringComparison.Ordinal);
        Assert.Equal(first.Result.GetText("content"), again.Result.GetText("content"));
        Assert.NotEqual(first.Result.GetText("content"), other.Result.GetText("content"));
        Assert.Equal(42, first.Result.GetProperty("seed").GetInt32());
        Assert.Equal(Cents.Zero, first.Cost);
        Assert.True(first.Result.GetProperty("input_tokens").GetInt32() > 0);
        Assert.True(first.Result.GetProperty("output_tokens").GetInt32() > 0);
    }

    [Fact]
    [Trait("id", "F5.40-10")]
    public async Task A_recorded_answer_is_found_by_what_fits_closest()
    {
        await using var room = ModelRoom.Scripted("""
            {"model":"demo-1","answers":[
              {"text":"anything"},
              {"contains":"invoice","text":"one word"},
              {"contains":["invoice","overdue"],"text":"two words","input_tokens":7,"output_tokens":3},
              {"contains":"invoice","seed":9,"text":"for the seed"},
              {"contains":"fail","error":"ERR_LLM_RATE_LIMITED","retry_after_ms":1500},
              {"contains":"shape","json":{"n":1}}]}
            """);

        Assert.Equal("anything", await Text("hello"));
        Assert.Equal("one word", await Text("an INVOICE"));
        Assert.Equal("two words", await Text("the overdue invoice"));
        Assert.Equal("for the seed", (await room.AskAsync("""{"prompt":"the overdue invoice","seed":9}""")).Result.GetText("content"));
        Assert.Equal("demo-1", (await room.AskAsync("""{"prompt":"hello"}""")).Result.GetText("model"));
        Assert.Equal(1, (await room.AskAsync($$"""{"prompt":"shape","json_schema":{{Shape}}}""")).Result.GetProperty("parsed").GetProperty("n").GetInt32());
        var failure = (await room.AskAsync("""{"prompt":"fail"}""")).Failure!;
        Assert.Equal(("RATE_LIMITED", TimeSpan.FromMilliseconds(1500)), (failure.Code, failure.RetryAfter));

        async Task<string?> Text(string prompt) => (await room.AskAsync($$"""{"prompt":"{{prompt}}"}""")).Result.GetText("content");
    }

    [Fact]
    public async Task A_recorded_answer_is_found_by_the_prompts_hash()
    {
        await using var echo = ModelRoom.Scripted();
        var hash = (await echo.AskAsync("""{"prompt":"hello"}""")).Result.GetText("prompt_hash");
        await using var room = ModelRoom.Scripted($$"""{"answers":[{"contains":"hello","text":"by word"},{"prompt_hash":"{{hash}}","text":"by hash"}]}""");

        Assert.Equal("by hash", (await room.AskAsync("""{"prompt":"hello"}""")).Result.GetText("content"));
        Assert.Equal("by word", (await room.AskAsync("""{"prompt":"hello there"}""")).Result.GetText("content"));
        var absent = (await room.AskAsync("""{"prompt":"bye"}""")).Failure!;
        Assert.Equal("DATA_NOT_FOUND", absent.Code);
        Assert.Matches("[0-9a-f]{16}", absent.Message);
    }

    [Fact]
    public async Task A_call_may_name_its_script_in_the_workspace()
    {
        await using var room = ModelRoom.Scripted();
        Directory.CreateDirectory(room.Workspace);
        await File.WriteAllTextAsync(Path.Combine(room.Workspace, "s.json"), """{"answers":[{"text":"from the file"}]}""", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(room.Workspace, "bad.json"), """{"answers":[{"txt":"x"}]}""", TestContext.Current.CancellationToken);

        Assert.Equal("from the file", (await room.AskAsync("""{"prompt":"x","script":"s.json"}""")).Result.GetText("content"));
        Assert.Equal("INVALID_INPUT", (await room.AskAsync("""{"prompt":"x","script":"bad.json"}""")).Failure?.Code);
        Assert.Equal("PERMISSION_DENIED", (await room.AskAsync("""{"prompt":"x","script":"../s.json"}""")).Failure?.Code);
        Assert.Equal("FILE_NOT_FOUND", (await room.AskAsync("""{"prompt":"x","script":"none.json"}""")).Failure?.Code);
    }

    [Theory]
    [InlineData("{}", "prompt is missing")]
    [InlineData("""{"prompt":" "}""", "prompt is empty")]
    [InlineData("""{"prompt":3}""", "prompt is a text")]
    [InlineData("""{"prompt":"a","messages":[{"role":"user","content":"b"}]}""", "not both")]
    [InlineData("""{"messages":[]}""", "messages is a text, or a list")]
    [InlineData("""{"messages":[{"role":"robot","content":"b"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"user","content":""}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"system","content":"b"}]}""", "no message of the user")]
    [InlineData("""{"prompt":"a","max_tokens":0}""", "max_tokens")]
    [InlineData("""{"prompt":"a","max_tokens":100001}""", "max_tokens")]
    [InlineData("""{"prompt":"a","temperature":2.1}""", "temperature")]
    [InlineData("""{"prompt":"a","timeout_ms":0}""", "timeout")]
    [InlineData("""{"prompt":"a","timeout":601}""", "timeout")]
    [InlineData("""{"prompt":"a","json_schema":{"type":"text"}}""", "json_schema.type")]
    [InlineData("""{"prompt":"a","provider":"nobody"}""", "no provider nobody")]
    [Trait("id", "F5.40-12")]
    public async Task What_cannot_be_asked_is_refused_with_the_place(string parameters, string message)
    {
        await using var room = ModelRoom.Scripted();
        var failure = (await room.AskAsync(parameters)).Failure!;

        Assert.Equal("INVALID_INPUT", failure.Code);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.40-13")]
    public async Task A_provider_without_its_key_is_told_apart_from_one_that_is_not()
    {
        await using var room = ModelRoom.Scripted();
        var unknown = (await room.AskAsync("""{"prompt":"a","adapter":"nobody"}""")).Failure!;

        Assert.Equal("LLM_AUTH_FAILED", (await room.AskAsync("""{"prompt":"a","adapter":"claude"}""")).Failure?.Code);
        Assert.Equal("scripted", unknown.Details!.Value.GetProperty("available")[0].GetString());
    }

    [Fact]
    [Trait("id", "F5.40-11")]
    public async Task The_older_words_for_providers_are_understood()
    {
        await using var room = ModelRoom.Scripted();

        Assert.Equal("scripted", (await room.AskAsync("""{"prompt":[{"role":"user","content":"a"}],"adapter":"stub"}""")).Result.GetText("provider"));
    }

    [Fact]
    public async Task No_call_costs_more_than_its_upper_bound()
    {
        await using var peer = await ModelServer.OpenAsync((context, body) => ModelServer.StreamAsync(
            context, AnthropicEvents.Text("ok", input: 180, output: body.GetProperty("max_tokens").GetInt32())));
        await using var room = ModelRoom.Of(peer);
        foreach (var model in new[] { "claude-sonnet-4-20250514", "claude-3-haiku-20240307", "claude-opus-4-20250514", "claude-unknown" })
        {
            var parameters = $$"""{"prompt":"Hi","model":"{{model}}","provider":"anthropic","max_tokens":300}""";
            var outcome = await room.AskAsync(parameters);

            Assert.True(outcome.Cost <= room.Skills.Terms["llm_invoke"].Cost.UpperBound(Json.Parse(parameters)), model);
        }
    }
}
