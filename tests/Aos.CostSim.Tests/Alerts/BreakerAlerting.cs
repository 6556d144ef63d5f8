using Aos.Contracts;
using Aos.Storage;
using static Aos.CostSim.Tests.BreakerHouse;

namespace Aos.CostSim.Tests;

/// <summary>Whoever is on duty is told once that the breaker opened, and that it closed, whatever fails in between.</summary>
public sealed class BreakerAlerting : IAsyncLifetime
{
    private AlertPeer peer = null!;

    public async ValueTask InitializeAsync() => peer = await AlertPeer.OpenAsync();

    public ValueTask DisposeAsync() => peer.DisposeAsync();

    [Fact]
    [Trait("id", "D4-20")]
    [Trait("id", "D4-21")]
    [Trait("id", "D9-B22")]
    [Trait("id", "D9-B23")]
    [Trait("id", "D9-B28")]
    [Trait("id", "D9-B39")]
    public async Task It_says_what_happened_and_ends_under_the_same_name_when_it_is_over()
    {
        await using var house = await OpenAsync(options => (options.AlertmanagerUrl, options.RunbookUrl) = (peer.Url, "https://runbooks.example/breaker"), rooms: 3);
        Assert.Equal(0, await house.Get<OutboxPost>().PassAsync(Cancel));
        var incident = (await house.DriftAsync(0.6, 3))!;
        await house.DeliverAsync();
        var fired = Assert.Single(peer.Alerts);
        Assert.Equal(1, peer.Asked);

        Assert.Equal($"alertname=CostSimV2Disabled severity=p1 component=costsim circuit_breaker=costsim_v2 instance=node-0 incident_id={incident.Id}", fired.Labels);
        Assert.Contains("P1", fired.Annotation("summary"), StringComparison.Ordinal);
        var lines = fired.Annotation("description")!.Split('\n');
        Assert.Equal(["Reason: " + incident.Reason, "Drift score: 0.6000", "Samples: 1"], lines[..3]);
        Assert.StartsWith("Disabled until: 2", lines[3], StringComparison.Ordinal);
        Assert.Equal("https://runbooks.example/breaker", fired.Annotation("runbook_url"));
        Assert.True((fired.Starts - incident.At).Duration() < TimeSpan.FromMilliseconds(1) && fired.Ends > incident.At.AddDays(30)); // It lasts until it is resolved.

        await house.Rooms[2].EnableAsync(Admin, "prices are in", Cancel);
        await house.DeliverAsync();
        var (resolved, reenabled) = (peer.Alerts[1], peer.Alerts[2]);
        Assert.Equal(fired.Labels, resolved.Labels); // Also when another node closes it.
        Assert.Equal(fired.Starts, resolved.Starts);
        Assert.True(resolved.Ends < fired.Ends);
        Assert.StartsWith("alertname=CostSimV2Reenabled severity=info component=costsim circuit_breaker=costsim_v2 instance=", reenabled.Labels, StringComparison.Ordinal);
        Assert.Null(reenabled.Label("incident_id"));
        Assert.Equal(("Closed by key:admin: prices are in", reenabled.Starts), (reenabled.Annotation("description"), reenabled.Ends));
        var kept = Assert.Single(await house.Breaker.IncidentsAsync(true, 10, Cancel));
        Assert.Equal((true, "200"), (kept.AlertSent, kept.AlertResponse));
        Assert.NotNull(kept.AlertSentAt);
        Assert.Equal(new BreakerAlerts(0, 0, 1, null), await house.Breaker.AlertsAsync(Cancel));
        Assert.Null(peer.Complaint);
        Assert.Empty(await house.Get<IOutbox>().ListAsync(TenantId.Default, null, 10, Cancel));
    }

    [Fact]
    [Trait("id", "D9-B30")]
    public async Task It_goes_out_by_itself_as_soon_as_it_is_committed()
    {
        await using var house = await OpenAsync(options => options.AlertmanagerUrl = peer.Url);
        var post = house.Get<OutboxPost>();
        await post.StartAsync(Cancel);
        await house.DriftAsync(0.6, 3);

        await peer.Taken.WaitAsync(Cancel);

        await post.StopAsync(Cancel);
        Assert.Equal("CostSimV2Disabled", Assert.Single(peer.Alerts).Label("alertname"));
        Assert.Null(peer.Complaint);
    }

