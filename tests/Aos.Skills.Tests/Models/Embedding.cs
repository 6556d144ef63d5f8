using System.Text.Json;
using Aos.Contracts;
using Aos.Testing;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests.Models;

/// <summary><c>llm_embed</c> against a server that speaks the protocol.</summary>
public sealed class Embedding
{
    [Fact]
    [Trait("id", "F5.46-01")]
    public async Task Texts_have_their_vectors_in_their_order_and_the_cost_is_exact()
    {
        await using var peer = await ModelServer.OpenAsync((context, body) => Embeddings.AnswerAsync(context, body));
        await using var room = Room(peer);
        const string Parameters = """{"input":["one","three","seven","one"],"model":"text-embedding-3-small"}""";
        var outcome = await room.EmbedAsync(Parameters);

        Assert.Equal([3, 5, 5, 3], outcome.Result.GetProperty("vectors").EnumerateArray().Select(vector => vector[0].GetInt32()));
        Assert.Equal("[3,-0.25,-0.25,-0.25]", outcome.Result.GetProperty("vectors")[0].GetRawText());
        Assert.Equal((4, 4, "openai", "text-embedding-3-small", false), (
            Number(outcome, "count"), Number(outcome, "dimensions"), outcome.Result.GetText("provider"), outcome.Result.GetText("model"), outcome.Result.GetProperty("usage_estimated").GetBoolean()));
        Assert.Equal(5, Number(outcome, "input_tokens"));
        Assert.Equal(5 * 2m / 1_000_000m, outcome.Cost.Value);
        Assert.True(outcome.Cost <= room.Bound(Parameters, "llm_embed"));
        Assert.Equal("""{"encoding_format":"float","input":["one","three","seven"],"model":"text-embedding-3-small"}""", CanonicalJson.Text(Assert.Single(peer.Asked)));
        Assert.Equal(("/v1/embeddings", "Bearer sk-1"), (peer.Calls[0].Path, peer.Calls[0].Headers.Authorization.ToString()));
    }

    [Fact]
    [Trait("id", "F5.46-02")]
    public async Task A_server_of_ones_own_is_asked_without_a_key_for_its_own_model_and_is_free()
    {
        await using var peer = await ModelServer.OpenAsync((context, body) => Embeddings.AnswerAsync(context, body));
        await using var room = Room(peer);
        var outcome = await room.EmbedAsync("""{"input":"Grüße","provider":"own","dimensions":8}""");

        Assert.Equal((8, Cents.Zero, "nomic"), (Number(outcome, "dimensions"), outcome.Cost, outcome.Result.GetText("model")));
        Assert.Equal(8, peer.Asked[0].GetProperty("dimensions").GetInt32());
        Assert.False(peer.Calls[0].Headers.ContainsKey("Authorization"));
    }

    [Fact]
    [Trait("id", "F5.46-03")]
    public async Task A_text_is_asked_once_per_tenant_model_and_size()
    {
        await using var peer = await ModelServer.OpenAsync((context, body) => Embeddings.AnswerAsync(context, body));
        await using var room = Room(peer);
        var first = await room.EmbedAsync("""{"input":["one","two"]}""");
        var some = await room.EmbedAsync("""{"input":["two","six"]}""");
        var all = await room.EmbedAsync("""{"input":["six","one"]}""");
        await room.EmbedAsync("""{"input":["one"]}""", tenant: "other");
        await room.EmbedAsync("""{"input":["one"],"dimensions":2}""");
        await room.EmbedAsync("""{"input":["one"],"model":"text-embedding-3-large"}""");
        await room.EmbedAsync("""{"input":["one"],"cache":false}""");

        Assert.Equal(["one two", "six", "one", "one", "one", "one"], peer.Asked.Select(body => string.Join(' ', body.GetProperty("input").EnumerateArray().Select(text => text.GetString()))));
        Assert.Equal((1, false, true), (Number(some, "cached_count"), some.Result.GetProperty("cached").GetBoolean(), some.Cost < first.Cost));
        Assert.Equal((2, true, true, Cents.Zero, 0), (
            Number(all, "cached_count"), all.Result.GetProperty("cached").GetBoolean(), all.Result.GetProperty("deterministic").GetBoolean(), all.Cost, Number(all, "input_tokens")));
        Assert.Equal(first.Result.GetProperty("vectors")[0].GetRawText(), all.Result.GetProperty("vectors")[1].GetRawText());
    }

