using System.Text.Json;
using Aos.Contracts;
using Aos.Testing;

namespace Aos.Skills.Tests.Models;

/// <summary>Kept and recorded answers with tools, and JSON of a wanted shape by the provider's own means.</summary>
[Trait("store", "none")]
public sealed class ToolMemory
{
    private const string Tool = """{"name":"t.x","input_schema":{"type":"object","properties":{"n":{"type":"integer"}}} }""";
    private const string Shape = """{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}},"additionalProperties":false}""";

    [Fact]
    [Trait("id", "F5.41-30")]
    public async Task A_seeded_answer_with_calls_is_kept_whole()
    {
        await using var peer = await ModelServer.OpenAsync(new ModelTurn("so", new ModelToolCall("t_x", """{"n":1}"""), new ModelToolCall("t_x", """{"n":""")));
        await using var room = ModelRoom.Of(peer);
        var parameters = $$"""{"prompt":"Hi","seed":1,"tools":[{{Tool}}]}""";
        var asked = (await room.AskAsync(parameters)).Result;
        var kept = (await room.AskAsync(parameters)).Result;

        Assert.True(kept.GetProperty("cached").GetBoolean());
        Assert.Equal("t.x", kept.GetProperty("tool_calls")[0].GetText("name"));
        Assert.Equal(asked.GetProperty("tool_calls").GetRawText(), kept.GetProperty("tool_calls").GetRawText());
        Assert.Equal("tool_use", kept.GetText("finish_reason"));
    }

    [Theory]
    [InlineData("\"tools\":[TOOL],\"tool_choice\":\"required\"", "user")]
    [InlineData("\"tools\":[TOOL],\"tool_choice\":{\"name\":\"t.x\"}", "user")]
    [InlineData("\"tools\":[{\"name\":\"t.x\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}}]", "user")]
    [InlineData("\"tools\":[TOOL,{\"name\":\"u\",\"input_schema\":{\"type\":\"object\"}}]", "user")]
    [InlineData("\"tools\":[TOOL]", "more")]
    [InlineData("\"tools\":[TOOL]", "argument")]
    [InlineData("\"tools\":[TOOL]", "error")]
    [Trait("id", "F5.41-31")]
    public async Task What_differs_in_tools_is_another_question(string tools, string change)
    {
        await using var peer = await ModelServer.OpenAsync((_, _) => new ModelTurn("ok"));
        await using var room = ModelRoom.Of(peer);
        Assert.True((await room.AskAsync(Ask("\"tools\":[TOOL]", "user"))).Ok);
        var outcome = await room.AskAsync(Ask(tools, change));

        Assert.True(outcome.Ok, outcome.Failure?.ToString());
        Assert.False(outcome.Result.GetProperty("cached").GetBoolean());

        static string Ask(string tools, string change) => $$"""
            {"seed":1,{{tools.Replace("TOOL", Tool, StringComparison.Ordinal)}},"messages":[{"role":"user","content":"Hi"},
             {"role":"assistant","tool_calls":[{"id":"a","name":"t.x","arguments":{"n":{{(change == "argument" ? 2 : 1)}}} }]},
             {"role":"tool","tool_call_id":"a","content":"{{(change == "more" ? "2" : "1")}}","is_error":{{(change == "error" ? "true" : "false")}} }]}
            """;
    }

