using System.Net;
using Aos.Contracts;
using Aos.Egress;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests;

/// <summary>What the one way out lets through.</summary>
[Trait("store", "none")]
public sealed class WaysOut : IAsyncLifetime
{
    private readonly List<(string Path, string Authorization, string Key, string Accept)> seen = [];
    private Peer home = null!;
    private Peer away = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        away = await Peer.StartAsync(app =>
        {
            app.MapGet("/landing", Note);
            app.MapGet("/back", (HttpContext context) => Results.Redirect(context.Request.Query["to"]!));
        });
        home = await Peer.StartAsync(app =>
        {
            app.MapGet("/landing", Note);
            app.MapGet("/to", (string url) => Results.Redirect(url));
            app.MapGet("/loop", () => Results.Redirect("/loop"));
            app.MapPost("/see-other", () => Results.StatusCode(303)).AddEndpointFilter(async (context, next) =>
            {
                context.HttpContext.Response.Headers.Location = "/landing";
                return await next(context);
            });
        });
    }

    public async ValueTask DisposeAsync()
    {
        await home.DisposeAsync();
        await away.DisposeAsync();
    }

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://localhost/")]
    [InlineData("http://LOCALHOST./")]
    [InlineData("http://0177.0.0.1/")]
    [InlineData("http://0x7f000001/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://127.1/")]
    [InlineData("http://127.0.0.1./")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::]/")]
    [InlineData("http://[::ffff:127.0.0.1]/")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://[64:ff9b::7f00:1]/")]
    [InlineData("http://[2002:7f00:1::]/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[fe80::1%25eth0]/")]
    [InlineData("http://[::1%251]/")]
    [InlineData("http://[64:ff9b:1::7f00:1]/")]
    [InlineData("http://[::127.0.0.1]/")]
    [InlineData("http://[fd00::1]/")]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://172.16.0.1/")]
    [InlineData("http://192.168.0.1/")]
    [InlineData("http://100.64.0.1/")]
    [InlineData("http://169.254.169.254/")]
    [InlineData("http://100.100.100.200/")]
    [InlineData("http://224.0.0.1/")]
    [InlineData("http://0.0.0.0/")]
    [InlineData("http://93.184.216.34:22/")]
    [InlineData("http://93.184.216.34:6379/")]
    [Trait("id", "F5.3-15")]
    [Trait("id", "F5.3-16")]
    [Trait("id", "A8.11-15")]
    [Trait("id", "A8.11-16")]
    [Trait("id", "ATTACK-ssrf-address")]
    [Trait("id", "ATTACK-ssrf-ipv6")]
    [Trait("id", "B8.4-15")]
    public async Task Addresses_that_are_not_public_are_refused_however_they_are_written(string url)
    {
        using var room = new SkillRoom();

        Assert.Equal("EGRESS_BLOCKED", (await room.Egress.CheckAsync(url, Cancel))?.Code);
    }

    [Theory]
    [InlineData("ftp://example.com/")]
    [InlineData("file:///etc/hosts")]
    [InlineData("gopher://example.com/")]
    [InlineData("http://user:secret@example.com/")]
    [InlineData("http://user@93.184.216.34/")]
    [InlineData("http:///path")]
    [InlineData("example.com")]
    [InlineData("")]
    [Trait("id", "F5.3-14")]
    public async Task What_is_no_plain_web_address_is_refused(string url)
    {
        using var room = new SkillRoom();

        Assert.Equal("INVALID_INPUT", (await room.Egress.CheckAsync(url, Cancel))?.Code);
    }

    [Theory]
    [InlineData("http://93.184.216.34/")]
    [InlineData("https://93.184.216.34:8443/x?y=z")]
    [InlineData("http://[2606:2800:220:1:248:1893:25c8:1946]/")]
    [Trait("id", "F5.3-12")]
    [Trait("id", "F5.3-13")]
    [Trait("id", "A8.11-14")]
    public async Task A_public_address_is_allowed(string url)
    {
        using var room = new SkillRoom();

        Assert.Null(await room.Egress.CheckAsync(url, Cancel));
    }

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("93.184.216.34,127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("fd12::1")]
    [Trait("id", "ATTACK-ssrf-rebinding")]
    public async Task A_public_name_with_a_private_address_is_refused(string addresses)
    {
        using var egress = Resolving(addresses);
        var (response, failure) = await egress.SendAsync(Request("http://innocent.example/"), Cancel);

        Assert.Null(response);
        Assert.Equal("EGRESS_BLOCKED", failure?.Code);
        Assert.Equal("EGRESS_BLOCKED", (await egress.CheckAsync("http://innocent.example/", Cancel))?.Code);
    }

    [Fact]
    public async Task A_name_nobody_knows_is_a_dns_failure()
    {
        using var egress = new Aos.Egress.Egress(
            new EgressOptions(), (_, _) => throw new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.HostNotFound));
        var (_, failure) = await egress.SendAsync(Request("http://nowhere.example/"), Cancel);

        Assert.Equal("DNS_FAILURE", failure?.Code);
        Assert.True(failure!.Retryable);
    }

    [Fact]
    [Trait("id", "ATTACK-ssrf-rebinding")]
    public async Task The_connection_goes_to_the_address_that_was_judged()
    {
        var asked = 0;
        using var egress = new Aos.Egress.Egress(
            new EgressOptions { Allow = [$"judged.example:{home.Port}"] },
            (_, _) => Task.FromResult<IPAddress[]>([Interlocked.Increment(ref asked) == 1 ? IPAddress.Loopback : IPAddress.Parse("10.255.255.1")]));
        var (response, _) = await egress.SendAsync(Request($"http://judged.example:{home.Port}/landing"), Cancel);

        Assert.Equal(200, response?.Status);
        Assert.Equal(1, asked);
    }

    [Theory]
    [InlineData("localhost:1")]
    [InlineData("10.0.0.0/8")]
    [InlineData("127.0.0.2")]
    public async Task An_allow_list_opens_what_it_names_and_no_more(string allow)
    {
        using var room = new SkillRoom(allow);

        Assert.Equal("EGRESS_BLOCKED", (await room.Egress.CheckAsync("http://127.0.0.1/", Cancel))?.Code);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:80")]
    [InlineData("127.0.0.0/8")]
    [Trait("id", "B8.4-16")]
    public async Task An_allow_list_opens_hosts_ports_and_networks(string allow)
    {
        using var room = new SkillRoom(allow);

        Assert.Null(await room.Egress.CheckAsync("http://127.0.0.1/", Cancel));
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data", "EGRESS_BLOCKED")]
    [InlineData("http://[::ffff:10.0.0.1]/", "EGRESS_BLOCKED")]
    [InlineData("http://user:pw@93.184.216.34/", "INVALID_INPUT")]
    [InlineData("ftp://93.184.216.34/", "INVALID_INPUT")]
    [Trait("id", "F5.3-30")]
    [Trait("id", "ATTACK-ssrf-redirect")]
    [Trait("id", "B8.4-14")]
    public async Task A_redirect_is_judged_like_the_first_address(string url, string code)
    {
        using var room = new SkillRoom(home.Authority);
        var outcome = await room.CallAsync("http_call", $$"""{"url":"{{home.Origin}}/to?url={{Uri.EscapeDataString(url)}}"}""");

        Assert.Equal(code, outcome.Failure?.Code);
        Assert.Empty(seen);
    }

    [Fact]
    public async Task Redirects_are_followed_a_few_times_and_no_more()
    {
        using var room = new SkillRoom(home.Authority);
        var there = await room.CallAsync("http_call", $$"""{"url":"{{home.Origin}}/to?url=/landing"}""");
        var kept = await room.CallAsync("http_call", $$"""{"url":"{{home.Origin}}/to?url=/landing","follow_redirects":false}""");
        var loop = await room.CallAsync("http_call", $$"""{"url":"{{home.Origin}}/loop"}""");

        Assert.Equal(home.Origin + "/landing", there.Result.GetProperty("final_url").GetString());
        Assert.Equal(302, kept.Result.GetProperty("status_code").GetInt32());
        Assert.Equal("HTTP_4XX", loop.Failure?.Code);
    }

    [Fact]
    public async Task Credentials_stay_at_home_also_when_a_redirect_leads_back()
    {
        using var room = new SkillRoom(home.Authority, away.Authority);
        var back = Uri.EscapeDataString($"{away.Origin}/back?to={Uri.EscapeDataString(home.Origin + "/landing")}");
        const string Headers = """{"Authorization":"Bearer t","X-Api-Key":"k","Accept":"text/x"}""";
        await room.CallAsync("http_call", $$"""{"url":"{{home.Origin}}/to?url=/landing","headers":{{Headers}}}""");
        await room.CallAsync("http_call", $$"""{"url":"{{home.Origin}}/to?url={{Uri.EscapeDataString(away.Origin + "/landing")}}","headers":{{Headers}}}""");
        await room.CallAsync("http_call", $$"""{"url":"{{home.Origin}}/to?url={{back}}","headers":{{Headers}}}""");

        Assert.Equal([("/landing", "Bearer t", "k", "text/x"), ("/landing", "", "", "text/x"), ("/landing", "", "", "text/x")], seen);
    }

    [Fact]
    public async Task See_other_turns_a_post_into_a_get_without_its_body()
    {
        using var room = new SkillRoom(home.Authority);
        var outcome = await room.CallAsync("http_call", $$"""{"url":"{{home.Origin}}/see-other","method":"POST","body":"x"}""");

        Assert.Equal(200, outcome.Result.GetProperty("status_code").GetInt32());
        Assert.Single(seen);
    }

    private static EgressRequest Request(string url) => new("GET", url, [], null, null, TimeSpan.FromSeconds(10));

    private static Aos.Egress.Egress Resolving(string addresses) =>
        new(new EgressOptions(), (_, _) => Task.FromResult<IPAddress[]>([.. addresses.Split(',').Select(IPAddress.Parse)]));

    private string Note(HttpContext context)
    {
        var headers = context.Request.Headers;
        lock (seen) seen.Add((context.Request.Path, headers.Authorization.ToString(), headers["X-Api-Key"].ToString(), headers.Accept.ToString()));
        return "here";
    }
}
