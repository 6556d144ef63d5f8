namespace Aos.Kernel.Tests.Machine;

/// <summary>Children under way when their run ends: what they spend counts, once, when it is known.</summary>
public sealed class Settling
{
    /// <summary>Two children and a call of five cents at most, all at once.</summary>
    private const string Plan = """
        {"name":"p","steps":[
          {"id":"a","depends_on":[],"run":{"plan":{"name":"c","steps":[{"id":"x","skill":"paid"}]}}},
          {"id":"b","depends_on":[],"run":{"plan":{"name":"c","steps":[{"id":"x","skill":"paid"}]}}},
          {"id":"c","depends_on":[],"skill":"paid"}]}
        """;

    [Theory]
    [InlineData("cancel")]
    [InlineData("failure")]
    [InlineData("timeout")]
    [Trait("id", "SETTLE-01")]
    public void What_children_spent_counts_when_they_are_over_however_their_run_ended(string end)
    {
        var run = MachineWorld.Started(Plan.Replace("\"name\":\"p\"", "\"name\":\"p\",\"timeout\":\"1m\"", StringComparison.Ordinal), budget: new Cents(30));
        var (first, second) = Children(run);
        if (end == "failure") run.Fail("c", "INVALID_INPUT");
        else if (end == "timeout") run.Answer("c").After(TimeSpan.FromMinutes(2));
        else run.Answer("c").Do(new CancelRun("enough"));
        Assert.Equal((new Cents(0), new Cents(20)), (run.State.Spent, run.State.Reserved));
        Assert.Equal([first, second], RunMachine.Unsettled(run.State).Select(child => child.Effect));
        var (status, root) = (run.State.Status, run.State.End!.RootHash);

        Lose(run, first, 4);
        Assert.Equal((new Cents(4), new Cents(10)), (run.State.Spent, run.State.Reserved));
        run.Do(new RecordOutcome(second, StructuredOutcome.Succeeded(Json.Parse("7"), new Cents(3))));

        Assert.Equal((new Cents(7), Cents.Zero), (run.State.Spent, run.State.Reserved));
        Assert.Equal([new Cents(4), new Cents(3)], run.State.Steps.Take(2).Select(step => step.Cost));
        Assert.Equal([StepStatus.Failed, StepStatus.Succeeded], run.State.Steps.Take(2).Select(step => step.Status));
        Assert.Equal((status, root), (run.State.Status, run.State.End.RootHash));
        Assert.Empty(RunMachine.Unsettled(run.State));
    }

    [Fact]
    [Trait("id", "SETTLE-02")]
    public void A_child_counts_once_and_without_a_budget_too()
    {
        var run = MachineWorld.Started(Plan);
        var (first, _) = Children(run);
        run.Answer("c").Do(new CancelRun("enough"));
        Lose(run, first, 4);
        var events = run.Journal.Count;

        Lose(run, first, 9);

        Assert.Equal(events, run.Journal.Count);
        Assert.Equal(new Cents(4), run.State.Spent);
    }

    [Fact]
    [Trait("id", "SETTLE-03")]
    public void A_retry_counts_what_is_not_known_yet_in_full_and_begins_children_of_its_own()
    {
        var run = MachineWorld.Started(Plan, budget: new Cents(60));
        var (first, second) = Children(run);
        run.Answer("c", cost: 5).Do(new CancelRun("enough"));
        Lose(run, first, 1);
        run.Do(new RetryRun("again"));

        Assert.Equal(new Cents(5 + 1 + 20), run.State.Spent); // The second child's share was twenty.
        var (third, fourth) = Children(run);
        Assert.Equal((1, 1), (third.Generation, fourth.Generation));
        Lose(run, second, 2); // Of the attempt before: paid already.
        Assert.Equal(new Cents(26), run.State.Spent);
        run.Do(new RecordOutcome(third, StructuredOutcome.Succeeded(Json.Null, new Cents(2)))).Do(new RecordOutcome(fourth, StructuredOutcome.Succeeded(Json.Null, new Cents(2))));
        Assert.Equal((RunStatus.Succeeded, new Cents(30), Cents.Zero), (run.State.Status, run.State.Spent, run.State.Reserved));
    }

    [Fact]
    [Trait("id", "SETTLE-04")]
    public void A_run_that_began_under_an_earlier_rule_counts_as_it_did()
    {
        var start = MachineWorld.Started(Plan, budget: new Cents(30)).State.Start! with { Rule = KernelRule.Shares };
        var state = RunMachine.Evolve(RunState.Empty, start);
        var facts = new Facts(start.At);
        state = RunMachine.Decide(state, new WakeRun(), facts).From(state);
        var child = RunMachine.Pending(state).OfType<StartChild>().First().Id;
        state = RunMachine.Decide(state, new CancelRun("enough"), facts).From(state);

        Assert.Equal(Cents.Zero, state.Reserved);
        Assert.Empty(RunMachine.Unsettled(state));
        Assert.Empty(RunMachine.Decide(state, new RecordOutcome(child, StructuredOutcome.Succeeded(Json.Null, new Cents(3))), facts).Events);
    }

    private static (EffectId First, EffectId Second) Children(MachineWorld run)
    {
        var owed = RunMachine.Pending(run.State).OfType<StartChild>().ToList();
        return (owed[0].Id, owed[1].Id);
    }

    private static void Lose(MachineWorld run, EffectId child, decimal cost) =>
        run.Do(new RecordOutcome(child, StructuredOutcome.Failed(FailureCatalog.Fail("CHILD_FAILED", "It was called off."), new Cents(cost))));
}
