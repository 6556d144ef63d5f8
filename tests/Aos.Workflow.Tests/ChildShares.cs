using Aos.Runs;
using Aos.Testing;

namespace Aos.Workflow.Tests;

/// <summary>Children at the same time under the real engine: together they never spend more than their parent has.</summary>
public sealed class ChildShares
{
    /// <summary>Each child would spend six cents, and goes on when one of its calls is refused.</summary>
    private static readonly string Plan = $$"""{"name":"p","steps":[{{string.Join(',', Enumerable.Range(0, 3).Select(Child))}}]}""";

    [Fact]
    [Trait("id", "SHARE-07")]
    public async Task Three_children_that_want_eighteen_cents_spend_the_ten_that_there_are_at_most()
    {
        await using var world = await OpenAsync();
        var run = await world.StartAsync(Plan, budget: new Cents(10));
        await world.SettleAsync();
        var state = await world.ReadAsync(run);

        Assert.Equal(RunStatus.Succeeded, state.Status);
        Assert.Equal(new Cents(9), state.Spent); // Three whole cents of each share of three and a third.
        Assert.Equal(9, world.Skills.Effects.Count);
        Assert.Empty(await world.ViolationsAsync());
    }

    [Theory]
    [InlineData(Fault.CrashBefore)]
    [InlineData(Fault.CrashAfter)]
    [Trait("id", "SHARE-07")]
    public async Task And_no_more_when_the_process_ends_at_any_append(Fault fault)
    {
        for (var at = 0; at < 40; at++)
        {
            await using var world = await OpenAsync();
            var appends = 0;
            world.Faults = () => appends++ == at ? fault : Fault.None;
            var run = await world.StartAsync(Plan, budget: new Cents(10));
            await world.SettleAsync();
            var state = await world.ReadAsync(run);

            Assert.Equal((RunStatus.Succeeded, new Cents(9), Cents.Zero), (state.Status, state.Spent, state.Reserved));
            Assert.Equal(9, world.Skills.Effects.Select(effect => effect.Call.IdempotencyKey).Distinct(StringComparer.Ordinal).Count());
            Assert.Empty(await world.ViolationsAsync());
            if (world.Crashes == 0) return; // Every append had its turn.
        }

        Assert.Fail("The run takes more appends than this test tries.");
    }

    [Fact]
    [Trait("id", "SHARE-07")]
    public async Task The_journal_says_what_each_was_given()
    {
        await using var world = await OpenAsync();
        var run = await world.StartAsync(Plan, budget: new Cents(10));
        await world.SettleAsync();

        var granted = world.Journal.Events(run).Select(entry => EventCodec.Decode(run, entry)).OfType<WaitStarted>().Select(wait => wait.Granted).ToList();

        Assert.Equal([new Cents(3.333333m), new Cents(3.333333m), new Cents(3.333334m)], granted);
    }

    private static string Child(int i)
    {
        var calls = string.Join(',', Enumerable.Range(0, 6).Select(n => $$"""{"id":"x{{n}}","skill":"paid","params":{"n":{{n}}},"on_error":"continue"}"""));
        return $$"""{"id":"c{{i}}","depends_on":[],"run":{"plan":{"name":"c","steps":[{{calls}}]} } }""";
    }

    private static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("paid", EffectClass.Idempotent, cents: 1);
        return world;
    }
}
