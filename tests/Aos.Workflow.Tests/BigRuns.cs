using System.Globalization;
using Aos.Runs;
using Aos.Testing;

namespace Aos.Workflow.Tests;

/// <summary>Big runs under the real engine.</summary>
public sealed class BigRuns
{
    [Fact]
    [Trait("id", "SCALE-09")]
    public async Task A_graph_of_a_thousand_steps_a_hundred_at_once_runs_and_replays()
    {
        await using var world = await World.OpenAsync();
        var most = 0;
        world.Skills.Add("put", EffectClass.Idempotent, call =>
        {
            most = Math.Max(most, call.Params.GetProperty("v").GetInt32());
            return call.Params;
        });
        var run = await world.StartAsync("""{"name":"g","output":"${{ steps.s999.result.v }}","steps":[""" + string.Join(',', Enumerable.Range(0, 1_000).Select(Step)) + "]}");
        await world.SettleAsync();

        var state = await world.ReadAsync(run);
        Assert.Equal((RunStatus.Succeeded, "9"), (state.Status, state.End!.Result!.Value.GetRawText()));
        Assert.Equal(9, most);
        Assert.Equal(100, MostAtOnce(Events(world, run)));
        Assert.Empty(await world.ViolationsAsync());
        AssertReplays(world, run, state);
    }

    [Fact]
    [Trait("id", "SCALE-09")]
    public async Task A_list_of_ten_thousand_items_runs_and_replays_and_keeps_their_order()
    {
        await using var world = await World.OpenAsync();
        world.Skills.Add("put", EffectClass.Idempotent, call => call.Params.GetProperty("v"));
        var run = await world.StartAsync(
            """{"name":"l","inputs":{"rows":{"type":"array"}},"steps":[{"id":"a","for_each":"${{ inputs.rows }}","as":"row","max_parallel":100,"skill":"put","params":{"v":"${{ row.n }}"}}]}""",
            $$"""{"rows":[{{string.Join(',', Enumerable.Range(0, 10_000).Select(n => $$"""{"n":{{n}}}"""))}}]}""");
        await world.SettleAsync();

        var state = await world.ReadAsync(run);
        Assert.Equal(RunStatus.Succeeded, state.Status);
        Assert.Equal(Enumerable.Range(0, 10_000), state.Steps[0].Result!.Value.EnumerateArray().Select(value => value.GetInt32()));
        Assert.Equal(100, MostAtOnce(Events(world, run)));
        AssertReplays(world, run, state);
    }

    /// <summary>One column of a hundred after another; each step adds one to what the step before it in its row has.</summary>
    private static string Step(int i) => i < 100
        ? string.Create(CultureInfo.InvariantCulture, $$"""{"id":"s{{i}}","depends_on":[],"skill":"put","params":{"v":0} }""")
        : """{"id":"sNOW","depends_on":["sBEFORE"],"skill":"put","params":{"v":"${{ steps.sBEFORE.result.v + 1 }}"}}"""
            .Replace("NOW", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal).Replace("BEFORE", (i - 100).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static List<RunEvent> Events(World world, RunId run) => [.. world.Journal.Events(run).Select(entry => EventCodec.Decode(run, entry))];

    private static int MostAtOnce(List<RunEvent> events)
    {
        var (now, most) = (0, 0);
        foreach (var e in events)
        {
            now += e is StepStarted ? 1 : e is CallSucceeded ? -1 : 0;
            most = Math.Max(most, now);
        }

        return most;
    }

    private static void AssertReplays(World world, RunId run, RunState state)
    {
        var replay = MachineReplay.Of(Events(world, run), e => Convert.ToHexString(EventCodec.Encode(run, 1, e, ChainHash.Start).Chain));
        Assert.True(replay.Seq is null, replay.Reason);
        Assert.Equal(state.End!.RootHash, RootHash.Of(replay.State));
    }
}
