using System.Diagnostics.Metrics;
using Aos.Contracts;
using static Aos.CostSim.Tests.BreakerHouse;

namespace Aos.CostSim.Tests;

/// <summary>What the breaker does is counted where it is done, and how it stands is told by every node.</summary>
public sealed class BreakerMeasures
{
    [Fact]
    [Trait("id", "D8.1-05")]
    public async Task Every_node_tells_how_it_stands_and_the_one_that_changed_it_counts_the_change()
    {
        await using var house = await OpenAsync(options => options.AlertmanagerUrl = "http://10.0.0.1:9093", rooms: 2);
        var isShared = !ReferenceEquals(house.Get<IMeterFactory>(0), house.Get<IMeterFactory>(1));
        using var here = new Measured(house.Get<IMeterFactory>(0));
        using var there = new Measured(house.Get<IMeterFactory>(1));
        await LookAsync(house, here, there);
        Assert.Equal((0, 0), (here["costsim_v2_circuit_breaker_state{tenant_id=37a8eec1}"], there["costsim_v2_circuit_breaker_state{tenant_id=37a8eec1}"]));

        await house.DriftAsync(0.6, 2);
        house.Clock.Advance(Glance<object>.Fresh);
        await LookAsync(house, here, there);
        Assert.Equal((2, 2), (here["costsim_cb_consecutive_failures"], there["costsim_cb_consecutive_failures"]));
        await house.DriftAsync(0.6);
        house.Clock.Advance(Glance<object>.Fresh);
        await LookAsync(house, here, there);

        Assert.Equal((1, 1), (here["costsim_v2_circuit_breaker_state{tenant_id=37a8eec1}"], there["costsim_v2_circuit_breaker_state{tenant_id=37a8eec1}"]));
        Assert.Equal((1, 1), (here["costsim_cb_alert_queue_depth"], there["costsim_cb_alert_queue_depth"]));
        Assert.Equal(1, here["costsim_cb_disabled_total{reason=drift,severity=P1}"]);
        Assert.Equal(1, here["costsim_cb_incidents_total{severity=P1,resolved=false}"]);
        if (isShared) Assert.Equal(0, there["costsim_cb_disabled_total{reason=drift,severity=P1}"] ?? 0);
    }

    [Fact]
    [Trait("id", "D8.1-06")]
    public async Task Closing_by_itself_and_by_hand_are_told_apart_and_the_incident_counts_as_ended()
    {
        await using var house = await OpenAsync(options => options.Probes = 1);
        using var measured = new Measured(house.Get<IMeterFactory>());
        await house.DriftAsync(0.6, 3);
        house.Clock.Advance(TimeSpan.FromHours(25));
        var leave = await house.Breaker.AdmitAsync(Cancel);
        await house.DriftAsync(0.01, 1, leave.Probe);
        await house.Breaker.ReportAsync(Report(1, schemaErrors: 5), Cancel);
        await house.Breaker.EnableAsync(Admin, "over", Cancel);
        await house.Breaker.EnableAsync(Admin, "over", Cancel); // Closed already.

        Assert.Equal((1, 1, 1), (measured["costsim_cb_enabled_total{reason=auto_recovery}"], measured["costsim_cb_auto_recovery_total"], measured["costsim_cb_enabled_total{reason=manual}"]));
        Assert.Equal((1, 1), (measured["costsim_cb_incidents_total{severity=P1,resolved=true}"], measured["costsim_cb_incidents_total{severity=P3,resolved=true}"]));
        Assert.Equal(1, measured["costsim_cb_disabled_total{reason=schema_errors,severity=P3}"]);
    }

    /// <summary>More than a batch of any worker: what waits is counted, not what somebody holds.</summary>
    [Fact]
    [Trait("id", "D8.1-07")]
    public async Task The_depth_of_the_queue_is_all_that_waits()
    {
        await using var house = await OpenAsync(options => options.AlertmanagerUrl = "http://10.0.0.1:9093");
        using var measured = new Measured(house.Get<IMeterFactory>());
        for (var i = 0; i < 21; i++) await house.Breaker.DisableAsync(Admin, $"reason {i}", null, Cancel);
        await LookAsync(house, measured);

        Assert.Equal(41, measured["costsim_cb_alert_queue_depth"]); // 21 fired, 20 superseded.
    }

    [Theory]
    [Trait("id", "D8.1-09")]
    [InlineData(500, null, "http_500")]
    [InlineData(404, null, "http_404")]
    [InlineData(0, "<html>please log in</html>", "invalid_answer")]
    public async Task A_try_that_fails_is_counted_by_what_was_sent_and_what_went_wrong(int status, string? says, string error)
    {
        await using var peer = await AlertPeer.OpenAsync();
        (peer.Status, peer.Times, peer.Says) = (status, status > 0 ? 1 : 0, says);
        await using var house = await OpenAsync(options => options.AlertmanagerUrl = peer.Url);
        using var measured = new Measured(house.Get<IMeterFactory>());
        await house.DriftAsync(0.6, 3);
        await house.Get<Aos.Storage.OutboxPost>().PassAsync(Cancel);

        Assert.Equal(1, measured[$"costsim_cb_alert_send_failures_total{{alert_type=disable,error_type={error}}}"]);
    }

    private static async Task LookAsync(BreakerHouse house, params Measured[] all)
    {
        for (var i = 0; i < all.Length; i++)
        {
            foreach (var one in house.Get<IEnumerable<IScraped>>(i)) await one.LookAsync(Cancel);
            all[i].Look();
        }
    }
}
