using Aos.Contracts;
using Aos.Runs;
using Aos.Testing;
using System.Text;

namespace Aos.Integration.Tests.Cluster;

/// <summary>Commands for runs that another node drives.</summary>
[Trait("store", "none")]
public sealed class Routing
{
    private const string Slow = """{"name":"w","steps":[{"id":"a","skill":"slow","params":{"n":1}}]}""";

    [Fact]
    public async Task A_command_reaches_the_driver_and_its_answer_comes_back_as_if_it_were_here()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;

        var reply = await pair.B.Runs.CommandAsync(Pair.Caller, run, new CancelRun("enough"), Pair.Cancel);

        var done = Assert.IsType<CommandReply.Done>(reply);
        Assert.Equal(RunStatus.Cancelled, done.State.Status);
        Assert.Equal((await pair.A.Runs.ReadAsync(Pair.Caller, run, Pair.Cancel))!.Seq, done.State.Seq);
        Assert.Contains("enough", done.State.End!.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_comes_back_with_its_code_and_nothing_is_journaled()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        var before = pair.Journal.Events(run).Count;

        var reply = await pair.B.Runs.CommandAsync(Pair.Caller, run, new ResumeRun("again"), Pair.Cancel);

        Assert.Equal("RUN_NOT_PAUSED", Assert.IsType<CommandReply.Refused>(reply).Why.Code);
        Assert.Equal(before, pair.Journal.Events(run).Count);
        Assert.Equal(1, pair.Row(run).InboxRead);
    }

