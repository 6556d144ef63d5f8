using Aos.Testing;

namespace Aos.Workflow.Tests.Observing;

/// <summary>Every call and step is measured once, however it ends.</summary>
public sealed class Wiring : IDisposable
{
    private const string Plan = """{"name":"p","steps":[{"id":"a","skill":"charge","timeout":"5s"}]}""";

    private readonly Counted counted = new();

    public void Dispose() => counted.Dispose();

    [Fact]
    [Trait("id", "D9-M01")]
    [Trait("id", "D9-M08")]
    public async Task A_call_that_succeeds_is_measured_once_as_a_success()
    {
        await using var world = await OpenAsync();
        await RunAsync(world, Plan);

        Assert.Equal((1, 1), (counted.Times("nova_skill_duration_seconds{skill=charge}"), counted.Times("workflow_step_duration_seconds{skill_id=charge,status=success}")));
        Assert.Equal(0, counted.Times("workflow_step_duration_seconds{skill_id=charge,status=failure}"));
    }

    [Theory]
    [Trait("id", "D9-M02")]
    [Trait("id", "D9-M03")]
    [Trait("id", "D9-M08")]
    [InlineData(Behaviour.Fail, "RATE_LIMITED")]
    [InlineData(Behaviour.ThenNever, "TIMEOUT")]
    public async Task A_call_that_fails_or_takes_too_long_is_measured_once_as_a_failure(Behaviour behaviour, string code)
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = _ => behaviour;
        await RunAsync(world, Plan);

        Assert.Equal((1, 0), (counted.Times("workflow_step_duration_seconds{skill_id=charge,status=failure}"), counted.Times("workflow_step_duration_seconds{skill_id=charge,status=success}")));
        Assert.Equal(1, counted[$"workflow_step_failures_total{{error_code={code},skill_id=charge,spec_id=inline}}"]);
    }

    [Fact]
    [Trait("id", "D9-M06")]
    public async Task Runs_go_on_where_nobody_listens()
    {
        await using var world = await World.OpenAsync();
        world.Skills.Add("charge", EffectClass.Idempotent, cents: 9);
        var run = await RunAsync(world, Plan);

        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(run)).Status);
    }

    [Fact]
    [Trait("id", "D9-M10")]
    public async Task Over_its_budget_a_run_fails_by_its_code_and_no_cost_is_measured()
    {
        await using var world = await OpenAsync();
        await RunAsync(world, Plan, new Cents(5));

        Assert.Equal(1, counted["workflow_failures_total{error_code=RUN_BUDGET_EXCEEDED,spec_id=inline,tenant_hash=37a8eec1}"]);
        Assert.Equal((0, 0), (counted.Times("nova_cost_simulation_drift_cents{skill_id=charge}"), counted.Times("nova_step_cost_cents{skill_id=charge}")));
        Assert.Equal(0, counted["nova_cost_actual_cents_total{skill_id=charge}"]);
    }

    [Fact]
    [Trait("id", "D9-M11")]
    [Trait("id", "D9-M12")]
    public async Task Skills_make_as_many_series_as_there_are_skills_and_a_step_ends_in_one_of_two_ways()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Skill == "put" ? Behaviour.Fail : Behaviour.Answer;
        for (var i = 0; i < 4; i++) await RunAsync(world, """{"name":"p","steps":[{"id":"a","skill":"pure"},{"id":"b","skill":"charge"},{"id":"c","skill":"put"}]}""");

        Assert.Equal(3, counted.Series.Count(series => series.StartsWith("nova_skill_duration_seconds{", StringComparison.Ordinal)));
        Assert.Equal(
            ["workflow_step_duration_seconds{skill_id=charge,status=success}", "workflow_step_duration_seconds{skill_id=pure,status=success}", "workflow_step_duration_seconds{skill_id=put,status=failure}"],
            counted.Series.Where(series => series.StartsWith("workflow_step_duration_seconds{", StringComparison.Ordinal)));
    }

    private async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync(meters: counted.Factory);
        world.Skills.Add("pure", EffectClass.Pure).Add("charge", EffectClass.Idempotent, cents: 9).Add("put", EffectClass.Idempotent);
        return world;
    }

    private static async Task<RunId> RunAsync(World world, string plan, Cents? budget = null)
    {
        var run = await world.StartAsync(plan, budget: budget);
        await world.SettleAsync();
        return run;
    }
}
