namespace Aos.Kernel.Tests.Machine;

/// <summary>What a kill switch makes of a run. Each decision is folded and replayed by the world.</summary>
public sealed class Stopping
{
    private static readonly Failure Why = FailureCatalog.Fail("EMERGENCY_STOP", "All runs are stopped by a kill switch: breach", null, Json.Parse("""{"scope":"house"}"""));

    [Fact]
    [Trait("id", "SWITCH-01")]
    [Trait("id", "SWITCH-02")]
    public void It_ends_at_once_keeps_what_is_done_and_undoes_nothing()
    {
        var run = MachineWorld.Started("""
            {"name":"p","on_failure":"compensate","steps":[{"id":"a","skill":"put","compensate":{"skill":"put","params":{}}},{"id":"b","skill":"post"},{"id":"c","skill":"echo"}]}
            """).Answer("a", "1");
        Assert.Equal(["b"], run.Orders());

        run.Do(new StopRun(Why));

        Assert.Equal((RunStatus.Failed, Why), (run.State.Status, run.State.End!.Failure));
        Assert.Empty(run.Orders());
        Assert.Equal((StepStatus.Succeeded, "1", StepStatus.Pending), (run.Step("a"), run.Result("a"), run.Step("c")));
        Assert.DoesNotContain(run.Journal, e => e is CompensationStarted);
        Assert.Null(RunMachine.NextWake(run.State));
    }

    [Fact]
    [Trait("id", "SWITCH-01")]
    public void Once_it_is_over_a_switch_and_a_late_outcome_change_nothing()
    {
        var run = MachineWorld.Started("""[{"skill":"put"}]""");
        var order = run.Order("s1");
        var seq = run.Do(new StopRun(Why)).State.Seq;

        run.Do(new RecordOutcome(order.Id, StructuredOutcome.Succeeded(Json.Null)));
        Assert.Equal(seq, run.State.Seq);
        run.Do(new StopRun(Why));
        Assert.Equal(("RUN_OVER", seq), (run.Refusal!.Code, run.State.Seq));
    }

    [Theory]
    [InlineData("""[{"skill":"put"}]""", "queued")]
    [InlineData("""[{"skill":"put"}]""", "paused")]
    [InlineData("""[{"skill":"put"}]""", "quarantined")]
    [InlineData("""{"name":"p","steps":[{"id":"a","sleep":"1h"}]}""", "")]
    [InlineData("""{"name":"p","steps":[{"id":"a","await":{"signal":"go","timeout":"1h"}}]}""", "")]
    [InlineData("""{"name":"p","steps":[{"id":"a","await":{"approval":{}}}]}""", "")]
    [InlineData("""{"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"put"}]}}}]}""", "")]
    [Trait("id", "SWITCH-03")]
    public void Whatever_it_waits_for_it_ends(string plan, string how)
    {
        var run = MachineWorld.Started(plan, queued: how == "queued");
        if (how == "paused") run.Do(new PauseRun("look"));
        if (how == "quarantined") run.Do(new QuarantineRun("odd"));

        run.Do(new StopRun(Why));

        Assert.Equal((RunStatus.Failed, "EMERGENCY_STOP"), (run.State.Status, run.State.End!.Failure!.Code));
        Assert.Empty(run.After(TimeSpan.FromHours(2)).Orders());
    }

    [Fact]
    [Trait("id", "SWITCH-03")]
    public void It_ends_while_it_undoes()
    {
        var run = MachineWorld.Started("""
            {"name":"p","on_failure":"compensate","steps":[{"id":"a","skill":"put","compensate":{"skill":"put","params":{}}},{"id":"b","skill":"put"}]}
            """).Answer("a").Fail("b", "HTTP_4XX");
        Assert.NotNull(run.State.Compensating);

        Assert.Equal("EMERGENCY_STOP", run.Do(new StopRun(Why)).State.End!.Failure!.Code);
    }

    [Fact]
    [Trait("id", "SWITCH-04")]
    public void Retried_it_keeps_its_finished_steps()
    {
        var run = MachineWorld.Started("""[{"id":"a","skill":"put"},{"id":"b","skill":"put"}]""").Answer("a", "1").Do(new StopRun(Why));

        run.Do(new RetryRun("released"));
        Assert.Equal(["b"], run.Orders());
        Assert.Equal((RunStatus.Succeeded, 2), (run.Answer("b").State.Status, run.State.Attempt));
    }

    [Fact]
    [Trait("id", "SWITCH-04")]
    public void A_call_that_may_have_happened_is_asked_about_before_the_retry()
    {
        var run = MachineWorld.Started("""[{"id":"a","skill":"post"}]""").Do(new StopRun(Why));

        Assert.Equal("OUTCOME_UNKNOWN", run.Do(new RetryRun("released")).Refusal!.Code);
        run.Do(new ResolveStep("a", -1, ResolveVerdict.NotDone, Json.Null)).Do(new RetryRun("released"));
        Assert.Equal(["a"], run.Orders());
    }

    [Fact]
    [Trait("id", "SWITCH-05")]
    public void A_run_whose_step_was_refused_by_a_switch_replays_as_what_it_was()
    {
        // The world replays it: the end follows from the step here, and from the switch above.
        var run = MachineWorld.Started("""[{"id":"a","skill":"put"}]""").Fail("a", "EMERGENCY_STOP");

        Assert.Equal((RunStatus.Failed, "EMERGENCY_STOP", StepStatus.Failed), (run.State.Status, run.State.End!.Failure!.Code, run.Step("a")));
    }

    [Fact]
    [Trait("id", "SWITCH-05")]
    public void A_journal_that_ends_by_a_switch_with_another_root_does_not_replay()
    {
        List<RunEvent> journal = [.. MachineWorld.Started("""[{"skill":"put"}]""").Do(new StopRun(Why)).Journal];
        Assert.Null(MachineReplay.Of(journal, MachineWorld.Stored).Seq);

        journal[^1] = (RunEnded)journal[^1] with { RootHash = new string('0', 64) };
        Assert.Equal(journal.Count, MachineReplay.Of(journal, MachineWorld.Stored).Seq);
    }
}
