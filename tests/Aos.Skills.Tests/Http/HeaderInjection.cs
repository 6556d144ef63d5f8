namespace Aos.Skills.Tests.Http;

/// <summary>Attempts to write lines of a request that are not the caller's to write.</summary>
[Trait("store", "none")]
public sealed class HeaderInjection : IAsyncLifetime
{
    private const string Broken = "a\r\nX-Evil: yes";
    private readonly LyingPeer peer = LyingPeer.Saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    private WayOut way = null!;

    public ValueTask InitializeAsync()
    {
        way = new WayOut(peer.Authority);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        way.Dispose();
        await peer.DisposeAsync();
    }

    [Theory]
    [InlineData("/a\r\nX-Evil: yes")]
    [InlineData("/a HTTP/1.1\r\nHost: other\r\n\r\nGET /b")]
    [InlineData("/a\nb")]
    [InlineData("/a\rb")]
    [InlineData("/a\tb")]
    [InlineData("/a\0b")]
    [InlineData("/a\u0085b")]
    [InlineData("/a?b=c\r\nX-Evil: yes")]
    [InlineData("/a\r\n")]
    [Trait("id", "F5.60-60")]
    public Task A_url_with_a_line_break_is_refused(string path) => RefusedAsync($"{{\"url\":{Text(peer.Origin + path)}}}");

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\n")]
    [Trait("id", "F5.60-61")]
    public Task So_is_one_that_begins_with_one(string beginning) => RefusedAsync($"{{\"url\":{Text(beginning + peer.Origin)}}}");

    [Theory]
    [InlineData("X-A\r\nX-Evil")]
    [InlineData("X-A: 1\r\nX-Evil")]
    [InlineData("X-A ")]
    [InlineData(" X-A")]
    [InlineData("X\tA")]
    [InlineData("X(A)")]
    [InlineData("X-Ä")]
    [InlineData("")]
    [InlineData(":authority")]
    [Trait("id", "F5.60-62")]
    public Task A_name_of_a_header_is_a_token(string name) => RefusedAsync($"{{\"url\":\"{peer.Origin}\",\"headers\":{{{Text(name)}:\"1\"}}}}");

    [Theory]
    [InlineData("a\r\nX-Evil: yes")]
    [InlineData("a\nX-Evil: yes")]
    [InlineData("a\rX-Evil: yes")]
    [InlineData("a\r\n folded")]
    [InlineData("a\0")]
    [InlineData("a\u000b")]
    [InlineData("a\u007f")]
    [InlineData("a\u010aX-Evil: yes")]
    [InlineData("a\u2028b")]
    [InlineData("é")]
    [Trait("id", "F5.60-63")]
    public Task A_value_of_a_header_is_one_line_of_plain_characters(string value) => RefusedAsync($"{{\"url\":\"{peer.Origin}\",\"headers\":{{\"X-A\":{Text(value)}}}}}");

    [Fact]
    [Trait("id", "F5.60-64")]
    public Task So_is_the_type_of_the_content() =>
        RefusedAsync($"{{\"url\":\"{peer.Origin}\",\"method\":\"POST\",\"body\":\"x\",\"headers\":{{\"Content-Type\":{Text("text/plain\r\nX-Evil: yes")}}}}}");

    [Theory]
    [InlineData("Connection")]
    [InlineData("content-length")]
    [InlineData("Expect")]
    [InlineData("Host")]
    [InlineData("Keep-Alive")]
    [InlineData("Proxy-Authorization")]
    [InlineData("Proxy-Connection")]
    [InlineData("TE")]
    [InlineData("Trailer")]
    [InlineData("TRANSFER-ENCODING")]
    [InlineData("Upgrade")]
    [Trait("id", "F5.60-65")]
    public Task Headers_that_part_requests_are_not_the_callers(string name) => RefusedAsync($"{{\"url\":\"{peer.Origin}\",\"headers\":{{\"{name}\":\"1\"}}}}");

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [Trait("id", "F5.60-66")]
    public Task A_given_key_is_one_line(string method) => RefusedAsync($"{{\"url\":\"{peer.Origin}\",\"method\":\"{method}\",\"idempotency_key\":{Text(Broken)}}}");

