namespace Aos.Auth.Tests;

/// <summary>What somebody would try who has no right credential, or one of another tenant.</summary>
public sealed class Attacks(OpenHouse open) : IClassFixture<OpenHouse>
{
    private const string Plan = """{"plan":[{"skill":"echo","params":{"n":1}}]}""";
    private readonly AuthHouse house = open.House;

    [Fact]
    [Trait("id", "ATTACK-role-header")]
    public async Task A_header_that_claims_a_role_means_nothing()
    {
        var key = await house.KeyAsync("readonly");

        Assert.Equal(401, (await house.AskAsync("GET", "/api/v1/keys", null, ("X-Roles", "admin"))).Status);
        Assert.Equal(403, (await house.AskAsync("GET", "/api/v1/keys", null, ("X-Roles", "admin"), ("X-AOS-Key", key.Text))).Status);
        Assert.Equal(["readonly"], (await house.AskAsync("GET", "/api/v1/me", null, ("X-Roles", "admin"), ("X-User-ID", "root"), ("X-AOS-Key", key.Text))).Texts("roles"));
    }

    [Fact]
    [Trait("id", "ATTACK-tenant-header")]
    [Trait("id", "ATTACK-tenant-body")]
    public async Task A_tenant_is_the_credentials_whatever_header_query_or_body_say()
    {
        var (mine, theirs) = (await house.KeyAsync("dev", """ "tenant_id":"mine" """), await house.KeyAsync("dev", """ "tenant_id":"theirs" """));
        var run = (await house.AskAsync("POST", "/api/v1/runs?wait=20", Plan, ("X-AOS-Key", theirs.Text))).Text("run_id")!;
        Assert.Equal(200, (await house.AskAsync("GET", $"/api/v1/runs/{run}", null, ("X-AOS-Key", theirs.Text))).Status);

        var unknown = "01a00000-0000-7000-8000-000000000000";
        foreach (var path in new[] { "", "/steps", "/trace", "/events?follow=false" })
        {
            var (foreign, nobodys) = (await house.AskAsync("GET", $"/api/v1/runs/{run}{path}", null, ("X-AOS-Key", mine.Text)), await house.AskAsync("GET", $"/api/v1/runs/{unknown}{path}", null, ("X-AOS-Key", mine.Text)));
            Assert.Equal(404, foreign.Status);
            Assert.Equal(nobodys.Body.GetRawText().Replace(unknown, run, StringComparison.Ordinal).Length, foreign.Body.GetRawText().Length);
        }

        Assert.Equal(404, (await house.AskAsync("POST", $"/api/v1/runs/{run}/cancel", null, ("X-AOS-Key", mine.Text))).Status);
        Assert.Equal(403, (await house.AskAsync("GET", "/api/v1/runs", null, ("X-Tenant-ID", "theirs"), ("X-AOS-Key", mine.Text))).Status);
        Assert.Equal(403, (await house.AskAsync("POST", "/api/v1/keys", """{"name":"x","roles":["dev"],"tenant_id":"theirs"}""", ("X-AOS-Key", mine.Text))).Status);
        Assert.Empty((await house.AskAsync("GET", "/api/v1/runs", null, ("X-AOS-Key", mine.Text)))["runs"].EnumerateArray());
        Assert.Empty((await house.AskAsync("GET", "/api/v1/runs?tenant_id=theirs", null, ("X-AOS-Key", mine.Text)))["runs"].EnumerateArray());
        Assert.Equal("theirs", (await house.AskAsync("GET", "/api/v1/me", null, ("X-Tenant-ID", "theirs"), ("X-AOS-Key", AuthHouse.FirstKey))).Text("tenant_id"));
    }

