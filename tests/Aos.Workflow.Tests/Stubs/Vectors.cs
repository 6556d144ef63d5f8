using Aos.Testing;

namespace Aos.Workflow.Tests.Stubs;

/// <summary>Numbers that were worked out elsewhere from the same rules.</summary>
public sealed class Vectors
{
    private static readonly RetryClause Clause = new(10, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), 2);

    [Fact]
    [Trait("id", "F5.70-01")]
    public void Delays_without_jitter() =>
        Assert.Equal([100, 200, 400, 800, 1600, 3200, 5000, 5000], Enumerable.Range(1, 8).Select(attempt => Backoff.Steady(Clause, attempt)));

    [Theory]
    [InlineData(42, "96 180 424 815 1582")]
    [InlineData(12345, "106 206 404 727 1702")]
    [InlineData(54321, "94 190 424 871 1631")]
    [Trait("id", "F5.70-02")]
    public void Delays_of_a_seed(ulong seed, string delays) =>
        Assert.Equal(delays, string.Join(' ', Enumerable.Range(1, 5).Select(attempt => Backoff.Delay(Clause, attempt, seed).TotalMilliseconds)));

    [Theory]
    [InlineData("""{"result":"ok"}""", "1aad36b0fb02621b")]
    [InlineData("""{"z":1,"a":2}""", "c2985c5ba6f7d2a5")]
    [InlineData("""{"c":3,"a":1}""", "ea89132f027adb27")]
    [InlineData("""{"k":"é"}""", "0ca09f1dffb485d2")]
    [InlineData("null", "74234e98afe7498f")]
    [InlineData("\"Alice\"", "1ea1f9a444bb86b5")]
    [Trait("id", "F5.70-03")]
    public void Hashes_of_values(string json, string hash) => Assert.Equal(hash, ContentHash.Short(Json.Parse(json)));

    [Theory]
    [InlineData("Hello, world!", "text/plain", "315f5bdb76d078c4")]
    [InlineData("", "text/plain", "e3b0c44298fc1c14")]
    [InlineData("\"Alice\"", "application/json", "3bc51062973c458d")]
    [Trait("id", "F5.70-04")]
    public async Task Hashes_of_texts_that_peers_answer(string body, string type, string hash)
    {
        var http = new StubHttp().Answer("/x", new StubResponse(200, body) { ContentType = type });

        Assert.Equal(hash, (await http.CallAsync("""{"url":"https://a.example/x"}""")).Result.GetText("body_hash"));
    }

    [Theory]
    [InlineData(42, "07864267")]
    [InlineData(123, "74cd52a8")]
    [Trait("id", "F5.70-05")]
    public async Task A_prompt_and_the_mark_that_a_seed_gives_its_answer(ulong seed, string mark)
    {
        var result = (await new StubLlm().CallAsync($$"""{"prompt":"What is 2+2?","seed":{{seed}}}""")).Result;

        Assert.Equal("065c3d6d9b877efb", result.GetText("prompt_hash"));
        Assert.Contains($"[{mark}]", result.GetText("content"), StringComparison.Ordinal);
    }
}
