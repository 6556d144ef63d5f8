using static Aos.CostSim.Tests.SimulationWorld;

namespace Aos.CostSim.Tests;

/// <summary>The figures and verdicts that clients of the simulator know.</summary>
public sealed class CostSimulator
{
    [Fact]
    [Trait("id", "A8.8-01")]
    public void An_empty_plan_is_not_feasible()
    {
        var simulation = Simulate("[]", 100);

        Assert.False(simulation.Feasible);
        Assert.Equal("invalid_plan", simulation.Status);
        Assert.Contains(simulation.Warnings, warning => warning.Contains("Empty plan", StringComparison.Ordinal));
        Assert.Equal(100, simulation.BudgetRemaining!.Value.Value);
        Assert.True(simulation.BudgetSufficient);
        Assert.Equal("EMPTY_PLAN", simulation.Refusal!.Code);
    }

    [Fact]
    [Trait("id", "A8.8-02")]
    public void An_http_call_is_free_and_takes_time()
    {
        var simulation = Simulate(Calls("http_call"));

        Assert.True(simulation.Feasible);
        Assert.Equal(0, simulation.EstimatedCost.Value);
        Assert.Equal(500, simulation.EstimatedDurationMs);
    }

    [Theory]
    [Trait("id", "A8.8-03")]
    [InlineData("{}", 5)]
    [InlineData("""{"prompt":"short"}""", 5)]
    public void A_model_call_costs_what_the_table_says(string parameters, int cents) =>
        Assert.Equal(cents, Simulate($$"""[{"skill":"llm_invoke","params":{{parameters}}}]""").EstimatedCost.Value);

    [Fact]
    [Trait("id", "A8.8-04")]
    public void Long_prompts_cost_a_cent_per_thousand_characters()
    {
        var prompt = new string('x', 10_999);
        var simulation = Simulate($$$"""[{"skill":"llm_invoke","params":{"prompt":"{{{prompt}}}"}},{"skill":"llm_invoke","params":{"prompt":"{{{prompt}}}"}}]""", 1);

        Assert.Equal(20, simulation.EstimatedCost.Value);
        Assert.False(simulation.Feasible);
        Assert.Equal("budget_insufficient", simulation.Status);
        Assert.False(simulation.BudgetSufficient);
        Assert.Equal("BUDGET_EXCEEDED", simulation.Refusal!.Code);
    }

    [Fact]
    [Trait("id", "A8.8-05")]
    public void What_remains_is_the_budget_less_the_estimate() => Assert.Equal(95, Simulate(Calls("llm_invoke"), 100).BudgetRemaining!.Value.Value);

    [Fact]
    [Trait("id", "A8.8-06")]
    public void Three_model_calls_cost_fifteen_cents() => Assert.Equal(15, Simulate(Calls("llm_invoke", "llm_invoke", "llm_invoke")).EstimatedCost.Value);

    [Fact]
    [Trait("id", "A8.8-07")]
    [Trait("id", "A8.8-09")]
    public void Allowed_skills_pass_and_no_list_allows_all()
    {
        Assert.True(Simulate(Calls("http_call", "json_transform"), allowed: ["http_call", "json_transform"]).Feasible);
        Assert.True(Simulate(Calls("http_call", "json_transform")).Feasible);
    }

    [Fact]
    [Trait("id", "A8.8-08")]
    public void A_skill_that_is_not_allowed_is_a_gap()
    {
        var simulation = Simulate(Calls("http_call", "fs_write", "fs_write"), allowed: ["http_call"]);

        Assert.Equal("permission_denied", simulation.Status);
        Assert.Equal(["fs_write"], simulation.PermissionGaps);
        Assert.Equal("PERMISSION_DENIED", simulation.Refusal!.Code);
        Assert.Equal(["http_call"], Simulate(Calls("http_call", "echo"), blocked: ["http_call"]).PermissionGaps);
        Assert.False(Simulate(Calls("echo"), allowed: []).Feasible);
    }

    [Fact]
    [Trait("id", "A8.8-10")]
    [Trait("id", "A8.8-11")]
    public void Risks_above_five_percent_are_named_with_what_helps()
    {
        var simulation = Simulate(Calls("http_call", "llm_invoke", "json_transform", "webhook_send", "nowhere"));

        Assert.Equal([(0, "TIMEOUT", "timeout"), (3, "TIMEOUT", "timeout"), (4, "UNKNOWN_ERROR", "unknown")], simulation.Risks.Select(risk => (risk.StepIndex, risk.Code, risk.RiskType)));
        Assert.All(simulation.Risks, risk => Assert.NotEmpty(risk.Mitigation));
        Assert.All(TypicalFigures.Rows.Values, row => Assert.NotEmpty(RiskTypes.Mitigation(RiskTypes.Of(row.Worst.Code))));
        Assert.Contains("10 %", simulation.Risks[0].Description, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "A8.8-12")]
    public void Seven_http_calls_are_a_warning_and_no_verdict()
    {
        var seven = Simulate(Calls([.. Enumerable.Repeat("http_call", 7)]));
        var six = Simulate(Calls([.. Enumerable.Repeat("http_call", 6)]));

        Assert.Equal(0.521703, seven.CumulativeRisk);
        Assert.True(seven.Feasible);
        Assert.Contains(seven.Warnings, warning => warning.Contains("52.2 %", StringComparison.Ordinal) && warning.Contains("50 %", StringComparison.Ordinal));
        Assert.Equal(0.468559, six.CumulativeRisk);
        Assert.Empty(six.Warnings);
    }

