using System.Collections.Immutable;
using static Aos.CostSim.Tests.SimulationWorld;

namespace Aos.CostSim.Tests;

/// <summary>Limits that every run is held to.</summary>
public sealed class RunLimits
{
    private static readonly BudgetLimits Limits = new(new Cents(500), ImmutableSortedDictionary<string, Cents>.Empty.Add("big", new Cents(9)));

    [Fact]
    [Trait("id", "A8.11-01")]
    public void The_per_run_limit_holds_whatever_the_budget_is()
    {
        var verdict = PlanBudgetVerdict.Of(Limits, new Cents(501), null, null);

        Assert.Equal((false, "per_run"), (verdict.Allowed, verdict.BreachType));
        Assert.Contains("per-run limit", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "A8.11-02")]
    public void Up_to_the_limits_is_allowed()
    {
        Assert.Equal(PlanBudgetVerdict.Fits, PlanBudgetVerdict.Of(Limits, new Cents(500), null, new Cents(500)));
        Assert.Equal(PlanBudgetVerdict.Fits, PlanBudgetVerdict.Of(BudgetLimits.None, new Cents(1_000_000), null, null));
    }

    [Fact]
    [Trait("id", "A8.11-03")]
    public void A_model_has_a_limit_of_its_own()
    {
        const string Call = """{"skill":"llm_invoke","params":{"model":"big","prompt":"x"}}""";
        var limited = With(Limits);

        Assert.Null(Simulator.Admit(limited, Ask($"[{Call}]")));
        var refusal = Simulator.Admit(limited, Ask($"[{Call},{Call}]"));
        Assert.Equal("BUDGET_EXCEEDED", refusal!.Code);
        Assert.Contains("big", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("per_model", refusal.Details!.Value.GetText("breach_type"));
        Assert.Null(Simulator.Admit(limited, Ask(Calls("llm_invoke", "llm_invoke"))));
    }

    [Fact]
    [Trait("id", "A8.11-04")]
    public void A_verdict_names_limit_and_amount()
    {
        var verdict = PlanBudgetVerdict.Of(BudgetLimits.None, new Cents(15), null, new Cents(4.5m));

        Assert.Equal((false, "total_budget", 4.5m, 15m), (verdict.Allowed, verdict.BreachType, verdict.Limit.Value, verdict.Current.Value));
        Assert.NotEmpty(verdict.Reason!);
        Assert.Equal("""{"breach_type":"total_budget","limit_cents":4.5,"current_cents":15}""", verdict.Refusal()!.Details!.Value.GetRawText());
        Assert.Equal((true, null, null, 0m, 0m), (PlanBudgetVerdict.Fits.Allowed, PlanBudgetVerdict.Fits.Reason, PlanBudgetVerdict.Fits.BreachType, PlanBudgetVerdict.Fits.Limit.Value, PlanBudgetVerdict.Fits.Current.Value));
    }

    [Fact]
    public void Settings_are_read_by_the_names_they_always_had()
    {
        var set = new Dictionary<string, string?> { ["PER_RUN_MAX_CENTS"] = "500", ["OPUS_MAX_CENTS_PER_RUN"] = "1000", ["AOS_RISK_THRESHOLD"] = "0.3" };
        var options = CostSimOptions.Read(set.GetValueOrDefault);

        Assert.Equal((500m, 1000m, 0.3), (options.PerRunMaxCents, options.ModelMaxCents["claude-3-opus-20240229"], options.RiskThreshold));
        Assert.Null(CostSimOptions.Read(_ => null).PerRunMaxCents);
        Assert.Contains(CostSimOptions.Read(_ => "-1").Problems, problem => problem.StartsWith("PER_RUN_MAX_CENTS", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1000, 250, 750, 25, false, false)]
    [InlineData(1000, 800, 200, 80, false, true)]
    [InlineData(1000, 1000, 0, 100, true, true)]
    [InlineData(0, 0, 0, 100, true, true)]
    public void A_run_knows_what_is_left(int total, int spent, int remaining, int percent, bool exhausted, bool alert)
    {
        var budget = RunBudget.Of(Run(new Cents(total), new Cents(spent)));

        Assert.Equal((new Cents(remaining), percent, exhausted, alert), (budget.Remaining!.Value, budget.UsagePercent!.Value, budget.IsExhausted, budget.IsAlert));
    }

    [Fact]
    public void A_run_without_a_budget_has_no_remainder() => Assert.Equal(
        (null, null, false), (RunBudget.Of(Run(null, new Cents(9))).Remaining, RunBudget.Of(Run(null, new Cents(9))).UsagePercent, RunBudget.Of(Run(null, new Cents(9))).IsExhausted));

    private static RunState Run(Cents? budget, Cents spent)
    {
        var plan = Ask(Calls("echo")).Reading.Plan!;
        return RunMachine.Decide(RunState.Empty, new StartRun(
                new RunId(new Guid("01900000-0000-7000-8000-000000000001")), TenantId.Default, "agent", plan, Json.EmptyObject, 42, budget,
                House.Terms.ToImmutableSortedDictionary(StringComparer.Ordinal), ImmutableSortedDictionary<string, string>.Empty, null), new Facts(DateTimeOffset.UnixEpoch))
            .Events.Aggregate(RunState.Empty, RunMachine.Evolve) with { Spent = spent };
    }
}
