using System.Text.Json;
using Aos.Testing;

namespace Aos.Workflow.Tests.Stubs;

/// <summary>The stubs of <c>Aos.Testing</c>, called outside of any run.</summary>
public sealed class StubbedSkills
{
    private const string Users = """{"users":[{"active":true,"name":"Ann"},{"active":false,"name":"Bob"},{"active":true,"name":"Cid"}]}""";

    private readonly StubHttp http = new();
    private readonly StubLlm llm = new();
    private readonly StubJson json = new();

    [Fact]
    [Trait("id", "F5.6-01")]
    public async Task A_url_of_which_nothing_is_recorded_is_answered_all_the_same()
    {
        var result = await ResultAsync(http, """{"url":"https://api.example.com/a"}""");

        Assert.Equal((200, "true"), (result.GetProperty("status_code").GetInt32(), result.GetProperty("headers").GetText("x-stub")));
        Assert.True(result.GetProperty("body").GetProperty("stub").GetBoolean());
    }

    [Fact]
    [Trait("id", "F5.6-02")]
    [Trait("id", "F5.6-22")]
    public async Task A_recorded_answer_comes_with_its_body_its_headers_and_its_latency_for_both_skills()
    {
        http.Answer("https://api.example.com/users", new StubResponse(200, Users) { LatencyMs = 123, Headers = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add("ETag", "e") });

        foreach (var skill in new[] { "http_call", "http_get" })
        {
            var outcome = await http.CallAsync("""{"url":"https://api.example.com/users"}""", skill);
            Assert.Equal((Users, 123, "e"), (outcome.Result.GetProperty("body").GetRawText(), outcome.Result.GetProperty("latency_ms").GetInt32(), outcome.Result.GetProperty("headers").GetText("etag")));
        }
    }

    [Fact]
    [Trait("id", "F5.6-04")]
    public async Task A_whole_url_counts_before_a_part_and_the_first_part_before_later_ones()
    {
        http.Answer("/users", new StubResponse(201)).Answer("api", new StubResponse(202)).Answer("https://api.example.com/users/7", new StubResponse(203));

        Assert.Equal(201, (await ResultAsync(http, """{"url":"https://api.example.com/users/8"}""")).GetProperty("status_code").GetInt32());
        Assert.Equal(202, (await ResultAsync(http, """{"url":"https://API.example.com/x"}""")).GetProperty("status_code").GetInt32());
        Assert.Equal(203, (await ResultAsync(http, """{"url":"https://api.example.com/users/7"}""")).GetProperty("status_code").GetInt32());
    }

    [Fact]
    [Trait("id", "F5.6-05")]
    [Trait("id", "F5.7-01")]
    [Trait("id", "F5.7-02")]
    public async Task Equal_requests_have_equal_answers_and_other_urls_other_hashes()
    {
        var (one, two, other) = (await ResultAsync(http, """{"url":"https://a.example/1"}"""), await ResultAsync(http, """{"url":"https://a.example/1"}"""), await ResultAsync(http, """{"url":"https://a.example/2"}"""));

        Assert.Equal((one.GetProperty("status_code").GetInt32(), one.GetText("body_hash")), (two.GetProperty("status_code").GetInt32(), two.GetText("body_hash")));
        Assert.NotEqual(one.GetText("body_hash"), other.GetText("body_hash"));
    }

    [Fact]
    [Trait("id", "F5.6-06")]
    [Trait("id", "F5.7-03")]
    public async Task Every_call_is_written_down_with_what_was_sent()
    {
        await http.CallAsync("""{"url":"https://a.example/1"}""");
        await http.CallAsync("""{"url":"https://a.example/2","method":"POST","body":{"n":1}}""");

        Assert.Equal([null, "POST"], http.Calls.Select(call => call.Params.GetText("method")));
        Assert.Equal([("GET", "https://a.example/1"), ("POST", "https://a.example/2")], http.Sent.Select(request => (request.Method, request.Url)));
        Assert.Equal("""{"n":1}""", System.Text.Encoding.UTF8.GetString(http.Sent[1].Body!.Value.Span));
        Assert.Contains(http.Sent[1].Headers, header => header is { Key: "Idempotency-Key", Value: "stub-1" });
    }

    [Fact]
    [Trait("id", "F5.6-07")]
    [Trait("id", "F5.6-12")]
    [Trait("id", "F5.6-21")]
    public void A_stub_says_of_itself_what_the_skill_does()
    {
        Assert.Equal(["http_call", "http_get"], http.Contracts.Keys);
        Assert.Superset(new HashSet<string> { "TIMEOUT", "DNS_FAILURE" }, http.Contracts["http_call"].FailureModes.Select(mode => mode.Code).ToHashSet());
        Assert.Equal(3, new StubLlm(cents: 3).Contracts["llm_invoke"].Cost.BaseCents);
        Assert.Equal((10_485_760, 64), (json.Contracts["json_transform"].Constraints["max_input_size_bytes"].GetInt32(), json.Contracts["json_transform"].Constraints["max_depth"].GetInt32()));
    }

