using System.Text.Json;
using Aos.Testing;

namespace Aos.Skills.Tests.Models;

/// <summary>Conversations with tools, of many turns, with servers that refuse what the real ones refuse.</summary>
public sealed class Conversations
{
    private const string Weather = """{"name":"weather","description":"Weather of a city.","input_schema":{"type":"object","required":["city"],"properties":{"city":{"type":"string"}}} }""";
    private const string Clock = """{"name":"skill.clock","input_schema":{"type":"object","properties":{}} }""";

    public static TheoryData<string> Providers => ["anthropic", "openai", "own"];

    [Theory]
    [MemberData(nameof(Providers))]
    [Trait("id", "F5.41-01")]
    [Trait("id", "F5.41-02")]
    public async Task A_model_asks_for_tools_is_answered_and_ends(string provider)
    {
        await using var peer = await ModelServer.OpenAsync(
            new ModelTurn("I look.", new ModelToolCall("weather", """{"city":"Zürich 😀"}"""), new ModelToolCall("skill_clock", "{}")) { InputTokens = 40, OutputTokens = 21 },
            new ModelTurn("Sunny at noon.") { InputTokens = 90, OutputTokens = 7 });
        await using var room = ModelRoom.Of(peer);
        var first = (await room.AskAsync($$"""{"provider":"{{provider}}","prompt":"Weather and time?","tools":[{{Weather}},{{Clock}}]}""")).Result;
        var calls = first.GetProperty("tool_calls");

        Assert.Equal(("tool_use", "I look."), (first.GetText("finish_reason"), first.GetText("content")));
        Assert.Equal((40, 21), (first.GetProperty("input_tokens").GetInt32(), first.GetProperty("output_tokens").GetInt32()));
        Assert.False(first.GetProperty("usage_estimated").GetBoolean());
        Assert.Equal(["weather", "skill.clock"], calls.EnumerateArray().Select(call => call.GetText("name")));
        Assert.Equal("Zürich 😀", calls[0].GetProperty("arguments").GetText("city"));
        Assert.Equal("{}", calls[1].GetProperty("arguments").GetRawText());
        Assert.All(calls.EnumerateArray(), call => Assert.Null(call.Get("invalid")));

        var last = (await room.AskAsync($$"""
            {"provider":"{{provider}}","tools":[{{Weather}},{{Clock}}],"messages":[{"role":"user","content":"Weather and time?"},
             {"role":"assistant","content":"I look.","tool_calls":{{calls.GetRawText()}}},
             {"role":"tool","tool_call_id":"{{calls[1].GetText("id")}}","content":"12:00"},
             {"role":"tool","tool_call_id":"{{calls[0].GetText("id")}}","content":"no station","is_error":true}]}
            """)).Result;

        Assert.Equal(("end_turn", "Sunny at noon."), (last.GetText("finish_reason"), last.GetText("content")));
        Assert.Null(last.Get("tool_calls"));
        Assert.Equal(Price(provider, 90, 7), last.GetProperty("cost_cents").GetDecimal());
    }

    [Fact]
    [Trait("id", "F5.41-03")]
    public async Task The_messages_protocol_is_spoken_with_tools()
    {
        await using var peer = await ModelServer.OpenAsync(new ModelTurn("ok"));
        await using var room = ModelRoom.Of(peer);
        Assert.True((await room.AskAsync($$"""
            {"max_tokens":50,"tools":[{{Weather}},{{Clock}}],"tool_choice":"required","messages":[{"role":"user","content":"Hi"},
             {"role":"assistant","tool_calls":[{"id":"a:1","name":"skill.clock","arguments":{} },{"id":"b","name":"weather","arguments":{"city":"x"} }]},
             {"role":"tool","tool_call_id":"a:1","content":""},{"role":"tool","tool_call_id":"b","content":"no","is_error":true},{"role":"user","content":"Go on"}]}
            """)).Ok);

        var id = ToolNames.Made("a:1");
        Assert.Equal(
            $$$"""[{"content":"Hi","role":"user"},{"content":[{"id":"{{{id}}}","input":{},"name":"skill_clock","type":"tool_use"},{"id":"b","input":{"city":"x"},"name":"weather","type":"tool_use"}],"role":"assistant"},{"content":[{"tool_use_id":"{{{id}}}","type":"tool_result"},{"content":"no","is_error":true,"tool_use_id":"b","type":"tool_result"},{"text":"Go on","type":"text"}],"role":"user"}]""",
            CanonicalJson.Text(peer.Asked[0].GetProperty("messages")));
        Assert.Equal(
            """[{"description":"Weather of a city.","input_schema":{"properties":{"city":{"type":"string"}},"required":["city"],"type":"object"},"name":"weather"},{"input_schema":{"properties":{},"type":"object"},"name":"skill_clock"}]""",
            CanonicalJson.Text(peer.Asked[0].GetProperty("tools")));
        Assert.Equal("""{"type":"any"}""", CanonicalJson.Text(peer.Asked[0].GetProperty("tool_choice")));
    }

