namespace Aos.E2E.Tests;

/// <summary><c>aos costsim breaker</c> as a process.</summary>
[Trait("store", "none")]
public sealed class CostBreakerCommands : InFolder
{
    [Fact]
    [Trait("id", "D4-37")]
    public async Task The_breaker_is_disabled_looked_at_and_enabled()
    {
        var bare = await Aos.RunAsync("costsim", "breaker", "disable");
        var disabled = await Aos.RunAsync("costsim", "breaker", "disable", "--reason", "new prices", "--hours", "2");
        var status = await Aos.RunAsync("costsim", "breaker", "status");
        var standing = await Aos.RunAsync("costsim", "breaker", "incidents", "--json");
        var enabled = await Aos.RunAsync("costsim", "breaker", "enable", "--reason", "prices are in");
        var former = await Aos.RunAsync("costsim", "breaker", "incidents", "--all");

        Assert.Equal(2, bare.Code);
        Assert.All(new[] { disabled, status, standing, enabled, former }, ended => Assert.True(ended.Code == 0, ended.Errors));
        Assert.Matches("^costsim_v2  open  since .*, until .*: new prices", status.Output);
        Assert.Contains("alerts: 0 sent, 0 pending, 0 given up", status.Output, StringComparison.Ordinal);
        Assert.Matches("closed -> open  .*  new prices", status.Output);
        Assert.Equal("P2", standing.Json.GetText("severity"));
        Assert.Contains("closed", enabled.Output, StringComparison.Ordinal);
        Assert.Matches("P2  resolved .* by .*, not alerted  new prices", former.Output);
    }
}
