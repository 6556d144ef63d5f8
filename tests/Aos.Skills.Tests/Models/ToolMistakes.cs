using System.Text.Json;
using Aos.Testing;

namespace Aos.Skills.Tests.Models;

/// <summary>What models, servers and callers get wrong about tools.</summary>
[Trait("store", "none")]
public sealed class ToolMistakes
{
    private const string Tools = """[{"name":"weather","input_schema":{"type":"object","required":["city"],"properties":{"city":{"type":"string"}},"additionalProperties":false}}]""";

    [Theory]
    [InlineData("""{"city":3}""", """{"city":3}""", "arguments.city must be string, not number.")]
    [InlineData("""{"town":"x"}""", """{"town":"x"}""", "arguments.city is missing. arguments.town")]
    [InlineData("""{"city":"x""", "{}", "The arguments are no JSON.")]
    [InlineData("""{"city":"x","city":"y"}""", "{}", "The arguments are no JSON.")]
    [InlineData("""["x"]""", "{}", "The arguments are no JSON object.")]
    [InlineData("""{"city":1e99}""", "{}", "out of the range")]
    [InlineData("", "{}", "arguments.city is missing.")]
    [Trait("id", "F5.41-20")]
    public async Task Wrong_arguments_are_given_through_with_what_is_wrong(string written, string arguments, string wrong)
    {
        foreach (var provider in new[] { "anthropic", "openai" })
        {
            await using var peer = await ModelServer.OpenAsync(ModelTurn.Call("weather", written));
            await using var room = ModelRoom.Of(peer);
            var call = (await room.AskAsync($$"""{"provider":"{{provider}}","prompt":"Hi","tools":{{Tools}}}""")).Result.GetProperty("tool_calls")[0];

            Assert.Equal(arguments, call.GetProperty("arguments").GetRawText());
            Assert.Contains(wrong, call.GetText("invalid"), StringComparison.Ordinal);
            Assert.Equal(wrong.StartsWith("arguments.", StringComparison.Ordinal) ? null : written, call.GetText("arguments_text"));
        }
    }

    [Fact]
    [Trait("id", "F5.41-20")]
    public async Task Arguments_that_are_nested_too_deep_for_the_journal_are_told_as_wrong()
    {
        await using var peer = await ModelServer.OpenAsync(
            ModelTurn.Call("t", $$"""{"a":{{new string('[', 47)}}1{{new string(']', 47)}} }"""), ModelTurn.Call("t", $$"""{"a":{{new string('[', 48)}}1{{new string(']', 48)}} }"""));
        await using var room = ModelRoom.Of(peer);
        var invalid = new List<string?>();
        for (var i = 0; i < 2; i++)
            invalid.Add((await room.AskAsync("""{"prompt":"Hi","tools":[{"name":"t","input_schema":{"type":"object"}}]}""")).Result.GetProperty("tool_calls")[0].GetText("invalid"));

        Assert.Equal([null, "What the arguments hold is nested deeper than 48 levels."], invalid);
    }

    [Fact]
    [Trait("id", "F5.41-21")]
    public async Task A_tool_that_was_not_offered_is_told_with_those_that_are()
    {
        await using var peer = await ModelServer.OpenAsync(ModelTurn.Call("stocks", "{}"), ModelTurn.Call("stocks", "{}"), ModelTurn.Call("", "{}"));
        await using var room = ModelRoom.Of(peer);
        var named = (await room.AskAsync($$"""{"prompt":"Hi","tools":{{Tools}}}""")).Result.GetProperty("tool_calls")[0];
        var none = (await room.AskAsync("""{"prompt":"Hi"}""")).Result.GetProperty("tool_calls")[0];
        var unnamed = (await room.AskAsync($$"""{"prompt":"Hi","tools":{{Tools}}}""")).Result.GetProperty("tool_calls")[0];

        Assert.Equal(("stocks", "There is no tool of this name. There are: weather."), (named.GetText("name"), named.GetText("invalid")));
        Assert.Equal("No tool may be called.", none.GetText("invalid"));
        Assert.Equal("unknown", unnamed.GetText("name"));
    }

