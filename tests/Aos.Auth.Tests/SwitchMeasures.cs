namespace Aos.Auth.Tests;

/// <summary>What dashboards and alerts read of kill switches.</summary>
[Trait("store", "none")]
public sealed class SwitchMeasures
{
    [Fact]
    [Trait("id", "W-23")]
    public async Task An_engaged_switch_shows_while_it_is_and_what_it_refuses_is_no_violation()
    {
        await using var house = await AuthHouse.OpenAsync();
        var before = await PageAsync(house);
        Assert.Equal(201, (await house.AsFirstAsync("POST", "/api/v1/killswitches/house/engage", """{"reason":"wrong invoices"}""")).Status);
        var refused = await house.AsFirstAsync("POST", "/api/v1/runs?wait=0", """{"plan":[{"skill":"echo"}]}""");
        var during = await PageAsync(house);
        var status = await house.AsFirstAsync("GET", "/workflow/status");
        await house.AsFirstAsync("POST", "/api/v1/killswitches/house/release", """{"reason":"mended"}""");
        var after = await PageAsync(house);

        Assert.Equal("EMERGENCY_STOP", refused.Text("error.code"));
        Assert.True(status["policy.emergency_stop_enabled"].GetBoolean());
        Assert.All([before, after], page => Assert.Contains("nova_policy_emergency_stop_enabled{scope=\"house\"} 0\n", page, StringComparison.Ordinal));
        Assert.Contains("nova_policy_emergency_stop_enabled{scope=\"house\"} 1\n", during, StringComparison.Ordinal);
        Assert.Contains("nova_policy_emergency_stop_enabled{scope=\"tenant\"} 0\n", during, StringComparison.Ordinal);
        Assert.Contains("nova_policy_decisions_total{decision=\"deny\",policy_type=\"emergency\"} 1\n", during, StringComparison.Ordinal);
        Assert.DoesNotContain("nova_capability_violations_total{", after, StringComparison.Ordinal);
    }

    private static async Task<string> PageAsync(AuthHouse house) => (await house.AsFirstAsync("GET", "/metrics")).Body.GetString()!;
}
