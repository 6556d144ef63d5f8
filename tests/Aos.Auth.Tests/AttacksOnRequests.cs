using System.IO.Compression;
using System.Text;
using Aos.App.Server;

namespace Aos.Auth.Tests;

/// <summary>Requests that are meant to cost the server more than they cost whoever sends them.</summary>
[Trait("store", "none")]
public sealed class AttacksOnRequests(OpenHouse open) : IClassFixture<OpenHouse>
{
    private const int MiB = 1024 * 1024;

    /// <summary>None of them may take longer, also on a machine that is busy with other tests.</summary>
    private static readonly TimeSpan Quickly = TimeSpan.FromSeconds(20);

    private readonly AuthHouse house = open.House;

    [Theory]
    [Trait("id", "ATTACK-json-depth")]
    [InlineData("[")]
    [InlineData("{\"plan\":")]
    [InlineData("{\"plan\":[")]
    public async Task A_body_nested_a_hundred_thousand_times_is_refused_at_once(string open) =>
        Assert.Equal(422, (await QuicklyAsync(house.AsFirstAsync("POST", "/api/v1/runs", string.Concat(Enumerable.Repeat(open, 100_000))))).Status);

    [Theory]
    [Trait("id", "ATTACK-json-numbers")]
    [InlineData("1e999999999")]
    [InlineData("-1e-999999999")]
    [InlineData("99999999999999999999999999999999999999")]
    [InlineData("digits")]
    public async Task A_number_without_measure_is_refused_or_kept_and_never_worked_out(string number)
    {
        var text = number == "digits" ? new string('9', MiB) : number;

        var plan = await QuicklyAsync(house.AsFirstAsync("POST", "/api/v1/runs", $$"""{"plan":[{"skill":"echo","params":{"n":{{text}} } }]}"""));
        var budget = await QuicklyAsync(house.AsFirstAsync("POST", "/api/v1/runs", $$"""{"plan":[{"skill":"echo"}],"budget_cents":{{text}},"seed":{{text}}}"""));
        var page = await QuicklyAsync(house.AsFirstAsync("GET", $"/api/v1/runs?limit={(text.Length > 1000 ? text[..1000] : text)}"));

        Assert.InRange(plan.Status, 200, 499);
        Assert.InRange(budget.Status, 400, 499);
        Assert.InRange(page.Status, 400, 499);
    }

    [Fact]
    [Trait("id", "ATTACK-json-size")]
    public async Task More_values_than_anybody_needs_are_too_many()
    {
        var array = await QuicklyAsync(house.AsFirstAsync("POST", "/api/v1/runs", $$"""{"plan":[{{string.Join(',', Enumerable.Repeat("0", 1_500_000))}}]}"""));
        var names = await QuicklyAsync(house.AsFirstAsync("POST", "/api/v1/runs", $$"""{"plan":{ {{string.Join(',', Enumerable.Range(0, 200_000).Select(i => $"\"n{i}\":0"))}} } }"""));

        Assert.Equal((413, "PAYLOAD_TOO_LARGE"), (array.Status, array.Text("error.code")));
        Assert.InRange(names.Status, 400, 499);
        Assert.Equal(200, (await house.AskAsync("GET", "/healthz")).Status);
    }

