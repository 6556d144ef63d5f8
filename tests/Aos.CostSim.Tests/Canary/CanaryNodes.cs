using System.Text.RegularExpressions;
using Aos.Contracts;
using static Aos.CostSim.Tests.CanaryHouse;

namespace Aos.CostSim.Tests;

/// <summary>One node at a time runs it, by a row with an end and a fence; nothing of it is a session's, so it holds through a pooler.</summary>
public sealed class CanaryNodes
{
    [Fact]
    [Trait("id", "D5.5-01")]
    [Trait("id", "D9-C01")]
    public async Task While_one_runs_the_other_is_skipped_and_told_who_leads()
    {
        using var gate = new Gate();
        await using var house = await OpenAsync(second: gate.Model, rooms: 2);
        var run = Task.Run(() => house.Desks[0].RunAsync(new CanaryOrder(), Cancel));
        gate.WaitUntilAsked();

        var skipped = await house.Desks[1].RunAsync(new CanaryOrder(), Cancel);
        gate.Open();
        var report = await run;

        Assert.Equal((CanaryStatus.Skipped, true, 0), (skipped.Status, skipped.Passed, skipped.Samples));
        Assert.Matches($@"^Another instance is the leader: {Regex.Escape(report.Instance)} runs the canary as {report.RunId}, until 2026-03-31T02:0(6:00|5:59)Z at most\.$", Assert.Single(skipped.FailureReasons));
        Assert.Equal(CanaryStatus.Pass, report.Status);
        var (kept, total) = await house.Desk.ReportsAsync(null, 10, 0, Cancel);
        Assert.Equal(2, total);
        Assert.Equal([report.RunId, skipped.RunId], kept.Select(one => one.RunId));
        Assert.Equal(CanaryStatus.Pass, (await house.Desks[1].RunAsync(new CanaryOrder(), Cancel)).Status); // The lease was given back.
    }

    [Fact]
    [Trait("id", "D5.5-02")]
    [Trait("id", "D9-C02")]
    public async Task Of_many_that_begin_at_once_exactly_one_gets_the_lease()
    {
        await using var house = await OpenAsync(rooms: 3);
        var now = house.Now;

        var taken = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => house.Get<CanaryLeases>(i % 3).TakeAsync($"run-{i}", $"node-{i}", now, now.AddMinutes(6), Cancel))));

        var mine = Assert.Single(taken, one => one.Mine is not null).Mine!;
        Assert.All(taken.Where(one => one.Mine is null), one => Assert.Equal(mine with { }, one.Other));
        await house.Get<CanaryLeases>().ReleaseAsync(mine, Cancel);
        Assert.Equal(mine.Fence + 1, (await house.Get<CanaryLeases>(1).TakeAsync("next", "node", now, now.AddMinutes(6), Cancel)).Mine!.Fence);
    }

    [Fact]
    [Trait("id", "D5.5-03")]
    [Trait("id", "D9-C03")]
    public async Task A_node_that_dies_in_its_run_keeps_others_waiting_no_longer_than_its_lease_and_stores_nothing_after_it()
    {
        await using var house = await OpenAsync(rooms: 2);
        var dead = (await house.Get<CanaryLeases>().TakeAsync("dead-run", "dead node", house.Now, house.Now.AddMinutes(6), Cancel)).Mine!;
        house.Clock.Advance(TimeSpan.FromMinutes(5));
        var waiting = await house.Desks[1].RunAsync(new CanaryOrder(), Cancel);
        house.Clock.Advance(TimeSpan.FromMinutes(2));

        var next = await house.Desks[1].RunAsync(new CanaryOrder(), Cancel);

        Assert.Contains("dead node runs the canary as dead-run", Assert.Single(waiting.FailureReasons), StringComparison.Ordinal);
        Assert.Equal(CanaryStatus.Pass, next.Status);
        // It was only asleep, and wakes up.
        Assert.False(await house.Get<CanaryLeases>().CloseAsync(dead, next with { RunId = "dead-run" }, [], Cancel));
        await house.Get<CanaryLeases>().ReleaseAsync(dead, Cancel);
        Assert.Null(await house.Desk.FindAsync("dead-run", Cancel));
        Assert.NotNull(await house.Desk.FindAsync(next.RunId, Cancel));
    }

    [Fact]
    [Trait("id", "D5.5-04")]
    public async Task A_run_that_lost_its_lease_says_so_and_tells_nobody_else_what_it_found()
    {
        using var gate = new Gate(new OtherModel(OtherModel.With("llm_invoke", row => row with { Cents = 35 }), CoefficientModel.ShippedVersion));
        await using var house = await OpenAsync(second: gate.Model);
        var run = Task.Run(() => house.RunAsync());
        gate.WaitUntilAsked();
        await house.WriteAsync("UPDATE costsim_canary_leases SET fence = fence + 1, holder = 'other', canary = 'other'");
        gate.Open();

        var report = await run;

        Assert.Equal((CanaryStatus.Error, false), (report.Status, report.Passed));
        Assert.StartsWith("Its lease was over", Assert.Single(report.FailureReasons), StringComparison.Ordinal);
        Assert.Equal(0, (await house.Desk.ReportsAsync(null, 10, 0, Cancel)).Total);
        Assert.Equal(0, (await house.Get<ICostBreaker>().StateAsync(Cancel)).ConsecutiveFailures);
        Assert.Equal("other", (await house.Get<CanaryLeases>().TakeAsync("third", "node", house.Now, house.Now, Cancel)).Other!.Run); // Nor did it end the other's.
    }

    [Fact]
    [Trait("id", "D5.5-05")]
    public async Task A_run_that_is_called_off_gives_its_lease_back()
    {
        using var gate = new Gate();
        await using var house = await OpenAsync(second: gate.Model);
        using var off = new CancellationTokenSource();
        var run = Task.Run(() => house.Desk.RunAsync(new CanaryOrder(), off.Token));
        gate.WaitUntilAsked();
        await off.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        gate.Open();

        Assert.Equal(CanaryStatus.Pass, (await house.RunAsync()).Status);
    }

    /// <summary>A second model that answers when the gate is open.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly ManualResetEventSlim asked = new(), open = new();

        internal Gate(ICostModel? of = null) => Model = new OtherModel(of ?? new CoefficientModel(), null, _ =>
        {
            asked.Set();
            open.Wait(TimeSpan.FromMinutes(2));
        });

        internal ICostModel Model { get; }

        internal void WaitUntilAsked() => Assert.True(asked.Wait(TimeSpan.FromMinutes(1), Cancel));

        internal void Open() => open.Set();

        public void Dispose()
        {
            open.Set();
            asked.Dispose();
        }
    }
}