    [Fact]
    [Trait("id", "F5.46-09")]
    public async Task A_model_whose_vectors_have_another_size_now_is_asked_for_all_of_them_again()
    {
        var size = 4;
        await using var peer = await ModelServer.OpenAsync((context, body) => Embeddings.AnswerAsync(context, body, size));
        await using var room = Room(peer);
        await room.EmbedAsync("""{"input":["one","two"]}""");
        size = 6;
        await room.EmbedAsync("""{"input":["six"]}""");
        var mixed = await room.EmbedAsync("""{"input":["one","six"]}""");
        var half = await room.EmbedAsync("""{"input":["two","ten"]}""");
        var again = await room.EmbedAsync("""{"input":["two","ten"]}""");

        Assert.Equal([6, 6], mixed.Result.GetProperty("vectors").EnumerateArray().Select(vector => vector.GetArrayLength()));
        Assert.Equal("LLM_INVALID_RESPONSE", half.Failure?.Code);
        Assert.True(half.Cost > Cents.Zero);
        Assert.Equal([6, 6], again.Result.GetProperty("vectors").EnumerateArray().Select(vector => vector.GetArrayLength()));
    }

    [Fact]
    [Trait("id", "F5.46-04")]
    public async Task Without_a_model_vectors_are_made_of_the_texts_and_say_so()
    {
        await using var room = ModelRoom.Scripted();
        var outcome = await room.EmbedAsync("""{"input":["a","b","a"],"dimensions":16}""");
        var vectors = outcome.Result.GetProperty("vectors").EnumerateArray().Select(vector => vector.EnumerateArray().Select(number => number.GetDecimal()).ToArray()).ToArray();

        Assert.Equal(("scripted", "scripted", true, Cents.Zero), (
            outcome.Result.GetText("provider"), outcome.Result.GetText("model"), outcome.Result.GetProperty("deterministic").GetBoolean(), outcome.Cost));
        Assert.All(vectors, vector => Assert.InRange(vector.Sum(number => number * number), 0.99999m, 1.00001m));
        Assert.Equal(vectors[0], vectors[2]);
        Assert.NotEqual(vectors[0], vectors[1]);
        Assert.Equal([0.9090909m, -0.4165978m], (await room.EmbedAsync("""{"input":"a","dimensions":2}""")).Result.GetProperty("vectors")[0].EnumerateArray().Select(number => number.GetDecimal()));
        Assert.Equal(256, Number(await room.EmbedAsync("""{"texts":["a"]}"""), "dimensions"));
    }

    [Theory]
    [InlineData("{}", "One of input")]
    [InlineData("""{"input":"a","texts":["b"]}""", "One of input")]
    [InlineData("""{"input":[]}""", "1 to 128 texts, not 0")]
    [InlineData("""{"input":[""]}""", "input[0] has 0 bytes")]
    [InlineData("""{"input":["a",3]}""", "input[1] is no text")]
    [InlineData("""{"input":"a","dimensions":0}""", "dimensions is a whole number from 1 to 4096")]
    [InlineData("""{"input":"a","dimensions":4097}""", "dimensions")]
    [InlineData("""{"input":"a","timeout_ms":0}""", "timeout")]
    [InlineData("""{"input":"a","provider":"anthropic"}""", "No provider anthropic gives vectors")]
    [InlineData("""{"input":"a","provider":"nobody"}""", "No provider nobody")]
    [InlineData("""{"input":"a","max_tokens":5}""", "max_tokens")]
    [Trait("id", "F5.46-05")]
    public async Task What_cannot_be_asked_is_refused_with_its_bounds(string parameters, string message)
    {
        await using var peer = await ModelServer.OpenAsync((context, body) => Embeddings.AnswerAsync(context, body));
        await using var room = Room(peer);
        var failure = (await room.EmbedAsync(parameters)).Failure!;

        Assert.Equal("INVALID_INPUT", failure.Code);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.Empty(peer.Calls);
    }

    [Fact]
    [Trait("id", "F5.46-05")]
    public async Task Too_many_and_too_long_texts_are_refused()
    {
        await using var room = ModelRoom.Scripted();
        var many = string.Join(',', Enumerable.Repeat("\"a\"", 129));
        var wide = string.Join(',', Enumerable.Repeat($"\"{new string('a', 32_000)}\"", 33));

        Assert.Contains("not 129", (await room.EmbedAsync($$"""{"input":[{{many}}]}""")).Failure!.Message, StringComparison.Ordinal);
        Assert.Contains("has 32770 bytes", (await room.EmbedAsync($$"""{"input":"{{new string('ü', 16_385)}}"}""")).Failure!.Message, StringComparison.Ordinal);
        Assert.Contains("1056000 bytes together", (await room.EmbedAsync($$"""{"input":[{{wide}}]}""")).Failure!.Message, StringComparison.Ordinal);
        Assert.Equal("LLM_AUTH_FAILED", (await room.EmbedAsync("""{"input":"a","provider":"openai"}""")).Failure?.Code);
    }

