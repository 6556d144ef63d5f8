using Aos.Contracts;
using static Aos.CostSim.Tests.BreakerHouse;

namespace Aos.CostSim.Tests;

/// <summary>
/// Five of the six that failed through PgBouncer before (the sixth is of provenance): each operation is one short transaction without a session's state, so they hold
/// through it as they do without.
/// </summary>
public sealed class BreakerThroughPgBouncer
{
    [Fact]
    [Trait("id", "D9-B01")]
    [Trait("id", "D9-B02")]
    public async Task State_is_read()
    {
        await using var house = await OpenAsync(rooms: 3);
        foreach (var room in house.Rooms) Assert.Equal((BreakerStatus.Closed, 0, true), ((await room.StateAsync(Cancel)).Status, (await room.StateAsync(Cancel)).ConsecutiveFailures, (await room.AdmitAsync(Cancel)).Allowed));
        await house.Rooms[0].DisableAsync(Admin, "test", null, Cancel);
        foreach (var room in house.Rooms) Assert.Equal((BreakerStatus.Open, false), ((await room.StateAsync(Cancel)).Status, (await room.AdmitAsync(Cancel)).Allowed));
    }

    [Fact]
    [Trait("id", "D9-B04")]
    public async Task Drift_is_reported()
    {
        await using var house = await OpenAsync(rooms: 2);
        await house.Rooms[0].ReportAsync(Report(0.9), Cancel);
        Assert.Equal(1, (await house.Rooms[1].StateAsync(Cancel)).ConsecutiveFailures);

        Assert.Null(await house.Rooms[1].ReportAsync(new BreakerReport(0.05, 10, Json.EmptyObject), Cancel));

        Assert.Equal(0, (await house.Rooms[0].StateAsync(Cancel)).ConsecutiveFailures);
    }

    [Fact]
    [Trait("id", "D9-B06")]
    [Trait("id", "D9-B26")]
    public async Task An_alert_is_laid_into_the_outbox_with_what_it_is_about()
    {
        await using var house = await OpenAsync(options => options.AlertmanagerUrl = "http://127.0.0.1:1");
        await house.Breaker.DisableAsync(Admin, "test", null, Cancel);
        await house.Breaker.DisableAsync(Admin, "test", null, Cancel);

        var row = Assert.Single(await house.Get<IOutbox>().ListAsync(TenantId.Default, null, 10, Cancel));
        Assert.Equal(("alertmanager", OutboxState.Waiting, 0), (row.Item.Kind, row.State, row.Attempts));
        var counts = await house.Breaker.AlertsAsync(Cancel);
        Assert.Equal((1L, 0L, 0L, true), (counts.Pending, counts.Failed, counts.Sent, counts.OldestPending is not null));
    }

    [Fact]
    [Trait("id", "D9-B09")]
    public async Task At_the_end_of_its_time_readers_race_and_all_see_the_same()
    {
        await using var house = await OpenAsync(rooms: 3);
        await house.Breaker.DisableAsync(Admin, "test-race", house.Now.AddMinutes(5), Cancel);
        Assert.All(await ReadAsync(house, 5), state => Assert.Equal(BreakerStatus.Open, state.Status));
        house.Clock.Advance(TimeSpan.FromMinutes(10));

        Assert.All(await ReadAsync(house, 20), state => Assert.Equal((BreakerStatus.HalfOpen, 3), (state.Status, state.ProbesLeft)));
        Assert.Single(await house.Breaker.HistoryAsync(100, Cancel), change => change.To == BreakerStatus.HalfOpen);
    }

    [Fact]
    [Trait("id", "D9-B11")]
    public async Task Twenty_read_at_once()
    {
        await using var house = await OpenAsync(rooms: 3);
        await house.Breaker.DisableAsync(Admin, "test", null, Cancel);

        var states = await ReadAsync(house, 20);

        Assert.Equal(20, states.Length);
        Assert.All(states, state => Assert.Equal(("costsim_v2", BreakerStatus.Open, "test"), (state.Name, state.Status, state.Reason)));
    }

    private static Task<BreakerState[]> ReadAsync(BreakerHouse house, int readers) =>
        Task.WhenAll(Enumerable.Range(0, readers).Select(i => Task.Run(() => house.Rooms[i % house.Rooms.Count].StateAsync(Cancel))));
}
