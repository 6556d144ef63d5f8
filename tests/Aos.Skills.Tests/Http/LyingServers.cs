using System.IO.Compression;
using System.Text;

namespace Aos.Skills.Tests.Http;

/// <summary><c>http_call</c> before servers that break the rules of HTTP: there is an answer or a failure that says what it was, in time.</summary>
[Trait("store", "none")]
public sealed class LyingServers
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private const string Soon = ",\"timeout_ms\":150";

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nX-Slow: ", "a")]
    [InlineData("HTTP/1.1 200 OK\r\n", "X-Slow: a\r\n")]
    [Trait("id", "F5.60-01")]
    public Task Headers_that_never_end_are_a_timeout(string beginning, string again) => TimesOutAsync(beginning, again);

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "a")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "a")]
    [InlineData("HTTP/1.1 503 Not now\r\nContent-Length: 1000000\r\n\r\n", "a")]
    [Trait("id", "F5.60-02")]
    public Task A_body_that_drips_is_a_timeout_however_soon_the_next_byte_comes(string beginning, string again) => TimesOutAsync(beginning, again);

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    [Trait("id", "F5.60-03")]
    public Task A_body_that_is_cut_off_is_no_answer(string answer) => BreaksAsync(answer);

    [Theory]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse")]
    [Trait("id", "F5.60-04")]
    public Task What_follows_a_body_is_not_the_answer_to_the_next_call(string method, string answer) => StandsAloneAsync(method, answer, "ok");

    [Theory]
    [InlineData("DELETE", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse")]
    [InlineData("DELETE", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nfalse")]
    [Trait("id", "F5.60-05")]
    public Task No_content_has_none_whatever_is_sent(string method, string answer) => StandsAloneAsync(method, answer, null);

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse")]
    [Trait("id", "F5.60-06")]
    public Task A_head_has_no_body_whatever_its_length_says(string method, string answer) => StandsAloneAsync(method, answer, null);

    [Theory]
    [InlineData("zz\r\nok\r\n0\r\n\r\n")]
    [InlineData("-2\r\nok\r\n0\r\n\r\n")]
    [InlineData("ffffffffffffffffff\r\nok")]
    [InlineData("2\r\nokay\r\n0\r\n\r\n")]
    [InlineData("\r\n\r\n")]
    [Trait("id", "F5.60-07")]
    public Task Chunks_that_are_none_are_no_answer(string chunks) => BreaksAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);

    [Fact]
    [Trait("id", "F5.60-08")]
    public async Task Parts_of_the_chunked_form_that_never_end_are_not_read_to_the_end()
    {
        foreach (var beginning in new[] { "2;", "2\r\nok\r\n0\r\nX-Trailer: " })
        {
            await using var peer = new LyingPeer(async one =>
            {
                await one.SayAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + beginning);
                while (true) await one.SayAsync(new string('x', 16 * 1024));
            });
            using var way = new WayOut(peer.Authority);

            Assert.Contains((await way.FailureAsync(peer.Origin))?.Code, (string[])["CONNECTION_RESET", "RESPONSE_TOO_LARGE"]);
        }
    }

    [Theory]
    [InlineData("hello\r\n\r\n")]
    [InlineData("<html>hello</html>\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n\r\n")]
    [InlineData("ICY 200 OK\r\n\r\n")]
    [InlineData("\0\0\u0012\u0004\0\0\0\0\0\0\0\r\n\r\n")]
    [Trait("id", "F5.60-09")]
    public Task An_answer_without_a_status_line_is_none(string answer) => BreaksAsync(answer);

    [Theory]
    [InlineData("HTTP/1.1 99 Low\r\n")]
    [InlineData("HTTP/1.1 000 Zero\r\n")]
    [InlineData("HTTP/1.1 1000 High\r\n")]
    [InlineData("HTTP/1.1 abc Letters\r\n")]
    [InlineData("HTTP/1.1 -20 Negative\r\n")]
    [InlineData("HTTP/1.1\r\n")]
    [InlineData("HTTP/9.9 200 OK\r\n")]
    [Trait("id", "F5.60-10")]
    public Task A_status_that_is_none_is_no_answer(string line) => BreaksAsync(line + "Content-Length: 2\r\n\r\nok");

    [Fact]
    [Trait("id", "F5.60-11")]
    public Task A_change_of_protocols_that_nobody_asked_for_is_no_answer() => BreaksAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");

    [Fact]
    [Trait("id", "F5.60-12")]
    public async Task What_comes_before_the_answer_is_skipped()
    {
        var early = string.Concat(Enumerable.Repeat("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 1_000));
        await using var peer = LyingPeer.Saying(early + Ok);
        using var way = new WayOut(peer.Authority);
        var outcome = await way.GetAsync(peer.Origin);

        Assert.Equal("ok", outcome.Result.GetProperty("body").GetString());
        Assert.False(outcome.Result.GetProperty("headers").TryGetProperty("link", out _));
    }

    [Fact]
    [Trait("id", "F5.60-13")]
    public Task What_comes_before_the_answer_without_end_is_a_timeout() => TimesOutAsync("", "HTTP/1.1 100 Continue\r\n\r\n");

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n")]
    [Trait("id", "F5.60-14")]
    public Task A_connection_that_ends_before_the_headers_do_is_one_that_broke(string answer) => BreaksAsync(answer);

    [Theory]
    [InlineData("GET", "")]
    [InlineData("HEAD", "")]
    [InlineData("DELETE", "")]
    [InlineData("PUT", ",\"body\":\"x\"")]
    [InlineData("POST", "")]
    [InlineData("POST", ",\"body\":\"x\"")]
    [InlineData("PATCH", "")]
    [Trait("id", "F5.60-15")]
    public async Task Nothing_is_sent_a_second_time_when_the_connection_breaks(string method, string more)
    {
        await using var peer = LyingPeer.Saying("");
        using var way = new WayOut(peer.Authority);
        var failure = await way.FailureAsync(peer.Origin, $",\"method\":\"{method}\"{more}");

        Assert.Equal("CONNECTION_RESET", failure?.Code);
        Assert.Single(peer.Asked);
    }

    [Fact]
    [Trait("id", "F5.60-28")]
    public async Task What_must_not_happen_twice_is_sent_once_on_a_kept_connection_too_and_others_get_a_new_one()
    {
        await using var peer = new LyingPeer(async one =>
        {
            if (one.Number is 1 or 3 or 5) await one.SayAsync(Ok);
            return one.Number is 1 or 3;
        });
        using var way = new WayOut(peer.Authority);

        Assert.Null(await way.FailureAsync(peer.Origin));
        Assert.Equal("CONNECTION_RESET", (await way.FailureAsync(peer.Origin, ",\"method\":\"POST\""))?.Code);
        Assert.Null(await way.FailureAsync(peer.Origin));
        Assert.Null(await way.FailureAsync(peer.Origin));
        Assert.Equal(["GET", "POST", "GET", "GET", "GET"], peer.Asked.Select(one => one.Head.Split(' ')[0]));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [Trait("id", "F5.60-16")]
    public async Task A_bomb_is_measured_unpacked(string encoding)
    {
        var packed = Packed(encoding, new byte[11 * 1024 * 1024]);
        Assert.True(packed.Length < 100_000);

        Assert.Equal("RESPONSE_TOO_LARGE", await CodeAsync(encoding, packed));
        Assert.Null(await CodeAsync(encoding, Packed(encoding, Enumerable.Repeat((byte)'x', 10 * 1024 * 1024).ToArray())));
    }

    [Theory]
    [InlineData("gzip", false)]
    [InlineData("deflate", false)]
    [InlineData("br", false)]
    [InlineData("gzip", true)]
    [InlineData("deflate", true)]
    [InlineData("br", true)]
    [Trait("id", "F5.60-17")]
    public async Task What_cannot_be_unpacked_is_no_answer(string encoding, bool isCut)
    {
        var bytes = isCut ? Packed(encoding, Encoding.UTF8.GetBytes(string.Join(' ', Enumerable.Range(0, 500))))[..^40] : Encoding.ASCII.GetBytes("this was never packed at all, whatever the header says");

        Assert.Equal("CONNECTION_RESET", await CodeAsync(encoding, bytes));
    }

    [Fact]
    [Trait("id", "F5.60-18")]
    public async Task What_is_packed_twice_is_measured_at_each_time_and_more_is_no_answer()
    {
        var bomb = Packed("gzip", Packed("gzip", new byte[11 * 1024 * 1024]));

        Assert.Null(await CodeAsync("gzip, br", Packed("br", Packed("gzip", "ok"u8.ToArray()))));
        Assert.Equal("RESPONSE_TOO_LARGE", await CodeAsync("gzip, gzip", bomb));
        Assert.Equal("CONNECTION_RESET", await CodeAsync("gzip, gzip, gzip", Packed("gzip", bomb)));
    }

    [Fact]
    [Trait("id", "F5.60-27")]
    public async Task What_is_packed_in_a_way_that_nobody_asked_for_stays_as_it_is()
    {
        await using var peer = Answering("Content-Encoding: rot13\r\n", "bx"u8.ToArray());
        using var way = new WayOut(peer.Authority);
        var result = (await way.GetAsync(peer.Origin)).Result;

        Assert.Equal(("bx", "rot13"), (result.GetProperty("body").GetString(), result.GetProperty("headers").GetProperty("content-encoding").GetString()));
        Assert.Contains("\r\nAccept-Encoding: gzip, deflate, br\r\n", peer.Asked[0].Head, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.60-19")]
    public async Task Headers_beyond_their_limit_are_not_read()
    {
        foreach (var headers in new[] { $"X-Long: {new string('x', 100_000)}\r\n", string.Concat(Enumerable.Range(0, 5_000).Select(i => $"X-Many-{i}: x\r\n")) })
        {
            await using var peer = Answering(headers, []);
            using var way = new WayOut(peer.Authority);
            var failure = await way.FailureAsync(peer.Origin);

            Assert.Equal(("RESPONSE_TOO_LARGE", false), (failure?.Code, failure?.Retryable));
        }
    }

    [Theory]
    [InlineData("Bad Name: x\r\n")]
    [InlineData("Bad\u0001Name: x\r\n")]
    [InlineData(": x\r\n")]
    [InlineData("no colon at all\r\n")]
    [Trait("id", "F5.60-20")]
    public Task A_header_that_is_none_is_no_answer(string header) => BreaksAsync($"HTTP/1.1 200 OK\r\n{header}Content-Length: 2\r\n\r\nok");

    [Fact]
    [Trait("id", "F5.60-21")]
    public async Task A_folded_header_is_one_value_and_never_two_headers()
    {
        await using var peer = Answering("X-Folded: one\r\n Set-Cookie: two\r\n\tthree\r\n", "ok"u8.ToArray());
        using var way = new WayOut(peer.Authority);
        var headers = (await way.GetAsync(peer.Origin)).Result.GetProperty("headers");

        Assert.False(headers.TryGetProperty("set-cookie", out _));
        Assert.Equal("one Set-Cookie: two three", string.Join(' ', headers.GetProperty("x-folded").GetString()!.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    [Trait("id", "F5.60-22")]
    public async Task Bytes_of_headers_that_are_no_text_stay_characters_and_equal_names_are_joined()
    {
        await using var peer = Answering("X-Odd: \u00e9\u00ff\u0001\r\nX-Twice: a\r\nx-twice: b\r\n", "ok"u8.ToArray());
        using var way = new WayOut(peer.Authority);
        var headers = (await way.GetAsync(peer.Origin)).Result.GetProperty("headers");

        Assert.Equal(("\u00e9\u00ff\u0001", "a, b"), (headers.GetProperty("x-odd").GetString(), headers.GetProperty("x-twice").GetString()));
    }

    [Theory]
    [InlineData("Content-Length: 2\r\nContent-Length: 20\r\n")]
    [InlineData("Content-Length: 20\r\nContent-Length: 2\r\n")]
    [InlineData("Content-Length: -2\r\n")]
    [InlineData("Content-Length: two\r\n")]
    [Trait("id", "F5.60-23")]
    public async Task A_length_that_contradicts_itself_ends_in_time_and_the_connection_serves_nobody_else(string headers)
    {
        await using var peer = new LyingPeer(async one =>
        {
            await one.SayAsync(one.Number == 1 ? $"HTTP/1.1 200 OK\r\n{headers}\r\nok" : Ok);
            return one.Number > 1;
        });
        using var way = new WayOut(peer.Authority);
        var first = await way.GetAsync(peer.Origin);
        var second = await way.GetAsync(peer.Origin);

        Assert.True(first.Failure?.Code == "CONNECTION_RESET" || first.Result.GetProperty("body").GetString() == "ok", first.Failure?.Code);
        Assert.Equal("ok", second.Result.GetProperty("body").GetString());
    }

    [Fact]
    [Trait("id", "F5.60-24")]
    public async Task Chunks_count_more_than_a_length()
    {
        await using var peer = LyingPeer.Saying("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
        using var way = new WayOut(peer.Authority);

        Assert.Equal("ok", (await way.GetAsync(peer.Origin)).Result.GetProperty("body").GetString());
    }

    [Theory]
    [InlineData("text/plain; charset=utf-16", "ok", "text", "ok")]
    [InlineData("text/plain; charset=nonsense", "\u00c3\u00a9", "text", "é")]
    [InlineData("text/plain; charset=utf-8", "\u00e9", "base64", "6Q==")]
    [InlineData("text/plain; charset=utf-8", "\u00c0\u0080", "base64", "wIA=")]
    [InlineData("text/plain; charset=utf-8", "\u00ed\u00a0\u0080", "base64", "7aCA")]
    [InlineData("text/plain; charset=latin1", "\u00e9", "text", "é")]
    [InlineData("nonsense;;;=", "ok", "text", "ok")]
    [InlineData("application/json", "{\"a\":", "text", "{\"a\":")]
    [Trait("id", "F5.60-25")]
    public async Task A_body_is_told_as_what_its_bytes_can_be_not_as_what_is_said_of_it(string type, string latin, string encoding, string body)
    {
        await using var peer = Answering($"Content-Type: {type}\r\n", Encoding.Latin1.GetBytes(latin));
        using var way = new WayOut(peer.Authority);
        var result = (await way.GetAsync(peer.Origin)).Result;

        Assert.Equal((encoding, body), (result.GetProperty("body_encoding").GetString(), result.GetProperty("body").GetString()));
    }

    [Fact]
    [Trait("id", "F5.60-26")]
    public async Task A_mark_of_the_encoding_is_no_part_of_the_body()
    {
        await using var peer = Answering("Content-Type: application/json\r\n", [0xEF, 0xBB, 0xBF, .. "{\"a\":2,\"z\":1}"u8]);
        using var way = new WayOut(peer.Authority);
        var result = (await way.GetAsync(peer.Origin)).Result;

        Assert.Equal(("json", "c2985c5ba6f7d2a5"), (result.GetProperty("body_encoding").GetString(), result.GetProperty("body_hash").GetString()));
    }

    private static LyingPeer Answering(string headers, byte[] body) => new(async one =>
    {
        await one.SayAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n{headers}\r\n");
        await one.SayAsync(body);
        return false;
    });

    private static async Task<string?> CodeAsync(string encoding, byte[] body)
    {
        await using var peer = Answering($"Content-Encoding: {encoding}\r\n", body);
        using var way = new WayOut(peer.Authority);
        return (await way.FailureAsync(peer.Origin))?.Code;
    }

    private static byte[] Packed(string encoding, byte[] bytes)
    {
        var packed = new MemoryStream();
        using (Stream zip = encoding switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true),
            "deflate" => new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true),
            _ => new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true),
        }) zip.Write(bytes);
        return packed.ToArray();
    }

    private static async Task TimesOutAsync(string beginning, string again)
    {
        await using var peer = LyingPeer.Dripping(beginning, again);
        using var way = new WayOut(peer.Authority);
        var failure = await way.FailureAsync(peer.Origin, Soon);

        Assert.Equal(("TIMEOUT", true), (failure?.Code, failure?.Retryable));
    }

    private static async Task BreaksAsync(string answer)
    {
        await using var peer = LyingPeer.Saying(answer);
        using var way = new WayOut(peer.Authority);
        var failure = await way.FailureAsync(peer.Origin);

        Assert.Equal(("CONNECTION_RESET", true), (failure?.Code, failure?.Retryable));
    }

    /// <summary>The first answer lies about its end; the next call gets its own answer all the same.</summary>
    private static async Task StandsAloneAsync(string method, string answer, string? body)
    {
        await using var peer = new LyingPeer(async one =>
        {
            await one.SayAsync(one.Number == 1 ? answer : Ok);
            return true;
        });
        using var way = new WayOut(peer.Authority);
        var first = await way.GetAsync(peer.Origin, $",\"method\":\"{method}\"");
        var second = await way.GetAsync(peer.Origin);

        Assert.Equal(body, first.Result.GetProperty("body").GetString());
        Assert.Equal("ok", second.Result.GetProperty("body").GetString());
    }
}
