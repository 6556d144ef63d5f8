using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Workflow.Tests;

/// <summary>A run's budget, held by the machine.</summary>
public sealed class RuntimeBudgets
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    [Trait("id", "A8.2-10")]
    public void What_was_spent_is_taken_from_the_budget()
    {
        var run = Start("""{"name":"p","steps":[{"id":"a","skill":"paid","params":{}},{"id":"b","skill":"paid","params":{}}]}""", 1000);

        run = Answer(run, StructuredOutcome.Succeeded(Json.True, new Cents(250)));

        Assert.Equal(250, run.Spent.ToWholeCents());
        Assert.Equal(750, (run.Start!.Budget!.Value - run.Spent).ToWholeCents());
    }

    [Fact]
    [Trait("id", "A8.3-01")]
    [Trait("id", "A8.3-10")]
    [Trait("id", "F5.2-02")]
    [Trait("id", "F5.2-05")]
    [Trait("id", "F5.2-06")]
    public void A_step_that_does_not_fit_is_not_called()
    {
        var run = Start("""{"name":"p","steps":[{"id":"a","skill":"paid","params":{}},{"id":"b","skill":"paid","params":{}}]}""", 550);

        run = Answer(run, StructuredOutcome.Succeeded(Json.True, new Cents(300)));

        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Contains("BUDGET", run.End!.Failure!.Code, StringComparison.Ordinal);
        Assert.Equal(FailureCategory.Resource, run.End.Failure.Category);
        Assert.False(run.End.Failure.Retryable);
        Assert.Contains("Step b", run.End.Failure.Message, StringComparison.Ordinal);
        Assert.Contains("300", run.End.Failure.Message, StringComparison.Ordinal);
        Assert.Empty(RunMachine.Pending(run));
        Assert.Equal(300, run.Spent.ToWholeCents());
    }

    [Fact]
    [Trait("id", "F5.2-03")]
    [Trait("id", "F5.2-04")]
    public void No_budget_is_no_limit()
    {
        var run = Start("""{"name":"p","steps":[{"id":"a","skill":"paid","params":{}}]}""", null);

        run = Answer(run, StructuredOutcome.Succeeded(Json.True, new Cents(1_000_000)));

        Assert.Equal(RunStatus.Succeeded, run.Status);
    }

    [Fact]
    public void A_budget_of_zero_is_zero()
    {
        var run = Start("""{"name":"p","steps":[{"id":"a","skill":"paid","params":{}}]}""", 0);

        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Empty(RunMachine.Pending(run));
    }

    [Fact]
    [Trait("id", "A8.2-23")]
    public void A_step_s_own_ceiling_holds()
    {
        var run = Start("""{"name":"p","steps":[{"id":"a","skill":"paid","params":{},"max_cost_cents":10}]}""", 1000);

        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Empty(RunMachine.Pending(run));
    }

    [Fact]
    [Trait("id", "A8.2-24")]
    [Trait("id", "A8.2-25")]
    public void The_same_answers_give_the_same_run()
    {
        const string Plan = """{"name":"p","steps":[{"id":"a","skill":"paid","params":{"n":1}}]}""";

        Assert.Equal(
            Answer(Start(Plan, 1000), StructuredOutcome.Succeeded(Json.True)).End!.RootHash,
            Answer(Start(Plan, 1000), StructuredOutcome.Succeeded(Json.True)).End!.RootHash);
        Assert.Equal(
            Answer(Start(Plan, 1000), StructuredOutcome.Failed(FailureCatalog.Fail("INVALID_INPUT", "no"))).End!.Failure!.Code,
            Answer(Start(Plan, 1000), StructuredOutcome.Failed(FailureCatalog.Fail("INVALID_INPUT", "no"))).End!.Failure!.Code);
    }

    private static ImmutableSortedDictionary<string, SkillTerms> Terms() => ImmutableSortedDictionary<string, SkillTerms>.Empty.Add(
        "paid",
        new SkillTerms(
            "paid", "1.0.0", EffectClass.Idempotent, null, ImmutableSortedDictionary<string, EffectClass>.Empty, true,
            CostModel.Free with { BaseCents = 300 }, TimeSpan.FromSeconds(30), [], [], []));

    private static RunState Start(string text, int? budget)
    {
        var reading = PlanReader.Read(Json.Parse(text), Terms());
        Assert.Empty(reading.Problems);
        return Decide(RunState.Empty, new StartRun(
            new RunId(new Guid("01900000-0000-7000-8000-000000000001")), TenantId.Default, "agent", reading.Plan!, Json.EmptyObject, 42,
            budget is { } cents ? new Cents(cents) : null, Terms(), ImmutableSortedDictionary<string, string>.Empty, null));
    }

    private static RunState Answer(RunState run, StructuredOutcome outcome) =>
        Decide(run, new RecordOutcome(Assert.Single(RunMachine.Pending(run)).Id, outcome));

    private static RunState Decide(RunState run, RunCommand command)
    {
        var decision = RunMachine.Decide(run, command, new Facts(Noon));
        Assert.Null(decision.Refusal);
        return decision.Events.Aggregate(run, RunMachine.Evolve);
    }
}