    [Theory]
    [Trait("id", "ATTACK-request-size")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_beyond_the_limit_is_413_with_or_without_its_length(bool isChunked)
    {
        await using var small = await AuthHouse.OpenAsync(server: new ServerOptions { BodyBytesMax = 10_000 });
        await using var connection = await small.ConnectAsync();
        var body = new string('x', 10_001);

        await connection.SendAsync($"POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nX-AOS-Key: {AuthHouse.FirstKey}\r\n{(isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 10001")}\r\n\r\n");
        await connection.SendAsync(isChunked ? $"2711\r\n{body}\r\n" : body);

        Assert.StartsWith("HTTP/1.1 413 ", await connection.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(422, (await small.AsFirstAsync("POST", "/api/v1/runs", new string(' ', 10_000))).Status);
    }

    [Fact]
    [Trait("id", "ATTACK-request-size")]
    public async Task Thousands_of_headers_or_of_parameters_are_not_looked_at()
    {
        var many = string.Concat(Enumerable.Range(0, 5_000).Select(i => $"a{i}: b\r\n"));
        var parameters = string.Join('&', Enumerable.Range(0, 5_000).Select(i => $"a{i}=b"));

        Assert.StartsWith("HTTP/1.1 431 ", await house.RawAsync($"GET /healthz HTTP/1.1\r\nHost: a\r\n{many}\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431 ", await house.RawAsync($"GET /healthz HTTP/1.1\r\nHost: a\r\nX: {new string('x', ServerOptions.HeaderBytesMax)}\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 414 ", await house.RawAsync($"GET /healthz?{parameters} HTTP/1.1\r\nHost: a\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal(422, (await house.AsFirstAsync("GET", $"/api/v1/runs?{string.Join('&', Enumerable.Repeat("limit=1", 900))}")).Status);
        Assert.Equal(200, (await house.AskAsync("GET", "/healthz")).Status);
    }

    [Theory]
    [Trait("id", "ATTACK-zip-bomb")]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("identity, gzip")]
    [InlineData("x-unknown")]
    public async Task A_packed_body_is_not_unpacked(string encoding)
    {
        await using var connection = await house.ConnectAsync();
        var bomb = Packed(64 * MiB);
        await connection.SendAsync($"POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nX-AOS-Key: {AuthHouse.FirstKey}\r\nContent-Encoding: {encoding}\r\nContent-Length: {bomb.Length}\r\nConnection: close\r\n\r\n");
        await connection.SendAsync(bomb);

        var answer = await connection.RestAsync();

        Assert.StartsWith("HTTP/1.1 415 ", answer, StringComparison.Ordinal);
        Assert.Contains("Accept-Encoding: identity", answer, StringComparison.Ordinal);
        Assert.Contains("UNSUPPORTED_MEDIA_TYPE", answer, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "ATTACK-zip-bomb")]
    public async Task A_body_that_says_nothing_of_being_packed_is_no_json()
    {
        await using var connection = await house.ConnectAsync();
        var bomb = Packed(MiB);
        await connection.SendAsync($"POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nX-AOS-Key: {AuthHouse.FirstKey}\r\nContent-Encoding: identity\r\nContent-Length: {bomb.Length}\r\nConnection: close\r\n\r\n");
        await connection.SendAsync(bomb);

        Assert.StartsWith("HTTP/1.1 422 ", await connection.RestAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("id", "ATTACK-slow-body")]
    [InlineData("Content-Length: 1000\r\n\r\n{\"plan\":")]
    [InlineData("Content-Length: 1000\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n8\r\n{\"plan\":\r\n")]
    public async Task A_body_that_does_not_end_in_time_is_408_and_ends_the_connection(string rest)
    {
        await using var strict = await AuthHouse.OpenAsync(server: new ServerOptions { BodyTimeMax = TimeSpan.FromMilliseconds(100), BodyGrace = TimeSpan.FromHours(1) });
        await using var connection = await strict.ConnectAsync();

        await connection.SendAsync($"POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nX-AOS-Key: {AuthHouse.FirstKey}\r\n{rest}");
        var answer = await connection.AnswerAsync();

        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
        Assert.Contains("\"TIMEOUT\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "ATTACK-slow-body")]
    public async Task A_body_that_trickles_is_408_before_its_deadline()
    {
        await using var strict = await AuthHouse.OpenAsync(server: new ServerOptions { BodyBytesPerSecondMin = 1_000_000, BodyGrace = TimeSpan.FromMilliseconds(1_001) });
        await using var connection = await strict.ConnectAsync();

        await connection.SendAsync($"POST /api/v1/runs HTTP/1.1\r\nHost: a\r\nX-AOS-Key: {AuthHouse.FirstKey}\r\nContent-Length: 1000\r\n\r\n{{");

        Assert.StartsWith("HTTP/1.1 408 ", await connection.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "ATTACK-slow-headers")]
    public async Task A_head_that_does_not_end_in_time_is_408_and_ends_the_connection()
    {
        await using var strict = await AuthHouse.OpenAsync(server: new ServerOptions { HeadersTimeMax = TimeSpan.FromMilliseconds(200) });

        Assert.StartsWith("HTTP/1.1 408 ", await strict.RawAsync("GET /healthz HTTP/1.1\r\nHost: a\r\nX-"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "ATTACK-connections")]
    public async Task Beyond_the_connections_there_may_be_a_further_one_is_closed_as_it_comes()
    {
        await using var narrow = await AuthHouse.OpenAsync(server: new ServerOptions { ConnectionsMax = 1 });
        await using var first = await narrow.ConnectAsync();
        await first.SendAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await first.AnswerAsync(), StringComparison.Ordinal);

        Assert.Empty(await narrow.RawAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
        await first.SendAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await first.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "SERVER-settings")]
    public void Bounds_that_make_no_sense_are_named_together()
    {
        var options = ServerOptions.Read(name => name is "AOS_BODY_BYTES_MAX" or "AOS_BODY_SECONDS_MAX" or "AOS_HEADERS_SECONDS_MAX" or "AOS_CONNECTIONS_MAX" or "AOS_BODY_BYTES_PER_SECOND_MIN" ? "-1" : null);

        Assert.Equal(5, options.Problems.Count);
        Assert.All(options.Problems, problem => Assert.Contains("not '-1'", problem, StringComparison.Ordinal));
    }

    private static async Task<Reply> QuicklyAsync(Task<Reply> reply) => await reply.WaitAsync(Quickly, TestContext.Current.CancellationToken);

    private static byte[] Packed(int bytes)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) zip.Write(Encoding.ASCII.GetBytes(new string(' ', bytes)));
        return packed.ToArray();
    }
}
