namespace Aos.Workflow.Tests.Safety;

public sealed class Budgets
{
    private static readonly AgentBudgetLimits Limits = new(500, 10_000, new Dictionary<string, decimal> { ["opus"] = 100 });

    private static readonly AgentAccount Fresh = new(false, null, Cents.Zero, Cents.Zero);

    [Theory, Trait("id", "A8.11-01"), Trait("id", "A8.11-02"), Trait("id", "A8.11-03")]
    [InlineData(501, null, "per_run")]
    [InlineData(101, "opus", "per_model")]
    [InlineData(500, null, null)]
    [InlineData(101, "other", null)]
    public void Limits_of_a_run_and_of_a_model_hold(int cents, string? model, string? breach) =>
        Assert.Equal(breach, AgentBudget.Check(new Cents(cents), model, Limits, Fresh).BreachType);

    [Theory, Trait("id", "A8.12-14")]
    [InlineData(true, null, 0, 0, "paused")]
    [InlineData(false, null, 0, 9_951, "per_day")]
    [InlineData(false, null, 20_000, 9_950, null)]
    [InlineData(false, 100, 51, 0, "total_budget")]
    [InlineData(false, 100, 50, 0, null)]
    [InlineData(false, 0, 0, 0, "total_budget")]
    public void The_agents_account_holds_and_zero_means_zero(bool paused, int? budget, int committed, int today, string? breach)
    {
        var account = new AgentAccount(paused, budget is { } cents ? new Cents(cents) : null, new Cents(committed), new Cents(today));
        var verdict = AgentBudget.Check(new Cents(50), null, Limits, account);

        Assert.Equal((breach, breach is null), (verdict.BreachType, verdict.Allowed));
    }

    [Fact, Trait("id", "A8.11-04")]
    public void A_verdict_says_what_is_left_or_which_limit_was_passed()
    {
        var verdict = AgentBudget.Check(new Cents(10), null, Limits, Fresh with { Budget = new Cents(60), Committed = new Cents(20) });
        var breach = AgentBudget.Check(new Cents(600), null, Limits, Fresh).ToJson();

        Assert.Equal(new Cents(40), verdict.Left);
        Assert.Equal(("per_run", 500m, 600m), (breach.GetText("breach_type"), breach.Get("limit_cents")!.Value.GetDecimal(), breach.Get("current_cents")!.Value.GetDecimal()));
        Assert.Contains("per-run limit", breach.GetText("reason"), StringComparison.Ordinal);
    }
}
