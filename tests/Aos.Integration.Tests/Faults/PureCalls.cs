using Aos.Testing;

namespace Aos.Integration.Tests.Faults;

/// <summary>Calls without effects share an append with what led to them, and nothing depends on how many do.</summary>
[Trait("store", "none")]
public sealed class PureCalls
{
    private int appends;

    [Fact]
    public async Task Steps_without_effects_are_journaled_together()
    {
        await using var world = await OpenAsync();

        var run = await world.StartAsync("""{"name":"w","steps":[{"id":"a","skill":"pure","params":{"v":1}},{"id":"b","skill":"pure","params":{"v":"${{ steps.a.result.v }}"}},{"id":"c","skill":"pure","params":{"v":"${{ steps.b.result.v }}"}}]}""");
        await world.SettleAsync();

        var state = await world.ReadAsync(run);
        Assert.Equal((RunStatus.Succeeded, 5, 2), (state.Status, state.Seq, appends)); // Started; all the rest.
        Assert.Equal(1, state.End!.Result!.Value.GetProperty("v").GetInt32());
        Assert.Empty(await world.ViolationsAsync());
    }

    [Fact]
    public async Task An_effect_is_on_record_before_it_is_made_whatever_comes_before_it()
    {
        await using var world = await OpenAsync();

        await world.StartAsync("""{"name":"w","steps":[{"id":"a","skill":"act"},{"id":"b","skill":"pure"},{"id":"c","skill":"pure"},{"id":"d","skill":"act"},{"id":"e","skill":"pure"}]}""");
        await world.SettleAsync();

        Assert.Equal(3, appends); // Started, with the order of a; what a gave, b, c and the order of d; what d gave, e and the end.
        Assert.Equal(2, world.Skills.Effects.Count);
        Assert.Empty(await world.ViolationsAsync());
    }

    [Fact]
    public async Task A_process_that_dies_before_the_append_makes_them_again_and_nothing_else()
    {
        await using var world = await OpenAsync();
        world.Faults = () => ++appends == 2 ? Fault.CrashBefore : Fault.None;
        var calls = 0;
        world.Skills.Behave = call =>
        {
            if (call.Skill == "pure") Interlocked.Increment(ref calls);
            return Behaviour.Answer;
        };

        var run = await world.StartAsync("""{"name":"w","steps":[{"id":"a","skill":"act"},{"id":"b","skill":"pure"},{"id":"c","skill":"pure"}]}""");
        await world.SettleAsync();

        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(run)).Status);
        Assert.Equal((1, 4), (world.Crashes, calls));
        Assert.Single(world.Skills.Effects.Select(effect => effect.Call.IdempotencyKey).Distinct());
        Assert.Empty(await world.ViolationsAsync());
    }

    [Fact]
    public async Task A_long_chain_of_them_comes_on_record_in_parts()
    {
        await using var world = await OpenAsync();
        var steps = string.Join(',', Enumerable.Range(0, 200).Select(i => $$"""{"id":"s{{i}}","skill":"pure"}"""));

        var run = await world.StartAsync($$"""{"name":"w","steps":[{{steps}}]}""");
        await world.SettleAsync();

        var state = await world.ReadAsync(run);
        Assert.Equal((RunStatus.Succeeded, 202), (state.Status, state.Seq));
        Assert.Equal(5, appends); // Started; three parts of 65, the first call of each part being its letter; the last five and the end.
    }

    [Fact]
    public async Task Slow_ones_come_on_record_one_by_one()
    {
        await using var world = await OpenAsync();
        world.Skills.Add("slow", EffectClass.Pure, call =>
        {
            world.Clock.Advance(TimeSpan.FromMilliseconds(6));
            return call.Params;
        });

        var run = await world.StartAsync("""{"name":"w","steps":[{"id":"a","skill":"slow"},{"id":"b","skill":"slow"},{"id":"c","skill":"slow"},{"id":"d","skill":"slow"},{"id":"e","skill":"slow"}]}""");
        await world.SettleAsync();

        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(run)).Status);
        Assert.Equal(4, appends); // Started; a and b, then c and d: a letter and one call more each; e and the end.
    }

    [Fact]
    public async Task Large_ones_come_on_record_in_parts()
    {
        await using var world = await OpenAsync();
        var large = Json.Of(new string('x', 600 * 1024));
        world.Skills.Add("large", EffectClass.Pure, _ => large);

        var run = await world.StartAsync("""{"name":"w","steps":[{"id":"a","skill":"large"},{"id":"b","skill":"large"},{"id":"c","skill":"large"},{"id":"d","skill":"large"},{"id":"e","skill":"large"}]}""");
        await world.SettleAsync();

        Assert.Equal(RunStatus.Succeeded, (await world.ReadAsync(run)).Status);
        Assert.Equal(3, appends); // Started; a, b and c: a letter and two calls more; d, e and the end.
    }

    [Fact]
    public async Task One_that_takes_its_time_holds_up_nothing_else_of_its_run()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Call.StepId == "slow" ? Behaviour.ThenNever : Behaviour.Answer;

        var run = await world.StartAsync("""
            {"name":"w","steps":[{"id":"a","skill":"pure","depends_on":[]},{"id":"slow","skill":"pure","depends_on":["a"],"timeout":"20s","on_error":"continue"},
              {"id":"b","skill":"act","depends_on":["a"]},{"id":"c","skill":"pure","depends_on":["b"]}]}
            """);
        await world.SettleAsync();

        var state = await world.ReadAsync(run);
        Assert.Equal(RunStatus.Succeeded, state.Status);
        Assert.Equal("TIMEOUT", state.Steps[1].Failure!.Code);
        Assert.True(state.Steps[3].EndedAt < state.Steps[1].EndedAt);
        Assert.Empty(await world.ViolationsAsync());
    }

    private async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("pure", EffectClass.Pure).Add("act", EffectClass.Idempotent);
        world.Faults = () =>
        {
            Interlocked.Increment(ref appends);
            return Fault.None;
        };
        return world;
    }
}