    [Fact]
    [Trait("id", "F5.6-03")]
    [Trait("id", "F5.6-23")]
    [Trait("id", "F5.7-07")]
    public async Task A_prompt_with_recorded_words_gets_the_recorded_answer()
    {
        llm.Answer("analyze", "It is fine.", inputTokens: 9, outputTokens: 6);
        var result = await ResultAsync(llm, """{"prompt":"Please ANALYZE this","model":"gpt-4o","provider":"openai"}""");

        Assert.Equal(("It is fine.", "stub-model", 9, 6), (result.GetText("content"), result.GetText("model"), result.GetProperty("input_tokens").GetInt32(), result.GetProperty("output_tokens").GetInt32()));
        Assert.Equal(16, result.GetText("prompt_hash")!.Length);
    }

    [Fact]
    [Trait("id", "F5.6-08")]
    [Trait("id", "F5.6-09")]
    [Trait("id", "F5.7-04")]
    [Trait("id", "F5.7-05")]
    [Trait("id", "F5.7-06")]
    public async Task Equal_prompts_have_equal_answers_and_other_prompts_other_hashes()
    {
        var (one, two, other) = (await ResultAsync(llm, """{"prompt":"a"}"""), await ResultAsync(llm, """{"prompt":"a"}"""), await ResultAsync(llm, """{"prompt":"b"}"""));

        Assert.Equal(one.GetRawText(), two.GetRawText());
        Assert.NotEqual(one.GetText("prompt_hash"), other.GetText("prompt_hash"));
        Assert.NotEqual(one.GetText("content_hash"), other.GetText("content_hash"));
    }

    [Fact]
    [Trait("id", "F5.6-10")]
    [Trait("id", "F5.7-08")]
    public async Task Tokens_are_counted_by_the_length_of_the_text_where_none_are_recorded()
    {
        llm.Answer("count", new string('x', 40));
        var result = await ResultAsync(llm, """{"prompt":"count these five words please"}""");

        Assert.Equal(("user: count these five words please".Length + 3) / 4, result.GetProperty("input_tokens").GetInt32());
        Assert.Equal(10, result.GetProperty("output_tokens").GetInt32());
    }

    [Fact]
    [Trait("id", "F5.6-11")]
    public async Task A_call_of_a_model_costs_what_the_test_says()
    {
        var outcome = await new StubLlm(cents: 2).CallAsync("""{"prompt":"a"}""");

        Assert.Equal((new Cents(2), 2), (outcome.Cost, outcome.Result.GetProperty("cost_cents").GetDecimal()));
        Assert.Equal(Cents.Zero, (await llm.CallAsync("""{"prompt":"a"}""")).Cost);
    }

    [Theory]
    [InlineData("""{"data":{"a":1},"operation":"extract","path":"$.a"}""", "1")]
    [InlineData("""{"data":{"a":{"b":{"c":2}}},"operation":"extract","path":"$.a.b.c"}""", "2")]
    [InlineData("""{"data":{"a":["x","b"]},"operation":"extract","path":"$.a[1]"}""", "\"b\"")]
    [InlineData("""{"data":{"a":1,"b":2,"c":3},"operation":"pick","keys":["a","c"]}""", """{"a":1,"c":3}""")]
    [InlineData("""{"data":{"a":1,"b":2,"c":3},"operation":"omit","keys":["b"]}""", """{"a":1,"c":3}""")]
    [InlineData("""{"data":[{"n":1,"s":"x"},{"n":2,"s":"y"},{"n":3,"s":"x"}],"operation":"filter","condition":{"field":"s","value":"x"}}""", """[{"n":1,"s":"x"},{"n":3,"s":"x"}]""")]
    [InlineData("""{"data":{"a":1},"operation":"merge","merge_with":{"b":2}}""", """{"a":1,"b":2}""")]
    [Trait("id", "F5.6-13")]
    [Trait("id", "F5.6-14")]
    [Trait("id", "F5.6-15")]
    [Trait("id", "F5.6-16")]
    [Trait("id", "F5.6-17")]
    [Trait("id", "F5.6-18")]
    [Trait("id", "F5.6-19")]
    [Trait("id", "F5.6-20")]
    [Trait("id", "F5.6-24")]
    [Trait("id", "F5.7-09")]
    [Trait("id", "F5.7-10")]
    [Trait("id", "F5.7-11")]
    [Trait("id", "F5.7-12")]
    [Trait("id", "F5.7-13")]
    public async Task A_transformation_is_the_real_one(string parameters, string result)
    {
        var (one, two) = (await ResultAsync(json, parameters), await ResultAsync(json, parameters));

        Assert.Equal(result, one.GetProperty("result").GetRawText());
        Assert.Equal(ContentHash.Short(Json.Parse(result)), one.GetText("result_hash"));
        Assert.Equal(one.GetRawText(), two.GetRawText());
    }

