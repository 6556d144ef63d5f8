using Aos.Contracts;
using static Aos.CostSim.Tests.BreakerHouse;

namespace Aos.CostSim.Tests;

/// <summary>Three rooms on one database, all at once.</summary>
public sealed class BreakerNodes
{
    private const int Reporters = 50;

    [Fact]
    [Trait("id", "D4-09")]
    public async Task Fifty_reporters_at_once_open_it_once_with_one_incident_and_one_alert_though_the_receiver_fails_twice()
    {
        await using var peer = await AlertPeer.OpenAsync();
        (peer.Status, peer.Times) = (503, 2);
        await using var house = await OpenAsync(options => options.AlertmanagerUrl = peer.Url, rooms: 3);

        var incidents = await Task.WhenAll(Enumerable.Range(0, Reporters).Select(i => Task.Run(() => house.Rooms[i % 3].ReportAsync(Report(0.6), Cancel))));
        await house.DeliverAsync();

        var incident = Assert.Single(incidents, one => one is not null)!;
        var kept = Assert.Single(await house.Breaker.IncidentsAsync(true, 100, Cancel));
        Assert.Equal((incident.Id, true, false), (kept.Id, kept.AlertSent, kept.Resolved));
        Assert.Single(await house.Breaker.HistoryAsync(100, Cancel));
        Assert.Single(house.Audit.Entries);
        var alert = Assert.Single(peer.Alerts);
        Assert.Equal(("CostSimV2Disabled", incident.Id), (alert.Label("alertname"), alert.Label("incident_id")));
        Assert.Equal(3, peer.Asked); // Twice in vain, once taken.
        Assert.Equal(new BreakerAlerts(0, 0, 1, null), await house.Breaker.AlertsAsync(Cancel));
        foreach (var room in house.Rooms) Assert.Equal((BreakerStatus.Open, 3), ((await room.StateAsync(Cancel)).Status, (await room.StateAsync(Cancel)).ConsecutiveFailures));
    }

    [Fact]
    [Trait("id", "D4-10")]
    public async Task Half_open_fifty_questions_at_once_are_let_through_exactly_as_often_as_there_are_probes()
    {
        await using var house = await OpenAsync(options => options.Probes = 7, rooms: 3);
        await house.DriftAsync(0.9, 3);
        house.Clock.Advance(TimeSpan.FromHours(25));

        var leaves = await Task.WhenAll(Enumerable.Range(0, Reporters).Select(i => Task.Run(() => house.Rooms[i % 3].AdmitAsync(Cancel))));

        var probes = leaves.Where(leave => leave.Allowed).Select(leave => leave.Probe!.Value).ToList();
        Assert.Equal((7, 7), (probes.Count, probes.Distinct().Count()));
        await Task.WhenAll(probes.Take(6).Select((probe, i) => Task.Run(() => house.Rooms[i % 3].ReportAsync(Report(0, probe), Cancel))));
        Assert.Equal(BreakerStatus.HalfOpen, (await house.Breaker.StateAsync(Cancel)).Status);
        await house.Rooms[2].ReportAsync(Report(0, probes[6]), Cancel);
        Assert.Equal(BreakerStatus.Closed, (await house.Breaker.StateAsync(Cancel)).Status);
        Assert.Single(await house.Breaker.HistoryAsync(100, Cancel), change => change.To == BreakerStatus.HalfOpen);
    }

    [Fact]
    [Trait("id", "D4-11")]
    public async Task Whoever_comes_first_makes_a_missing_row_and_nobody_fails_for_it()
    {
        await using var house = await OpenAsync(rooms: 3);
        await house.WriteAsync("DELETE FROM cost_breakers");

        var incidents = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => house.Rooms[i % 3].ReportAsync(Report(0.6), Cancel))));

        Assert.Single(incidents, one => one is not null);
        Assert.Equal(1, await house.CountAsync("SELECT count(*) FROM cost_breakers"));
    }

    [Fact]
    [Trait("id", "D4-12")]
    public async Task People_who_order_the_same_at_once_change_it_once()
    {
        await using var house = await OpenAsync(rooms: 3);
        var disabled = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => house.Rooms[i % 3].DisableAsync(Admin, "same", null, Cancel))));
        var enabled = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => house.Rooms[i % 3].EnableAsync(Admin, "over", Cancel))));

        Assert.Single(disabled, one => one.Changed);
        Assert.Single(disabled.Select(one => one.Incident!.Id).Distinct());
        Assert.Single(enabled, one => one);
        Assert.Equal(2, (await house.Breaker.HistoryAsync(100, Cancel)).Count);
    }

    /// <summary>There is no leader to be elected: of all who contend one does it, whoever it is, and the others are done at once.</summary>
    [Fact]
    [Trait("id", "D4-13")]
    [Trait("id", "D9-B05")]
    [Trait("id", "D9-B08")]
    [Trait("id", "D9-B12")]
    [Trait("id", "D9-B31")]
    public async Task Of_several_nodes_that_notice_the_end_of_its_time_one_does_it()
    {
        await using var house = await OpenAsync(rooms: 3);
        await house.DriftAsync(0.9, 3);
        Assert.Equal(0, await new BreakerRecovery(house.Rooms[1]).PassAsync(Cancel));
        house.Clock.Advance(TimeSpan.FromHours(25));

        var done = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => new BreakerRecovery(house.Rooms[i % 3]).PassAsync(Cancel))));

        Assert.Equal(1, done.Sum());
        Assert.Equal(BreakerStatus.HalfOpen, (await house.Rooms[2].StateAsync(Cancel)).Status);
        Assert.Equal(0, await new BreakerRecovery(house.Rooms[0]).PassAsync(Cancel));
        Assert.Equal(2, (await house.Breaker.HistoryAsync(100, Cancel)).Count);
        Assert.False(((IChore)new BreakerRecovery(house.Rooms[0])).IsLocal); // So the cluster gives it to one node at a time.
    }

    /// <summary>What holds the name ends with its transaction, also when that fails: nobody waits for a node that is gone.</summary>
    [Fact]
    [Trait("id", "D4-14")]
    [Trait("id", "D9-B32")]
    public async Task A_change_that_fails_leaves_nothing_behind_and_holds_nobody_up()
    {
        await using var house = await OpenAsync(rooms: 3);
        await Assert.ThrowsAsync<InvalidOperationException>(() => house.Get<BreakerTable>().WriteAsync<int>(
            (connection, transaction, row) =>
            {
                BreakerTable.Write(connection, transaction, row with { Failures = 9 });
                throw new InvalidOperationException("mine");
            },
            Cancel));

        Assert.Equal(0, (await house.Rooms[1].StateAsync(Cancel)).ConsecutiveFailures);
        Assert.NotNull(await house.DriftAsync(0.9, 3));
    }
}