    [Fact]
    [Trait("id", "F5.41-04")]
    public async Task The_chat_completions_protocol_is_spoken_with_tools()
    {
        await using var peer = await ModelServer.OpenAsync(new ModelTurn("ok"));
        await using var room = ModelRoom.Of(peer);
        var longId = new string('i', 41);
        Assert.True((await room.AskAsync($$"""
            {"provider":"openai","max_tokens":50,"tools":[{{Weather}},{{Clock}}],"messages":[{"role":"user","content":"Hi"},
             {"role":"assistant","tool_calls":[{"id":"functions.clock:0","name":"skill.clock","arguments":{} },{"id":"{{longId}}","name":"weather","arguments":{"city":"x"} }]},
             {"role":"tool","tool_call_id":"functions.clock:0","content":""},{"role":"tool","tool_call_id":"{{longId}}","content":"no","is_error":true}]}
            """)).Ok);

        var id = ToolNames.Made(longId);
        Assert.Equal(
            $$$"""[{"content":"Hi","role":"user"},{"content":null,"role":"assistant","tool_calls":[{"function":{"arguments":"{}","name":"skill_clock"},"id":"functions.clock:0","type":"function"},{"function":{"arguments":"{\"city\":\"x\"}","name":"weather"},"id":"{{{id}}}","type":"function"}]},{"content":"","role":"tool","tool_call_id":"functions.clock:0"},{"content":"Error: no","role":"tool","tool_call_id":"{{{id}}}"}]""",
            CanonicalJson.Text(peer.Asked[0].GetProperty("messages")));
        Assert.Equal(
            """[{"function":{"description":"Weather of a city.","name":"weather","parameters":{"properties":{"city":{"type":"string"}},"required":["city"],"type":"object"}},"type":"function"},{"function":{"name":"skill_clock","parameters":{"properties":{},"type":"object"}},"type":"function"}]""",
            CanonicalJson.Text(peer.Asked[0].GetProperty("tools")));
        Assert.Null(peer.Asked[0].Get("tool_choice"));
    }

    [Theory]
    [InlineData("\"none\"", """{"type":"none"}""", "\"none\"")]
    [InlineData("\"required\"", """{"type":"any"}""", "\"required\"")]
    [InlineData("""{"name":"skill.clock"}""", """{"name":"skill_clock","type":"tool"}""", """{"function":{"name":"skill_clock"},"type":"function"}""")]
    [InlineData("\"auto\"", null, null)]
    [Trait("id", "F5.41-05")]
    public async Task The_choice_of_tools_is_said_in_each_protocol(string choice, string? anthropic, string? openAi)
    {
        await using var peer = await ModelServer.OpenAsync((_, _) => ModelTurn.Call("skill_clock", "{}"));
        await using var room = ModelRoom.Of(peer);
        foreach (var provider in new[] { "anthropic", "openai" })
        {
            var result = (await room.AskAsync($$"""{"provider":"{{provider}}","prompt":"Hi","tools":[{{Clock}}],"tool_choice":{{choice}}}""")).Result;
            Assert.Equal("tool_use", result.GetText("finish_reason")); // Also where the provider says stop, as it does of a named tool.
            Assert.Equal(choice == "\"none\"" ? "No tool may be called." : null, result.GetProperty("tool_calls")[0].GetText("invalid"));
        }

        Assert.Equal([anthropic, openAi], peer.Asked.Select(body => body.Get("tool_choice") is { } said ? CanonicalJson.Text(said) : null));
    }

    [Fact]
    [Trait("id", "F5.41-06")]
    public async Task Names_that_would_be_the_same_at_the_provider_stay_apart()
    {
        await using var peer = await ModelServer.OpenAsync(new ModelTurn(
            "", new ModelToolCall("a_b", "{}"), new ModelToolCall("a_b_2", "{}"), new ModelToolCall("a_b_2_3", "{}"), new ModelToolCall(new string('x', 62) + "_2", "{}")));
        await using var room = ModelRoom.Of(peer);
        var names = new[] { "a.b", "a_b", "a_b_2", new string('x', 63) + ".", new string('x', 63) + "_" };
        var tools = string.Join(',', names.Select(name => $$"""{"name":"{{name}}","input_schema":{"type":"object"} }"""));
        var result = (await room.AskAsync($$"""{"prompt":"Hi","tools":[{{tools}}]}""")).Result;

        Assert.Equal(["a_b", "a_b_2", "a.b", new string('x', 63) + "."], result.GetProperty("tool_calls").EnumerateArray().Select(call => call.GetText("name")));
        Assert.All(result.GetProperty("tool_calls").EnumerateArray(), call => Assert.Null(call.GetText("invalid")));
    }