    [Fact]
    [Trait("id", "F5.41-32")]
    public async Task A_key_that_comes_back_in_a_call_is_hidden()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(
            context, AnthropicEvents.Of(ModelTurn.Call("t_x", JsonSerializer.Serialize(new Dictionary<string, string> { ["key"] = context.Request.Headers["x-api-key"].ToString() })))));
        await using var room = new ModelRoom(
            new ModelsOptions
            {
                Endpoints = [new ModelEndpoint("anthropic", ModelWire.Anthropic, peer.Origin, null, "claude-sonnet-4-20250514", false, true) { KeySecret = "KEY" }],
                DefaultProvider = "anthropic",
            },
            new Own(), new Uri(peer.Origin).Authority);
        var result = (await room.AskAsync($$"""{"prompt":"Hi","tools":[{{Tool}}]}""")).Result;

        Assert.Equal("[REDACTED]", result.GetProperty("tool_calls")[0].GetProperty("arguments").GetText("key"));
        Assert.DoesNotContain("own-key-of-a-tenant", result.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.41-33")]
    public async Task A_script_plays_a_conversation_of_many_turns_the_same_each_time()
    {
        const string Script = """
            {"answers":[
              {"contains":"weather","turn":1,"text":"I look.","tool_calls":[{"name":"t.x","arguments":{"n":1}},{"id":"mine","name":"t.x","arguments_text":"{\"n\":"}]},
              {"contains":"weather","last_contains":["storm","rain"],"tool_calls":[{"name":"t.x","arguments":{"n":2}}],"input_tokens":8,"output_tokens":2},
              {"contains":"weather","turn":3,"text":"Stay at home."},
              {"text":"lost"}]}
            """;
        var runs = new List<string>();
        for (var run = 0; run < 2; run++)
        {
            await using var room = ModelRoom.Scripted(Script);
            var talk = new List<string> { """{"role":"user","content":"The weather?"}""" };
            var first = await room.AskAsync(Ask(talk));
            var calls = first.Result.GetProperty("tool_calls");
            Assert.Equal(("tool_use", "I look."), (first.Result.GetText("finish_reason"), first.Result.GetText("content")));
            Assert.Equal(("mine", "The arguments are no JSON."), (calls[1].GetText("id"), calls[1].GetText("invalid")));
            talk.Add($$"""{"role":"assistant","content":"I look.","tool_calls":{{calls.GetRawText()}} }""");
            talk.Add($$"""{"role":"tool","tool_call_id":"{{calls[0].GetText("id")}}","content":"STORM"}""");
            talk.Add("""{"role":"tool","tool_call_id":"mine","content":"rain","is_error":true}""");
            var second = await room.AskAsync(Ask(talk));
            var next = second.Result.GetProperty("tool_calls");
            Assert.Equal(("tool_use", ""), (second.Result.GetText("finish_reason"), second.Result.GetText("content")));
            Assert.Equal((8, 2), (second.Result.GetProperty("input_tokens").GetInt32(), second.Result.GetProperty("output_tokens").GetInt32()));
            Assert.Equal("""{"n":2}""", next[0].GetProperty("arguments").GetRawText());
            Assert.NotEqual(calls[0].GetText("id"), next[0].GetText("id"));
            talk.Add($$"""{"role":"assistant","tool_calls":{{next.GetRawText()}} }""");
            talk.Add($$"""{"role":"tool","tool_call_id":"{{next[0].GetText("id")}}","content":"sun"}""");
            var last = await room.AskAsync(Ask(talk));
            Assert.Equal(("end_turn", "Stay at home."), (last.Result.GetText("finish_reason"), last.Result.GetText("content")));
            runs.Add(string.Join('\n', new[] { first, second, last }.Select(outcome => CanonicalJson.Text(outcome.Result))));
        }

        Assert.Equal(runs[0], runs[1]);

        static string Ask(List<string> talk) => $$"""{"tools":[{{Tool}}],"messages":[{{string.Join(',', talk)}}]}""";
    }

    [Theory]
    [InlineData("""{"text":"a","json":1}""")]
    [InlineData("""{"json":1,"tool_calls":[{"name":"t"}]}""")]
    [InlineData("""{"tool_calls":[]}""")]
    [InlineData("""{"tool_calls":[{"name":"t","arguments":{},"arguments_text":"{}"}]}""")]
    [InlineData("""{"tool_calls":[{"arguments":{}}]}""")]
    [InlineData("""{"text":"a","turn":0}""")]
    [Trait("id", "F5.41-34")]
    public async Task A_script_that_is_none_is_refused(string answer)
    {
        await using var room = ModelRoom.Scripted();
        Directory.CreateDirectory(room.Workspace);
        await File.WriteAllTextAsync(Path.Combine(room.Workspace, "s.json"), $$"""{"answers":[{{answer}}]}""", TestContext.Current.CancellationToken);

        Assert.Equal("INVALID_INPUT", (await room.AskAsync("""{"prompt":"x","script":"s.json"}""")).Failure?.Code);
    }

    [Fact]
    [Trait("id", "F5.41-35")]
    public async Task Without_a_script_a_call_that_must_be_made_is_not_made_up()
    {
        await using var room = ModelRoom.Scripted();

        Assert.Equal("DATA_NOT_FOUND", (await room.AskAsync($$"""{"prompt":"x","tools":[{{Tool}}],"tool_choice":"required"}""")).Failure?.Code);
        Assert.Equal("end_turn", (await room.AskAsync($$"""{"prompt":"x","tools":[{{Tool}}]}""")).Result.GetText("finish_reason"));
    }

    [Theory]
    [InlineData("""{"n":3}""", null)]
    [InlineData("""{"n":"three"}""", "LLM_INVALID_RESPONSE")]
    [InlineData("""{"n":""", "LLM_INVALID_RESPONSE")]
    [Trait("id", "F5.41-40")]
    public async Task A_wanted_shape_is_asked_of_anthropic_as_the_one_tool_there_is(string written, string? code)
    {
        await using var peer = await ModelServer.OpenAsync(new ModelTurn("Well:", new ModelToolCall("answer", written)) { InputTokens = 20, OutputTokens = 5 });
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""{"prompt":"Count","json_schema":{{Shape}}}""");

        Assert.Equal("""{"name":"answer","type":"tool"}""", CanonicalJson.Text(peer.Asked[0].GetProperty("tool_choice")));
        Assert.Equal(CanonicalJson.Text(Json.Parse(Shape)), CanonicalJson.Text(peer.Asked[0].GetProperty("tools")[0].GetProperty("input_schema")));
        Assert.Null(peer.Asked[0].Get("system"));
        Assert.Equal(code, outcome.Failure?.Code);
        Assert.Equal(0.0135m, outcome.Cost.Value);
        if (code is not null) return;
        Assert.Equal(3, outcome.Result.GetProperty("parsed").GetProperty("n").GetInt32());
        Assert.Equal(("end_turn", written), (outcome.Result.GetText("finish_reason"), outcome.Result.GetText("content")));
        Assert.Null(outcome.Result.Get("tool_calls"));
    }

    [Theory]
    [InlineData(Shape, true, true)]
    [InlineData("""{"type":"object","properties":{"n":{"type":"integer"}}}""", true, null)]
    [InlineData("""{"type":"object","required":[],"properties":{"n":{"type":"integer"}},"additionalProperties":false}""", true, null)]
    [InlineData("""{"type":"object","required":["n"],"properties":{"n":{"type":"integer","minimum":0}},"additionalProperties":false}""", true, null)]
    [InlineData("""{"type":"object","required":["n"],"properties":{"n":{"type":["object","null"]}},"additionalProperties":false}""", true, null)]
    [InlineData("""{"type":"object","required":["n"],"properties":{"n":{"anyOf":[{"type":"array","items":{"type":"integer"}},{"const":3}]}},"additionalProperties":false}""", true, true)]
    [InlineData("""{"type":"integer"}""", false, null)]
    [Trait("id", "F5.41-41")]
    public async Task A_wanted_shape_is_asked_of_openai_by_its_format_and_to_the_letter_where_it_holds_that(string schema, bool isNative, bool? strict)
    {
        await using var peer = await ModelServer.OpenAsync((_, _) => new ModelTurn(isNative ? """{"n":3}""" : "3"));
        await using var room = ModelRoom.Of(peer);
        await room.AskAsync($$"""{"provider":"openai","prompt":"Count","json_schema":{{schema}}}""");
        await room.AskAsync($$"""{"provider":"own","prompt":"Count","json_schema":{{schema}}}""");
        var format = peer.Asked[0].Get("response_format")?.Get("json_schema");

        Assert.Equal(isNative, format is not null);
        Assert.Equal(strict, format?.Get("strict")?.GetBoolean());
        Assert.Equal(strict is null, peer.Asked[0].GetProperty("messages")[0].GetText("role") == "system");
        Assert.Null(peer.Asked[1].Get("response_format")); // A server of one's own may not know it: there the schema stands in words.
        Assert.Contains(schema, peer.Asked[1].GetProperty("messages")[0].GetText("content"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anthropic")]
    [InlineData("own")]
    [Trait("id", "F5.41-42")]
    public async Task A_shape_is_wanted_of_the_answer_and_not_of_the_calls_before_it(string provider)
    {
        await using var peer = await ModelServer.OpenAsync(ModelTurn.Call("t_x", """{"n":1}"""), new ModelTurn("""{"n":2}"""));
        await using var room = ModelRoom.Of(peer);
        var parameters = $$"""{"provider":"{{provider}}","prompt":"Count","json_schema":{{Shape}},"tools":[{{Tool}}]}""";
        var calling = (await room.AskAsync(parameters)).Result;
        var ending = (await room.AskAsync(parameters)).Result;

        Assert.Null(calling.Get("parsed"));
        Assert.Equal("tool_use", calling.GetText("finish_reason"));
        Assert.Equal(2, ending.GetProperty("parsed").GetProperty("n").GetInt32());
        Assert.Contains("When you call no tool", peer.Asked[0].GetRawText(), StringComparison.Ordinal);
    }

    /// <summary>Every tenant has the secret.</summary>
    private sealed class Own : ISecrets
    {
        public ValueTask<SecretAnswer?> FindAsync(SecretAsk ask, CancellationToken cancel) => ValueTask.FromResult<SecretAnswer?>(SecretAnswer.Of("own-key-of-a-tenant"));
    }
}
