using Aos.Contracts;
using Aos.Runs;
using Aos.Testing;

namespace Aos.Integration.Tests.Host;

/// <summary>The run host: what goes on beside what, and what survives what.</summary>
[Trait("store", "none")]
public sealed class Hosting
{
    private static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("echo", EffectClass.Pure).Add("put", EffectClass.Idempotent).Add("post", EffectClass.AtMostOnce);
        return world;
    }

    [Fact]
    [Trait("id", "A8.9-01")]
    public async Task The_host_starts_and_carries_a_run_to_its_end()
    {
        await using var world = await OpenAsync();
        var run = await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"put","params":{"n":1}}]}""");
        await world.SettleAsync();

        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(run)).Status);
        Assert.Empty(await world.ViolationsAsync());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    [Trait("id", "A8.9-02")]
    [Trait("id", "A8.9-03")]
    public async Task No_more_calls_are_under_way_than_the_host_is_told(int max)
    {
        Assert.Equal(512, new RunsOptions().CallsMax);
        await using var world = await World.OpenAsync(new RunsOptions { CallsMax = max });
        var (busy, most, gate) = (0, 0, new Lock());
        world.Skills.Add("put", EffectClass.Idempotent, _ =>
        {
            lock (gate) most = Math.Max(most, ++busy);
            Thread.Yield();
            lock (gate) busy--;
            return Json.Null;
        });
        var runs = new List<RunId>();
        for (var i = 0; i < 20; i++) runs.Add(await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"put"}]}"""));
        await world.SettleAsync();

        Assert.InRange(most, 1, max);
        foreach (var run in runs) Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(run)).Status);
    }

    [Fact]
    public async Task Calls_above_the_limit_wait_for_a_place()
    {
        await using var world = await World.OpenAsync(new RunsOptions { CallsMax = 2 });
        var times = new System.Collections.Concurrent.ConcurrentQueue<DateTimeOffset>();
        world.Skills.Add("put", EffectClass.Idempotent);
        world.Skills.Behave = _ =>
        {
            times.Enqueue(world.Clock.GetUtcNow());
            return Behaviour.ThenNever;
        };
        await world.StartAsync("""{"name":"p","steps":[{"id":"a","for_each":"${{ [1,2,3,4,5] }}","as":"n","max_parallel":5,"skill":"put","timeout":"10s","retry":{"max_attempts":1},"on_error":"continue"}]}""");
        await world.SettleAsync();

        Assert.Equal(5, times.Count);
        for (var i = 2; i < 5; i++) Assert.True(times.ElementAt(i) - times.ElementAt(i - 2) >= TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_finished_run_refuses_commands_again_and_again()
    {
        await using var world = await OpenAsync();
        var run = await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"echo"}]}""");
        await world.SettleAsync();

        for (var i = 0; i < 3; i++)
            Assert.Equal("RUN_OVER", Assert.IsType<CommandReply.Refused>(await world.CommandAsync(run, new CancelRun("late"))).Why.Code);
    }

    [Fact]
    public async Task A_sleep_ends_on_time_while_a_call_of_another_step_is_under_way()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Skill == "put" ? Behaviour.ThenNever : Behaviour.Answer;
        var run = await world.StartAsync(
            """{"name":"p","steps":[{"id":"long","skill":"put","timeout":"10m","on_error":"continue","depends_on":[]},{"id":"nap","sleep":"1s","depends_on":[]},{"id":"after","skill":"post","depends_on":["nap"]}]}""");
        var start = world.Clock.GetUtcNow();
        await world.SettleAsync();

        var state = await world.ReadAsync(run);
        Assert.InRange((state.Steps[1].EndedAt!.Value - start).TotalSeconds, 1, 599); // The call of the other step ends after 600.
    }

    [Fact]
    public async Task A_retried_run_is_not_cancelled_by_the_end_of_its_first_attempt()
    {
        await using var world = await OpenAsync();
        var first = true;
        world.Skills.Behave = _ => first ? Behaviour.ThenNever : Behaviour.Answer;
        var run = await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"put","timeout":"10m"}]}""");
        await world.CommandAsync(run, new CancelRun("stop"));
        first = false;
        await world.CommandAsync(run, new RetryRun("again"));
        await world.SettleAsync();

        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(run)).Status);
    }

    [Fact]
    public async Task A_call_that_the_first_attempt_called_off_late_is_made_again_by_the_second()
    {
        await using var world = await OpenAsync();
        var (first, called, left) = (true, new TaskCompletionSource(), new TaskCompletionSource());
        world.Skills.BeforeEffect = _ => called.TrySetResult();
        world.Skills.Behave = _ => first ? Behaviour.ThenNever : Behaviour.Answer;
        world.Skills.Leaving = () => left.Task;
        var run = await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"put","timeout":"10m"}]}""");
        await called.Task;
        await world.CommandAsync(run, new CancelRun("stop"));
        first = false;
        await world.CommandAsync(run, new RetryRun("again"));
        left.SetResult();
        await world.SettleAsync();

        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(run)).Status);
        Assert.Equal(2, world.Skills.Effects.Count);
    }

    [Fact]
    public async Task A_call_that_may_have_happened_keeps_its_key_when_it_is_tried_again()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Number == 1 ? Behaviour.ThenNever : Behaviour.Answer;
        var run = await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"put","timeout":"1s","retry":{"max_attempts":3,"backoff":"1s"}}]}""");
        await world.SettleAsync();

        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(run)).Status);
        Assert.Equal(2, world.Skills.Effects.Count);
        Assert.Single(world.Skills.Effects.Select(effect => effect.Call.IdempotencyKey).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_effect_that_may_not_repeat_is_resolved_before_its_cancelled_run_is_retried()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = _ => Behaviour.ThenNever;
        var run = await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"post","timeout":"10m"}]}""");
        await world.CommandAsync(run, new CancelRun("stop"));

        Assert.Equal("OUTCOME_UNKNOWN", Assert.IsType<CommandReply.Refused>(await world.CommandAsync(run, new RetryRun("again"))).Why.Code);
        await world.CommandAsync(run, new ResolveStep("a", -1, ResolveVerdict.Done, Json.Parse("7")));
        await world.CommandAsync(run, new RetryRun("again"));
        await world.SettleAsync();

        var state = await world.ReadAsync(run);
        Assert.Equal(RunStatus.Succeeded, state.Status);
        Assert.Equal("7", state.Steps[0].Result?.GetRawText());
        Assert.Single(world.Skills.Effects);
    }

    [Fact]
    public async Task A_run_that_keeps_killing_its_process_is_quarantined_on_record_and_can_be_resumed()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Skill == "put" ? Behaviour.CrashBefore : Behaviour.Answer;
        var bad = await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"put"}]}""");
        await world.SettleAsync();

        Assert.Equal(6, world.Crashes);
        Assert.Equal(RunStatus.Quarantined, (await world.ReadAsync(bad)).Status);
        world.Skills.Behave = _ => Behaviour.Answer;
        await world.CommandAsync(bad, new ResumeRun("mended"));
        await world.SettleAsync();
        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(bad)).Status);
    }

    [Fact]
    public async Task A_parent_that_waits_for_a_sleeping_child_survives_any_number_of_deaths()
    {
        await using var world = await OpenAsync();
        var run = await world.StartAsync("""{"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","sleep":"1h"}]}}}]}""");
        while (world.Journal.Rows.Any(row => row.Owned)) await Task.Yield();
        for (var i = 0; i < 8; i++) await world.CrashAsync();
        await world.SettleAsync();

        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(run)).Status);
    }

    [Fact]
    public async Task An_orderly_stop_is_no_adoption()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Number < 9 ? Behaviour.ThenNever : Behaviour.Answer;
        var run = await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"put","timeout":"10m"}]}""");
        for (var i = 0; i < 8; i++) await world.RestartGentlyAsync();
        await world.SettleAsync();

        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(run)).Status);
        Assert.Equal(0, world.Journal.Rows[0].Adoptions);
    }

    [Fact]
    public async Task Watching_a_run_leaves_nothing_behind()
    {
        var changes = new RunChanges();
        var run = new RunId(Guid.CreateVersion7());
        using (var first = changes.Of(run))
        {
            using var second = changes.Of(run);
            var next = second.Next;
            Assert.Equal(1, changes.Count);
            changes.Changed(run, RunState.Empty);
            await next;
        }

        Assert.Equal(0, changes.Count);
    }
}
