using Aos.Testing;

namespace Aos.Workflow.Tests.Basics;

/// <summary>Time, money and tries of a run, on the real engine.</summary>
public sealed class Limits
{
    private readonly TaskCompletionSource isOut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource isOff = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    [Trait("id", "W-05")]
    public async Task A_step_s_timeout_ends_its_call()
    {
        await using var world = await HangingAsync();
        var run = await ToEndAsync(world, """{"name":"p","steps":[{"id":"a","skill":"put","timeout":"20s","retry":{"max_attempts":1}}]}""");

        Assert.Equal((RunStatus.Failed, "TIMEOUT"), (run.Status, run.End!.Failure!.Code));
        Assert.InRange((run.EndedAt - run.StartedAt)!.Value, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20.1));
    }

    [Theory]
    [InlineData("""{"id":"w","timeout_seconds":60,"steps":[{"id":"a","skill_id":"put","timeout":"9h"},{"id":"b","skill_id":"put"}]}""")]
    [InlineData("""{"name":"w","timeout":"60s","steps":[{"id":"a","skill":"put","timeout":"9h"},{"id":"b","skill":"put"}]}""")]
    [Trait("id", "W-05")]
    public async Task A_run_s_timeout_ends_it_and_calls_off_what_is_under_way(string plan)
    {
        await using var world = await HangingAsync();
        var run = await ToEndAsync(world, plan);

        await isOff.Task;
        Assert.Equal((RunStatus.Failed, "RUN_TIMEOUT", "a"), (run.Status, run.End!.Failure!.Code, world.Called()));
        Assert.InRange((run.EndedAt - run.StartedAt)!.Value, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60.1));
    }

    [Theory]
    [InlineData("""{"id":"w","budget_ceiling_cents":9,"steps":[{"id":"a","skill_id":"charge"},{"id":"b","skill_id":"charge"}]}""")]
    [InlineData("""{"name":"w","budget_cents":9,"steps":[{"id":"a","skill":"charge"},{"id":"b","skill":"charge"}]}""")]
    [Trait("id", "W-05")]
    public async Task A_spec_s_budget_is_held(string plan)
    {
        await using var world = await Worlds.OpenAsync();
        var run = await world.RunAsync(plan);

        Assert.Equal((RunStatus.Failed, "RUN_BUDGET_EXCEEDED", new Cents(5)), (run.Status, run.End!.Failure!.Code, run.Spent));
        Assert.Equal("a", world.Called());
    }

    [Fact]
    [Trait("id", "W-05")]
    public async Task Who_cancels_a_run_calls_off_what_is_under_way()
    {
        await using var world = await HangingAsync();
        var run = await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"put","timeout":"9h"},{"id":"b","skill":"put"}]}""");
        await isOut.Task;
        await world.CommandAsync(run, new CancelRun("enough"));
        await world.SettleAsync();

        Assert.Equal(RunStatus.Cancelled, (await world.ReadAsync(run)).Status);
        await isOff.Task;
        Assert.Equal("a", world.Called());
    }

    [Fact]
    [Trait("id", "W-03")]
    [Trait("plants", "EXECUTION_ERROR")]
    public async Task A_skill_that_breaks_is_not_called_again_however_many_tries_its_plan_allows()
    {
        var calls = 0;
        await using var world = await Worlds.OpenAsync();
        world.Skills.Add("broken", EffectClass.Idempotent, _ => ++calls > 0 ? throw new FormatException("timed out: connection reset") : default);
        var run = await world.RunAsync("""{"name":"p","steps":[{"id":"a","skill":"broken","retry":{"max_attempts":9,"backoff":"1s"}}]}""");

        Assert.Equal((RunStatus.Failed, "EXECUTION_ERROR", 1), (run.Status, run.End!.Failure!.Code, calls));
    }

    [Theory]
    [InlineData(Fault.CrashBefore)]
    [InlineData(Fault.CrashAfter)]
    [Trait("id", "W-08")]
    [Trait("id", "W-29")]
    public async Task A_run_that_was_resumed_has_charged_each_step_once_and_counts_those_before_it(Fault fault)
    {
        for (var at = 1; at < 4; at++)
        {
            await using var world = await Worlds.OpenAsync();
            world.Skills.Add("paid", EffectClass.Idempotent, cents: 3);
            var appends = 0;
            world.Faults = () => appends++ == at ? fault : Fault.None;
            var run = await world.RunAsync("""[{"skill":"paid","params":{"n":1}},{"skill":"paid","params":{"n":2}},{"skill":"paid","params":{"n":3}}]""", budget: new Cents(9));

            Assert.Equal((1, RunStatus.Succeeded, new Cents(9), Cents.Zero), (world.Crashes, run.Status, run.Spent, run.Reserved));
            Assert.Equal([new Cents(3), new Cents(3), new Cents(3)], run.Steps.Select(step => step.Cost));
            Assert.Equal(["""{"n":1}""", """{"n":2}""", """{"n":3}"""], Enumerable.Range(0, 3).Select(run.Result));
        }
    }

    [Fact]
    [Trait("id", "W-08")]
    public async Task While_the_store_does_not_answer_nothing_that_costs_is_called()
    {
        await using var world = await Worlds.OpenAsync();
        var (refusals, called) = (0, -1);
        world.Skills.BeforeEffect = _ => called = refusals;
        world.Faults = () => refusals < 20 && ++refusals > 0 ? Fault.UnavailableBefore : Fault.None;
        var run = await world.RunAsync("""{"name":"p","steps":[{"id":"a","skill":"charge"}]}""", budget: new Cents(5));

        Assert.Equal((20, RunStatus.Succeeded, new Cents(5)), (called, run.Status, run.Spent));
    }

    [Fact]
    [Trait("id", "W-29")]
    public async Task What_was_read_of_a_run_stays_as_it_was_when_the_run_goes_on()
    {
        await using var world = await Worlds.OpenAsync();
        var before = await world.RunAsync("""{"name":"p","steps":[{"id":"a","skill":"charge"},{"id":"w","await":{"signal":"go"}},{"id":"b","skill":"charge"}]}""");
        var (row, events) = (Assert.Single(world.Journal.Rows), world.Journal.Events(before.Start!.Run));
        var (seq, count) = (before.Seq, events.Count);
        await world.CommandAsync(before.Start.Run, new SignalRun("1", "go", Json.True));
        await world.SettleAsync();
        var after = await world.ReadAsync(before.Start.Run);

        Assert.Equal((RunStatus.Succeeded, new Cents(10)), (after.Status, after.Spent));
        Assert.Equal((RunStatus.Waiting, new Cents(5), seq, StepStatus.Pending), (before.Status, before.Spent, before.Seq, before.Steps[2].Status));
        Assert.Equal((RunStatus.Waiting, seq, count), (row.Status, row.Seq, events.Count));
    }

    /// <summary>The clock goes on when the call is out, and not before.</summary>
    private async Task<RunState> ToEndAsync(World world, string plan)
    {
        var run = await world.StartAsync(plan);
        await isOut.Task;
        await world.SettleAsync();
        return await world.ReadAsync(run);
    }

    /// <summary>The effect of <c>put</c> happens, and no answer ever comes.</summary>
    private async Task<World> HangingAsync()
    {
        var world = await Worlds.OpenAsync();
        world.Skills.Behave = call =>
        {
            isOut.TrySetResult();
            return call.Skill == "put" ? Behaviour.ThenNever : Behaviour.Answer;
        };
        world.Skills.Leaving = () =>
        {
            isOff.TrySetResult();
            return Task.CompletedTask;
        };
        return world;
    }
}
