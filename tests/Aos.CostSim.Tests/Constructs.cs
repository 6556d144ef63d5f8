using System.Collections.Immutable;
using static Aos.CostSim.Tests.SimulationWorld;

namespace Aos.CostSim.Tests;

/// <summary>How the simulator counts what a plan can say.</summary>
public sealed class Constructs
{
    [Fact]
    public void A_list_of_the_inputs_tells_how_often_a_step_runs()
    {
        const string Plan = """{"name":"p","steps":[{"id":"a","for_each":"${{ inputs.rows }}","max_parallel":2,"skill":"llm_invoke","params":{"prompt":"${{ item }}"}}]}""";

        var known = Simulate(Plan, inputs: """{"rows":[1,2,3]}""");
        var unknown = Simulate(Plan);

        Assert.Equal((15m, 3, 3, 4000L), (known.EstimatedCost.Value, known.Steps[0].CallsMin, known.Steps[0].CallsMax, known.EstimatedDurationMs));
        Assert.Equal((5m, 1, RunMachine.ItemsMax), (unknown.EstimatedCost.Value, unknown.Steps[0].CallsMin, unknown.Steps[0].CallsMax));
        Assert.Contains(unknown.Warnings, warning => warning.Contains("1 to 100000 calls", StringComparison.Ordinal));
        Assert.Equal(0.142625, known.CumulativeRisk);
    }

    [Fact]
    public void A_list_that_other_steps_make_is_a_range_whatever_its_default()
    {
        var simulation = Simulate("""
            {"name":"p","steps":[{"id":"a","skill":"echo","params":{}},
             {"id":"b","for_each":"${{ default(steps.a.result.list, [1, 2]) }}","skill":"llm_invoke","params":{}}]}
            """);

        Assert.Equal((1, RunMachine.ItemsMax), (simulation.Steps[1].CallsMin, simulation.Steps[1].CallsMax));
    }

    [Fact]
    public void A_repeat_is_a_range()
    {
        var step = Simulate("""{"name":"p","steps":[{"id":"a","repeat":{"until":"steps.a.result.done","max":7},"skill":"llm_invoke","params":{}}]}""").Steps[0];

        Assert.Equal((1, 7, 5m), (step.CallsMin, step.CallsMax, step.Cost.Value));
    }

    [Fact]
    public void Independent_steps_of_a_graph_take_the_time_of_the_longest_path()
    {
        var simulation = Simulate("""
            {"name":"p","steps":[{"id":"end","depends_on":["a","b"],"skill":"json_transform","params":{}},
             {"id":"a","skill":"http_call","params":{}},{"id":"b","skill":"llm_invoke","params":{}},{"id":"c","skill":"email_send","params":{}}]}
            """);

        Assert.Equal(2010, simulation.EstimatedDurationMs);
    }

    [Fact]
    public void A_sleep_takes_its_time_and_costs_nothing()
    {
        var simulation = Simulate("""[{"skill":"echo","params":{"msg":"hi"}},{"skill":"wait","params":{"ms":100}}]""", 1);

        Assert.True(simulation.Feasible);
        Assert.Equal(("wait", 0m, 100L), (simulation.Steps[1].SkillId, simulation.Steps[1].Cost.Value, simulation.Steps[1].LatencyMs));
    }

    [Fact]
    public void Centuries_of_sleep_are_counted_without_overflow()
    {
        var steps = string.Join(',', Enumerable.Repeat("""{"sleep":"3650d"}""", 2000));

        Assert.Equal(2000 * 3650L * 24 * 3_600_000, Simulate($$"""{"name":"p","steps":[{{steps}}]}""").EstimatedDurationMs);
    }

    [Fact]
    public void A_fallback_counts_in_the_worst_case_only()
    {
        var simulation = Simulate("""
            {"name":"p","steps":[{"id":"a","skill":"http_call","params":{},"on_error":{"fallback":"b"}},
             {"id":"b","fallback_only":true,"skill":"llm_invoke","params":{"model":"big","max_tokens":1000}}]}
            """);

        Assert.Equal((0m, 500L, 0.1), (simulation.EstimatedCost.Value, simulation.EstimatedDurationMs, simulation.CumulativeRisk));
        Assert.True(simulation.CostMax.Value > 1.5m);
    }

    [Fact]
    public void A_child_plan_is_counted_with_all_it_does()
    {
        var simulation = Simulate("""
            {"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","steps":[
              {"id":"x","skill":"llm_invoke","params":{}},{"id":"y","for_each":"${{ inputs.n }}","skill":"email_send","params":{}}]},"inputs":{"n":[1,2]}}}]}
            """);

        Assert.Equal((7m, 3000L - 500), (simulation.EstimatedCost.Value, simulation.EstimatedDurationMs));
        Assert.Equal("run", simulation.Steps[0].SkillId);
    }

    [Fact]
    public void An_estimate_never_exceeds_the_bound_of_a_model_that_the_step_names()
    {
        Assert.Equal(0, Simulate("""[{"skill":"llm_invoke","params":{"model":"free","prompt":"x"}}]""").EstimatedCost.Value);
        var tiny = Simulate("""[{"skill":"llm_invoke","params":{"model":"tiny","prompt":"x","max_tokens":100}}]""");
        Assert.InRange(tiny.EstimatedCost.Value, 0.01m, 0.02m);
        Assert.Equal(tiny.EstimatedCost, tiny.CostMax);
    }

