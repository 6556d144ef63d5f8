namespace Aos.Kernel.Tests.Machine;

/// <summary>Completed steps undone by one attempt of a run and again by the next one.</summary>
public sealed class Undoing
{
    private const string Plan = """
        {"name":"p","on_failure":"compensate","steps":[
          {"id":"a","skill":"post","params":{"n":1},"compensate":{"skill":"UNDO","params":{}}},
          {"id":"b","skill":"put","params":{}}]}
        """;

    private static string With(string undo) => Plan.Replace("UNDO", undo, StringComparison.Ordinal);

    private static MachineWorld Failing(string undo) => MachineWorld.Started(With(undo)).Answer("a", "1").Fail("b", "FILE_NOT_FOUND");

    private static string[] Keys(MachineWorld world) => [.. world.Journal.OfType<StepStarted>().Where(started => started.Effect.Compensation).Select(started => started.IdempotencyKey)];

    [Fact]
    [Trait("id", "PROPERTY-09")]
    public void Each_attempt_undoes_under_a_key_of_its_own()
    {
        var world = Failing("put").Answer("a").Do(new RetryRun("again")).Answer("a", "2").Fail("b", "FILE_NOT_FOUND").Answer("a");

        Assert.Equal(RunStatus.Failed, world.State.Status);
        Assert.Equal(2, Keys(world).Distinct().Count());
        Assert.Equal(StepStatus.Compensated, world.Step("a"));
    }

    [Fact]
    [Trait("id", "PROPERTY-09")]
    public void What_may_have_been_undone_goes_out_again_under_its_key_and_is_paid_once()
    {
        var world = MachineWorld.Started(With("paid").Replace("\"name\":\"p\"", "\"name\":\"p\",\"timeout\":\"1m\"", StringComparison.Ordinal), budget: new Cents(10))
            .Answer("a", "1").Fail("b", "FILE_NOT_FOUND").After(TimeSpan.FromMinutes(2)); // The run's time is over while it undoes.
        Assert.Equal(("RUN_TIMEOUT", new Cents(5)), (world.State.End!.Failure!.Code, world.State.Spent));

        world.Do(new RetryRun("again")).Fail("b", "FILE_NOT_FOUND");
        Assert.Equal((new Cents(5), new Cents(5)), (world.State.Spent, world.State.Reserved));
        world.Answer("a", "null", 5);

        Assert.Equal((RunStatus.Failed, new Cents(10)), (world.State.Status, world.State.Spent));
        Assert.Single(Keys(world).Distinct());
        Assert.Equal(2, Keys(world).Length);
    }

    [Fact]
    [Trait("id", "PROPERTY-09")]
    public void Nobody_retries_a_run_before_it_is_told_whether_a_step_was_undone()
    {
        var world = Failing("post").Do(new CancelRun("stop"));
        Assert.Equal("OUTCOME_UNKNOWN", world.Do(new RetryRun("again")).Refusal?.Code);

        world.Do(new ResolveStep("a", -1, ResolveVerdict.Done, Json.Null));
        Assert.Equal(StepStatus.Compensated, world.Step("a"));
        world.Do(new RetryRun("again"));

        Assert.Equal(["a"], world.Orders()); // It was undone, so it is done again.
        Assert.Equal(KernelRule.Insists, world.State.Start!.Rule);
    }

    [Fact]
    [Trait("id", "PROPERTY-09")]
    public void A_run_of_an_earlier_rule_goes_on_as_it_began()
    {
        var events = Failing("put").Answer("a").Journal;
        events[0] = (RunStarted)events[0] with { Rule = KernelRule.First };
        var state = events.Aggregate(RunState.Empty, RunMachine.Evolve);

        state = RunMachine.Decide(state, new RetryRun("again"), new Facts(state.LastAt)).From(state);

        Assert.Null(state.Steps[0].Compensation);
    }

    [Theory]
    [Trait("id", "F5.82-03")]
    [InlineData(KernelRule.Insists, StepStatus.Compensated, 2)]
    [InlineData(KernelRule.Memory, StepStatus.Succeeded, 1)]
    public void What_undoes_a_step_is_tried_again_where_its_run_began_under_the_rule_for_it(KernelRule rule, StepStatus status, int orders)
    {
        var world = MachineWorld.Started(With("put"), rule: rule).Answer("a", "1").Fail("b", "FILE_NOT_FOUND").Fail("a", "RATE_LIMITED");
        if (rule >= KernelRule.Insists) world.After(TimeSpan.FromSeconds(6)).Answer("a");

        Assert.Equal((RunStatus.Failed, status, orders), (world.State.Status, world.Step("a"), Keys(world).Length));
        Assert.Equal("FILE_NOT_FOUND", world.State.End!.Failure!.Code);
    }

    [Fact]
    [Trait("id", "PROPERTY-10")]
    public void An_outcome_of_an_undoing_that_nobody_ordered_decides_nothing()
    {
        var world = MachineWorld.Started("""{"name":"p","budget_cents":5,"steps":[{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"paid"}]}}},{"id":"b","skill":"echo"}]}""");
        var seq = world.State.Seq;

        world.Do(new RecordOutcome(new EffectId(0, -1, 0, Compensation: true), StructuredOutcome.Succeeded(Json.True, new Cents(1))));
        world.Do(new RecordOutcome(new EffectId(1, -1, 0, Compensation: true), StructuredOutcome.Succeeded(Json.True)));

        Assert.Equal(seq, world.State.Seq);
    }
}