    [Fact]
    [Trait("id", "F5.41-07")]
    public async Task A_conversation_with_calls_may_be_ended_without_tools()
    {
        await using var peer = await ModelServer.OpenAsync(new ModelTurn("done"), new ModelTurn("done"));
        await using var room = ModelRoom.Of(peer);
        foreach (var provider in new[] { "anthropic", "openai" })
        {
            var outcome = await room.AskAsync($$"""
                {"provider":"{{provider}}","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":" ","tool_calls":[{"id":"a","name":"made up","arguments":{} }]},
                 {"role":"tool","tool_call_id":"a","content":"there is no such tool"}]}
                """);
            Assert.Equal("done", outcome.Result.GetText("content"));
        }

        Assert.Equal("""{"type":"none"}""", CanonicalJson.Text(peer.Asked[0].GetProperty("tool_choice")));
        Assert.Null(peer.Asked[1].Get("tools"));
    }

    [Fact]
    [Trait("id", "F5.41-08")]
    public async Task A_schema_with_a_union_at_its_top_is_offered_without_it_and_still_held()
    {
        await using var peer = await ModelServer.OpenAsync(ModelTurn.Call("t", """{"c":1}"""));
        await using var room = ModelRoom.Of(peer);
        var result = (await room.AskAsync("""{"prompt":"Hi","tools":[{"name":"t","input_schema":{"type":"object","anyOf":[{"required":["a"]},{"required":["b"]}]}}]}""")).Result;

        Assert.NotNull(result.GetProperty("tool_calls")[0].GetText("invalid"));
    }

    [Fact]
    [Trait("id", "F5.41-09")]
    public async Task The_schema_of_every_skill_is_one_of_a_tool()
    {
        await using var peer = await ModelServer.OpenAsync((_, _) => new ModelTurn("ok"));
        await using var room = ModelRoom.Of(peer);
        var tools = room.Skills.All.Select(skill => $$"""{"name":"skill.{{skill.Key}}","description":{{JsonSerializer.Serialize(room.Skills.Contracts[skill.Key].Description)}},"input_schema":{{skill.Value.InputSchema.GetRawText()}} }""").ToList();
        foreach (var provider in new[] { "anthropic", "openai" })
        {
            var outcome = await room.AskAsync($$"""{"provider":"{{provider}}","prompt":"Hi","tools":[{{string.Join(',', tools)}}]}""");
            Assert.True(outcome.Ok, outcome.Failure?.ToString());
        }

        Assert.True(tools.Count > 5);
    }

    [Theory]
    [InlineData(429, "rate_limit_error", 7, "RATE_LIMITED")]
    [InlineData(529, "overloaded_error", null, "LLM_ERROR")]
    [Trait("id", "F5.41-10")]
    public async Task A_turn_that_is_refused_is_asked_again_by_the_caller(int status, string type, int? after, string code)
    {
        await using var peer = await ModelServer.OpenAsync(ModelTurn.Refused(status, type, after), ModelTurn.Call("weather", """{"city":"x"}"""));
        await using var room = ModelRoom.Of(peer);
        var parameters = $$"""{"prompt":"Hi","tools":[{{Weather}}]}""";
        var refused = await room.AskAsync(parameters);
        var given = await room.AskAsync(parameters);

        Assert.Equal(code, refused.Failure?.Code);
        Assert.Equal(after is { } seconds ? TimeSpan.FromSeconds(seconds) : null, refused.Failure!.RetryAfter);
        Assert.Equal("tool_use", given.Result.GetText("finish_reason"));
    }

    [Theory]
    [InlineData("anthropic")]
    [InlineData("openai")]
    [Trait("id", "F5.41-11")]
    public async Task A_refusal_of_the_model_is_a_failure_of_its_own_and_costs_what_was_told(string provider)
    {
        await using var peer = await ModelServer.OpenAsync(new ModelTurn("I cannot.") { IsRefusal = true, InputTokens = 30, OutputTokens = 4 });
        await using var room = ModelRoom.Of(peer);
        var outcome = await room.AskAsync($$"""{"provider":"{{provider}}","prompt":"Hi","tools":[{{Weather}}]}""");

        Assert.Equal("LLM_CONTENT_FILTER", outcome.Failure?.Code);
        Assert.Equal(Price(provider, 30, 4), outcome.Cost.Value);
    }

