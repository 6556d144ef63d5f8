using System.Collections.Immutable;
using static Aos.CostSim.Tests.GoldenVectors;

namespace Aos.CostSim.Tests;

/// <summary>The rules of the two models, one by one.</summary>
[Trait("store", "none")]
public sealed class CostModelRules
{
    private static readonly TableModel V1 = new();
    private static readonly CoefficientModel V2 = new();

    [Theory]
    [Trait("id", "D2.1-01")]
    [InlineData("http_call", 0, 500, 0.1, "timeout")]
    [InlineData("llm_invoke", 5, 2000, 0.05, "rate_limit")]
    [InlineData("json_transform", 0, 10, 0.01, "transform_error")]
    [InlineData("fs_read", 0, 50, 0.05, "not_found")]
    [InlineData("fs_write", 0, 100, 0.05, "permission")]
    [InlineData("shell_lite", 0, 200, 0.1, "timeout")]
    [InlineData("kv_get", 0, 5, 0.02, "not_found")]
    [InlineData("kv_set", 0, 10, 0.02, "quota")]
    [InlineData("webhook_send", 0, 300, 0.1, "timeout")]
    [InlineData("email_send", 1, 500, 0.05, "delivery")]
    [InlineData("whatever", 10, 1000, 0.2, "unknown")]
    public void The_table_of_the_first_model(string skill, int cents, int latency, double risk, string type)
    {
        var estimate = V1.Estimate(One(skill, "{}"));

        var step = Assert.Single(estimate.Steps);
        Assert.Equal((0, skill, cents, latency, 1, risk, type), (step.StepIndex, step.Skill, step.CostCents, step.LatencyMs, step.Confidence, step.RiskProbability, step.RiskType));
        Assert.Equal(risk > 0.05 ? 1 : 0, estimate.Risks.Length);
        Assert.All(estimate.Risks, one => Assert.NotEmpty(one.Mitigation));
        Assert.Equal((cents, latency, risk, 1), (estimate.CostCents, estimate.DurationMs, Math.Round(estimate.CumulativeRisk, 9), estimate.Confidence));
    }

    [Theory]
    [Trait("id", "D2.2-01")]
    [InlineData("http_call", "{}", 0, 500, 0.8075, 0.12, "timeout")]
    [InlineData("http_call", """{"url":"http://localhost:8080/x"}""", 0, 500, 0.85, 0.08, "timeout")]
    [InlineData("http_call", """{"url":"http:\/\/127.0.0.1\/x","timeout":0.2}""", 0, 200, 0.85, 0.08, "timeout")]
    [InlineData("http_call", """{"url":"https://localhost/","timeout":-3}""", 0, 0, 0.8075, 0.12, "timeout")]
    [InlineData("http_call", """{"url":["http://localhost"],"timeout":"1"}""", 0, 500, 0.8075, 0.12, "timeout")]
    [InlineData("llm_invoke", "{}", 3.5, 1800, 0.92, 0.03, "rate_limit")]
    [InlineData("llm_invoke", """{"prompt":null}""", 3.51, 1800.8, 0.92, 0.03, "rate_limit")]
    [InlineData("json_transform", "{}", 0, 5, 0.98, 0.005, "transform_error")]
    [InlineData("fs_read", "{}", 0, 30, 0.95, 0.03, "read")]
    [InlineData("fs_write", "{}", 0, 50, 0.94, 0.02, "write")]
    [InlineData("shell_lite", """{"command":"ls"}""", 0, 150, 0.88, 0.07, "timeout")]
    [InlineData("kv_get", "{}", 0, 3, 0.97, 0.01, "get")]
    [InlineData("kv_set", "[]", 0, 5, 0.97, 0.01, "set")]
    [InlineData("webhook_send", "{}", 0, 200, 0.90, 0.08, "timeout")]
    [InlineData("email_send", "{}", 0.8, 350, 0.93, 0.03, "delivery")]
    [InlineData("whatever", "{}", 5, 500, 0.60, 0.15, "unknown")]
    public void The_coefficients_of_the_second_model(string skill, string parameters, double cents, double latency, double confidence, double risk, string type)
    {
        var estimate = V2.Estimate(One(skill, parameters));

        var step = Assert.Single(estimate.Steps);
        Assert.Equal(((decimal)cents, (decimal)latency, confidence, risk, type), (Math.Round(step.CostCents, 2), Math.Round(step.LatencyMs, 2), Math.Round(step.Confidence, 4), step.RiskProbability, step.RiskType));
        Assert.Equal(risk > 0.02 ? risk : 0, estimate.CumulativeRisk);
        Assert.Equal(risk > 0.02 ? 1 : 0, estimate.Risks.Length);
    }