    [Fact]
    [Trait("id", "F5.6-25")]
    public async Task A_recorded_result_takes_the_place_of_a_transformation()
    {
        json.Answer("\"a\":1", """{"recorded":true}""");
        var result = await ResultAsync(json, """{"data":{"a":1},"operation":"extract","path":"$.a"}""");

        Assert.Equal("""{"recorded":true}""", result.GetProperty("result").GetRawText());
        Assert.Equal("2", (await ResultAsync(json, """{"data":{"a":2},"operation":"extract","path":"$.a"}""")).GetProperty("result").GetRawText());
    }

    [Fact]
    [Trait("id", "F5.6-26")]
    public async Task Each_stub_fails_as_it_is_told_under_the_catalogs_code_and_as_often()
    {
        http.AddError("down", "ERR_DNS_FAILURE", "No such name.", times: 1);
        llm.AddError("hurry", "RATE_LIMITED", retryAfter: TimeSpan.FromSeconds(9));
        json.AddError("extract", "TRANSFORM_ERROR");

        Assert.Equal(("DNS_FAILURE", "No such name."), (await http.CallAsync("""{"url":"https://down.example/"}""")).Failure is { } down ? (down.Code, down.Message) : default);
        Assert.True((await http.CallAsync("""{"url":"https://down.example/"}""")).Ok);
        Assert.Equal(TimeSpan.FromSeconds(9), (await llm.CallAsync("""{"prompt":"Hurry!"}""")).Failure?.RetryAfter);
        Assert.Equal("TRANSFORM_ERROR", (await json.CallAsync("""{"data":{},"operation":"extract","path":"$"}""")).Failure?.Code);
        Assert.Throws<ArgumentException>(() => http.AddError("x", "NO_SUCH_CODE"));
    }

    [Fact]
    [Trait("id", "F5.6-27")]
    public async Task Parameters_that_the_skill_refuses_the_stub_refuses()
    {
        Assert.Equal("INVALID_INPUT", (await http.CallAsync("""{"url":"https://a.example","method":"TRACE"}""")).Failure?.Code);
        Assert.Equal("INVALID_INPUT", (await llm.CallAsync("{}")).Failure?.Code);
        Assert.Equal("INVALID_INPUT", (await json.CallAsync("""{"data":{},"operation":"eval"}""")).Failure?.Code);
    }

    [Fact]
    [Trait("id", "F5.7-14")]
    [Trait("id", "F5.7-15")]
    [Trait("id", "F5.7-16")]
    public async Task Results_have_the_form_that_was_recorded()
    {
        http.Answer("/users", new StubResponse(200, """{"a":2,"z":1}"""));
        llm.Answer("2+2", "4", 5, 1);

        Assert.Equal(
            """{"body":{"a":2,"z":1},"body_encoding":"json","body_hash":"c2985c5ba6f7d2a5","code":200,"final_url":"https://a.example/users","headers":{"content-type":"application/json","x-stub":"true"},"headers_hash":"940a617179f48ced","latency_ms":50,"retries":0,"status":"ok","status_code":200,"url":"https://a.example/users"}""",
            CanonicalJson.Text(await ResultAsync(http, """{"url":"https://a.example/users"}""")));
        Assert.Equal(
            """{"cache_write_tokens":0,"cached":false,"cached_input_tokens":0,"content":"4","content_hash":"4b227777d4dd1fc6","cost_cents":0,"deterministic":true,"finish_reason":"end_turn","input_tokens":5,"llm_model":"stub-model","model":"stub-model","output_tokens":1,"prompt_hash":"065c3d6d9b877efb","provider":"scripted","response_text":"4","usage_estimated":false}""",
            CanonicalJson.Text(await ResultAsync(llm, """{"prompt":"What is 2+2?"}""")));
        Assert.Equal(
            """{"canonical":true,"input_size":7,"operation":"extract","output_size":1,"result":1,"result_hash":"6b86b273ff34fce1","status":"ok"}""",
            CanonicalJson.Text(await ResultAsync(json, """{"data":{"a":1},"operation":"extract","path":"$.a"}""")));
    }

    [Fact]
    [Trait("id", "F5.7-17")]
    [Trait("id", "F5.7-18")]
    [Trait("id", "F5.7-19")]
    public async Task A_reset_forgets_the_calls_and_begins_what_was_recorded_anew()
    {
        http.Answer("a.example", new StubResponse(201), new StubResponse(202)).AddError("down", "TIMEOUT", times: 1);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            Assert.Equal("TIMEOUT", (await http.CallAsync("""{"url":"https://down.example/"}""")).Failure?.Code);
            Assert.Equal(201, (await ResultAsync(http, """{"url":"https://a.example"}""")).GetProperty("status_code").GetInt32());
            await llm.CallAsync("""{"prompt":"a"}""");
            await json.CallAsync("""{"data":{},"operation":"extract","path":"$"}""");
            foreach (var stub in new StubSkill[] { http, llm, json })
            {
                Assert.NotEmpty(stub.Calls);
                stub.Reset();
                Assert.Empty(stub.Calls);
            }

            Assert.Empty(http.Sent);
        }
    }

    private static async Task<JsonElement> ResultAsync(StubSkill stub, string parameters)
    {
        var outcome = await stub.CallAsync(parameters);
        Assert.True(outcome.Ok, outcome.Failure?.Message);
        return outcome.Result;
    }
}
