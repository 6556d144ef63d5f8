namespace Aos.Skills.Tests.Http;

/// <summary>Redirects that lead in circles, nowhere, or where nobody may go, and waits that peers ask for.</summary>
[Trait("store", "none")]
public sealed class LyingRedirects
{
    [Fact]
    [Trait("id", "F5.60-30")]
    public async Task A_circle_between_two_servers_ends_after_five_hops()
    {
        LyingPeer? other = null;
        await using var peer = new LyingPeer(one => SendAsync(one, $"{other!.Origin}/{one.Number}"));
        await using var second = other = new LyingPeer(one => SendAsync(one, $"{peer.Origin}/{one.Number}"));
        using var way = new WayOut(peer.Authority, other.Authority);

        Assert.Equal("HTTP_4XX", (await way.FailureAsync(peer.Origin))?.Code);
        Assert.Equal(6, peer.Asked.Count + other.Asked.Count);
    }

    [Theory]
    [InlineData("http://")]
    [InlineData("http://[::1")]
    [InlineData("http:///nowhere")]
    [InlineData("http://a:99999/")]
    [InlineData("//")]
    [Trait("id", "F5.60-31")]
    public async Task A_redirect_to_what_is_no_url_is_refused_or_the_answer(string target)
    {
        var (outcome, asked) = await RedirectedAsync(target);

        if (outcome.Ok) Assert.Equal(302, outcome.Result.GetProperty("status_code").GetInt32());
        else Assert.Equal("INVALID_INPUT", outcome.Failure!.Code);
        Assert.Equal(1, asked);
    }

    [Theory]
    [InlineData("file:///etc/hosts")]
    [InlineData("ftp://93.184.216.34/")]
    [InlineData("gopher://93.184.216.34:6379/_x")]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/plain,x")]
    [InlineData("unix:/run/docker.sock")]
    [InlineData("http://user:hunter2@93.184.216.34/")]
    [Trait("id", "F5.60-32")]
    public async Task A_redirect_to_another_scheme_or_with_credentials_is_refused_and_no_password_is_repeated(string target)
    {
        var (outcome, asked) = await RedirectedAsync(target);

        Assert.Equal("INVALID_INPUT", outcome.Failure?.Code);
        Assert.DoesNotContain("hunter2", outcome.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(1, asked);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/")]
    [InlineData("http://2130706433:1/")]
    [InlineData("http://0x7f.1:1/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::ffff:7f00:1]/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("//169.254.169.254/latest/meta-data/")]
    [InlineData("http://localhost:1/")]
    [Trait("id", "F5.60-33")]
    public async Task A_redirect_to_an_address_that_is_not_public_is_refused(string target)
    {
        var (outcome, asked) = await RedirectedAsync(target);

        Assert.Equal("EGRESS_BLOCKED", outcome.Failure?.Code);
        Assert.Equal(1, asked);
    }

    [Fact]
    [Trait("id", "F5.60-34")]
    public async Task A_redirect_without_a_scheme_keeps_that_of_the_page()
    {
        await using var there = LyingPeer.Saying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthere");
        await using var peer = new LyingPeer(one => SendAsync(one, $"//{there.Authority}/x"));
        using var way = new WayOut(peer.Authority, there.Authority);

        Assert.Equal($"{there.Origin}/x", (await way.GetAsync(peer.Origin)).Result.GetProperty("final_url").GetString());
    }

    [Fact]
    [Trait("id", "F5.60-35")]
    public async Task A_line_break_in_a_redirect_becomes_no_header_of_the_next_request()
    {
        await using var there = LyingPeer.Saying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthere");
        await using var peer = new LyingPeer(one => SendAsync(one, $"{there.Origin}/a%0d%0aX-Evil:%20yes?b=\u0001\u00ff"));
        using var way = new WayOut(peer.Authority, there.Authority);
        await way.GetAsync(peer.Origin);

        Assert.DoesNotContain(there.Asked.SelectMany(one => one.Head.Split("\r\n")), line => line.StartsWith("X-Evil", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("0", 0.0)]
    [InlineData("7", 7.0)]
    [InlineData("  7  ", 7.0)]
    [InlineData("007", 7.0)]
    [InlineData("86400", 86400.0)]
    [Trait("id", "F5.60-40")]
    public Task A_wait_may_be_told_in_seconds(string text, double? seconds) => WaitsAsync(text, seconds);

    [Theory]
    [InlineData("Sun, 01 Mar 2026 12:01:30 GMT", 90.0)]
    [InlineData("Sunday, 01-Mar-26 12:01:30 GMT", 90.0)]
    [InlineData("Sun Mar  1 12:01:30 2026", 90.0)]
    [Trait("id", "F5.60-41")]
    public Task A_wait_may_be_told_in_each_of_the_three_forms_of_dates(string text, double? seconds) => WaitsAsync(text, seconds);

    [Theory]
    [InlineData("Sun, 01 Mar 2026 11:59:59 GMT", 0.0)]
    [InlineData("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)]
    [InlineData("Sunday, 06-Nov-94 08:49:37 GMT", 0.0)]
    [Trait("id", "F5.60-42")]
    public Task A_time_that_has_passed_is_no_wait(string text, double? seconds) => WaitsAsync(text, seconds);

    [Theory]
    [InlineData("86401", 86400.0)]
    [InlineData("2147483648", 86400.0)]
    [InlineData("99999999999999999999999999", 86400.0)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 86400.0)]
    [Trait("id", "F5.60-43")]
    public Task Nobody_has_calls_wait_for_longer_than_a_day(string text, double? seconds) => WaitsAsync(text, seconds);

    [Theory]
    [InlineData("-5", null)]
    [InlineData("+5", null)]
    [InlineData("5.5", null)]
    [InlineData("1e3", null)]
    [InlineData("soon", null)]
    [InlineData("", null)]
    [InlineData("\u0661\u0662", null)]
    [InlineData("Sun, 31 Feb 2026 12:00:00 GMT", null)]
    [InlineData("Mon, 01 Mar 2026 12:01:30 GMT", null)]
    [InlineData("2026-03-01T12:01:30Z", null)]
    [Trait("id", "F5.60-44")]
    public Task What_is_neither_says_nothing(string text, double? seconds) => WaitsAsync(text, seconds);

    private static async Task WaitsAsync(string text, double? seconds)
    {
        foreach (var (status, code) in new[] { (429, "RATE_LIMITED"), (503, "SERVICE_UNAVAILABLE") })
        {
            await using var peer = new LyingPeer(async one =>
            {
                await one.SayAsync(System.Text.Encoding.UTF8.GetBytes($"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nRetry-After: {text}\r\n\r\n"));
                return false;
            });
            using var way = new WayOut(peer.Authority);
            var failure = await way.FailureAsync(peer.Origin);

            Assert.Equal((code, seconds), (failure?.Code, failure?.RetryAfter?.TotalSeconds));
        }
    }

    private static async Task<(StructuredOutcome Outcome, int Asked)> RedirectedAsync(string target)
    {
        await using var peer = new LyingPeer(one => SendAsync(one, target));
        using var way = new WayOut(peer.Authority);
        return (await way.GetAsync(peer.Origin), peer.Asked.Count);
    }

    private static async Task<bool> SendAsync(Asked one, string target)
    {
        await one.SayAsync($"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {target}\r\n\r\n");
        return false;
    }
}
