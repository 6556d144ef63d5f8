using Aos.Runs;
using Aos.Testing;

namespace Aos.Workflow.Tests;

/// <summary>Children under way when their run ends, under the real engine: they are called off, and what they spent counts.</summary>
public sealed class ChildSettling
{
    /// <summary>The child spends three cents and waits; then its run is cancelled.</summary>
    private const string Plan = """
        {"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"paid"},{"id":"y","await":{"signal":"never"}}]}}}]}
        """;

    [Fact]
    [Trait("id", "SETTLE-05")]
    public async Task A_cancelled_run_calls_its_child_off_and_has_spent_what_the_child_did()
    {
        await using var world = await OpenAsync();
        var run = await world.StartAsync(Plan, budget: new Cents(10));
        await world.SettleAsync();
        await world.CommandAsync(run, new CancelRun("enough"));
        await world.SettleAsync();

        await AssertSettledAsync(world, run);
    }

    [Theory]
    [InlineData(Fault.CrashBefore)]
    [InlineData(Fault.CrashAfter)]
    [Trait("id", "SETTLE-06")]
    public async Task And_so_when_the_process_ends_at_any_append(Fault fault)
    {
        for (var at = 0; at < 40; at++)
        {
            await using var world = await OpenAsync();
            var appends = 0;
            var run = await world.StartAsync(Plan, budget: new Cents(10));
            await world.SettleAsync();
            world.Faults = () => appends++ == at ? fault : Fault.None;
            await world.CommandAsync(run, new CancelRun("enough"));
            await world.SettleAsync();
            if (world.Crashes == 0) return; // Every append had its turn.
            if (!(await world.ReadAsync(run)).Status.IsOver())
            {
                await world.CommandAsync(run, new CancelRun("enough")); // The order died with the process.
                await world.SettleAsync();
            }

            await AssertSettledAsync(world, run);
        }

        Assert.Fail("The run takes more appends than this test tries.");
    }

    [Fact]
    [Trait("id", "SETTLE-07")]
    public async Task A_child_that_its_run_ended_before_it_could_begin_is_settled_without_a_cent()
    {
        await using var world = await OpenAsync();
        var run = await world.StartAsync("""
            {"name":"p","steps":[
              {"id":"a","depends_on":[],"run":{"plan":{"name":"c","steps":[{"id":"x","skill":"paid"}]}}},
              {"id":"b","depends_on":[],"skill":"paid","params":{"v":"${{ inputs.missing }}"}}]}
            """, budget: new Cents(10));
        await world.SettleAsync();

        var state = await world.ReadAsync(run);
        Assert.Equal((RunStatus.Failed, Cents.Zero, Cents.Zero), (state.Status, state.Spent, state.Reserved));
        Assert.Equal("CHILD_FAILED", state.Steps[0].Failure!.Code);
        Assert.Single(world.Journal.Rows);
        Assert.Empty(await world.ViolationsAsync());
    }

    private static async Task AssertSettledAsync(World world, RunId run)
    {
        var state = await world.ReadAsync(run);
        Assert.Equal((RunStatus.Cancelled, new Cents(3), Cents.Zero), (state.Status, state.Spent, state.Reserved));
        Assert.Equal(new Cents(3), state.Steps[0].Cost);
        var child = world.Journal.Events(run).Select(entry => EventCodec.Decode(run, entry)).OfType<WaitStarted>().Single().Child!.Value;
        Assert.Equal((RunStatus.Cancelled, new Cents(3)), ((await world.ReadAsync(child)).Status, (await world.ReadAsync(child)).Spent));
        Assert.Empty(await world.ViolationsAsync());
    }

    private static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("paid", EffectClass.Idempotent, cents: 3);
        return world;
    }
}
