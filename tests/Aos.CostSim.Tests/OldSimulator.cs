using static Aos.CostSim.Tests.GoldenVectors;

namespace Aos.CostSim.Tests;

/// <summary>What clients of the first model have always been told, question by question.</summary>
[Trait("store", "none")]
public sealed class OldSimulator
{
    private static readonly TableModel Model = new();

    [Fact]
    [Trait("id", "D9.20-01")]
    [Trait("id", "D9.20-02")]
    [Trait("id", "D9.20-03")]
    [Trait("id", "D9.20-06")]
    public void Small_plans_cost_what_they_always_did()
    {
        Assert.Equal((false, "invalid_plan"), Said(Model.Estimate(new CostQuestion([], 100, []))));
        var http = Model.Estimate(Plan("1h", 100));
        Assert.True(http is { Feasible: true, CostCents: 0, DurationMs: > 0 });
        Assert.True(Model.Estimate(Plan("llm:Hello", 100)).CostCents >= 5);
        Assert.True(Model.Estimate(Plan("llm:a,llm:b,llm:c", 100)).CostCents >= 15);
    }

    [Fact]
    [Trait("id", "D9.20-04")]
    [Trait("id", "D9.20-05")]
    [Trait("id", "D9.20-19")]
    public void Two_long_prompts_do_not_fit_into_a_cent()
    {
        var estimate = Model.Estimate(Plan("llm*10000,llm*10000", 1));

        Assert.Equal((false, "budget_insufficient"), Said(estimate));
        Assert.Equal(1 - estimate.CostCents, estimate.BudgetRemainingCents);
        Assert.Equal("feasible", Model.Estimate(Plan("1h", 1)).Status);
    }

    [Fact]
    [Trait("id", "D9.20-07")]
    [Trait("id", "D9.20-08")]
    [Trait("id", "D9.20-09")]
    public void Skills_are_allowed_by_a_list_or_all_of_them()
    {
        Assert.True(Model.Estimate(Plan("1h,json", 100, "http_call", "json_transform")).Feasible);
        var denied = Model.Estimate(Plan("1h,email", 100, "http_call"));
        Assert.Equal((false, "permission_denied"), Said(denied));
        Assert.Equal(["email_send"], denied.PermissionGaps);
        Assert.True(Model.Estimate(Plan("1h,email", 100)).Feasible);
    }

    [Fact]
    [Trait("id", "D9.20-10")]
    [Trait("id", "D9.20-11")]
    [Trait("id", "D9.20-12")]
    [Trait("id", "D9.20-21")]
    public void Risks_are_named_with_what_helps_and_too_many_are_too_much()
    {
        Assert.Equal("timeout", Assert.Single(Model.Estimate(Plan("1h", 100)).Risks).RiskType);
        Assert.All(Model.Estimate(Plan("1h,nobody", 100)).Risks, risk => Assert.NotEmpty(risk.Mitigation));
        Assert.Equal((false, "risk_too_high"), Said(Model.Estimate(Plan("10h", 100) with { RiskThreshold = 0.3 })));
        var unknown = Model.Estimate(Plan("nobody", 100));
        Assert.True(unknown.CostCents >= 10 && unknown.Risks.Length >= 1);
    }

    [Fact]
    [Trait("id", "D9.20-13")]
    [Trait("id", "D9.20-14")]
    [Trait("id", "D9.20-15")]
    [Trait("id", "D9.20-16")]
    [Trait("id", "D9.20-17")]
    public void Latencies_add_up_step_by_step_in_order()
    {
        Assert.True(Model.Estimate(Plan("json", 100)).DurationMs <= 50);
        Assert.True(Model.Estimate(Plan("llm:x", 100)).DurationMs >= 1000);
        var both = Model.Estimate(Plan("1h,llm:x,json", 100));
        Assert.True(both.DurationMs >= 2000);
        Assert.Equal([(0, "http_call", 0m, 500m, 0.1), (1, "llm_invoke", 5m, 2000m, 0.05), (2, "json_transform", 0m, 10m, 0.01)], both.Steps.Select(step => (step.StepIndex, step.Skill, step.CostCents, step.LatencyMs, step.RiskProbability)));
    }

    [Fact]
    [Trait("id", "D9.20-18")]
    public void Over_the_budget_there_is_another_way() =>
        Assert.NotEmpty(SimulationWorld.Simulate(SimulationWorld.Calls("llm_invoke", "llm_invoke"), 5).Alternatives);

    private static (bool, string) Said(CostEstimate estimate) => (estimate.Feasible, estimate.Status);
}