    [Fact]
    [Trait("id", "D2.2-02")]
    public void Long_commands_and_prompts_are_less_sure()
    {
        var (at, beyond) = (One("shell_lite", $$"""{"command":"{{new string('x', 100)}}"}"""), One("shell_lite", $$"""{"command":"{{new string('x', 101)}}"}"""));
        Assert.Equal((0.88, 0.07), Sure(at));
        Assert.Equal((0.836, 0.084), Sure(beyond));
        Assert.Equal([0.92, 0.874, 0.874, 0.7866], new[] { 2000, 2001, 4000, 4001 }.Select(length => V2.Estimate(Plan($"llm*{length}", 1000)).Confidence));

        static (double, double) Sure(CostQuestion question) => (V2.Estimate(question).Confidence, V2.Estimate(question).Risks[0].Probability);
    }

    [Fact]
    [Trait("id", "D2.1-02")]
    public void The_first_model_counts_thousands_of_the_prompt_and_bounds_latency_by_a_timeout()
    {
        Assert.Equal([5, 5, 6, 10], new[] { 5_999, 1, 6_000, 10_999 }.Select(length => V1.Estimate(Plan($"llm*{length}", 1000)).CostCents));
        Assert.Equal([200L, 500L, 0L], new[] { "0.2", "30", "-1" }.Select(timeout => V1.Estimate(One("http_call", $$"""{"timeout":{{timeout}}}""")).DurationMs));
        Assert.Equal(500, V1.Estimate(One("http_call", """{"timeout":1e400}""")).DurationMs);
    }

    [Fact]
    [Trait("id", "D2.1-03")]
    public void An_empty_plan_cannot_work_for_either()
    {
        var (v1, v2) = (V1.Estimate(new CostQuestion([], 70, [])), V2.Estimate(new CostQuestion([], 70, [])));

        Assert.Equal((false, "invalid_plan", 0, 70), (v1.Feasible, v1.Status, v1.CostCents, v1.BudgetRemainingCents));
        Assert.Contains("Empty plan", Assert.Single(v1.Warnings), StringComparison.Ordinal);
        Assert.Equal((false, "schema_error", 0, 70, 0), (v2.Feasible, v2.Status, v2.CostCents, v2.BudgetRemainingCents, v2.Confidence));
    }

    [Fact]
    [Trait("id", "D2.1-04")]
    [Trait("id", "D2.2-03")]
    public void Money_is_judged_before_permission_and_permission_before_risk()
    {
        var all = Plan("llm:x,10h", 1, "llm_invoke");
        Assert.Equal([("budget_insufficient", "error"), ("permission_denied", "error"), ("risk_too_high", "error"), ("feasible", "success")], new[]
        {
            all, all with { BudgetCents = 100 }, all with { BudgetCents = 100, AllowedSkills = ["llm_invoke", "http_call"] }, Plan("2h", 0),
        }.Select(question => (V1.Estimate(question).Status, V2.Estimate(question).Status)));
        Assert.Equal(["http_call"], V1.Estimate(all).PermissionGaps);
        Assert.Equal(["http_call"], V2.Estimate(all).PermissionGaps);
        Assert.All(new[] { V1.Estimate(all), V2.Estimate(all) }, estimate => Assert.Single(estimate.Warnings));
        Assert.True(V1.Estimate(Plan("llm:x", 5)).Feasible); // Exactly the budget.
    }

    /// <summary>Both thresholds are strict.</summary>
    [Fact]
    [Trait("id", "D2.1-05")]
    public void A_risk_at_the_threshold_is_no_risk_too_high()
    {
        var one = Plan("1h", 10);
        Assert.True(V1.Estimate(one with { RiskThreshold = 0.1 }).Feasible);
        Assert.Equal("risk_too_high", V1.Estimate(one with { RiskThreshold = 0.0999 }).Status);
        Assert.True(V2.Estimate(one with { RiskThreshold = 0.12 }).Feasible);
        Assert.False(V2.Estimate(one with { RiskThreshold = 0.1199 }).Feasible);
        Assert.Equal("risk_too_high", V1.Estimate(Plan("10h", 10) with { RiskThreshold = 0.3 }).Status);
    }

    [Theory]
    [Trait("id", "D2.2-04")]
    [InlineData("3.5", 4)]
    [InlineData("2.5", 2)]
    [InlineData("2.51", 3)]
    public void The_sum_is_rounded_once_and_a_half_to_the_even_cent(string cents, long whole)
    {
        var model = new CoefficientModel(ImmutableDictionary<string, CoefficientRow>.Empty.Add("s", new CoefficientRow(decimal.Parse(cents, System.Globalization.CultureInfo.InvariantCulture) / 5, 0.1m, 1, "x", 0)));

        Assert.Equal((whole, 0L), (model.Estimate(new CostQuestion([.. Enumerable.Repeat(new CostStep("s", Json.EmptyObject), 5)], 100, [])).CostCents, model.Estimate(One("s", "{}")).DurationMs));
    }