    [Fact]
    [Trait("id", "A8.8-13")]
    [Trait("id", "A8.8-14")]
    [Trait("id", "A8.8-15")]
    public void Durations_add_up_in_a_list()
    {
        Assert.Equal(10, Simulate(Calls("json_transform")).EstimatedDurationMs);
        Assert.Equal(2000, Simulate(Calls("llm_invoke")).EstimatedDurationMs);
        Assert.Equal(2510, Simulate(Calls("http_call", "llm_invoke", "json_transform")).EstimatedDurationMs);
    }

    [Theory]
    [InlineData("""{"timeout":0.2}""", 200)]
    [InlineData("""{"timeout_ms":50}""", 50)]
    [InlineData("""{"timeout":30}""", 500)]
    public void A_timeout_bounds_an_http_call_s_latency(string parameters, int milliseconds) =>
        Assert.Equal(milliseconds, Simulate($$"""[{"skill":"http_call","params":{{parameters}}}]""").EstimatedDurationMs);

    [Fact]
    [Trait("id", "A8.8-16")]
    [Trait("id", "A8.8-17")]
    public void Every_step_has_its_estimate_in_order()
    {
        var steps = Simulate(Calls("fs_read", "llm_invoke", "email_send")).Steps;

        Assert.Equal(
            [(0, "fs_read", 0m, 50L, 0.05, "not_found"), (1, "llm_invoke", 5m, 2000L, 0.05, "rate_limit"), (2, "email_send", 1m, 500L, 0.05, "delivery")],
            steps.Select(step => (step.StepIndex, step.SkillId, step.Cost.Value, step.LatencyMs, step.RiskProbability, step.RiskType)));
    }

    [Fact]
    [Trait("id", "A8.8-18")]
    public void Over_the_budget_there_are_alternatives_with_their_savings()
    {
        var simulation = Simulate(Calls("llm_invoke", "email_send", "llm_invoke"), 5);

        Assert.Equal(10, simulation.Alternatives[0].PotentialSavings.Value);
        Assert.Contains("11 cents", simulation.Alternatives[^1].Suggestion, StringComparison.Ordinal);
        Assert.Empty(Simulate(Calls("llm_invoke"), 5).Alternatives);
    }

    [Fact]
    [Trait("id", "A8.8-19")]
    public void Equal_requests_and_facts_give_equal_answers()
    {
        var (one, two) = (Simulate(Calls("http_call", "llm_invoke")), Simulate(Calls("http_call", "llm_invoke")));

        Assert.Equal(one.TraceId, two.TraceId);
        Assert.Equal(one.RootHash, two.RootHash);
        Assert.Equal(one.Steps.AsEnumerable(), two.Steps.AsEnumerable(), (a, b) => a with { Failures = [] } == b with { Failures = [] });
    }

    [Theory]
    [Trait("id", "A8.8-21")]
    [InlineData("[{\"skill\":\"echo\"}]", "feasible")]
    [InlineData("[]", "invalid_plan")]
    [InlineData("[{\"skill\":\"nowhere\"}]", "skill_unavailable")]
    [InlineData("{\"name\":\"p\",\"steps\":[{\"id\":\"a\",\"skill\":\"echo\",\"params\":{\"x\":\"${{ steps.b.result }}\"}}]}", "invalid_plan")]
    public void The_status_is_a_lower_case_text(string plan, string status) => Assert.Equal(status, Simulate(plan).Status);

    [Fact]
    [Trait("id", "A8.8-22")]
    public void An_unknown_skill_is_dear_and_risky_and_named()
    {
        var simulation = Simulate(Calls("parity_test"));

        Assert.Equal(10, simulation.EstimatedCost.Value);
        Assert.Equal((1000, 0.2, false), (simulation.EstimatedDurationMs, simulation.Steps[0].RiskProbability, simulation.Steps[0].Known));
        Assert.Contains(simulation.Warnings, warning => warning.Contains("parity_test", StringComparison.Ordinal));
        Assert.Equal("SKILL_NOT_FOUND", simulation.Refusal!.Code);
    }

    [Fact]
    public void A_known_name_without_its_skill_keeps_its_figures()
    {
        var simulation = Simulate(Calls("shell_lite"));

        Assert.Equal((0m, 200L, 0.1), (simulation.EstimatedCost.Value, simulation.EstimatedDurationMs, simulation.CumulativeRisk));
        Assert.Equal("skill_unavailable", simulation.Status);
    }
}
