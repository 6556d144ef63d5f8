using Aos.Testing;

namespace Aos.Workflow.Tests.Observing;

/// <summary>What the real engine counts while runs go well, fail, wait and are mended.</summary>
[Trait("id", "W-23")]
public sealed class WorkflowMeasures : IDisposable
{
    private const string Tenant = "37a8eec1"; // SHA-256 of "default".

    private readonly Counted counted = new();

    public void Dispose() => counted.Dispose();

    [Fact]
    public async Task A_run_that_fails_is_counted_by_code_step_and_tenant_and_leaves_no_gauge_behind()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Skill == "charge" ? Behaviour.Fail : Behaviour.Answer;

        await RunAsync(world, """{"name":"p","steps":[{"id":"a","skill":"pure"},{"id":"b","skill":"charge"}]}""");

        Assert.Equal(1, counted[$"workflow_failures_total{{error_code=RATE_LIMITED,spec_id=inline,tenant_hash={Tenant}}}"]);
        Assert.Equal(1, counted["workflow_step_failures_total{error_code=RATE_LIMITED,skill_id=charge,spec_id=inline}"]);
        Assert.Equal(1, counted.Times("workflow_step_duration_seconds{skill_id=pure,status=success}"));
        Assert.Equal(1, counted.Times("workflow_step_duration_seconds{skill_id=charge,status=failure}"));
        Assert.Equal(1, counted.Times("workflow_budget_usage_cents{spec_id=inline}"));
        Assert.Empty(world.ActiveBySpec);
    }

    [Fact]
    public async Task Runs_in_memory_are_there_while_they_work_and_gone_however_they_end()
    {
        await using var world = await OpenAsync();
        var seen = new List<int>();
        world.Skills.BeforeEffect += _ => seen.Add(world.ActiveBySpec["inline"]);

        await RunAsync(world, """{"name":"p","steps":[{"id":"a","skill":"charge"}]}""");
        var second = await world.StartAsync("""{"name":"p","steps":[{"id":"a","await":{"signal":"go"}}]}""");
        await world.SettleAsync();
        await world.CommandAsync(second, new CancelRun("enough"));
        await world.SettleAsync();

        Assert.Equal([1], seen);
        Assert.Empty(world.ActiveBySpec);
    }

    [Fact]
    public async Task A_second_try_is_counted_by_how_it_went()
    {
        await using var world = await OpenAsync();
        var calls = 0;
        world.Skills.Behave = _ => calls++ < 2 ? Behaviour.Fail : Behaviour.Answer;

        await RunAsync(world, """{"name":"p","steps":[{"id":"a","skill":"charge","retry":{"max_attempts":4,"backoff":"1s"}}]}""");

        Assert.Equal(1, counted["nova_auto_recovery_attempts_total{recovery_type=retry,outcome=success}"]);
        Assert.Equal(1, counted["nova_auto_recovery_attempts_total{recovery_type=retry,outcome=failure}"]);
        Assert.Equal(0, counted[$"workflow_failures_total{{error_code=RATE_LIMITED,spec_id=inline,tenant_hash={Tenant}}}"]);
        Assert.Equal(9, counted["nova_cost_actual_cents_total{skill_id=charge}"]);
    }

    [Fact]
    public async Task An_append_that_fails_is_counted_and_so_is_the_one_that_stores_it_after_all()
    {
        await using var world = await OpenAsync();
        var appends = 0;
        world.Faults = () => ++appends == 2 ? Fault.UnavailableBefore : Fault.None;

        await RunAsync(world, """{"name":"p","steps":[{"id":"a","skill":"charge"}]}""");

        Assert.Equal(1, counted["workflow_checkpoint_operations_total{operation=save,status=failure}"]);
        Assert.True(counted["workflow_checkpoint_operations_total{operation=save,status=success}"] >= 2);
        Assert.Equal(
            counted["workflow_checkpoint_operations_total{operation=save,status=failure}"] + counted["workflow_checkpoint_operations_total{operation=save,status=success}"],
            counted.Times("workflow_checkpoint_duration_seconds{operation=save}"));
    }

    [Fact]
    public async Task A_run_that_is_read_again_after_a_crash_is_a_load_and_a_takeover()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Number == 1 ? Behaviour.CrashAfter : Behaviour.Answer;

        await RunAsync(world, """{"name":"p","steps":[{"id":"a","skill":"charge"}]}""");

        Assert.Equal(1, world.Crashes);
        Assert.Equal(1, counted["workflow_checkpoint_operations_total{operation=load,status=success}"]);
        Assert.Equal(1, counted["nova_auto_recovery_attempts_total{recovery_type=takeover,outcome=success}"]);
        Assert.Equal(1, counted.Times("workflow_checkpoint_duration_seconds{operation=load}"));
    }

    [Fact]
    public async Task What_costs_too_much_is_counted_as_a_breach_and_a_refusal()
    {
        await using var world = await OpenAsync();

        await RunAsync(world, """{"name":"p","steps":[{"id":"a","skill":"charge","max_cost_cents":1}]}""");
        await RunAsync(world, """{"name":"p","steps":[{"id":"a","skill":"charge"}]}""", new Cents(5));

        Assert.Equal(1, counted["nova_budget_breach_total{breach_type=step_ceiling}"]);
        Assert.Equal(1, counted["nova_budget_breach_total{breach_type=workflow_ceiling}"]);
        Assert.Equal(1, counted["nova_resource_budget_rejections_total{resource_type=STEP_CEILING_EXCEEDED,skill_id=charge}"]);
        Assert.Equal(1, counted["nova_resource_budget_rejections_total{resource_type=RUN_BUDGET_EXCEEDED,skill_id=charge}"]);
        Assert.Equal(2, counted["nova_policy_decisions_total{decision=deny,policy_type=budget}"]);
    }

    [Fact]
    public async Task What_waits_for_a_person_is_counted_and_so_is_what_became_of_it()
    {
        await using var world = await OpenAsync();
        const string Plan = """{"name":"p","steps":[{"id":"a","await":{"approval":{"policy_type":"cost","timeout":"1m"}}}]}""";
        var (yes, no) = (await world.StartAsync(Plan), await world.StartAsync(Plan));
        await world.CommandAsync(yes, Decision(true));
        await world.CommandAsync(no, Decision(false));
        await RunAsync(world, Plan);

        Assert.Equal(3, counted["nova_approval_requests_total{policy_type=cost}"]);
        Assert.Equal(3, counted["nova_policy_decisions_total{decision=escalate,policy_type=cost}"]);
        Assert.Equal([1, 1, 1], new[] { "approved", "rejected", "expired" }.Select(result => counted[$"nova_approval_actions_total{{result={result}}}"]));
    }

    [Fact]
    public async Task A_step_that_stands_in_and_one_that_undoes_are_counted()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Skill == "put" ? Behaviour.Fail : Behaviour.Answer;

        await RunAsync(world, """{"name":"p","steps":[{"id":"a","skill":"put","on_error":{"fallback":"b"}},{"id":"b","skill":"pure","fallback_only":true}]}""");
        await RunAsync(world, """{"name":"p","on_failure":"compensate","steps":[{"id":"a","skill":"charge","compensate":{"skill":"pure"}},{"id":"b","skill":"put"}]}""");

        Assert.Equal(1, counted["nova_fallback_activations_total{fallback_type=step,original_skill_id=put}"]);
        Assert.Equal(1, counted["nova_auto_recovery_attempts_total{recovery_type=compensation,outcome=success}"]);
    }

    [Fact]
    public async Task No_label_says_a_tenant_or_run_by_name()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = static _ => Behaviour.Fail;
        var run = await RunAsync(world, """{"name":"secret-plan","steps":[{"id":"a","skill":"charge"}]}""");

        Assert.NotEmpty(counted.Series);
        Assert.All(counted.Series, series => Assert.DoesNotContain("default", series, StringComparison.Ordinal));
        Assert.All(counted.Series, series => Assert.DoesNotContain("secret-plan", series, StringComparison.Ordinal));
        Assert.All(counted.Series, series => Assert.DoesNotContain(run.ToString(), series, StringComparison.Ordinal));
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

    private static DecideApproval Decision(bool approved) => new($"d-{approved}", "a", -1, approved, "somebody", null, 5);
}