    [Fact]
    public void The_worst_case_is_the_bound_the_machine_reserves()
    {
        var simulation = Simulate("""[{"skill":"llm_invoke","params":{"prompt":"x","max_tokens":100000}}]""", 10);

        Assert.True(simulation.Feasible);
        Assert.InRange(simulation.CostMax.Value, 150m, 151m);
        Assert.Contains(simulation.Warnings, warning => warning.Contains("worst case", StringComparison.Ordinal));
    }

    [Fact]
    public void A_call_above_its_step_s_ceiling_is_foretold()
    {
        var simulation = Simulate("""{"name":"p","steps":[{"id":"a","skill":"llm_invoke","params":{"prompt":"x","max_tokens":100000},"max_cost_cents":20}]}""");

        Assert.Contains(simulation.Warnings, warning => warning.Contains("max_cost_cents is 20", StringComparison.Ordinal));
        Assert.Equal(20, simulation.CostMax.Value);
    }

    [Fact]
    public void The_lower_one_of_two_budgets_counts()
    {
        const string Plan = """{"name":"p","budget_cents":4,"steps":[{"id":"a","skill":"llm_invoke","params":{}}]}""";

        Assert.Equal("budget_insufficient", Simulate(Plan, null).Status);
        Assert.Equal("budget_insufficient", Simulate(Plan, 1000).Status);
        Assert.Equal(-1, Simulate(Plan, 1000).BudgetRemaining!.Value.Value);
        Assert.Null(Simulate(Calls("llm_invoke"), null).BudgetRemaining);
        Assert.False(Simulate(Calls("llm_invoke"), 0).Feasible);
        Assert.True(Simulate(Calls("echo"), 0).Feasible);
    }

    [Fact]
    [Trait("id", "MEMREAD-08")]
    public void A_plan_that_reads_the_memory_is_priced_without_reading_it()
    {
        var simulation = Simulate("""{"name":"p","steps":[{"id":"a","skill":"echo","for_each":"${{ memory[\"k\"].list }}","params":{"x":"${{ item }}"}}]}""");

        Assert.True(simulation.Feasible);
        Assert.Equal((1, RunMachine.ItemsMax), (simulation.Steps[0].CallsMin, simulation.Steps[0].CallsMax));
    }

    [Fact]
    public void A_workflow_that_nobody_looked_up_is_refused_by_name()
    {
        const string plan = """{"name":"p","steps":[{"id":"a","run":{"plan":{"$ref":"workflow:w@1"}}}]}""";

        Assert.Equal("NOT_AVAILABLE", Simulate(plan).Refusal?.Code);
        Assert.Equal("NOT_AVAILABLE", Simulator.Admit(House, Ask(plan))?.Code);
    }

    [Fact]
    [Trait("id", "LOOP-20")]
    public void An_agent_step_is_priced_from_one_turn_to_all_of_them()
    {
        var open = Simulate("""{"name":"p","steps":[{"id":"a","agent":{"goal":"g","skills":["echo"],"max_turns":4}}]}""", 100);
        Assert.True(open.Feasible);
        Assert.Equal((5m, 1, 4), (open.EstimatedCost.Value, open.Steps[0].CallsMin, open.Steps[0].CallsMax));
        Assert.InRange(open.CostMax.Value, 24m, 25m);
        Assert.Contains(open.Warnings, warning => warning.Contains("takes 1 to 4 turns", StringComparison.Ordinal) && warning.Contains("the run's budget alone", StringComparison.Ordinal));

        var closed = Simulate("""{"name":"p","steps":[{"id":"a","agent":{"goal":"g","skills":["echo"],"max_cost_cents":7,"approve":["echo"]}}]}""", 100);
        Assert.Equal(7m, closed.CostMax.Value);
        Assert.Contains(closed.Warnings, warning => warning.Contains("at most 7 cents", StringComparison.Ordinal));
        Assert.Contains(closed.Warnings, warning => warning.Contains("calls of echo wait for an approval", StringComparison.Ordinal));

        Assert.Equal("budget_insufficient", Simulate("""{"name":"p","steps":[{"id":"a","agent":{"goal":"g","skills":["echo"]}}]}""", 4).Status);
        Assert.Equal("permission_denied", Simulator.Simulate(House, Ask("""{"name":"p","steps":[{"id":"a","agent":{"goal":"g","skills":["echo"]}}]}""", blocked: ["echo"])).Status);
    }

    [Fact]
    [Trait("id", "APPR-11")]
    public void A_wait_for_an_approval_costs_nothing_and_is_told() => Assert.Contains(
        Simulate("""{"name":"p","steps":[{"id":"a","await":{"approval":{"level":3}}}]}""", 0).Warnings,
        warning => warning.Contains("waits for an approval", StringComparison.Ordinal));

    [Fact]
    public void The_ids_depend_on_plan_seed_time_and_tenant_alone()
    {
        var request = Ask(Calls("http_call"));
        var ids = new[]
        {
            request, request with { Seed = 43 }, request with { Timestamp = "2026-01-01T00:00:00Z" }, request with { Tenant = new TenantId("other") }, Ask(Calls("echo")),
            Ask("[]") with { SourceHash = "1" }, Ask("[]") with { SourceHash = "2" },
        }.Select(asked => Simulator.Simulate(House, asked)).ToList();

        Assert.Equal(ids.Count, ids.Select(simulation => simulation.TraceId).Distinct().Count());
        Assert.Equal(ids.Count, ids.Select(simulation => simulation.RootHash).Distinct().Count());
        Assert.Equal(ids[0].RootHash, Simulator.Simulate(With(new BudgetLimits(new Cents(1), ImmutableSortedDictionary<string, Cents>.Empty)), request with { Budget = null, AgentId = "a" }).RootHash);
    }
}