    [Fact]
    [Trait("id", "ATTACK-duplicate-credential")]
    public async Task A_credential_that_is_there_twice_counts_as_absent()
    {
        var answer = await house.RawAsync($"GET /api/v1/keys HTTP/1.1\r\nHost: aos.example\r\nConnection: close\r\nX-AOS-Key: {AuthHouse.FirstKey}\r\nX-AOS-Key: other\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 401 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "ATTACK-duplicate-credential")]
    public async Task Two_credentials_in_two_headers_are_none_unless_they_are_the_same()
    {
        var other = await house.KeyAsync("readonly");
        (string, string)[][] different =
        [
            [("X-AOS-Key", AuthHouse.FirstKey), ("X-API-Key", other.Text)], [("X-API-Key", other.Text), ("Authorization", $"Bearer {AuthHouse.FirstKey}")],
            [("X-AOS-Key", other.Text), ("Authorization", $"Bearer {AuthHouse.FirstKey}")],
        ];

        foreach (var headers in different) Assert.Equal((401, "Two different credentials"), (await house.AskAsync("GET", "/api/v1/me", null, headers)) is var reply ? (reply.Status, reply.Text("error.message")) : default);
        Assert.Equal(200, (await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", other.Text), ("X-API-Key", other.Text), ("Authorization", $"bearer {other.Text}"))).Status);
        Assert.Equal(200, (await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", other.Text), ("Authorization", "Basic cHJveHk6cHJveHk="))).Status);
    }

    [Fact]
    [Trait("id", "ATTACK-key-in-url")]
    public async Task A_key_in_the_address_opens_nothing_and_stays_out_of_answers()
    {
        foreach (var name in new[] { "key", "api_key", "access_token", "X-AOS-Key" })
        {
            var reply = await house.AskAsync("GET", $"/api/v1/keys?{name}={AuthHouse.FirstKey}");
            Assert.Equal(401, reply.Status);
            Assert.DoesNotContain(AuthHouse.FirstKey, reply.Body.GetRawText(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [Trait("id", "ATTACK-smuggling")]
    [InlineData("POST /api/v1/keys HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{}")]
    [InlineData("POST /api/v1/keys HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\nConnection: close\r\n\r\n{}")]
    [InlineData("POST /api/v1/keys HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\nConnection: close\r\n\r\n{}")]
    [InlineData("POST /api/v1/keys HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n")]
    [InlineData("POST /api/v1/keys HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n")]
    [InlineData("GET /api/v1/keys HTTP/1.1\r\nHost: a\r\nX-AOS-Key: a\r\n b\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /api/v1/keys HTTP/1.1\r\n X-AOS-Key: a\r\nHost: a\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /api/v1/keys HTTP/1.1\nHost: a\r\nX-AOS-Key: a\rX-Other: b\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /api/v1/keys HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET")]
    [InlineData("GET /api/v1/keys HTTP/1.1\r\nHost: a\r\nX-AOS-Key : first\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /api/v1/keys HTTP/1.1\r\nHost: a\r\nX-AOS-Key: a\u0001b\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /api/v1/keys HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n")]
    public async Task A_request_that_two_readers_could_read_differently_gets_nothing(string request)
    {
        var answer = await house.RawAsync(request);

        Assert.Matches("^HTTP/1\\.1 (40[01]|501) ", answer);
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
    }

    [Fact]
    [Trait("id", "ATTACK-smuggling")]
    public async Task A_length_beside_chunks_is_refused_also_with_a_right_key_and_what_follows_is_not_read()
    {
        var answer = await house.RawAsync(
            $"POST /api/v1/keys HTTP/1.1\r\nHost: a\r\nX-AOS-Key: {AuthHouse.FirstKey}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + $"GET /api/v1/me HTTP/1.1\r\nHost: a\r\nX-AOS-Key: {AuthHouse.FirstKey}\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
    }

    [Theory]
    [Trait("id", "ATTACK-path-traversal")]
    [Trait("id", "ATTACK-sql")]
    [InlineData("GET", "/api/v1/keys/..%2F..%2Fadmin")]
    [InlineData("GET", "/api/v1/keys/%27%20OR%201%3D1--")]
    [InlineData("GET", "/api/v1/keys/%25")]
    [InlineData("DELETE", "/api/v1/keys/%25")]
    [InlineData("GET", "/api/v1/keys/%00")]
    [InlineData("GET", "/api/v1/keys/a%0d%0aX-Evil:%201")]
    public async Task An_id_is_a_word_to_look_up_and_nothing_else(string method, string path)
    {
        var key = await house.KeyAsync("readonly");

        var reply = await house.AsFirstAsync(method, path);

        Assert.True(reply.Status is 404 or 400, $"{reply.Status}");
        Assert.False(reply.Headers.ContainsKey("X-Evil"));
        Assert.Equal(200, (await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", key.Text))).Status);
    }
}
