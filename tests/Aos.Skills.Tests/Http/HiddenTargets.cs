using System.Net;

namespace Aos.Skills.Tests.Http;

/// <summary>Addresses of the inside, written so that they do not look like it.</summary>
[Trait("store", "none")]
public sealed class HiddenTargets
{
    [Theory]
    [InlineData("http://[::ffff:0:7f00:1]/")]
    [InlineData("http://[::ffff:0:127.0.0.1]/")]
    [InlineData("http://[0:0:0:0:0:ffff:7f00:1]/")]
    [InlineData("http://[0:0:0:0:0:0:0:1]/")]
    [InlineData("http://[0000:0000:0000:0000:0000:0000:0000:0001]/")]
    [InlineData("http://[64:ff9b::169.254.169.254]/")]
    [InlineData("http://[2001:0:7f00:1::]/")]
    [InlineData("http://[2002:a9fe:a9fe::1]/")]
    [InlineData("http://[3fff::1]/")]
    [InlineData("http://[5f00::1]/")]
    [InlineData("http://[4000::1]/")]
    [InlineData("http://[8000::1]/")]
    [InlineData("http://[fc00::1]/")]
    [InlineData("http://[feb0::1]/")]
    [InlineData("http://[ff02::1]/")]
    [InlineData("http://[fd00:ec2::254]/")]
    [InlineData("http://[::ffff:10.0.0.1]:8080/")]
    [Trait("id", "F5.60-50")]
    public Task Of_version_six_only_what_is_routed_everywhere_is_let_out(string url) => BlockedAsync(url);

    [Theory]
    [InlineData("http://0x7f.1/")]
    [InlineData("http://0177.1/")]
    [InlineData("http://017700000001/")]
    [InlineData("http://0x7f.0x0.0x0.0x1/")]
    [InlineData("http://0x7F000001:80/")]
    [InlineData("http://127.0x1/")]
    [InlineData("http://2852039166/")]
    [InlineData("http://0xa9fea9fe/")]
    [InlineData("http://0251.0376.0251.0376/")]
    [InlineData("http://10.1/")]
    [InlineData("http://3232235521/")]
    [Trait("id", "F5.60-51")]
    public Task Other_ways_to_write_a_number_are_read_as_the_number(string url) => BlockedAsync(url);

    [Theory]
    [InlineData("http://0/")]
    [InlineData("http://00/")]
    [InlineData("http://0x0/")]
    [InlineData("http://0.0/")]
    [InlineData("http://0.1.2.3/")]
    [InlineData("http://255.255.255.255/")]
    [Trait("id", "F5.60-52")]
    public Task Nothing_and_all_are_no_targets(string url) => BlockedAsync(url);

    [Theory]
    [InlineData("http://127.0.0.1。/")]
    [InlineData("http://127。0。0。1/")]
    [InlineData("http://１２７.0.0.1/")]
    [InlineData("http://①②⑦.⓪.⓪.①/")]
    [InlineData("http://ⓛocalhost/")]
    [InlineData("http://LocalHost/")]
    [InlineData("http://%31%32%37.0.0.1/")]
    [InlineData("http://127.0.0.1\\@93.184.216.34/")]
    [Trait("id", "F5.60-53")]
    public async Task Letters_and_dots_of_other_scripts_lead_nowhere_else(string url)
    {
        using var way = new WayOut();

        Assert.Contains((await way.FailureAsync(url))?.Code, (string?[])["EGRESS_BLOCKED", "INVALID_INPUT", "DNS_FAILURE"]);
    }

    [Theory]
    [InlineData("http://127.0.0.1./")]
    [InlineData("http://169.254.169.254./latest/meta-data/")]
    [InlineData("http://localhost./")]
    [Trait("id", "F5.60-54")]
    public Task A_dot_at_the_end_makes_no_difference(string url) => BlockedAsync(url);

    [Theory]
    [InlineData("http://93.184.216.34@127.0.0.1/")]
    [InlineData("http://93.184.216.34:80@127.0.0.1/")]
    [InlineData("http://hunter2@127.0.0.1/")]
    [InlineData("http://93.184.216.34%40127.0.0.1@127.0.0.1/")]
    [InlineData("http://a:hunter2@93.184.216.34/")]
    [Trait("id", "F5.60-55")]
    public async Task A_name_before_the_host_is_refused_and_not_repeated(string url)
    {
        using var way = new WayOut();
        var failure = await way.FailureAsync(url);

        Assert.Equal("INVALID_INPUT", failure?.Code);
        Assert.DoesNotContain("hunter2", failure!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("100.100.100.200")]
    [InlineData("fd00:ec2::254")]
    [InlineData("168.63.129.16,10.0.0.1")]
    [InlineData("0.0.0.0")]
    [Trait("id", "F5.60-56")]
    public async Task A_name_of_the_metadata_is_judged_by_where_it_leads(string addresses)
    {
        using var way = new WayOut(new ManualClock(), _ => [.. addresses.Split(',').Select(IPAddress.Parse)]);

        Assert.Equal("EGRESS_BLOCKED", (await way.FailureAsync("http://metadata.google.internal/computeMetadata/v1/"))?.Code);
    }

    [Fact]
    [Trait("id", "F5.60-57")]
    public async Task A_name_that_leads_inside_when_it_is_asked_again_is_refused_then()
    {
        await using var peer = LyingPeer.Saying("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /again\r\n\r\n");
        var lookups = 0;
        using var way = new WayOut(new ManualClock(), _ => [Interlocked.Increment(ref lookups) == 1 ? IPAddress.Loopback : IPAddress.Parse("10.0.0.1")], "127.0.0.0/8");

        Assert.Equal("EGRESS_BLOCKED", (await way.FailureAsync($"http://rebinding.example:{peer.Port}/"))?.Code);
        Assert.Equal((2, 1), (lookups, peer.Asked.Count));
    }

    [Fact]
    [Trait("id", "F5.60-58")]
    public async Task A_name_that_no_name_server_takes_is_told_as_such()
    {
        foreach (var wrong in new Exception[] { new ArgumentOutOfRangeException("name"), new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.NoRecovery) })
        {
            using var way = new WayOut(new ManualClock(), _ => throw wrong);
            Assert.Equal("DNS_FAILURE", (await way.FailureAsync("http://a.example/"))?.Code);
            Assert.Equal("DNS_FAILURE", (await way.Egress.CheckAsync("http://a.example/", TestContext.Current.CancellationToken))?.Code);
        }
    }

    private static async Task BlockedAsync(string url)
    {
        using var way = new WayOut();

        Assert.Equal("EGRESS_BLOCKED", (await way.FailureAsync(url))?.Code);
    }
}