    [Fact]
    [Trait("id", "D2.2-05")]
    public void The_hash_of_an_answer_depends_on_what_it_says_alone()
    {
        var question = Plan("1h,llm:Hello world", 100);
        var hash = CostForms.OutputHash(V2.Estimate(question));

        Assert.Equal(hash, CostForms.OutputHash(new CoefficientModel().Estimate(question)));
        Assert.Equal(hash, CostForms.OutputHash(V2.Estimate(question) with { ModelVersion = "other", Warnings = ["w"] }));
        Assert.NotEqual(hash, CostForms.OutputHash(V2.Estimate(question) with { DurationMs = 1 }));
        Assert.Equal(
            """{"estimated_cost_cents":4,"estimated_duration_ms":1802,"feasible":true,"status":"success","step_estimates":[{"confidence":0.92,"cost_cents":3.54,"latency_ms":1802.2,"skill_id":"llm_invoke","step_index":0}]}""",
            CanonicalJson.Text(Json.Write(writer =>
            {
                writer.WriteStartObject();
                CostForms.WriteVerdict(writer, V2.Estimate(Plan("llm:Hello world", 100)));
                writer.WriteEndObject();
            })));
        Assert.Equal("1f52c1e7512c6b87d617dc59eae07128b6666db9541c9a9f1fa2c853e10278fb", CostForms.OutputHash(V2.Estimate(Plan("llm:Hello world", 100))));
        Assert.NotEqual(CostForms.InputHash(question), CostForms.InputHash(question with { BudgetCents = 99 }));
        Assert.Matches("^[0-9a-f]{64}$", CostForms.InputHash(One("s", """{"x":1e999}""")));
    }

    [Fact]
    [Trait("id", "D2.2-06")]
    public void A_skill_s_row_is_replaced_as_a_whole_and_the_version_tells()
    {
        var v2 = new CoefficientModel(ImmutableDictionary<string, CoefficientRow>.Empty.Add("llm_invoke", new CoefficientRow(1, 10, 0.5m, "odd", 0.5m)));
        var v1 = new TableModel(ImmutableDictionary<string, TableRow>.Empty.Add("llm_invoke", new TableRow(7, 10, 0.5m, "odd")));
        var question = Plan("llm*8000", 100);

        Assert.Equal((1, 10, 0.4275, "odd"), (v2.Estimate(question).CostCents, v2.Estimate(question).DurationMs, v2.Estimate(question).Confidence, v2.Estimate(question).Risks[0].RiskType));
        Assert.Equal((8, 10), (v1.Estimate(question).CostCents, v1.Estimate(question).DurationMs));
        Assert.StartsWith("2.0.0+", v2.Version, StringComparison.Ordinal);
        Assert.StartsWith("1.0.0+", v1.Estimate(question).ModelVersion, StringComparison.Ordinal);
        Assert.Equal(("2.0.0", "1.0.0"), (V2.Version, V1.Version));
        Assert.Equal(7, V1.Estimate(Plan("email,email,llm:x", 100)).CostCents);
    }

    [Theory]
    [Trait("id", "D2.2-07")]
    [InlineData("\"\\ud83d\\ude00\"", 1)]
    [InlineData("\"\\ud83d\"", 1)]
    [InlineData("\"\\ude00\\ud83d\"", 2)]
    [InlineData("\"é\\n\\\"x\"", 4)]
    [InlineData("\"😀\"", 1)]
    [InlineData("true", 4)]
    [InlineData("false", 5)]
    [InlineData("12.5", 4)]
    public void Characters_are_counted_as_people_count_them(string prompt, int characters)
    {
        var step = V2.Estimate(One("llm_invoke", $$"""{"prompt":{{prompt}}}""")).Steps[0];

        Assert.Equal(3.5m + (characters * 0.0032m), step.CostCents);
    }

    [Theory]
    [Trait("id", "D2.3-03")]
    [InlineData(0.05, "match")]
    [InlineData(0.0501, "minor_drift")]
    [InlineData(0.15, "minor_drift")]
    [InlineData(0.1501, "major_drift")]
    [InlineData(0.2, "major_drift")]
    [InlineData(0.2001, "mismatch")]
    public void A_verdict_holds_up_to_its_limit(double score, string verdict) => Assert.Equal(verdict, new DriftLimits().Verdict(score));

    [Fact]
    [Trait("id", "D2.3-04")]
    public void A_first_answer_of_nothing_has_no_share()
    {
        var (v1, v2) = (V1.Estimate(Plan("1h", 10)), V2.Estimate(Plan("nobody", 100)));
        var comparison = CostComparison.Of(v1, v2, new DriftLimits());

        Assert.Equal((5, 0, 0, "match"), (comparison.CostDeltaCents, comparison.CostDeltaPct, comparison.DriftScore, comparison.Verdict));
        Assert.Equal("mismatch", CostComparison.Of(v1 with { CostCents = 10 }, v2, new DriftLimits(0.25, 0.29)).Verdict);
    }

    private static CostQuestion One(string skill, string parameters) => new([new CostStep(skill, Json.Parse(parameters))], 1000, []);
}
