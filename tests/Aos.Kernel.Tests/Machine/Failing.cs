namespace Aos.Kernel.Tests.Machine;

public sealed class Failing
{
    [Fact]
    public void A_retryable_failure_is_tried_again_after_its_delay_under_the_next_generation()
    {
        var run = MachineWorld.Started("""
            {"name":"r","steps":[{"id":"a","skill":"put","retry":{"max_attempts":2,"backoff":"1s","max_backoff":"5s","factor":2}}]}
            """);
        var key = run.Order("a").IdempotencyKey;
        run.Fail("a", "SERVICE_UNAVAILABLE");
        Assert.Equal(RunStatus.Retry, run.State.Status);
        Assert.Empty(run.Orders());
        Assert.NotNull(RunMachine.NextWake(run.State));

        run.After(TimeSpan.FromSeconds(2));
        Assert.NotEqual(key, run.Order("a").IdempotencyKey);
        run.Fail("a", "SERVICE_UNAVAILABLE");

        Assert.Equal("SERVICE_UNAVAILABLE", run.State.End!.Failure!.Code);
    }

    [Fact]
    public void What_was_ordered_before_its_list_failed_is_still_called_and_waited_for()
    {
        var run = MachineWorld.Started("""
            {"name":"r","steps":[{"id":"a","for_each":"${{ [1,2,3] }}","as":"n","max_parallel":2,"skill":"put","params":{"v":"${{ n }}"}}]}
            """);
        run.Fail("a", "INVALID_INPUT", item: 0);
        Assert.Equal(StepStatus.Failed, run.Step("a"));
        Assert.Equal(["a[1]"], run.Orders());
        Assert.Null(run.State.End);

        run.Answer("a", item: 1);

        Assert.Equal("INVALID_INPUT", run.State.End!.Failure!.Code);
        Assert.Empty(run.Orders());
    }

    [Fact]
    [Trait("id", "W-20")]
    public void Retry_after_of_the_peer_is_respected()
    {
        var run = MachineWorld.Started("""{"name":"r","steps":[{"id":"a","skill":"put","retry":{"max_attempts":3,"backoff":"1s"}}]}""");
        run.Fail("a", "RATE_LIMITED", retryAfter: TimeSpan.FromSeconds(40));

        Assert.Equal(run.Now + TimeSpan.FromSeconds(40), RunMachine.NextWake(run.State));
    }

    [Fact]
    [Trait("id", "W-03")]
    public void A_permanent_failure_ends_the_run_at_once()
    {
        var run = MachineWorld.Started("""{"name":"r","steps":[{"id":"a","skill":"put","retry":{"max_attempts":3,"backoff":"1s"}},{"id":"b","skill":"put"}]}""");
        run.Fail("a", "INVALID_INPUT");

        Assert.Equal(RunStatus.Failed, run.State.Status);
        Assert.Equal(StepStatus.Pending, run.Step("b"));
    }

    [Fact]
    public void Continue_goes_on_with_the_failure_visible()
    {
        var run = MachineWorld.Started("""
            {"name":"c","steps":[{"id":"a","skill":"put","on_error":"continue"},
              {"id":"b","skill":"echo","params":{"code":"${{ steps.a.outcome.code }}"}}]}
            """);
        run.Fail("a", "INVALID_INPUT");

        Assert.Equal("""{"code":"INVALID_INPUT"}""", run.Order("b").Params.GetRawText());
    }

    [Fact]
    public void A_fallback_runs_in_the_place_of_the_failed_step()
    {
        var run = MachineWorld.Started("""
            {"name":"f","steps":[{"id":"a","skill":"put","on_error":{"fallback":"b"}},
              {"id":"b","fallback_only":true,"skill":"put"},
              {"id":"c","skill":"echo","params":{"v":"${{ steps.a.result }}"}}]}
            """);
        run.Fail("a", "INVALID_INPUT");
        Assert.Equal(["b"], run.Orders());

        run.Answer("b", "7");
        Assert.Equal(StepStatus.Succeeded, run.Step("a"));
        Assert.Equal("""{"v":7}""", run.Order("c").Params.GetRawText());
    }

    [Fact]
    [Trait("id", "SCALE-10")]
    public void A_step_that_waits_for_its_stand_in_leaves_it_its_place()
    {
        var world = MachineWorld.Started("""
            {"name":"f","max_parallel_steps":1,"steps":[{"id":"a","skill":"put","on_error":{"fallback":"b"}},
              {"id":"b","fallback_only":true,"skill":"put"}]}
            """);

        world.Fail("a", "INVALID_INPUT");
        world.Answer("b");

        Assert.Equal(RunStatus.Succeeded, world.State.Status);
    }

