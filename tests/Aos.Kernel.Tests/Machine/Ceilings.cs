namespace Aos.Kernel.Tests.Machine;

/// <summary>Money: reserved before a call, settled after it, released where it was not used. A call costs 5 cents at most.</summary>
public sealed class Ceilings
{
    [Theory]
    [InlineData(""","max_cost_cents":4""", 100, "STEP_CEILING_EXCEEDED")]
    [InlineData(""","max_cost_cents":0""", 100, "STEP_CEILING_EXCEEDED")] // Zero is a ceiling too.
    [InlineData(""","max_cost_cents":1000""", 4, "RUN_BUDGET_EXCEEDED")] // What a plan says of itself lifts nobody's limit.
    [InlineData("", 0, "RUN_BUDGET_EXCEEDED")]
    [Trait("id", "W-08")]
    public void The_lowest_ceiling_counts_and_what_it_refuses_is_neither_ordered_nor_charged(string ceiling, int budget, string code)
    {
        var run = MachineWorld.Started("""{"name":"b","steps":[{"id":"a","skill":"paid"CEILING}]}""".Replace("CEILING", ceiling, StringComparison.Ordinal), budget: new Cents(budget));

        Assert.Equal((code, Cents.Zero, Cents.Zero), (run.State.End!.Failure!.Code, run.State.Spent, run.State.Reserved));
        Assert.DoesNotContain(run.Journal, e => e is StepStarted);
    }

    [Fact]
    [Trait("id", "W-08")]
    public void The_lower_of_the_caller_s_budget_and_the_plan_s_is_the_run_s()
    {
        const string Plan = """{"name":"b","budget_cents":8,"steps":[{"id":"a","skill":"paid"}]}""";

        Assert.Equal([8m, 6m, 8m], new Cents?[] { new Cents(100), new Cents(6), null }.Select(budget => MachineWorld.Started(Plan, budget: budget).State.Start!.Budget!.Value.Value));
    }

    [Fact]
    [Trait("id", "W-08")]
    [Trait("id", "B8.4-25")]
    [Trait("id", "B8.4-26")]
    public void What_was_reserved_is_settled_by_what_the_call_cost_and_the_rest_is_free_again()
    {
        var run = MachineWorld.Started("""{"name":"b","steps":[{"id":"a","skill":"paid"},{"id":"b","skill":"paid"}]}""", budget: new Cents(8));
        Assert.Equal((Cents.Zero, new Cents(5)), (run.State.Spent, run.State.Reserved));

        run.Answer("a", cost: 3);

        Assert.Equal((new Cents(3), new Cents(5)), (run.State.Spent, run.State.Reserved)); // 8 of 8: b has its turn.
        run.Answer("b", cost: 1);
        Assert.Equal((new Cents(4), Cents.Zero, RunStatus.Succeeded), (run.State.Spent, run.State.Reserved, run.State.Status));
    }

    [Fact]
    [Trait("id", "W-08")]
    public void Each_try_is_reserved_and_settled_by_itself_and_a_failed_one_costs_what_it_cost()
    {
        var run = MachineWorld.Started("""{"name":"b","steps":[{"id":"a","skill":"paid","retry":{"max_attempts":3,"backoff":"1s"}}]}""", budget: new Cents(8));
        run.Do(new RecordOutcome(run.Order("a").Id, StructuredOutcome.Failed(FailureCatalog.Fail("RATE_LIMITED", "Later."), new Cents(2))));
        Assert.Equal((new Cents(2), Cents.Zero), (run.State.Spent, run.State.Reserved));

        run.After(TimeSpan.FromMinutes(1));
        Assert.Equal((new Cents(2), new Cents(5)), (run.State.Spent, run.State.Reserved));
        run.Do(new RecordOutcome(run.Order("a").Id, StructuredOutcome.Failed(FailureCatalog.Fail("RATE_LIMITED", "Later."), new Cents(2)))).After(TimeSpan.FromMinutes(1));

        Assert.Equal(("RUN_BUDGET_EXCEEDED", new Cents(4)), (run.State.End!.Failure!.Code, run.State.Spent)); // 4 of 8 are left: less than a third try may cost.
    }

    [Fact]
    [Trait("id", "W-08")]
    public void Calls_at_the_same_time_cannot_spend_the_same_money()
    {
        var run = MachineWorld.Started("""{"name":"b","steps":[{"id":"a","depends_on":[],"skill":"paid"},{"id":"b","skill":"paid","on_error":"continue"}]}""", budget: new Cents(9));

        Assert.Equal(["a"], run.Orders());
        Assert.Equal((StepStatus.Failed, "RUN_BUDGET_EXCEEDED"), (run.Step("b"), run.State.Steps[1].Failure!.Code));
        Assert.Equal(new Cents(5), run.State.Reserved);
    }

    [Fact]
    [Trait("id", "W-08")]
    public void A_call_that_nobody_knows_of_counts_with_all_it_may_have_cost_and_once()
    {
        var run = MachineWorld.Started("""{"name":"b","steps":[{"id":"a","skill":"paid"}]}""", budget: new Cents(8));
        var call = run.Order("a").Id;
        run.Do(new RecordUnknown(call, "The process ended."));
        Assert.Equal((new Cents(5), Cents.Zero), (run.State.Spent, run.State.Reserved));

        run.Do(new RecordOutcome(call, StructuredOutcome.Succeeded(Json.Null, new Cents(3))));

        Assert.Equal((new Cents(5), RunStatus.Succeeded), (run.State.Spent, run.State.Status));
    }
}
