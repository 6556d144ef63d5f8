using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests;

/// <summary><c>http_call</c> against a real peer.</summary>
[Trait("store", "none")]
public sealed class Calls : IAsyncLifetime
{
    private readonly ManualClock clock = new();
    private Peer peer = null!;
    private SkillRoom room = null!;

    public async ValueTask InitializeAsync()
    {
        peer = await Peer.StartAsync(Map);
        room = new SkillRoom([peer.Authority], null, clock);
    }

    public async ValueTask DisposeAsync()
    {
        room.Dispose();
        await peer.DisposeAsync();
    }

    [Fact]
    [Trait("id", "F5.3-01")]
    [Trait("id", "F5.3-02")]
    [Trait("id", "F5.3-27")]
    public async Task A_json_answer_is_parsed_and_hashed()
    {
        var result = (await GetAsync("/json")).Result;

        Assert.Equal(200, result.GetProperty("status_code").GetInt32());
        Assert.Equal(200, result.GetProperty("code").GetInt32());
        Assert.Equal("ok", result.GetProperty("status").GetString());
        Assert.Equal(1, result.GetProperty("body").GetProperty("z").GetInt32());
        Assert.Equal("json", result.GetProperty("body_encoding").GetString());
        Assert.Equal("c2985c5ba6f7d2a5", result.GetProperty("body_hash").GetString());
        Assert.Equal(16, result.GetProperty("headers_hash").GetString()!.Length);
        Assert.Equal("application/json", result.GetProperty("headers").GetProperty("content-type").GetString());
        Assert.Equal(peer.Origin + "/json", result.GetProperty("url").GetString());
        Assert.True(result.GetProperty("latency_ms").GetInt64() >= 0);
    }

    [Theory]
    [InlineData("/text", "text", "315f5bdb76d078c4")]
    [InlineData("/empty", "none", "e3b0c44298fc1c14")]
    [InlineData("/alice", "json", "3bc51062973c458d")]
    [InlineData("/bytes", "base64", null)]
    [InlineData("/latin", "text", null)]
    [InlineData("/huge-number", "text", null)]
    [Trait("id", "F5.3-03")]
    [Trait("id", "F5.3-04")]
    [Trait("id", "F5.3-34")]
    public async Task A_body_is_what_it_can_be_and_its_hash_says_so(string path, string encoding, string? hash)
    {
        var first = (await GetAsync(path)).Result;
        var second = (await GetAsync(path)).Result;

        Assert.Equal(encoding, first.GetProperty("body_encoding").GetString());
        Assert.Equal(first.GetProperty("body_hash").GetString(), second.GetProperty("body_hash").GetString());
        if (hash is not null) Assert.Equal(hash, first.GetProperty("body_hash").GetString());
        if (path == "/latin") Assert.Equal("é", first.GetProperty("body").GetString());
    }

    [Fact]
    public async Task Headers_that_differ_from_call_to_call_do_not_change_the_hash()
    {
        var first = (await GetAsync("/dated")).Result;
        var second = (await GetAsync("/dated")).Result;

        Assert.NotEqual(first.GetProperty("headers").GetProperty("x-request-id").GetString(), second.GetProperty("headers").GetProperty("x-request-id").GetString());
        Assert.Equal(first.GetProperty("headers_hash").GetString(), second.GetProperty("headers_hash").GetString());
        Assert.NotEqual(first.GetProperty("headers_hash").GetString(), (await GetAsync("/text")).Result.GetProperty("headers_hash").GetString());
    }

    [Theory]
    [InlineData(400, "HTTP_4XX", false)]
    [InlineData(401, "HTTP_4XX", false)]
    [InlineData(403, "HTTP_4XX", false)]
    [InlineData(404, "HTTP_4XX", false)]
    [InlineData(408, "TIMEOUT", true)]
    [InlineData(409, "HTTP_4XX", false)]
    [InlineData(418, "HTTP_4XX", false)]
    [InlineData(422, "HTTP_4XX", false)]
    [InlineData(429, "RATE_LIMITED", true)]
    [InlineData(500, "HTTP_5XX", true)]
    [InlineData(502, "HTTP_5XX", true)]
    [InlineData(503, "SERVICE_UNAVAILABLE", true)]
    [InlineData(504, "GATEWAY_TIMEOUT", true)]
    [InlineData(599, "HTTP_5XX", true)]
    [Trait("id", "F5.3-06")]
    [Trait("id", "F5.3-07")]
    [Trait("id", "F5.3-21")]
    [Trait("id", "F5.3-22")]
    [Trait("id", "F5.3-23")]
    [Trait("id", "F5.3-32")]
    [Trait("id", "F5.3-33")]
    public async Task A_bad_status_is_a_failure_with_the_peers_advice(int status, string code, bool retryable)
    {
        var failure = (await GetAsync($"/status/{status}?after=7")).Failure!;

        Assert.Equal(code, failure.Code);
        Assert.Equal(retryable, failure.Retryable);
        Assert.Equal(TimeSpan.FromSeconds(7), failure.RetryAfter);
        Assert.Equal(status, failure.Details!.Value.GetProperty("upstream_status").GetInt32());
        Assert.Equal("it is so", failure.Details.Value.GetProperty("body").GetString());
    }

