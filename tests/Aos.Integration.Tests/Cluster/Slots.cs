using Aos.Contracts;
using Aos.Runs;
using System.Collections.Concurrent;

namespace Aos.Integration.Tests.Cluster;

/// <summary>Limits of runs at once, and who begins next, with two engines over one store.</summary>
[Trait("store", "none")]
public sealed class Slots
{
    private const string Slow = """{"name":"w","steps":[{"id":"a","skill":"slow","params":{"n":1}}]}""";
    private const string Quick = """{"name":"q","steps":[{"id":"a","skill":"echo","params":{"n":1}}]}""";
    private const string Waits = """{"name":"w","steps":[{"id":"a","await":{"signal":"go"}},{"id":"b","skill":"echo","params":{},"depends_on":["a"]}]}""";
    private static readonly TenantId Other = new("other");

    [Fact]
    public async Task A_start_beyond_the_limit_is_in_line_and_begins_as_soon_as_a_slot_is_free()
    {
        await using var pair = await Pair.OpenAsync(options: Limited(1));
        var first = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        var second = await pair.StartAsync(pair.A, Quick);
        Assert.Equal((RunStatus.Queued, Lane.New, false), (pair.Row(second).Status, pair.Row(second).Lane, pair.Row(second).Owned));
        Assert.Equal(RunStatus.Queued, (await pair.A.Runs.ReadAsync(Pair.Caller, second, Pair.Cancel))!.Status);

        pair.Skills.Open();

        await pair.UntilAsync(() => Ended(pair, first) && Ended(pair, second));
        Assert.Equal(["run.started.v1", "run.begun.v1"], pair.Journal.Events(second).Take(2).Select(entry => entry.Kind));
    }

    [Fact]
    public async Task A_slot_that_another_node_freed_is_taken_at_the_heartbeat()
    {
        await using var pair = await Pair.OpenAsync(options: Limited(1));
        var first = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        var second = await pair.StartAsync(pair.B, Quick);
        Assert.Equal(RunStatus.Queued, pair.Row(second).Status);
        pair.A.Engine.Drain(); // It ends its call, and takes nothing more.
        pair.Skills.Open();
        await pair.UntilAsync(() => !pair.Row(first).Owned);

        pair.B.Cluster.Beat(hasQueue: true);

        await pair.UntilAsync(() => Ended(pair, second));
        Assert.Equal(RunStatus.Running, pair.Row(first).Status); // Its driver has left before it could write the end.
    }

    [Fact]
    public async Task Of_one_tenant_the_highest_priority_begins_first_and_then_the_oldest()
    {
        await using var pair = await Pair.OpenAsync(options: Limited(1));
        var begun = Begun(pair);
        await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        var low = await pair.StartAsync(pair.A, Quick, priority: -1);
        var one = await pair.StartAsync(pair.A, Quick);
        var high = await pair.StartAsync(pair.A, Quick, priority: 9);

        pair.Skills.Open();

        await pair.UntilAsync(() => Ended(pair, low));
        Assert.Equal([high, one, low], begun.Skip(1));
    }

    [Fact]
    public async Task However_many_of_one_tenant_are_in_line_another_tenants_run_is_next_or_next_but_one()
    {
        await using var pair = await Pair.OpenAsync(options: new RunsOptions { LiveMax = 1 });
        var begun = Begun(pair);
        await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        for (var i = 0; i < 2_000; i++) await pair.StartAsync(pair.A, Quick);
        var other = await pair.StartAsync(pair.A, Quick, Other);
        Assert.Equal(RunStatus.Queued, pair.Row(other).Status); // The node is full.

        pair.Skills.Open();

        await pair.UntilAsync(() => Ended(pair, other));
        Assert.InRange(begun.ToList().IndexOf(other), 0, 1);
    }

