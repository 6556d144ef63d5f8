using Aos.Contracts;
using static Aos.CostSim.Tests.BreakerHouse;

namespace Aos.CostSim.Tests;

/// <summary>The breaker over a store: what is reported, ordered and read stands in it, with its incident and its history.</summary>
public sealed class BreakerStates
{
    [Fact]
    [Trait("id", "D9-B13")]
    [Trait("id", "D9-B15")]
    [Trait("id", "D9-B20")]
    [Trait("id", "D9-B34")]
    [Trait("id", "D9-B35")]
    public async Task Drift_three_times_in_a_row_opens_it_once_and_a_good_report_in_between_begins_anew()
    {
        await using var house = await OpenAsync();
        Assert.Same(house.Breaker, house.Get<ICostBreaker>());
        Assert.Equal((BreakerStatus.Closed, null, 0), await StateAsync(house));
        Assert.Null(await house.DriftAsync(0.1));
        Assert.Null(await house.DriftAsync(0.25, 2));
        Assert.Equal((BreakerStatus.Closed, null, 2), await StateAsync(house));
        Assert.Null(await house.DriftAsync(0.05));
        Assert.Equal((BreakerStatus.Closed, null, 0), await StateAsync(house));

        var incident = (await house.DriftAsync(0.25, 3))!;

        Assert.Equal(("P1", 0.25, 1, false, 12), (incident.Severity, incident.DriftScore, incident.SampleCount, incident.Resolved, incident.Id.Length));
        var state = await house.Breaker.StateAsync(Cancel);
        Assert.Equal(("costsim_v2", BreakerStatus.Open, incident.Id, incident.Reason, "circuit_breaker", 3), (state.Name, state.Status, state.IncidentId, state.Reason, state.DisabledBy, state.ConsecutiveFailures));
        Assert.True(IsNear(house.Now.AddHours(24), state.DisabledUntil) && IsNear(house.Now, state.LastFailureAt) && IsNear(house.Now, state.OpenedAt));
        Assert.Null(await house.DriftAsync(1, 5));
        Assert.Null(await house.Breaker.ReportAsync(Report(1, schemaErrors: 50), Cancel));
        Assert.Equal(state, await house.Breaker.StateAsync(Cancel));
        var listed = Assert.Single(await house.Breaker.IncidentsAsync(false, 10, Cancel));
        Assert.Equal(("mismatch", incident.Id), (listed.Details.GetText("verdict"), listed.Id));
        Assert.Equal(1, await house.CountAsync("SELECT count(*) FROM cost_breaker_incidents"));
        Assert.Equal(1, await house.CountAsync("SELECT status FROM cost_breakers"));
    }

