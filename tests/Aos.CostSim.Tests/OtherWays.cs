using static Aos.CostSim.Tests.SimulationWorld;

namespace Aos.CostSim.Tests;

/// <summary>Alternatives: what they save and whether the plan would then be admitted, by judging the changed plan.</summary>
[Trait("store", "none")]
public sealed class OtherWays
{
    private const string Calls3 = """{"name":"p","steps":[{"id":"a","for_each":"${{ inputs.rows }}","skill":"llm_invoke","params":{"prompt":"${{ item }}"}},{"id":"b","skill":"email_send","params":{}}]}""";

    private static readonly SimulatorFacts Priced = WithPrices();

    [Fact]
    [Trait("id", "D1.12-01")]
    public void A_cheaper_model_is_named_with_what_it_saves_to_the_fraction()
    {
        var simulation = Simulator.Simulate(Priced, Ask("""{"name":"p","steps":[{"id":"a","skill":"llm_invoke","params":{"prompt":"hi","model":"big"}},{"id":"b","skill":"llm_invoke","params":{"prompt":"hi","model":"big"}}]}""", 7));
        var (one, both) = (simulation.Alternatives.First(other => other.StepId == "a" && other.Kind == "cheaper_model"), simulation.Alternatives.Single(other => other is { Kind: "cheaper_model", StepId: null }));

        var changed = Simulator.Simulate(Priced, Ask("""{"name":"p","steps":[{"id":"a","skill":"llm_invoke","params":{"prompt":"hi","model":"tiny"}},{"id":"b","skill":"llm_invoke","params":{"prompt":"hi","model":"big"}}]}""", 7));
        Assert.Equal(("tiny", true), (one.Model, one.Feasible));
        Assert.Equal(simulation.EstimatedCost - changed.EstimatedCost, one.PotentialSavings);
        Assert.True(changed.Feasible);
        Assert.Equal((one.PotentialSavings.Value * 2, "tiny", true), (both.PotentialSavings.Value, both.Model, both.Feasible));
        Assert.NotEqual(decimal.Truncate(one.PotentialSavings.Value), one.PotentialSavings.Value);
    }

    [Fact]
    [Trait("id", "D1.12-02")]
    public void Fewer_items_are_as_many_as_the_budget_holds()
    {
        var alternatives = Simulator.Simulate(House, Ask(Calls3, 12, inputs: """{"rows":[1,2,3,4]}""")).Alternatives;
        var fewer = Assert.Single(alternatives, other => other.Kind == "fewer_items");

        // 5 cents an item and 1 for the mail: two items fit into 12.
        Assert.Equal(("a", 2, 10m, true), (fewer.StepId, fewer.Items, fewer.PotentialSavings.Value, fewer.Feasible));
        var one = Assert.Single(Simulator.Simulate(House, Ask(Calls3, 3, inputs: """{"rows":[1,2,3,4]}""")).Alternatives, other => other.Kind == "fewer_items");
        Assert.Equal((1, 15m, false), (one.Items, one.PotentialSavings.Value, one.Feasible));
        Assert.DoesNotContain(Simulator.Simulate(House, Ask(Calls3, 3)).Alternatives, other => other.Kind == "fewer_items"); // How many there are is not known.
    }

    [Fact]
    [Trait("id", "D1.12-03")]
    public void A_kept_answer_is_offered_where_the_skill_keeps_answers()
    {
        var plan = """{"name":"p","steps":[{"id":"a","skill":"llm_invoke","params":{"prompt":"x"}},{"id":"b","skill":"llm_invoke","params":{"prompt":"x","cache":false}},{"id":"c","skill":"email_send","params":{}}]}""";
        var cached = Assert.Single(Simulator.Simulate(Priced, Ask(plan, 6)).Alternatives, other => other.Kind == "cached_result");

        Assert.Equal(("a", 5m, true), (cached.StepId, cached.PotentialSavings.Value, cached.Feasible));
        Assert.Contains("seed", cached.Suggestion, StringComparison.Ordinal);
        Assert.False(Simulator.Simulate(Priced, Ask(plan, 5)).Alternatives.Single(other => other.Kind == "cached_result").Feasible);
        Assert.DoesNotContain(Simulator.Simulate(House, Ask(plan, 6)).Alternatives, other => other.Kind == "cached_result");
    }

    [Fact]
    [Trait("id", "D1.12-04")]
    public void A_higher_budget_helps_unless_another_limit_is_in_the_way()
    {
        var request = Ask("""{"name":"p","budget_cents":4,"steps":[{"id":"a","skill":"llm_invoke","params":{}}]}""", null);
        var raised = Simulator.Simulate(House, request).Alternatives[^1];
        var limited = Simulator.Simulate(With(new BudgetLimits(new Cents(3), BudgetLimits.None.ModelMax)), request).Alternatives[^1];

        Assert.Equal(("raise_budget", 5L, true), (raised.Kind, raised.BudgetCents, raised.Feasible));
        Assert.Equal(("raise_budget", 5L, false), (limited.Kind, limited.BudgetCents, limited.Feasible));
        Assert.False(Simulator.Simulate(House, Ask(Calls("llm_invoke", "nowhere"), 4)).Alternatives[^1].Feasible); // No money makes a skill be there.
    }

    [Fact]
    [Trait("id", "D1.12-05")]
    public void They_are_few_and_come_when_asked_for()
    {
        var plan = Calls([.. Enumerable.Repeat("llm_invoke", 2_000)]);
        Assert.Empty(Simulator.Simulate(Priced, Ask(plan, 10_000)).Alternatives);
        Assert.Equal(["fewer_model_calls", "cheaper_model", "raise_budget"], Simulator.Simulate(Priced, Ask(plan, 10_000) with { WithAlternatives = true }).Alternatives.Select(other => other.Kind));
        Assert.InRange(Simulator.Simulate(Priced, Ask(Calls([.. Enumerable.Repeat("llm_invoke", 1_000)]), 1)).Alternatives.Length, 5, 12);
    }

    [Fact]
    [Trait("id", "D1.12-06")]
    public void The_answer_says_which_model_gave_it() =>
        Assert.Equal(("v1", TypicalFigures.Version), (Simulate(Calls("echo")).Model.Name, Simulate(Calls("echo")).Model.Version));

    private static SimulatorFacts WithPrices()
    {
        var table = PriceTable.Shipped.With(Json.Parse("""
            {"prices":[{"provider":"house","model":"big","input_cents_per_million":300,"output_cents_per_million":1500,"since":"2025-01-01","source":"test"},
                       {"provider":"house","model":"tiny","input_cents_per_million":10,"output_cents_per_million":100,"since":"2025-01-01","source":"test"},
                       {"provider":"other","model":"free","input_cents_per_million":0,"output_cents_per_million":0,"since":"2025-01-01","source":"test"}]}
            """)).Table!;
        var prices = House.Prices.ToDictionary(pair => pair.Key, pair => pair.Key == "llm_invoke" ? pair.Value with { CachesAnswers = true } : pair.Value, StringComparer.Ordinal);
        return House with { Models = table, Prices = prices };
    }
}