    [Fact]
    [Trait("id", "D4-22")]
    public async Task Of_one_that_another_takes_the_place_of_the_alert_ends_too()
    {
        await using var house = await OpenAsync(options => options.AlertmanagerUrl = peer.Url);
        var first = (await house.DriftAsync(0.6, 3))!;
        var (_, second) = await house.Breaker.DisableAsync(Admin, "by hand", null, Cancel);
        await house.DeliverAsync();

        Assert.Equal([$"p1 {first.Id}", $"p1 {first.Id}", $"p2 {second!.Id}"], peer.Alerts.Select(alert => $"{alert.Label("severity")} {alert.Label("incident_id")}"));
        Assert.EndsWith("it is closed by hand", peer.Alerts[2].Annotation("description"), StringComparison.Ordinal);
        Assert.True(peer.Alerts[1].Ends < peer.Alerts[0].Ends);
        Assert.Equal(2, (await house.Breaker.AlertsAsync(Cancel)).Sent);
    }

    [Fact]
    [Trait("id", "D4-23")]
    [Trait("id", "D9-B24")]
    public async Task A_receiver_that_is_slow_is_tried_again_later()
    {
        peer.IsSlow = true;
        await using var house = await OpenAsync(options => (options.AlertmanagerUrl, options.AlertTimeout) = (peer.Url, TimeSpan.FromMilliseconds(200)));
        await house.DriftAsync(0.6, 3);
        Assert.Equal(1, await house.Get<OutboxPost>().PassAsync(Cancel));

        var waiting = Assert.Single(await house.Get<IOutbox>().ListAsync(TenantId.Default, null, 10, Cancel));
        Assert.Equal((OutboxState.Waiting, 1), (waiting.State, waiting.Attempts));
        Assert.StartsWith("TIMEOUT", waiting.LastError, StringComparison.Ordinal);
        Assert.False(Assert.Single(await house.Breaker.IncidentsAsync(false, 10, Cancel)).AlertSent);
        peer.IsSlow = false;
        await house.DeliverAsync();
        Assert.True(Assert.Single(await house.Breaker.IncidentsAsync(false, 10, Cancel)).AlertSent);
    }

    [Theory]
    [Trait("id", "D4-24")]
    [InlineData(0, "<html>please log in</html>", "no Alertmanager")]
    [InlineData(0, """{"status":"error","error":"bad \u0000"}""", "no Alertmanager")]
    [InlineData(302, null, "302")]
    [InlineData(404, null, "without the path")]
    [InlineData(400, null, "400")]
    public async Task A_receiver_that_takes_nothing_whatever_it_says_leaves_a_dead_letter_that_can_be_sent_again(int status, string? says, string expected)
    {
        (peer.Status, peer.Times, peer.Says) = (status, status > 0 ? 1 : 0, says);
        await using var house = await OpenAsync(options => options.AlertmanagerUrl = peer.Url);
        await house.DriftAsync(0.6, 3);
        await house.DeliverAsync();

        var outbox = house.Get<IOutbox>();
        var dead = Assert.Single(await outbox.ListAsync(TenantId.Default, OutboxState.Dead, 10, Cancel));
        Assert.Contains(expected, dead.LastError, StringComparison.Ordinal);
        var unsent = Assert.Single(await house.Breaker.IncidentsAsync(false, 10, Cancel));
        Assert.Equal((false, true), (unsent.AlertSent, unsent.AlertResponse!.StartsWith("not sent: HTTP_4XX", StringComparison.Ordinal)));
        Assert.Equal((0L, 1L), ((await house.Breaker.AlertsAsync(Cancel)).Pending, (await house.Breaker.AlertsAsync(Cancel)).Failed));

        peer.Says = null;
        Assert.True(await outbox.ResendAsync(TenantId.Default, dead.Item.Id, Cancel));
        await house.DeliverAsync();
        Assert.Single(peer.Alerts);
        Assert.Equal((true, "200"), Assert.Single((await house.Breaker.IncidentsAsync(false, 10, Cancel)).Select(one => (one.AlertSent, one.AlertResponse))));
    }