    [Theory]
    [InlineData("anthropic")]
    [InlineData("openai")]
    [Trait("id", "F5.41-22")]
    public async Task A_call_that_is_cut_off_says_so(string provider)
    {
        await using var peer = await ModelServer.OpenAsync(ModelTurn.Call("weather", """{"city":"Zür""") with { IsCut = true });
        await using var room = ModelRoom.Of(peer);
        var result = (await room.AskAsync($$"""{"provider":"{{provider}}","prompt":"Hi","tools":{{Tools}}}""")).Result;

        Assert.Equal("max_tokens", result.GetText("finish_reason"));
        Assert.Equal("The arguments are no JSON. The answer was cut at max_tokens.", result.GetProperty("tool_calls")[0].GetText("invalid"));
    }

    [Theory]
    [InlineData("""[{"index":0,"id":"a","function":{"name":"weather","arguments":"{\"city\":"}}]|[{"index":0,"id":"a","function":{"name":"weather","arguments":"\"x\"}"}}]""", "a")]
    [InlineData("""[{"index":0,"id":"a","function":{"name":"weather","arguments":"{\"city\":\"x\"}"}}]|[{"index":0,"id":"b","function":{"name":"weather","arguments":"{\"city\":\"x\"}"}}]""", "a b")]
    [InlineData("""[{"id":"a","function":{"name":"weather","arguments":"{\"city\":\"x\"}"}},{"id":"b","function":{"name":"weather","arguments":{"city":"x"}}}]""", "a b")]
    [InlineData("""[{"function":{"name":"weather","arguments":"{\"city\":"}}]|[{"function":{"arguments":"\"x\"}"}}]|[{"function":{"name":"weather","arguments":"{\"city\":\"x\"}"}}]""", "made made")]
    [InlineData("""[{"index":0,"id":"a","function":{"name":"weather","arguments":"{\"city\":\"x\"}"}},{"index":1,"id":"a","function":{"name":"weather","arguments":"{\"city\":\"x\"}"}}]""", "a made")]
    [InlineData("""[{"index":0,"id":"taken","function":{"name":"weather","arguments":"{\"city\":\"x\"}"}}]""", "made")]
    [Trait("id", "F5.41-23")]
    public async Task What_servers_of_ones_own_get_wrong_about_places_and_ids_is_set_right(string pieces, string ids)
    {
        var chunks = string.Concat(pieces.Split('|').Select(piece => $$$"""data: {"choices":[{"index":0,"delta":{"tool_calls":{{{piece}}}}}]}""" + "\n\n"));
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, chunks + OpenAiChunks.Text("")));
        await using var room = ModelRoom.Of(peer);
        var result = (await room.AskAsync($$"""
            {"provider":"own","tools":{{Tools}},"messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"id":"taken","name":"weather","arguments":{} }]},{"role":"tool","tool_call_id":"taken","content":"?"}]}
            """)).Result;
        var calls = result.GetProperty("tool_calls").EnumerateArray().ToList();

        Assert.Equal("tool_use", result.GetText("finish_reason"));
        Assert.All(calls, call => Assert.Equal("""{"city":"x"}""", call.GetProperty("arguments").GetRawText()));
        Assert.Equal(ids, string.Join(' ', calls.Select(call => call.GetText("id")!.StartsWith("call_", StringComparison.Ordinal) ? "made" : call.GetText("id"))));
        Assert.Equal(calls.Count, calls.Select(call => call.GetText("id")).Distinct().Count());
    }

    [Fact]
    [Trait("id", "F5.41-23")]
    public async Task Whole_arguments_at_a_blocks_start_are_taken_and_an_end_without_a_call_is_an_end()
    {
        var whole = AnthropicEvents.Text("x", stop: "tool_use").Replace(
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""} }""",
            """{"type":"content_block_start","index":9,"content_block":{"type":"tool_use","id":"a","name":"weather","input":{"city":"x"}}}""", StringComparison.Ordinal);
        await using var gives = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, whole));
        await using var ends = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, OpenAiChunks.Text("x", finish: "tool_calls")));
        await using var giving = ModelRoom.Of(gives);
        await using var ending = ModelRoom.Of(ends);

        Assert.Equal("""{"city":"x"}""", (await giving.AskAsync($$"""{"prompt":"Hi","tools":{{Tools}}}""")).Result.GetProperty("tool_calls")[0].GetProperty("arguments").GetRawText());
        Assert.Equal("end_turn", (await ending.AskAsync($$"""{"prompt":"Hi","provider":"own","tools":{{Tools}}}""")).Result.GetText("finish_reason"));
    }

    [Theory]
    [InlineData("anthropic", 128, null)]
    [InlineData("anthropic", 129, "LLM_INVALID_RESPONSE")]
    [InlineData("openai", 128, null)]
    [InlineData("openai", 129, "LLM_INVALID_RESPONSE")]
    [Trait("id", "F5.41-24")]
    public async Task An_answer_asks_for_128_calls_at_most(string provider, int count, string? code)
    {
        await using var peer = await ModelServer.OpenAsync(new ModelTurn("") { Calls = [.. Enumerable.Repeat(new ModelToolCall("weather", """{"city":"x"}"""), count)], OutputTokens = 9 });
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""{"provider":"{{provider}}","prompt":"Hi","tools":{{Tools}}}""");

        Assert.Equal(code, outcome.Failure?.Code);
        if (code is null) Assert.Equal(count, outcome.Result.GetProperty("tool_calls").EnumerateArray().Select(call => call.GetText("id")).Distinct().Count());
        else Assert.True(outcome.Cost > Cents.Zero);
    }

    [Theory]
    [InlineData("\"tools\":[]", "tools")]
    [InlineData("\"tools\":{}", "tools")]
    [InlineData("""  "tools":[{"name":"a b","input_schema":{"type":"object"}}]""", "tools[0].name")]
    [InlineData("""  "tools":[{"name":"","input_schema":{"type":"object"}}]""", "tools[0].name")]
    [InlineData("""  "tools":[{"name":"a"}]""", "tools[0].input_schema")]
    [InlineData("""  "tools":[{"name":"a","input_schema":{"type":"array"}}]""", "tools[0].input_schema.type")]
    [InlineData("""  "tools":[{"name":"a","input_schema":{"type":"object","properties":{"x":{"type":"text"}}}}]""", "tools[0].input_schema.properties.x.type")]
    [InlineData("""  "tools":[{"name":"a","strict":true,"input_schema":{"type":"object"}}]""", "tools[0].strict")]
    [InlineData("""  "tools":[{"name":"a","input_schema":{"type":"object"}},{"name":"a","input_schema":{"type":"object"}}]""", "tools[1].name")]
    [InlineData("""  "tool_choice":"required" """, "tool_choice")]
    [InlineData("""  "tool_choice":"any" """, "tool_choice")]
    [InlineData("""  "tool_choice":3 """, "tool_choice")]
    [InlineData("""  "tool_choice":{} """, "tool_choice.name")]
    [InlineData("""  "tools":[{"name":"a","input_schema":{"type":"object"}}],"tool_choice":{"name":"b"}""", "tool_choice.name")]
    [Trait("id", "F5.41-25")]
    public async Task Tools_that_are_none_are_refused_with_the_place(string parameters, string path)
    {
        await using var room = ModelRoom.Scripted();
        var failure = (await room.AskAsync($$"""{"prompt":"Hi",{{parameters}}}""")).Failure!;

        Assert.Equal("INVALID_INPUT", failure.Code);
        Assert.Equal(path, failure.Details!.Value.GetProperty("problems")[0].GetText("path"));
    }

    [Fact]
    [Trait("id", "F5.41-25")]
    public async Task Of_tools_there_are_128_at_most()
    {
        await using var room = ModelRoom.Scripted();

        Assert.True((await room.AskAsync($$"""{"prompt":"Hi","tools":[{{Many(128)}}]}""")).Ok);
        Assert.Equal("INVALID_INPUT", (await room.AskAsync($$"""{"prompt":"Hi","tools":[{{Many(129)}}]}""")).Failure?.Code);

        static string Many(int count) => string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"name":"t{{i}}","input_schema":{"type":"object"} }"""));
    }

    [Theory]
    [InlineData("""{"role":"tool","tool_call_id":"a","content":"x"}""", "messages[1].tool_call_id")]
    [InlineData("""{"role":"tool","content":"x"}""", "messages[1].tool_call_id")]
    [InlineData("""{"role":"user","content":"x","tool_calls":[{"id":"a","name":"t","arguments":{}}]}""", "messages[1].tool_calls")]
    [InlineData("""{"role":"assistant","content":""}""", "messages[1].content")]
    [InlineData("""{"role":"assistant","content":3,"tool_calls":[{"id":"a","name":"t","arguments":{}}]},{"role":"tool","tool_call_id":"a","content":""}""", "messages[1].content")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","name":"t","arguments":"{}"}]}""", "messages[1].tool_calls[0].arguments messages[1].content")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","name":"t","arguments":{}}]}""", "messages[1].tool_calls[0]")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","name":"t","arguments":{}},{"id":"b","name":"t","arguments":{}}]},{"role":"tool","tool_call_id":"b","content":"x"},{"role":"user","content":"x"},{"role":"tool","tool_call_id":"a","content":"x"}""", "messages[1].tool_calls[0] messages[4].tool_call_id")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","name":"t","arguments":{}}]},{"role":"tool","tool_call_id":"a","content":"x"},{"role":"tool","tool_call_id":"a","content":"x"}""", "messages[3].tool_call_id")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","name":"t","arguments":{}}]},{"role":"tool","tool_call_id":"a","content":"x"},{"role":"assistant","tool_calls":[{"id":"a","name":"t","arguments":{}}]}""", "messages[3].tool_calls[0].id")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","name":"t","arguments":{}}]},{"role":"tool","tool_call_id":"a","content":{"x":1},"is_error":"yes"}""", "messages[2].content messages[2].is_error")]
    [Trait("id", "F5.41-26")]
    public async Task Every_mistake_of_a_conversation_is_named_with_its_place(string messages, string paths)
    {
        await using var room = ModelRoom.Scripted();
        var failure = (await room.AskAsync($$"""{"messages":[{"role":"user","content":"Hi"},{{messages}}]}""")).Failure!;

        Assert.Equal("INVALID_INPUT", failure.Code);
        Assert.Equal(paths, string.Join(' ', failure.Details!.Value.GetProperty("problems").EnumerateArray().Select(problem => problem.GetText("path"))));
    }

    [Theory]
    [InlineData("anthropic")]
    [InlineData("openai")]
    [Trait("id", "F5.41-27")]
    public async Task Secrets_in_what_a_tool_answered_do_not_reach_the_model(string provider)
    {
        await using var peer = await ModelServer.OpenAsync(new ModelTurn("ok"));
        await using var room = ModelRoom.Of(peer);
        await room.AskAsync($$$"""
            {"provider":"{{{provider}}}","messages":[{"role":"user","content":"Hi"},
             {"role":"assistant","tool_calls":[{"id":"a","name":"t","arguments":{}},{"id":"b","name":"t","arguments":{}},{"id":"c","name":"t","arguments":{}}]},
             {"role":"tool","tool_call_id":"a","content":" {\"rows\":[{\"api_key\":\"sk-inside\",\"name\":\"x\"}]}"},
             {"role":"tool","tool_call_id":"b","content":" {\"n\": 1.50}"},{"role":"tool","tool_call_id":"c","content":"{not json, password: p}"}]}
            """);
        var sent = peer.Asked[0].GetRawText();

        Assert.DoesNotContain("sk-inside", sent, StringComparison.Ordinal);
        Assert.Contains(JsonEncodedText.Encode("""{"rows":[{"api_key":"[REDACTED]","name":"x"}]}""").ToString(), sent, StringComparison.Ordinal);
        Assert.Contains(JsonEncodedText.Encode(""" {"n": 1.50}""").ToString(), sent, StringComparison.Ordinal);
        Assert.Contains("{not json, password: p}", sent, StringComparison.Ordinal);
    }
}