    [Fact]
    public async Task A_run_that_nobody_drives_is_taken_by_whoever_is_asked()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, """{"name":"w","steps":[{"id":"a","await":{"signal":"go"}},{"id":"b","skill":"slow","params":{},"depends_on":["a"]}]}""");
        Assert.Null(pair.Row(run).Owner);

        var reply = await pair.B.Runs.CommandAsync(Pair.Caller, run, new SignalRun("1", "go", Json.True), Pair.Cancel);

        Assert.IsType<CommandReply.Done>(reply);
        await pair.Skills.Called;
        Assert.Equal(pair.B.Cluster.Lease.Node, pair.Row(run).Owner);
    }

    [Fact]
    public async Task A_command_that_comes_after_the_end_is_decided_by_whoever_asked()
    {
        await using var pair = await Pair.OpenAsync(pokes: false);
        var run = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        var asked = pair.B.Runs.CommandAsync(Pair.Caller, run, new CancelRun("late"), Pair.Cancel);
        await pair.UntilAsync(() => pair.Journal.InboxAsync(run, Pair.Cancel).Result.Count == 1);

        pair.Skills.Open(); // The driver was never told: the run ends with the command unread.

        var refused = Assert.IsType<CommandReply.Refused>(await asked);
        Assert.Equal("RUN_OVER", refused.Why.Code);
        Assert.Equal(RunStatus.Succeeded, pair.Row(run).Status);
    }

    [Fact]
    public async Task Each_of_many_commands_is_decided_once()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;

        var replies = await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            (i % 2 == 0 ? pair.B : pair.A).Runs.CommandAsync(Pair.Caller, run, new SignalRun($"s{i}", "go", Json.Of(i)), Pair.Cancel)));

        Assert.All(replies, reply => Assert.IsType<CommandReply.Done>(reply));
        Assert.Equal(50, (await pair.A.Runs.ReadAsync(Pair.Caller, run, Pair.Cancel))!.SignalIds.Count);
        Assert.Equal(25, pair.Row(run).InboxRead);
    }

    [Fact]
    [Trait("id", "W-28")]
    public async Task Another_tenant_and_an_unknown_run_find_nothing()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        var stranger = Pair.Caller with { Tenant = new TenantId("other") };

        Assert.IsType<CommandReply.Unknown>(await pair.B.Runs.CommandAsync(stranger, run, new CancelRun(""), Pair.Cancel));
        Assert.IsType<CommandReply.Unknown>(await pair.B.Runs.CommandAsync(Pair.Caller, new RunId(Guid.CreateVersion7()), new CancelRun(""), Pair.Cancel));

        // Mail with the name of another tenant inside is answered like an unknown run, and changes nothing.
        await pair.Journal.SendAsync(new InboxItem(run, "forged", "command", CommandCodec.Write(stranger.Tenant, new CancelRun(""))), Pair.Cancel);
        await pair.A.Engine.ArrivedAsync(run);
        await pair.UntilAsync(() => pair.Row(run).InboxRead == 1);
        Assert.Equal("RUN_NOT_FOUND", CommandCodec.Read((await pair.Journal.AnswerAsync(run, "forged", Pair.Cancel))!).Refusal!.Code);
        Assert.False((await pair.A.Runs.ReadAsync(Pair.Caller, run, Pair.Cancel))!.Status.IsOver());
    }

    [Fact]
    public async Task What_cannot_be_read_is_refused_and_the_run_goes_on()
    {
        await using var pair = await Pair.OpenAsync();
        var run = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        foreach (var (id, body) in new[] { ("torn", "{\"tenant\":"), ("newer", """{"tenant":"default","order":"dance"}"""), ("short", """{"tenant":"default","order":"cancel"}""") })
            await pair.Journal.SendAsync(new InboxItem(run, id, "command", Encoding.UTF8.GetBytes(body)), Pair.Cancel);

        await pair.A.Engine.ArrivedAsync(run);
        await pair.UntilAsync(() => pair.Row(run).InboxRead == 3);

        Assert.Equal("INVALID_INPUT", await CodeAsync(pair, run, "torn"));
        Assert.Equal("NOT_AVAILABLE", await CodeAsync(pair, run, "newer"));
        Assert.Equal("INVALID_INPUT", await CodeAsync(pair, run, "short"));
        pair.Skills.Open();
        Assert.Equal(RunStatus.Succeeded, (await pair.B.Runs.WaitAsync(Pair.Caller, run, TimeSpan.FromSeconds(20), Pair.Cancel))!.Status);
    }

    [Fact]
    public async Task Whoever_stops_asking_gets_no_answer_and_the_command_stays()
    {
        await using var pair = await Pair.OpenAsync(pokes: false);
        var run = await pair.StartAsync(pair.A, Slow);
        await pair.Skills.Called;
        using var impatient = new CancellationTokenSource();
        var asked = pair.B.Runs.CommandAsync(Pair.Caller, run, new CancelRun("enough"), impatient.Token);
        await pair.UntilAsync(() => pair.Journal.InboxAsync(run, Pair.Cancel).Result.Count == 1);

        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await pair.A.Engine.ArrivedAsync(run);
        await pair.UntilAsync(() => pair.Row(run).Status == RunStatus.Cancelled);
    }

    [Fact]
    [Trait("id", "SWITCH-24")]
    public void Commands_travel_unchanged()
    {
        RunCommand[] all =
        [
            new CancelRun("why \"not\""), new PauseRun(""), new ResumeRun("ß"), new RetryRun("r"), new SignalRun("i", "n", Json.Parse("""{"a":[1.50,null]}""")),
            new ResolveStep("s", 3, ResolveVerdict.NotDone, Json.Parse("{}")),
            new StopRun(FailureCatalog.Fail("EMERGENCY_STOP", "Stopped.", null, Json.Parse("""{"scope":"house","reason":"ß"}"""))),
        ];

        foreach (var command in all)
        {
            var body = CommandCodec.Write(TenantId.Default, command);
            var (back, refusal) = CommandCodec.Read(new InboxItem(default, "i", "command", body), TenantId.Default);

            Assert.Null(refusal);
            Assert.Equal(Encoding.UTF8.GetString(body), Encoding.UTF8.GetString(CommandCodec.Write(TenantId.Default, back!)));
        }
    }

    private static async Task<string> CodeAsync(Pair pair, RunId run, string id) => CommandCodec.Read((await pair.Journal.AnswerAsync(run, id, Pair.Cancel))!).Refusal!.Code;
}