    [Theory]
    [InlineData("Sun, 01 Mar 2026 12:01:30 GMT", 90)]
    [InlineData("Sun, 01 Mar 2026 11:00:00 GMT", 0)]
    [InlineData("soon", null)]
    [InlineData("-5", null)]
    public async Task Retry_after_may_be_a_date(string text, int? seconds)
    {
        var failure = (await GetAsync("/status/503?after=" + Uri.EscapeDataString(text))).Failure!;

        Assert.Equal(seconds is { } s ? TimeSpan.FromSeconds(s) : (TimeSpan?)null, failure.RetryAfter);
    }

    [Theory]
    [InlineData("\"timeout_ms\":100")]
    [InlineData("\"timeout_seconds\":0.1")]
    [InlineData("\"timeout\":0.1")]
    [InlineData("\"timeout\":\"100ms\"")]
    [Trait("id", "F5.3-08")]
    [Trait("id", "F5.3-24")]
    public async Task A_slow_peer_times_out(string timeout)
    {
        var failure = (await room.CallAsync("http_call", $$"""{"url":"{{peer.Origin}}/never",{{timeout}}}""")).Failure!;

        Assert.Equal("TIMEOUT", failure.Code);
        Assert.True(failure.Retryable);
    }

    [Theory]
    [InlineData("\"timeout_ms\":99")]
    [InlineData("\"timeout_seconds\":301")]
    [InlineData("\"method\":\"TRACE\"")]
    [InlineData("\"headers\":{\"Host\":\"other\"}")]
    [InlineData("\"headers\":{\"Content-Length\":\"5\"}")]
    [InlineData("\"headers\":{\"X-A\":\"1\\r\\nX-B: 2\"}")]
    [InlineData("\"headers\":{\"X A\":\"1\"}")]
    [InlineData("\"params\":{\"a\":{\"b\":1}}")]
    [InlineData("\"no_such\":1")]
    public async Task What_makes_no_sense_is_never_sent(string member)
    {
        Assert.Equal("INVALID_INPUT", (await room.CallAsync("http_call", $$"""{"url":"{{peer.Origin}}/json",{{member}}}""")).Failure?.Code);
    }