    [Theory]
    [MemberData(nameof(Providers))]
    [Trait("id", "F5.41-12")]
    public async Task No_call_with_tools_costs_more_than_its_upper_bound_and_all_it_tells_is_believed(string provider)
    {
        // As many tokens as any tokenizer can make of the parts, and what one model is told to add for tools.
        await using var peer = await ModelServer.OpenAsync((body, _) => new ModelTurn("") { Calls = [new ModelToolCall("weather", "{}")], InputTokens = Bytes(body) + 530, OutputTokens = 300 });
        await using var room = ModelRoom.Of(peer);
        foreach (var parameters in new[]
        {
            $$"""{"provider":"{{provider}}","max_tokens":300,"prompt":"Hi","tools":[{{Weather}}]}""",
            $$"""{"provider":"{{provider}}","max_tokens":300,"tools":[{{Weather}},{{Clock}}],"messages":[{"role":"user","content":"é"},{"role":"assistant","tool_calls":[{"id":"a","name":"weather","arguments":{"city":"{{new string('é', 500)}}"} }]},{"role":"tool","tool_call_id":"a","content":"{{new string('x', 3000)}}"}]}""",
        })
        {
            var outcome = await room.AskAsync(parameters);
            Assert.False(outcome.Result.GetProperty("usage_estimated").GetBoolean());
            Assert.True(outcome.Cost <= room.Skills.Terms["llm_invoke"].Cost.UpperBound(Json.Parse(parameters)), parameters);
        }

        static long Bytes(JsonElement body) => Texts(body.GetProperty("messages")) + (body.Get("tools") is { } tools ? Texts(tools) : 0);
    }

    [Fact]
    [Trait("id", "F5.41-12")]
    public async Task Shared_limits_count_tools_a_schema_and_answers_of_tools_before_the_call()
    {
        await using var peer = await ModelServer.OpenAsync(new ModelTurn("ok"));
        await using var room = ModelRoom.Of(peer);
        var large = new string('x', 4000);
        var amounts = new[]
        {
            """{"max_tokens":100,"prompt":"Hi"}""",
            $$"""{"max_tokens":100,"prompt":"Hi","tools":[{"name":"a","description":"{{large}}","input_schema":{"type":"object"} }]}""",
            $$"""{"max_tokens":100,"prompt":"Hi","json_schema":{"description":"{{large}}"} }""",
            $$"""{"max_tokens":100,"messages":[{"role":"tool","tool_call_id":"a","content":"{{large}}"}]}""",
        }.Select(parameters => room.Skills.Target("llm_invoke", Json.Parse(parameters))!.Tokens).ToList();

        Assert.Equal(101, amounts[0]);
        Assert.All(amounts.Skip(1), amount => Assert.InRange(amount, 1101, 1130));
    }

    [Theory]
    [MemberData(nameof(Providers))]
    [Trait("id", "F5.41-13")]
    public async Task Without_counts_those_of_tools_are_estimated_too(string provider)
    {
        await using var peer = await ModelServer.OpenAsync((_, _) => new ModelTurn("", new ModelToolCall("weather", $$"""{"city":"{{new string('c', 400)}}"}""")) { InputTokens = -1, OutputTokens = -1 });
        await using var room = ModelRoom.Of(peer);
        var large = Weather.Replace("Weather of a city.", new string('d', 4000), StringComparison.Ordinal);
        var result = (await room.AskAsync($$"""{"provider":"{{provider}}","prompt":"Hi","tools":[{{large}}]}""")).Result;

        Assert.True(result.GetProperty("usage_estimated").GetBoolean());
        Assert.InRange(result.GetProperty("input_tokens").GetInt32(), 1000, 1100);
        Assert.InRange(result.GetProperty("output_tokens").GetInt32(), 100, 110);
    }

    private static long Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Sum(member => Texts(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Sum(Texts),
        JsonValueKind.String => System.Text.Encoding.UTF8.GetByteCount(value.GetString()!),
        _ => 0,
    };

    private static decimal Price(string provider, int input, int output) =>
        provider switch { "anthropic" => (input * 300m) + (output * 1500m), "openai" => (input * 250m) + (output * 1000m), _ => 0 } / 1_000_000m;
}
