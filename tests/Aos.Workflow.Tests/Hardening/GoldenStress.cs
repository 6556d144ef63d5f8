using Aos.Testing;

namespace Aos.Workflow.Tests.Hardening;

/// <summary>Many runs of one plan on the real engine leave one recording.</summary>
public sealed class GoldenStress
{
    private const string Plan =
        """{"name":"p","steps":[{"id":"a","skill":"pure","params":{"n":1}},{"id":"b","skill":"charge","params":{"of":"${{ steps.a.result.n }}"}},{"id":"c","skill":"pure","params":{"sum":"${{ steps.a.result.n + steps.b.result.of }}"}}]}""";

    [Fact]
    [Trait("id", "B8.3-38")]
    public async Task A_hundred_runs_of_three_steps_leave_the_same_lines_and_hashes()
    {
        await using var world = await OpenAsync();
        var states = await RunAsync(world, 100, Plan);

        var first = Recording.Of(states[0]);

        Assert.All(states, state => Assert.Equal((RunStatus.Succeeded, 2), (state.Status, state.Steps[2].Result!.Value.Get("sum")!.Value.GetInt32())));
        Assert.Single(states.Select(state => state.End!.RootHash).Distinct());
        Assert.Single(states.Select(state => Recording.Of(state).Hash()).Distinct());
        Assert.All(states, state => Assert.True(RecordingDiff.Of(first, Recording.Of(state)).Match));
        Assert.Equal(100, states.Select(state => state.Start!.Run).Distinct().Count());
    }

    [Fact]
    [Trait("id", "B8.3-39")]
    public async Task Fifty_runs_that_fail_fail_alike_on_record()
    {
        await using var world = await OpenAsync();
        world.Skills.Behave = call => call.Skill == "charge" ? Behaviour.Fail : Behaviour.Answer;
        var states = await RunAsync(world, 50, Plan);

        Assert.All(states, state => Assert.Equal(RunStatus.Failed, state.Status));
        Assert.All(states, state => Assert.Equal("RATE_LIMITED", Recording.Of(state).Events[2].Data.GetText("error_code")));
        Assert.All(states, state => Assert.Equal("RATE_LIMITED", Recording.Of(state).Events[^1].Data.GetText("error_code")));
        Assert.Single(states.Select(state => Recording.Of(state).Hash()).Distinct());
    }

    private static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("pure", EffectClass.Pure).Add("charge", EffectClass.Idempotent);
        return world;
    }

    private static async Task<IReadOnlyList<RunState>> RunAsync(World world, int count, string plan)
    {
        for (var i = 0; i < count; i++) await world.StartAsync(plan);
        await world.SettleAsync();
        return await Task.WhenAll(world.Started.Select(world.ReadAsync));
    }
}