    [Fact]
    [Trait("id", "D9-B36")]
    public async Task Five_unreadable_answers_in_one_report_open_it_and_fewer_do_not()
    {
        await using var house = await OpenAsync();
        Assert.Null(await house.Breaker.ReportAsync(Report(0, schemaErrors: 3), Cancel));
        var incident = (await house.Breaker.ReportAsync(Report(0, schemaErrors: 5), Cancel))!;

        Assert.Equal(("P3", 1.0, 5), (incident.Severity, incident.DriftScore, incident.SampleCount));
        Assert.Equal(BreakerStatus.Open, (await house.Breaker.StateAsync(Cancel)).Status);
        Assert.False((await house.Breaker.AdmitAsync(Cancel)).Allowed);
        foreach (var wrong in new[] { double.NaN, -0.1, 1.1 }) await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => house.Breaker.ReportAsync(Report(wrong), Cancel));
    }

    [Fact]
    [Trait("id", "D4-05")]
    [Trait("id", "D4-06")]
    [Trait("id", "D9-B03")]
    [Trait("id", "D9-B18")]
    [Trait("id", "D9-B21")]
    [Trait("id", "D9-B37")]
    public async Task By_hand_it_opens_and_closes_with_who_and_why_on_record_and_no_incident_is_left_behind()
    {
        await using var house = await OpenAsync();
        var (changed, first) = await house.Breaker.DisableAsync(Admin, "test disable", house.Now.AddHours(1), Cancel);
        var (again, same) = await house.Breaker.DisableAsync(Admin, "test disable", house.Now.AddHours(9), Cancel);
        Assert.Equal((true, false, "P2", first!.Id), (changed, again, first.Severity, same!.Id));
        Assert.True(first.Details.GetProperty("manual_disable").GetBoolean());
        Assert.True(IsNear(house.Now.AddHours(1), (await house.Breaker.StateAsync(Cancel)).DisabledUntil));

        var (other, second) = await house.Breaker.DisableAsync(Admin, "another", null, Cancel);
        Assert.True(other);
        Assert.Equal(second!.Id, Assert.Single(await house.Breaker.IncidentsAsync(false, 10, Cancel)).Id);
        house.Clock.Advance(TimeSpan.FromDays(40));
        Assert.Equal(BreakerStatus.Open, (await house.Breaker.StateAsync(Cancel)).Status); // Until a person closes it.

        Assert.True(await house.Breaker.EnableAsync(Admin, "prices are in", Cancel));
        Assert.False(await house.Breaker.EnableAsync(Admin, "prices are in", Cancel));
        Assert.Equal((BreakerStatus.Closed, null, 0), await StateAsync(house));
        var all = await house.Breaker.IncidentsAsync(true, 10, Cancel);
        Assert.Equal([second.Id, first.Id], all.Select(one => one.Id));
        Assert.All(all, one => Assert.True(one.Resolved && one.ResolvedBy == "key:admin" && one.ResolvedAt is not null));
        Assert.Equal(("prices are in", true), (all[0].ResolutionNotes, all[1].ResolutionNotes!.StartsWith($"superseded by {second.Id}", StringComparison.Ordinal)));
        Assert.Empty(await house.Breaker.IncidentsAsync(false, 10, Cancel));
        var history = await house.Breaker.HistoryAsync(10, Cancel);
        Assert.Equal(["open>closed prices are in", "open>open another", "closed>open test disable"], history.Select(one => $"{CostBreaker.Wire(one.From)}>{CostBreaker.Wire(one.To)} {one.Reason}"));
        Assert.All(history, one => Assert.Equal(("user", "key:admin"), (one.ActorType, one.Actor)));
        Assert.Equal(["breaker_open test disable", "breaker_open another", "breaker_closed prices are in"], house.Audit.Entries.Select(one => $"{one.Action} {one.Reason}"));
        Assert.All(house.Audit.Entries, one => Assert.Equal(("key:admin", "costsim"), (one.Subject, one.Resource)));
    }

    [Fact]
    [Trait("id", "D4-07")]
    [Trait("id", "D9-B19")]
    [Trait("id", "D9-B38")]
    public async Task When_its_time_is_over_probes_decide_whether_it_closes()
    {
        await using var house = await OpenAsync();
        var incident = (await house.DriftAsync(0.9, 3))!;
        house.Clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal(BreakerStatus.Open, (await house.Breaker.StateAsync(Cancel)).Status);
        house.Clock.Advance(TimeSpan.FromHours(2));
        var state = await house.Breaker.StateAsync(Cancel);
        Assert.Equal((BreakerStatus.HalfOpen, 3, incident.Id), (state.Status, state.ProbesLeft, state.IncidentId));

        var bad = await house.Breaker.AdmitAsync(Cancel);
        Assert.Null(await house.DriftAsync(0.9, 1, bad.Probe));
        Assert.Equal((BreakerStatus.Open, incident.Id, 3), await StateAsync(house));
        house.Clock.Advance(TimeSpan.FromHours(25));
        Guid[] probes = [(await house.Breaker.AdmitAsync(Cancel)).Probe!.Value, (await house.Breaker.AdmitAsync(Cancel)).Probe!.Value, (await house.Breaker.AdmitAsync(Cancel)).Probe!.Value];
        var fourth = await house.Breaker.AdmitAsync(Cancel);
        Assert.Equal((false, null, 0), (fourth.Allowed, fourth.Probe, fourth.State.ProbesLeft));
        await house.DriftAsync(0.9, 1, bad.Probe); // Of the round before.
        foreach (var probe in probes) await house.DriftAsync(0.1, 1, probe);

        Assert.Equal((BreakerStatus.Closed, null, 0), await StateAsync(house));
        var leave = await house.Breaker.AdmitAsync(Cancel);
        Assert.Equal((true, null), (leave.Allowed, leave.Probe));
        var resolved = Assert.Single(await house.Breaker.IncidentsAsync(true, 10, Cancel));
        Assert.Equal((true, "system-auto-recover", "3 of 3 probes were good"), (resolved.Resolved, resolved.ResolvedBy, resolved.ResolutionNotes));
        Assert.Equal(
            ["closed", "half_open", "open", "half_open", "open"], (await house.Breaker.HistoryAsync(10, Cancel)).Select(one => CostBreaker.Wire(one.To)));
        Assert.Equal(5, house.Audit.Entries.Count);
        Assert.NotNull(await house.DriftAsync(0.9, 3)); // It counts from nothing again.
        Assert.Equal(2, await house.CountAsync("SELECT count(*) FROM cost_breaker_incidents"));
    }

    [Fact]
    [Trait("id", "D4-08")]
    [Trait("id", "D9-B17")]
    public async Task Without_recovery_it_stays_open_and_without_a_row_it_is_closed()
    {
        await using var house = await OpenAsync(options => (options.AutoRecover, options.DisableTtl) = (false, TimeSpan.FromHours(1)));
        Assert.Equal(1, await house.WriteAsync("DELETE FROM cost_breakers"));
        Assert.Equal((BreakerStatus.Closed, null, 0), await StateAsync(house));
        Assert.True((await house.Breaker.AdmitAsync(Cancel)).Allowed);
        Assert.NotNull(await house.DriftAsync(0.9, 3));
        house.Clock.Advance(TimeSpan.FromHours(2));

        Assert.Equal(BreakerStatus.Open, (await house.Breaker.StateAsync(Cancel)).Status);
        Assert.False((await house.Breaker.AdmitAsync(Cancel)).Allowed);
        Assert.Equal(0, await house.Get<BreakerRecovery>().PassAsync(Cancel));
    }

    /// <summary>A node corrects its clock by the store's, by parts of a second.</summary>
    private static bool IsNear(DateTimeOffset one, DateTimeOffset? other) => (one - other)?.Duration() < TimeSpan.FromMinutes(1);

    private static async Task<(BreakerStatus Status, string? Incident, int Failures)> StateAsync(BreakerHouse house)
    {
        var state = await house.Breaker.StateAsync(Cancel);
        return (state.Status, state.IncidentId, state.ConsecutiveFailures);
    }
}