    [Fact]
    [Trait("id", "D4-25")]
    [Trait("id", "D9-B25")]
    [Trait("id", "D9-B27")]
    [Trait("id", "D9-B29")]
    public async Task A_receiver_that_is_never_well_is_given_up_and_what_comes_after_still_goes_out()
    {
        (peer.Status, peer.Times) = (500, int.MaxValue);
        await using var house = await OpenAsync(options => options.AlertmanagerUrl = peer.Url);
        await house.DriftAsync(0.6, 3);
        await house.DeliverAsync();
        Assert.Equal(OutboxPost.AttemptsMax, peer.Asked);
        Assert.Equal((0L, 1L, 0L), ((await house.Breaker.AlertsAsync(Cancel)).Pending, (await house.Breaker.AlertsAsync(Cancel)).Failed, (await house.Breaker.AlertsAsync(Cancel)).Sent));

        peer.Times = 0;
        var dead = Assert.Single(await house.Get<IOutbox>().ListAsync(TenantId.Default, OutboxState.Dead, 10, Cancel));
        await house.Breaker.EnableAsync(Admin, "over", Cancel);
        await house.DeliverAsync();
        Assert.Equal(["CostSimV2Disabled", "CostSimV2Reenabled"], peer.Alerts.Select(alert => alert.Label("alertname")));
        Assert.True(await house.Get<IOutbox>().ResendAsync(TenantId.Default, dead.Item.Id, Cancel));
    }

    /// <summary>As when a process ends between the answer and the note that it came.</summary>
    [Fact]
    [Trait("id", "D4-26")]
    public async Task An_alert_that_is_delivered_again_counts_once_and_is_the_same_to_the_receiver()
    {
        await using var house = await OpenAsync(options => options.AlertmanagerUrl = peer.Url);
        await house.DriftAsync(0.6, 3);
        var item = Assert.Single(await house.Get<IOutbox>().ListAsync(TenantId.Default, null, 10, Cancel)).Item;
        var delivery = house.Get<IEnumerable<IDelivery>>().Single(one => one.Kind == AlertQueue.Kind);

        Assert.Null(await delivery.DeliverAsync(item, Cancel));
        var first = Assert.Single(await house.Breaker.IncidentsAsync(false, 10, Cancel)).AlertSentAt;
        house.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(await delivery.DeliverAsync(item, Cancel));
        await delivery.GaveUpAsync(item, FailureCatalog.Fail("HTTP_5XX", "late"), Cancel);

        var kept = Assert.Single(await house.Breaker.IncidentsAsync(false, 10, Cancel));
        Assert.Equal((first, "200"), (kept.AlertSentAt, kept.AlertResponse));
        Assert.Equal(1, (await house.Breaker.AlertsAsync(Cancel)).Sent);
        Assert.Single(peer.Alerts.Select(alert => alert.Labels).Distinct());
    }

    [Fact]
    [Trait("id", "D4-27")]
    [Trait("id", "D9-B40")]
    public async Task Without_an_address_it_opens_all_the_same_and_the_incident_says_that_nobody_was_told()
    {
        await using var house = await OpenAsync();
        await house.DriftAsync(0.6, 3);

        Assert.Empty(await house.Get<IOutbox>().ListAsync(TenantId.Default, null, 10, Cancel));
        var incident = Assert.Single(await house.Breaker.IncidentsAsync(false, 10, Cancel));
        Assert.Equal((false, "not sent: ALERTMANAGER_URL is not set"), (incident.AlertSent, incident.AlertResponse));
        Assert.Equal(new BreakerAlerts(0, 0, 0, null), await house.Breaker.AlertsAsync(Cancel));
        var delivery = house.Get<IEnumerable<IDelivery>>().Single(one => one.Kind == AlertQueue.Kind);
        var item = new OutboxItem(Guid.NewGuid(), TenantId.Default, null, "x", AlertQueue.Kind, AlertPayload.Fired(incident, null, "n", "r"));
        Assert.Equal("NOT_AVAILABLE", (await delivery.DeliverAsync(item, Cancel))!.Code);
    }

    [Fact]
    [Trait("id", "D4-28")]
    public async Task A_private_address_that_is_not_allowed_is_not_reached()
    {
        await using var house = await OpenAsync(options => options.AlertmanagerUrl = "http://10.0.0.1:9093");
        await house.DriftAsync(0.6, 3);
        await house.Get<OutboxPost>().PassAsync(Cancel);

        Assert.StartsWith("EGRESS_BLOCKED", Assert.Single(await house.Get<IOutbox>().ListAsync(TenantId.Default, null, 10, Cancel)).LastError, StringComparison.Ordinal);
    }
}