    [Fact]
    public async Task Two_nodes_that_start_and_end_runs_never_have_more_at_work_than_the_limit()
    {
        await using var pair = await Pair.OpenAsync(options: Limited(3));
        pair.Skills.Open();
        var most = 0;
        pair.Journal.Accepted = (_, _) => most = Math.Max(most, pair.Journal.Rows.Count(row => row.HoldsSlot));
        var starts = Enumerable.Range(0, 60).Select(i => pair.StartAsync(i % 2 == 0 ? pair.A : pair.B, i % 3 == 0 ? Slow : Quick));

        var runs = await Task.WhenAll(starts);

        pair.B.Cluster.Beat(hasQueue: true);
        await pair.UntilAsync(() => Array.TrueForAll(runs, run => Ended(pair, run)));
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public async Task A_parent_that_waits_for_its_child_holds_no_slot_so_the_child_gets_it_before_new_runs()
    {
        await using var pair = await Pair.OpenAsync(options: Limited(1));
        var begun = Begun(pair);
        var parent = await pair.StartAsync(
            pair.A, """{"name":"p","steps":[{"id":"s","skill":"slow","params":{}},{"id":"c","run":{"plan":{"name":"child","steps":[{"id":"x","skill":"echo","params":{}}]}},"depends_on":["s"]}]}""");
        await pair.Skills.Called;
        var later = await pair.StartAsync(pair.A, Quick);

        pair.Skills.Open();

        await pair.UntilAsync(() => Ended(pair, parent) && Ended(pair, later));
        var child = pair.Journal.Rows.Single(row => row.Parent == parent).Id;
        Assert.Equal([parent, child, later], begun);
        Assert.Equal(RunStatus.Succeeded, pair.Row(parent).Status);
    }

    [Fact]
    public async Task A_run_in_line_is_cancelled_paused_and_resumed_at_once()
    {
        await using var pair = await Pair.OpenAsync(options: Limited(1));
        await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        var (one, two) = (await pair.StartAsync(pair.A, Quick), await pair.StartAsync(pair.A, Quick));

        Assert.Equal(RunStatus.Cancelled, (await DoAsync(pair.B, one, new CancelRun("enough"))).Status);
        Assert.Equal(RunStatus.Paused, (await DoAsync(pair.B, two, new PauseRun("look"))).Status);
        Assert.Equal(Lane.Held, pair.Row(two).Lane);
        Assert.Equal(RunStatus.Queued, (await DoAsync(pair.B, two, new ResumeRun("go"))).Status);

        Assert.Equal((Lane.New, false), (pair.Row(two).Lane, pair.Row(two).Owned));
        pair.Skills.Open();
        await pair.UntilAsync(() => Ended(pair, two));
        Assert.Equal(RunStatus.Succeeded, pair.Row(two).Status);
    }

    [Fact]
    public async Task A_signal_for_a_waiting_run_is_decided_when_a_slot_is_free_and_a_cancel_at_once()
    {
        await using var pair = await Pair.OpenAsync(options: Limited(1));
        var (signalled, cancelled) = (await pair.StartAsync(pair.A, Waits), await pair.StartAsync(pair.A, Waits));
        await pair.UntilAsync(() => pair.Row(signalled).Status == RunStatus.Waiting && pair.Row(cancelled).Status == RunStatus.Waiting);
        await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;

        var signal = pair.B.Runs.CommandAsync(Pair.Caller, signalled, new SignalRun("1", "go", Json.Null), Pair.Cancel);
        Assert.Equal(RunStatus.Cancelled, (await DoAsync(pair.B, cancelled, new CancelRun("enough"))).Status);
        await pair.UntilAsync(() => pair.Row(signalled).Lane == Lane.Begun);
        Assert.False(signal.IsCompleted);

        pair.Skills.Open();
        Assert.IsType<CommandReply.Done>(await signal);
        await pair.UntilAsync(() => Ended(pair, signalled));
    }

    [Fact]
    public async Task A_new_attempt_gets_in_line()
    {
        await using var pair = await Pair.OpenAsync(options: Limited(1));
        var run = await pair.StartAsync(pair.A, Waits);
        await pair.UntilAsync(() => pair.Row(run).Status == RunStatus.Waiting);
        await DoAsync(pair.A, run, new CancelRun("enough"));
        await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;

        Assert.Equal(RunStatus.Queued, (await DoAsync(pair.B, run, new RetryRun("again"))).Status);

        Assert.Equal((Lane.New, false), (pair.Row(run).Lane, pair.Row(run).Owned));
        pair.Skills.Open();
        await pair.UntilAsync(() => pair.Row(run).Status == RunStatus.Waiting);
        Assert.Equal(2, pair.Row(run).Attempt);
    }

    [Fact]
    public async Task A_limit_of_zero_lets_nothing_begin_until_it_is_raised()
    {
        await using var pair = await Pair.OpenAsync(options: Limited(0));
        var run = await pair.StartAsync(pair.A, Quick);
        Assert.Equal(RunStatus.Queued, pair.Row(run).Status);

        pair.Options.Limits = Limited(1).Limits;
        var next = await pair.StartAsync(pair.A, Quick);

        await pair.UntilAsync(() => Ended(pair, run) && Ended(pair, next));
    }

    private static RunsOptions Limited(int most) => new() { Limits = new RunLimits([new RunLimitRule("*", null, most)]) };

    private static bool Ended(Pair pair, RunId run) => pair.Row(run).Status.IsOver();

    private static async Task<RunState> DoAsync(PairHost host, RunId run, RunCommand command) =>
        Assert.IsType<CommandReply.Done>(await host.Runs.CommandAsync(Pair.Caller, run, command, Pair.Cancel)).State;

    /// <summary>Runs that began after they had been in line, in this order.</summary>
    private static ConcurrentQueue<RunId> Begun(Pair pair)
    {
        var begun = new ConcurrentQueue<RunId>();
        pair.Journal.Accepted = (append, _) =>
        {
            if (append.Entries.Any(entry => entry.Kind == "run.begun.v1")) begun.Enqueue(append.Row.Id);
        };
        return begun;
    }
}