    [Theory]
    [InlineData(429, "application/json", """{"error":{"code":"rate_limit_exceeded"}}""", "RATE_LIMITED")]
    [InlineData(401, "application/json", """{"error":{"type":"invalid_request_error"}}""", "LLM_AUTH_FAILED")]
    [InlineData(400, "application/json", """{"error":{"type":"invalid_request_error","message":"This model's maximum context length is 8192 tokens"}}""", "LLM_CONTEXT_EXCEEDED")]
    [InlineData(200, "text/html", "<html>", "LLM_INVALID_RESPONSE")]
    [InlineData(200, "application/json", "{", "LLM_INVALID_RESPONSE")]
    [InlineData(200, "application/json", "{}", "LLM_INVALID_RESPONSE")]
    [InlineData(200, "application/json", """{"data":[]}""", "LLM_INVALID_RESPONSE")]
    [InlineData(200, "application/json", """{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}""", "LLM_INVALID_RESPONSE")]
    [InlineData(200, "application/json", """{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}""", "LLM_INVALID_RESPONSE")]
    [InlineData(200, "application/json", """{"data":[{"index":0,"embedding":["1"]},{"index":1,"embedding":[1]}]}""", "LLM_INVALID_RESPONSE")]
    [InlineData(200, "application/json", """{"data":[{"index":0,"embedding":[1e300]},{"index":1,"embedding":[1]}]}""", "LLM_INVALID_RESPONSE")]
    [InlineData(200, "application/json", """{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}""", "LLM_INVALID_RESPONSE")]
    [InlineData(200, "application/json", """{"data":[{"index":0,"embedding":"AACAPw=="},{"index":1,"embedding":"AACAPw=="}]}""", "LLM_INVALID_RESPONSE")]
    [Trait("id", "F5.46-06")]
    public async Task What_is_no_vector_for_each_text_is_a_failure_and_kept_by_nobody(int status, string type, string body, string code)
    {
        await using var peer = await ModelServer.OpenAsync(async (context, _) =>
        {
            (context.Response.StatusCode, context.Response.ContentType) = (status, type);
            await context.Response.WriteAsync(body);
        });
        await using var room = Room(peer);
        foreach (var _ in Enumerable.Range(0, 2)) Assert.Equal(code, (await room.EmbedAsync("""{"input":["a","b"]}""")).Failure?.Code);

        Assert.Equal(2, peer.Calls.Count);
    }

    [Theory]
    [InlineData("""{"prompt_tokens":999999}""")]
    [InlineData("""{"prompt_tokens":-1}""")]
    [InlineData("null")]
    [Trait("id", "F5.46-07")]
    public async Task A_count_of_tokens_that_cannot_be_is_not_believed(string usage)
    {
        await using var peer = await ModelServer.OpenAsync(async (context, _) =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync($$"""{"data":[{"embedding":[0.5,1E-5]}],"usage":{{usage}} }""");
        });
        await using var room = Room(peer);
        var outcome = await room.EmbedAsync("""{"input":"abcdefgh"}""");

        Assert.Equal((2, true), (Number(outcome, "input_tokens"), outcome.Result.GetProperty("usage_estimated").GetBoolean()));
        Assert.Equal("[0.5,0.00001]", outcome.Result.GetProperty("vectors")[0].GetRawText());
        Assert.True(outcome.Cost > Cents.Zero && outcome.Cost <= room.Bound("""{"input":"abcdefgh"}""", "llm_embed"));
    }

    [Fact]
    [Trait("id", "F5.46-08")]
    public void Settings_name_the_models_of_vectors()
    {
        var options = ModelsOptions.Read(
            new Dictionary<string, string> { ["OPENAI_API_KEY"] = "k", ["AOS_MODELS"] = "f" }.GetValueOrDefault,
            _ => Json.Parse("""{"endpoints":[{"name":"near","base_url":"http://localhost:1/v1","model":"m","embed_model":"nomic-embed-text"},{"name":"far","wire":"anthropic","base_url":"https://far.example","model":"m","embed_model":"x"}]}"""));

        Assert.Equal(["text-embedding-3-small", "nomic-embed-text", "x"], options.Endpoints.Select(endpoint => endpoint.EmbedModel));
        Assert.Contains("far has an embed_model", Assert.Single(options.Problems), StringComparison.Ordinal);
    }

    private static int Number(StructuredOutcome outcome, string name) => outcome.Result.GetProperty(name).GetInt32();

    private static ModelRoom Room(ModelServer peer) => new(
        new ModelsOptions
        {
            Endpoints =
            [
                new ModelEndpoint("anthropic", ModelWire.Anthropic, peer.Origin, "sk-1", "claude-sonnet-4-20250514", false, true),
                new ModelEndpoint("openai", ModelWire.OpenAi, peer.Origin + "/v1", "sk-1", "gpt-4o", true, true) { EmbedModel = "text-embedding-3-small" },
                new ModelEndpoint("own", ModelWire.OpenAi, peer.Origin + "/v1", null, "llama", true) { EmbedModel = "nomic" },
            ],
            DefaultProvider = "anthropic",
        },
        new Uri(peer.Origin).Authority);
}