    [Fact]
    [Trait("id", "F5.3-31")]
    public async Task A_call_without_a_url_is_told_what_it_lacks()
    {
        var failure = (await room.CallAsync("http_call", "{}")).Failure!;

        Assert.Equal("INVALID_INPUT", failure.Code);
        Assert.Contains("url", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.3-25")]
    public async Task A_peer_that_is_not_there_refuses_the_connection()
    {
        await using var gone = await Peer.StartAsync(_ => { });
        var origin = gone.Origin;
        await gone.DisposeAsync();
        using var other = new SkillRoom(new Uri(origin).Authority);
        var failure = (await other.CallAsync("http_call", $$"""{"url":"{{origin}}/"}""")).Failure!;

        Assert.Equal("CONNECTION_REFUSED", failure.Code);
        Assert.True(failure.Retryable);
    }

    [Fact]
    [Trait("id", "F5.3-26")]
    public async Task A_peer_that_speaks_no_tls_is_a_tls_failure()
    {
        var failure = (await room.CallAsync("http_call", $$"""{"url":"https://{{peer.Authority}}/json"}""")).Failure!;

        Assert.Equal("TLS_FAILURE", failure.Code);
        Assert.False(failure.Retryable);
    }

    [Fact]
    [Trait("id", "F5.3-29")]
    public async Task A_call_that_writes_carries_its_key_and_tells_its_effect()
    {
        var own = await PostAsync("""{"n":1}""", "");
        var given = await PostAsync("""{"n":1}""", ",\"idempotency_key\":\"mine\"");
        var read = await GetAsync("/echo");

        Assert.Equal("key-1", own.Result.GetProperty("body").GetProperty("key").GetString());
        Assert.Equal("mine", given.Result.GetProperty("body").GetProperty("key").GetString());
        Assert.Equal("mine", given.Result.GetProperty("idempotency_key").GetString());
        Assert.Equal("http_post", Assert.Single(own.SideEffects).Type);
        Assert.Equal("", read.Result.GetProperty("body").GetProperty("key").GetString());
        Assert.Empty(read.SideEffects);
    }

    [Theory]
    [InlineData("""{"n":[1,"é"]}""", "{\"n\":[1,\"é\"]}", "application/json")]
    [InlineData("[1,2]", "[1,2]", "application/json")]
    [InlineData("\"plain\"", "plain", "text/plain; charset=utf-8")]
    [InlineData("null", "", "")]
    public async Task A_body_is_sent_as_it_is(string body, string sent, string type)
    {
        var echo = (await PostAsync(body, "")).Result.GetProperty("body");

        Assert.Equal(sent, echo.GetProperty("body").GetString());
        Assert.Equal(type, echo.GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_content_type_of_the_caller_takes_the_place_of_ours()
    {
        var echo = (await PostAsync("\"<a/>\"", ",\"headers\":{\"content-type\":\"text/xml\"}")).Result.GetProperty("body");

        Assert.Equal("text/xml", echo.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Parameters_join_the_query()
    {
        var outcome = await room.CallAsync(
            "http_call", $$$"""{"url":"{{{peer.Origin}}}/echo?a=1#x","params":{"b":"x y&z","c":[1,true],"d":null},"max_retries":3}""");

        Assert.Equal("?a=1&b=x%20y%26z&c=1&c=true", outcome.Result.GetProperty("body").GetProperty("query").GetString());
        Assert.Contains("max_retries", Assert.Single(outcome.Result.GetProperty("warnings").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_beyond_the_limit_is_refused() => Assert.Equal("RESPONSE_TOO_LARGE", (await GetAsync("/big")).Failure?.Code);

    [Fact]
    public async Task A_packed_answer_is_measured_unpacked() => Assert.Equal("RESPONSE_TOO_LARGE", (await GetAsync("/bomb")).Failure?.Code);

    [Fact]
    [Trait("id", "F5.3-35")]
    [Trait("id", "F5.3-36")]
    [Trait("id", "F5.3-37")]
    public void It_describes_itself()
    {
        var contract = room.Skills.All["http_call"].Contract;

        Assert.Equal(["status_code", "headers_hash", "body_hash"], contract.StableFields);
        Assert.Contains("TIMEOUT", contract.FailureModes.Select(mode => mode.Code));
        Assert.Contains("DNS_FAILURE", contract.FailureModes.Select(mode => mode.Code));
        Assert.Equal(10_485_760, contract.Constraints["max_response_bytes"].GetInt32());
        Assert.Contains("localhost", contract.Constraints["blocked_hosts"].EnumerateArray().Select(host => host.GetString()));
    }

    private static void Map(WebApplication app)
    {
        app.MapGet("/json", () => Results.Text("{ \"z\": 1, \"a\": 2 }", "application/json"));
        app.MapGet("/text", () => Results.Text("Hello, world!"));
        app.MapGet("/empty", () => Results.Text(""));
        app.MapGet("/alice", () => Results.Text("\"Alice\"", "application/json"));
        app.MapGet("/bytes", () => Results.Bytes([0xFF, 0xFE, 0x00, 0x80]));
        app.MapGet("/latin", () => Results.Bytes([0xE9], "text/plain; charset=iso-8859-1"));
        app.MapGet("/huge-number", () => Results.Text("[1e400]", "application/json"));
        app.MapGet("/dated", (HttpContext context) =>
        {
            context.Response.Headers["X-Request-Id"] = Guid.NewGuid().ToString();
            return Results.Text("x", "text/html");
        });
        app.MapGet("/status/{code:int}", (int code, string? after, HttpContext context) =>
        {
            if (after is not null) context.Response.Headers.RetryAfter = after;
            context.Response.StatusCode = code;
            return context.Response.WriteAsync("it is so");
        });
        app.MapGet("/never", async (HttpContext context) => await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted));
        app.MapGet("/big", () => Results.Bytes(new byte[11 * 1024 * 1024]));
        app.MapGet("/bomb", (HttpContext context) =>
        {
            var packed = new MemoryStream();
            using (var zip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true)) zip.Write(new byte[11 * 1024 * 1024]);
            context.Response.Headers.ContentEncoding = "gzip";
            return Results.Bytes(packed.ToArray());
        });
        app.MapMethods("/echo", ["GET", "POST"], async (HttpContext context) =>
        {
            var body = await Peer.BodyAsync(context);
            await context.Response.WriteAsync(Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("key", context.Request.Headers["Idempotency-Key"].ToString());
                writer.WriteString("query", context.Request.QueryString.Value);
                writer.WriteString("type", context.Request.ContentType ?? "");
                writer.WriteString("body", body);
                writer.WriteEndObject();
            }).GetRawText());
        });
    }

    private Task<StructuredOutcome> GetAsync(string path) => room.CallAsync("http_call", $$"""{"url":"{{peer.Origin}}{{path}}"}""");

    private Task<StructuredOutcome> PostAsync(string body, string more) =>
        room.CallAsync("http_call", $$"""{"url":"{{peer.Origin}}/echo","method":"post","body":{{body}}{{more}}}""");
}