    [Theory]
    [InlineData("http_call", Broken)]
    [InlineData("webhook_send", Broken)]
    [InlineData("http_call", "schlüssel")]
    [InlineData("webhook_send", "a\u010ab")]
    [Trait("id", "F5.60-67")]
    public async Task The_key_of_a_step_is_one_line_as_well(string skill, string key)
    {
        var method = skill == "http_call" ? ",\"method\":\"POST\"" : "";

        Assert.Equal("INVALID_INPUT", (await way.CallAsync($"{{\"url\":\"{peer.Origin}\"{method}}}", skill, key)).Failure?.Code);
        Assert.Empty(peer.Asked);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\\r\\nX-Evil: yes\\r\\n\\r\\nGET")]
    [InlineData("GET\\r\\n")]
    [InlineData("GET ")]
    [InlineData("CONNECT")]
    [InlineData("TRACE")]
    [InlineData("")]
    [Trait("id", "F5.60-68")]
    public Task A_method_is_one_of_those_there_are(string method) => RefusedAsync($"{{\"url\":\"{peer.Origin}\",\"method\":\"{method}\"}}");

    [Theory]
    [InlineData("there\\r\\nX-Evil: yes")]
    [InlineData("there\\n")]
    [InlineData("../there")]
    [InlineData("there there")]
    [Trait("id", "F5.60-69")]
    public Task A_connection_is_named_by_a_word(string name) => RefusedAsync($"{{\"url\":\"/x\",\"connection\":\"{name}\"}}");

    [Fact]
    [Trait("id", "F5.60-70")]
    public async Task Parameters_arrive_as_they_are_and_as_nothing_else()
    {
        var outcome = await way.CallAsync($$"""{"url":"{{peer.Origin}}/p","params":{"a\r\nX-Evil":"b\r\nX-Evil: yes","c":"d&e=f#g h"} }""");

        Assert.True(outcome.Ok);
        Assert.StartsWith("GET /p?a%0D%0AX-Evil=b%0D%0AX-Evil%3A%20yes&c=d%26e%3Df%23g%20h HTTP/1.1\r\n", Assert.Single(peer.Asked).Head, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\nX-Evil", peer.Asked[0].Head, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("X-A\r\nX-Evil", "1")]
    [InlineData("X-A", Broken)]
    [InlineData("Host", "other")]
    [Trait("id", "F5.60-71")]
    public async Task A_webhook_takes_no_other_headers_either(string name, string value)
    {
        var outcome = await way.CallAsync($"{{\"url\":\"{peer.Origin}\",\"headers\":{{{Text(name)}:{Text(value)}}}}}", "webhook_send");

        Assert.Equal("INVALID_INPUT", outcome.Failure?.Code);
        Assert.Empty(peer.Asked);
    }

    [Fact]
    [Trait("id", "F5.60-72")]
    public async Task More_than_a_hundred_headers_or_32_KiB_are_refused()
    {
        await RefusedAsync($"{{\"url\":\"{peer.Origin}\",\"headers\":{{{string.Join(',', Enumerable.Range(0, 101).Select(i => $"\"X-{i}\":\"1\""))}}}}}");
        await RefusedAsync($"{{\"url\":\"{peer.Origin}\",\"headers\":{{\"X-A\":\"{new string('x', 33_000)}\"}}}}");
    }

    private static string Text(string text) => Json.Of(text).GetRawText();

    private async Task RefusedAsync(string parameters)
    {
        Assert.Equal("INVALID_INPUT", (await way.CallAsync(parameters)).Failure?.Code);
        Assert.Empty(peer.Asked);
    }
}