    [Fact]
    public void A_fallback_nobody_needed_does_not_run()
    {
        var run = MachineWorld.Started("""
            {"name":"f","steps":[{"id":"a","skill":"put","on_error":{"fallback":"b"}},{"id":"b","fallback_only":true,"skill":"put"}]}
            """);
        run.Answer("a", "1");

        Assert.Equal(RunStatus.Succeeded, run.State.Status);
        Assert.Equal(StepStatus.Pending, run.Step("b"));
    }

    [Fact]
    public void Completed_steps_are_undone_newest_first()
    {
        var run = MachineWorld.Started("""
            {"name":"u","on_failure":"compensate","steps":[
              {"id":"a","skill":"put","compensate":{"skill":"put","params":{"undo":"a"}}},
              {"id":"b","skill":"put","compensate":{"skill":"put","params":{"undo":"b"}}},
              {"id":"c","skill":"put"}]}
            """);
        run.Answer("a").Answer("b").Fail("c", "INVALID_INPUT");
        Assert.Equal("""{"undo":"b"}""", run.Order("b").Params.GetRawText());
        run.Answer("b");
        Assert.Equal("""{"undo":"a"}""", run.Order("a").Params.GetRawText());
        run.Answer("a");

        Assert.Equal(RunStatus.Failed, run.State.Status);
        Assert.Equal(StepStatus.Compensated, run.Step("a"));
        Assert.Equal("INVALID_INPUT", run.State.End!.Failure!.Code);
    }

    [Fact]
    [Trait("id", "W-27")]
    public void A_missing_reference_fails_the_step_and_is_never_left_in_place()
    {
        var run = MachineWorld.Started("""
            {"name":"m","steps":[{"id":"a","skill":"put"},{"id":"b","skill":"put","params":{"v":"${{ steps.a.result.nothing }}"}}]}
            """);
        run.Answer("a", "{}");

        Assert.Equal("INVALID_REFERENCE", run.State.End!.Failure!.Code);
    }

    [Fact]
    public void An_at_most_once_call_that_timed_out_waits_for_a_person()
    {
        var run = MachineWorld.Started("""{"name":"o","steps":[{"id":"a","skill":"post","retry":{"max_attempts":5,"backoff":"1s"}},{"id":"b","skill":"put"}]}""");
        run.Fail("a", "TIMEOUT");
        Assert.Equal(RunStatus.Waiting, run.State.Status);
        Assert.Empty(run.Orders());

        run.Do(new ResolveStep("a", -1, ResolveVerdict.Done, Json.Parse("\"paid\"")));
        Assert.Equal("\"paid\"", run.Result("a"));
        Assert.Equal(["b"], run.Orders());
    }

    [Fact]
    public void A_lost_call_that_did_not_happen_is_ordered_anew()
    {
        var run = MachineWorld.Started("""{"name":"o","steps":[{"id":"a","skill":"post"}]}""");
        var lost = run.Order("a").Id;
        run.Do(new RecordUnknown(lost, "The process ended."));
        run.Do(new ResolveStep("a", -1, ResolveVerdict.NotDone, Json.Null));

        Assert.Equal(lost.Generation + 1, run.Order("a").Id.Generation);
    }

    [Fact]
    public void Giving_up_an_unknown_call_fails_the_run()
    {
        var run = MachineWorld.Started("""{"name":"o","steps":[{"id":"a","skill":"post"}]}""");
        run.Do(new RecordUnknown(run.Order("a").Id, "The process ended."));
        run.Do(new ResolveStep("a", -1, ResolveVerdict.Abort, Json.Null));

        Assert.Equal("OUTCOME_UNKNOWN", run.State.End!.Failure!.Code);
    }

    [Fact]
    public void A_late_outcome_of_an_unknown_call_still_counts()
    {
        var run = MachineWorld.Started("""{"name":"o","steps":[{"id":"a","skill":"post"}]}""");
        var id = run.Order("a").Id;
        run.Do(new RecordUnknown(id, "The connection was lost."));
        run.Do(new RecordOutcome(id, StructuredOutcome.Succeeded(Json.Parse("1"))));

        Assert.Equal(RunStatus.Succeeded, run.State.Status);
    }

    [Fact]
    [Trait("id", "W-08")]
    public void The_budget_is_reserved_before_the_call_and_never_overspent()
    {
        var run = MachineWorld.Started(
            """{"name":"b","budget_cents":8,"steps":[{"id":"a","skill":"paid"},{"id":"b","skill":"paid"}]}""");
        Assert.Equal(5m, run.State.Reserved.Value);
        run.Answer("a", "1", cost: 4);

        Assert.Equal("RUN_BUDGET_EXCEEDED", run.State.End!.Failure!.Code);
        Assert.Equal(4m, run.State.Spent.Value);
    }

    [Fact]
    public void A_budget_of_zero_means_zero()
    {
        var run = MachineWorld.Started("""{"name":"b","budget_cents":0,"steps":[{"id":"a","skill":"paid"}]}""");

        Assert.Equal("RUN_BUDGET_EXCEEDED", run.State.End!.Failure!.Code);
    }
}
