namespace Aos.Kernel.Tests.Machine;

/// <summary>A run that waits for its turn before it begins.</summary>
public sealed class Queued
{
    private const string Plan = """{"name":"q","timeout":"5s","steps":[{"id":"a","skill":"put"}]}""";

    [Fact]
    public void Nothing_happens_before_its_turn_and_its_timeout_counts_from_there()
    {
        var run = MachineWorld.Started(Plan, queued: true);
        run.After(TimeSpan.FromHours(1));
        Assert.Equal((RunStatus.Queued, 1), (run.State.Status, run.Journal.Count));
        Assert.Empty(run.Orders());
        Assert.Null(RunMachine.NextWake(run.State));

        run.Do(new BeginRun());

        Assert.Equal(["a"], run.Orders());
        Assert.Equal(run.Now, run.State.BegunAt);
        Assert.Equal(run.Now + TimeSpan.FromSeconds(5), RunMachine.NextWake(run.State));
        run.Do(new BeginRun());
        Assert.Single(run.Journal.OfType<RunBegan>());
    }

    [Fact]
    public void It_can_be_cancelled_in_line()
    {
        var run = MachineWorld.Started(Plan, queued: true).Do(new CancelRun("enough"));

        Assert.Equal(RunStatus.Cancelled, run.State.Status);
        run.Do(new BeginRun());
        Assert.Empty(run.Orders());
    }

    [Fact]
    public void Paused_in_line_it_has_no_turn_until_it_is_resumed()
    {
        var run = MachineWorld.Started(Plan, queued: true).Do(new PauseRun("look")).Do(new BeginRun());
        Assert.Equal(RunStatus.Paused, run.State.Status);
        Assert.Null(run.State.BegunAt);

        run.Do(new ResumeRun("go"));
        Assert.Equal(RunStatus.Queued, run.State.Status);
        run.Do(new BeginRun());
        Assert.Equal(RunStatus.Running, run.State.Status);
    }

    [Fact]
    public void A_signal_in_line_is_kept_for_the_step_that_awaits_it()
    {
        var run = MachineWorld.Started("""{"name":"s","steps":[{"id":"a","await":{"signal":"go"}}]}""", queued: true).Do(new SignalRun("1", "go", Json.Null));
        Assert.Equal(RunStatus.Queued, run.State.Status);

        run.Do(new BeginRun());

        Assert.Equal(RunStatus.Succeeded, run.State.Status);
    }

    [Fact]
    public void A_new_attempt_may_wait_for_its_turn_as_well()
    {
        var run = MachineWorld.Started(Plan).Do(new CancelRun("enough")).Do(new RetryRun("again") { Queued = true });
        Assert.Equal(RunStatus.Queued, run.State.Status);
        Assert.Empty(run.Orders());

        run.Do(new BeginRun());

        Assert.Equal(["a"], run.Orders());
    }

    [Fact]
    public void Its_root_is_that_of_the_same_run_without_a_line()
    {
        var queued = MachineWorld.Started(Plan, queued: true).Do(new BeginRun()).Answer("a", "1");
        var started = MachineWorld.Started(Plan).Answer("a", "1");

        Assert.Equal(started.State.End!.RootHash, queued.State.End!.RootHash);
        Assert.Equal((KernelRule.First, KernelRule.Queue), (started.State.Start!.Rule, queued.State.Start!.Rule));
    }
}
