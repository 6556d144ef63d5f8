using Aos.Testing;

namespace Aos.Workflow.Tests.Hardening;

/// <summary>What a run may spend stands in its own record, so that no later setting changes it.</summary>
public sealed class BudgetRecords
{
    private const string Plan = """{"name":"p","steps":[{"id":"a","skill":"charge","max_cost_cents":100},{"id":"b","skill":"charge","max_cost_cents":100}]}""";

    [Fact]
    [Trait("id", "B8.3-28")]
    public async Task Ceilings_of_run_and_step_and_the_rule_they_are_held_by_are_on_record()
    {
        await using var world = await OpenAsync();
        var run = await RunAsync(world, new Cents(500));

        Assert.Equal(new Cents(500), run.Start!.Budget);
        Assert.All(run.Plan.Steps, step => Assert.Equal(new Cents(100), step.MaxCost));
        Assert.True(Enum.IsDefined(run.Start.Rule));
        Assert.Equal(new Cents(9), run.Start.Terms["charge"].Cost.UpperBound(Json.EmptyObject));
        Assert.Equal((new Cents(18), Cents.Zero), (run.Spent, run.Reserved));
    }

    [Fact]
    [Trait("id", "B8.3-29")]
    public async Task A_run_without_a_budget_has_none_on_record()
    {
        await using var world = await OpenAsync();

        Assert.Null((await RunAsync(world, null)).Start!.Budget);
    }

    [Fact]
    [Trait("id", "B8.3-30")]
    public async Task Ten_runs_reserve_and_spend_the_same()
    {
        await using var world = await OpenAsync();
        var seen = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            var run = await RunAsync(world, new Cents(500));
            seen.Add(string.Join(' ', run.Steps.Select(step => $"{step.Calls[0].Started!.Reserved}/{step.Cost}")) + $" {run.Start!.Budget} {run.Spent}");
        }

        Assert.Equal("9/9 9/9 500 18", Assert.Single(seen.Distinct()));
    }

    private static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("charge", EffectClass.Idempotent, cents: 9);
        return world;
    }

    private static async Task<RunState> RunAsync(World world, Cents? budget)
    {
        var run = await world.StartAsync(Plan, budget: budget);
        await world.SettleAsync();
        return await world.ReadAsync(run);
    }
}
