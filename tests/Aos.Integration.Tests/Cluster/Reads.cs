using System.Text;
using Aos.Contracts;
using Aos.Runs;

namespace Aos.Integration.Tests.Cluster;

/// <summary>Reads, waits and followers on a node that does not drive the run.</summary>
[Trait("store", "none")]
public sealed class Reads
{
    private const string Slow = """{"name":"w","steps":[{"id":"a","skill":"slow","params":{"n":1}}]}""";
    private const string Failing = """{"name":"w","steps":[{"id":"a","await":{"signal":"go"}},{"id":"b","skill":"slow","params":{},"depends_on":["a"]}]}""";
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_run_is_read_as_its_driver_sees_it()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;

        var here = await pair.A.Runs.ReadAsync(Pair.Caller, run, Pair.Cancel);
        var there = await pair.B.Runs.ReadAsync(Pair.Caller, run, Pair.Cancel);

        Assert.Equal(here!.Seq, there!.Seq);
        Assert.Equal(RunStatus.Running, there.Status);
        Assert.Null(await pair.B.Runs.ReadAsync(Pair.Caller with { Tenant = new TenantId("other") }, run, Pair.Cancel));
    }

    [Fact]
    public async Task Whoever_waits_elsewhere_hears_of_the_end()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        var waiting = pair.B.Runs.WaitAsync(Pair.Caller, run, Long, Pair.Cancel);

        pair.Skills.Open();

        Assert.Equal(RunStatus.Succeeded, (await waiting)!.Status);
    }

    [Fact]
    public async Task A_wait_elsewhere_ends_in_time()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;

        Assert.Equal(RunStatus.Running, (await pair.B.Runs.WaitAsync(Pair.Caller, run, TimeSpan.FromMilliseconds(120), Pair.Cancel))!.Status);
    }

    [Fact]
    public async Task What_is_remembered_of_an_ended_run_is_not_shown_when_another_node_has_gone_on_with_it()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Failing);
        Assert.IsType<CommandReply.Done>(await pair.A.Runs.CommandAsync(Pair.Caller, run, new CancelRun("once"), Pair.Cancel));
        Assert.Equal(RunStatus.Cancelled, (await pair.A.Runs.ReadAsync(Pair.Caller, run, Pair.Cancel))!.Status);

        var retried = Assert.IsType<CommandReply.Done>(await pair.B.Runs.CommandAsync(Pair.Caller, run, new RetryRun("again"), Pair.Cancel));

        var read = await pair.A.Runs.ReadAsync(Pair.Caller, run, Pair.Cancel);
        Assert.Equal(2, retried.State.Attempt);
        Assert.Equal(2, read!.Attempt);
        Assert.False(read.Status.IsOver());
    }

    [Fact]
    public async Task An_ended_run_that_still_has_calls_here_is_not_shown_as_ended_when_another_node_has_retried_it()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, """{"name":"w","steps":[{"id":"a","skill":"deaf","params":{}}]}""");
        await pair.Skills.Called;
        await pair.A.Runs.CommandAsync(Pair.Caller, run, new CancelRun("once"), Pair.Cancel);
        Assert.NotNull(pair.A.Engine.Live(run)); // Its call does not listen to the end.

        await pair.B.Runs.CommandAsync(Pair.Caller, run, new ResolveStep("a", -1, ResolveVerdict.NotDone, Json.Null), Pair.Cancel);
        var retried = await pair.B.Runs.CommandAsync(Pair.Caller, run, new RetryRun("again"), Pair.Cancel);

        Assert.IsType<CommandReply.Done>(retried);
        Assert.Equal(2, (await pair.A.Runs.ReadAsync(Pair.Caller, run, Pair.Cancel))!.Attempt);
    }

    [Fact]
    public async Task Whoever_follows_elsewhere_gets_every_event_once_and_in_order()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        var seen = new List<JournalEntry>();
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var following = FollowAsync();
        await running.Task.WaitAsync(Long, TimeProvider.System, Pair.Cancel);

        pair.Skills.Open();
        await following;

        Assert.Equal(pair.Journal.Events(run).Select(entry => entry.Seq), seen.Select(entry => entry.Seq));
        Assert.Equal("run.ended.v1", seen[^1].Kind);

        async Task FollowAsync()
        {
            await foreach (var entry in pair.B.Runs.FollowAsync(Pair.Caller, run, 0, Pair.Cancel))
            {
                seen.Add(entry);
                if (entry.Kind == "step.started.v1") running.TrySetResult();
            }
        }
    }

    [Fact]
    public async Task A_child_that_ends_on_another_node_brings_its_parent_on()
    {
        await using var pair = await Pair.OpenAsync();
        var plan = """
            {"name":"w","steps":[
              {"id":"c","run":{"plan":{"name":"child","steps":[{"id":"w","await":{"signal":"go"}},{"id":"x","skill":"echo","params":{"v":7},"depends_on":["w"]}]}}},
              {"id":"s","skill":"slow","params":{}},
              {"id":"z","skill":"echo","params":{},"depends_on":["c","s"]}]}
            """;
        var parent = await pair.StartAsync(pair.A, plan); // It stays in memory of its node: its other step is under way.
        await pair.Skills.Called;
        await pair.UntilAsync(() => pair.Journal.Rows.Any(row => row.Parent == parent && row.Owner is null));
        var child = pair.Journal.Rows.Single(row => row.Parent == parent).Id;

        await pair.B.Runs.CommandAsync(Pair.Caller, child, new SignalRun("1", "go", Json.True), Pair.Cancel);
        await pair.UntilAsync(() => pair.Row(child).Status == RunStatus.Succeeded);
        await pair.UntilAsync(() => pair.Row(parent).InboxRead == 1);
        pair.Skills.Open();

        Assert.Equal(RunStatus.Succeeded, (await pair.B.Runs.WaitAsync(Pair.Caller, parent, Long, Pair.Cancel))!.Status);
    }

    [Fact]
    public async Task A_node_without_its_lease_does_not_tell_of_runs_from_memory()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        pair.A.Cluster.MayAct = false;
        var memory = pair.A.Engine.Live(run)!.State;

        var read = await pair.A.Runs.ReadAsync(Pair.Caller, run, Pair.Cancel);

        Assert.NotSame(memory, read);
        Assert.Equal(memory.Seq, read!.Seq);
        pair.A.Cluster.MayAct = true;
    }
}
