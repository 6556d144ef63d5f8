using Aos.Contracts;
using Aos.Runs;

namespace Aos.Integration.Tests.Cluster;

/// <summary>A node hands its runs back.</summary>
[Trait("store", "none")]
public sealed class Draining
{
    private const string Two = """{"name":"w","steps":[{"id":"a","skill":"once","params":{"n":1}},{"id":"b","skill":"once","params":{"n":2},"depends_on":["a"]}]}""";
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Calls_under_way_end_and_another_node_goes_on_without_making_one_twice()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Two);
        await pair.Skills.Called;

        pair.A.Engine.Drain();
        Assert.Equal(pair.A.Cluster.Lease.Node, pair.Row(run).Owner); // Not before the call has ended.
        pair.Skills.Open();
        await pair.UntilAsync(() => pair.Row(run).Owner != pair.A.Cluster.Lease.Node);
        await pair.B.Engine.ArrivedAsync(run); // As a heartbeat does.

        var end = await pair.B.Runs.WaitAsync(Pair.Caller, run, Long, Pair.Cancel);
        Assert.Equal(RunStatus.Succeeded, end!.Status);
        Assert.Equal(2, pair.Skills.Effects.Count);
        Assert.Equal(2, pair.Skills.Effects.Select(effect => effect.Call.IdempotencyKey).Distinct().Count());
        Assert.DoesNotContain(pair.Journal.Events(run), entry => entry.Kind == "call.unknown.v1");
        await pair.UntilAsync(() => pair.A.Cluster.HasLeft);
    }

    [Fact]
    public async Task A_draining_node_starts_nothing_and_says_when_to_ask_again()
    {
        await using var pair = await Pair.OpenAsync();
        pair.A.Engine.Drain();

        var reply = await pair.A.Runs.StartAsync(Pair.Caller, new StartRequest("a", null!, Json.EmptyObject), Pair.Cancel);

        var refused = Assert.IsType<StartReply.Refused>(reply).Why;
        Assert.Equal("SERVICE_UNAVAILABLE", refused.Code);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.RetryAfter);
    }

    [Fact]
    public async Task A_command_that_comes_while_runs_are_handed_back_is_decided_by_the_next_driver()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Two);
        await pair.Skills.Called;
        pair.A.Engine.Drain();
        var asked = pair.A.Runs.CommandAsync(Pair.Caller, run, new PauseRun("wait"), Pair.Cancel);

        pair.Skills.Open();
        await pair.UntilAsync(() => pair.Journal.InboxAsync(run, Pair.Cancel).Result.Any(item => item.Kind == CommandCodec.Kind)); // Until then B knows of nothing.
        await pair.B.Engine.ArrivedAsync(run);

        Assert.True(Assert.IsType<CommandReply.Done>(await asked).State.IsPaused);
    }

    [Fact]
    public async Task Who_waits_at_a_draining_node_for_a_run_that_ended_before_its_driver_looked_is_sent_to_another()
    {
        await using var pair = await Pair.OpenAsync(pokes: false);
        var run = await pair.StartAsync(pair.B, Two);
        await pair.Skills.Called;
        await pair.A.Engine.Draining.DrainAndLeaveAsync();
        var asked = pair.A.Runs.CommandAsync(Pair.Caller, run, new PauseRun("wait"), Pair.Cancel);
        await pair.UntilAsync(() => pair.Journal.InboxAsync(run, Pair.Cancel).Result.Count > 0);

        pair.Skills.Open();

        await Assert.ThrowsAsync<JournalUnavailableException>(() => asked.WaitAsync(Long, TimeProvider.System, Pair.Cancel));
        Assert.Equal(RunStatus.Succeeded, pair.Row(run).Status);
    }

    [Fact]
    public async Task A_call_that_outlives_the_grace_is_left_and_its_outcome_counts_once()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Two);
        await pair.Skills.Called;

        var drained = pair.A.Engine.Draining.DrainAndLeaveAsync();
        await drained.WaitAsync(Long, TimeProvider.System, Pair.Cancel);
        Assert.True(pair.A.Cluster.HasLeft);
        await pair.B.Engine.ArrivedAsync(run);
        await pair.UntilAsync(() => pair.Journal.Events(run).Any(entry => entry.Kind == "call.unknown.v1"));

        pair.Skills.Open(); // The node that left hears of the outcome and puts it into the inbox.
        await pair.UntilAsync(() => pair.Journal.InboxAsync(run, Pair.Cancel).Result.Count > 0 || pair.Row(run).InboxRead > 0);
        await pair.B.Engine.ArrivedAsync(run); // As a heartbeat does.

        Assert.Equal(RunStatus.Succeeded, (await EndAsync(pair, run)).Status);
        Assert.Equal(2, pair.Skills.Effects.Count);
    }

    private static async Task<RunRow> EndAsync(Pair pair, RunId run)
    {
        await pair.UntilAsync(() => pair.Row(run).Status.IsOver());
        return pair.Row(run);
    }

    [Fact]
    public async Task A_node_that_is_told_in_a_heartbeat_drains_and_goes_on_answering()
    {
        await using var pair = await Pair.OpenAsync();
        var parked = await pair.StartAsync(pair.A, """{"name":"w","steps":[{"id":"a","await":{"signal":"go"}}]}""");
        var driven = await pair.StartAsync(pair.B, Two);
        await pair.Skills.Called;
        await pair.A.Cluster.DrainAsync(pair.A.Cluster.Lease.Node, Pair.Cancel);

        pair.A.Cluster.Beat();

        Assert.True(pair.A.Engine.IsDraining);
        Assert.Equal(RunStatus.Waiting, (await pair.A.Runs.ReadAsync(Pair.Caller, parked, Pair.Cancel))!.Status);
        Assert.IsType<CommandReply.Done>(await pair.A.Runs.CommandAsync(Pair.Caller, driven, new PauseRun(""), Pair.Cancel));
    }

    [Fact]
    public async Task A_stop_ends_in_time_though_calls_and_clients_hang()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Two);
        await pair.Skills.Called;
        var waiting = pair.A.Runs.WaitAsync(Pair.Caller, run, TimeSpan.FromHours(1), Pair.Cancel);
        var following = pair.A.Runs.FollowAsync(Pair.Caller, run, pair.Row(run).Seq, Pair.Cancel).GetAsyncEnumerator(Pair.Cancel);
        var next = following.MoveNextAsync().AsTask();
        var started = TimeProvider.System.GetTimestamp();

        await pair.A.Engine.StopAsync(Pair.Cancel);

        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(9));
        Assert.True(pair.A.Cluster.HasLeft);
        Assert.Equal(RunStatus.Running, (await waiting)!.Status);
        await Assert.ThrowsAsync<JournalUnavailableException>(() => next);
    }
}
