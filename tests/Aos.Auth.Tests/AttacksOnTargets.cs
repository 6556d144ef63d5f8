using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>Plans that want the server to ask what only the server can reach.</summary>
[Trait("store", "none")]
public sealed class AttacksOnTargets : IClassFixture<InnerHouse>
{
    private readonly InnerHouse inner;

    public AttacksOnTargets(InnerHouse inner)
    {
        this.inner = inner;
        inner.Asked = 0;
    }

    [Theory]
    [Trait("id", "ATTACK-ssrf-address")]
    [InlineData("http://127.0.0.1:PORT/")]
    [InlineData("http://2130706433:PORT/")]
    [InlineData("http://0177.0.0.1:PORT/")]
    [InlineData("http://017700000001:PORT/")]
    [InlineData("http://0x7f.0.0.1:PORT/")]
    [InlineData("http://0x7f000001:PORT/")]
    [InlineData("http://127.1:PORT/")]
    [InlineData("http://127.0.1:PORT/")]
    [InlineData("http://0:PORT/")]
    [InlineData("http://localhost:PORT/")]
    [InlineData("http://LOCALHOST.:PORT/")]
    [InlineData("http://①②⑦.0.0.1:PORT/")]
    [InlineData("http://127。0。0。1:PORT/")]
    [InlineData("http://gate.example@127.0.0.1:PORT/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://gate.example:22/")]
    public Task A_private_address_is_not_asked_however_it_is_written(string url) => AssertBlockedAsync(url);

    [Theory]
    [Trait("id", "ATTACK-ssrf-ipv6")]
    [InlineData("http://[::1]:PORT/")]
    [InlineData("http://[::]:PORT/")]
    [InlineData("http://[::ffff:127.0.0.1]:PORT/")]
    [InlineData("http://[::ffff:7f00:1]:PORT/")]
    [InlineData("http://[0:0:0:0:0:ffff:7f00:0001]:PORT/")]
    [InlineData("http://[::127.0.0.1]:PORT/")]
    [InlineData("http://[64:ff9b::127.0.0.1]:PORT/")]
    [InlineData("http://[64:ff9b:1::127.0.0.1]:PORT/")]
    [InlineData("http://[2002:7f00:1::]:PORT/")]
    [InlineData("http://[fe80::1%25lo]:PORT/")]
    [InlineData("http://[::1%25lo]:PORT/")]
    [InlineData("http://[fd00:ec2::254]/latest/meta-data/")]
    public Task A_private_address_in_another_family_is_not_asked(string url) => AssertBlockedAsync(url);

    [Theory]
    [Trait("id", "ATTACK-ssrf-redirect")]
    [InlineData("http://127.0.0.1:PORT/secret")]
    [InlineData("http://[::ffff:127.0.0.1]:PORT/secret")]
    [InlineData("http://2130706433:PORT/secret")]
    [InlineData("//127.0.0.1:PORT/secret")]
    [InlineData("http://inner.example:PORT/secret")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://127.0.0.1:PORT/_GET")]
    public async Task A_redirect_to_a_private_address_is_not_followed(string url)
    {
        Assert.Equal("succeeded", (await CallAsync("http://gate.example:PORT/open")).Text("status"));
        inner.Asked = 0;

        await AssertBlockedAsync($"http://gate.example:PORT/to?url={Uri.EscapeDataString(url.Replace("PORT", Port, StringComparison.Ordinal))}");
    }

    [Theory]
    [Trait("id", "ATTACK-ssrf-rebinding")]
    [InlineData("http://inner.example:PORT/")]
    [InlineData("http://both.example:PORT/")]
    [InlineData("http://mapped.example:PORT/")]
    public Task A_name_that_leads_to_a_private_address_is_not_asked(string url) => AssertBlockedAsync(url);

    [Fact]
    [Trait("id", "ATTACK-ssrf-rebinding")]
    public async Task A_name_that_changes_its_mind_is_judged_by_the_address_that_is_connected_to()
    {
        // It leads to a public address when it is judged before the run, and to this machine when the call is made.
        Assert.Null(await inner.House.Services.GetRequiredService<IEgress>().CheckAsync($"http://rebind.example:{Port}/", TestContext.Current.CancellationToken));

        await AssertBlockedAsync("http://rebind.example:PORT/");
    }

    private string Port => inner.Port;

    private async Task AssertBlockedAsync(string url)
    {
        var reply = await CallAsync(url);

        Assert.True(reply.Status is 201 or (>= 400 and < 500), $"{reply.Status}");
        if (reply.Status == 201) Assert.Equal("failed", reply.Text("status"));
        Assert.Contains(reply.Text(reply.Status == 201 ? "outcome.error.code" : "error.code"), new[] { "EGRESS_BLOCKED", "INVALID_INPUT", "INVALID_PLAN" });
        Assert.Equal(0, inner.Asked);
    }

    private Task<Reply> CallAsync(string url) => inner.House.AsFirstAsync(
        "POST", "/api/v1/runs?wait=20", $$"""{"plan":[{"skill":"http_call","params":{"url":"{{url.Replace("PORT", Port, StringComparison.Ordinal)}}"} }]}""");
}
