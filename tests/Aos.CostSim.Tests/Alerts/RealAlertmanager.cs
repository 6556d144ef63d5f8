using Aos.Contracts;
using static Aos.CostSim.Tests.BreakerHouse;

namespace Aos.CostSim.Tests;

/// <summary>A real Alertmanager takes what is sent to it: the alert fires while the breaker is open, and no longer.</summary>
public sealed class RealAlertmanager
{
    [Fact]
    [Trait("id", "D4-29")]
    [Trait("id", "D9-B10")]
    public async Task An_alert_fires_in_it_while_the_breaker_is_open_and_is_resolved_when_it_closes()
    {
        await using var manager = await TestAlertmanager.StartAsync();
        await using var house = await OpenAsync(options => options.AlertmanagerUrl = CostSimOptions.Read(name => name == "ALERTMANAGER_URL" ? manager.Url + "/api/v2/alerts" : null).Breaker.AlertmanagerUrl);
        house.Clock.GoTo(TimeProvider.System.GetUtcNow().AddMinutes(-1)); // An Alertmanager goes by its own clock: what is to be over there is over by it.
        Assert.Empty(await manager.FiringAsync());
        var incident = (await house.DriftAsync(0.6, 3))!;
        await house.DeliverAsync();

        var firing = Assert.Single(await manager.FiringAsync());
        Assert.Equal(
            ("CostSimV2Disabled", "p1", incident.Id, "active"),
            (firing.GetProperty("labels").GetText("alertname"), firing.GetProperty("labels").GetText("severity"), firing.GetProperty("labels").GetText("incident_id"), firing.GetProperty("status").GetText("state")));
        Assert.True(firing.GetProperty("endsAt").GetDateTimeOffset() > house.Now.AddDays(300)); // As sent: not ended by its own timeout.
        await house.Breaker.DisableAsync(Admin, "by hand", null, Cancel);
        await house.DeliverAsync();
        Assert.Equal("p2", Assert.Single(await manager.FiringAsync()).GetProperty("labels").GetText("severity"));

        await house.Breaker.EnableAsync(Admin, "prices are in", Cancel);
        await house.DeliverAsync();
        Assert.Empty(await manager.FiringAsync());
        Assert.Equal(new BreakerAlerts(0, 0, 2, null), await house.Breaker.AlertsAsync(Cancel));
    }
}
