namespace Aos.E2E.Tests;

/// <summary><c>aos killswitch</c> as a process.</summary>
[Trait("store", "none")]
public sealed class KillSwitchCommands : InFolder
{
    [Fact]
    [Trait("id", "SWITCH-22")]
    public async Task A_switch_is_engaged_listed_and_released()
    {
        var plan = Aos.Write("plan.json", """{"name":"p","steps":[{"id":"a","skill":"echo"}]}""");
        var bare = await Aos.RunAsync("killswitch", "engage");
        var both = await Aos.RunAsync("killswitch", "engage", "--house", "--workflow", "w", "--reason", "x");
        var engaged = await Aos.RunAsync("killswitch", "engage", "--reason", "wrong invoices");
        var house = await Aos.RunAsync("killswitch", "engage", "--house", "--reason", "breach", "--json");
        var listed = await Aos.RunAsync("killswitch");
        var stopped = await Aos.RunAsync("run", plan);
        var released = await Aos.RunAsync("killswitch", "release", "--reason", "fixed");
        await Aos.RunAsync("killswitch", "release", "--house");
        var again = await Aos.RunAsync("killswitch", "release");
        var former = await Aos.RunAsync("killswitch", "list", "--released", "5", "--json");
        var ran = await Aos.RunAsync("run", plan);

        Assert.Equal((2, 2), (bare.Code, both.Code));
        Assert.All(new[] { engaged, house, listed, released, former, ran }, ended => Assert.True(ended.Code == 0, ended.Errors));
        Assert.Matches("^tenant default +engaged .* wrong invoices", engaged.Output);
        Assert.Equal("house", house.Json.GetText("scope"));
        Assert.Matches("^the whole house +engaged .* breach\r?\n *tenant default +engaged", listed.Output);
        Assert.NotEqual(0, stopped.Code);
        Assert.Contains("EMERGENCY_STOP", stopped.Errors, StringComparison.Ordinal);
        Assert.Contains("NOT_FOUND", again.Errors, StringComparison.Ordinal);
        Assert.Contains("\"release_reason\":\"fixed\"", former.Output, StringComparison.Ordinal);
    }
}
