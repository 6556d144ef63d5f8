using Aos.Runs;
using Aos.Testing;

namespace Aos.Memory.Tests;

/// <summary>Real runs read the memory once, whatever becomes of it, of their process and of the store.</summary>
[Trait("store", "none")]
public sealed class RunsThatRead : IAsyncLifetime
{
    private const string Plan = """
        {"name":"p","steps":[{"id":"a","skill":"work","params":{"v":"${{ memory[\"tone\"].style }}"}},{"id":"s","await":{"signal":"go"}}],"output":"${{ steps.a.result }}"}
        """;

    private World world = null!;

    public async ValueTask InitializeAsync()
    {
        world = await World.OpenAsync();
        world.Skills.Add("work", EffectClass.Idempotent);
    }

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    [Fact]
    [Trait("id", "MEMREAD-06")]
    public async Task What_was_read_stays_when_the_memory_changes_and_the_process_dies()
    {
        world.Memory.Put("tone", """{"style":"dry"}""");
        var run = await world.StartAsync(Plan);
        await world.SettleAsync();
        world.Memory.Put("tone", """{"style":"loud"}""");
        await world.CrashAsync();
        await world.CommandAsync(run, new SignalRun("1", "go", Json.Null));
        await world.SettleAsync();
        world.Memory.Remove("tone");

        var state = await world.ReadAsync(run);
        Assert.Equal(RunStatus.Succeeded, state.Status);
        Assert.Equal("""{"style":"dry"}""", state.Steps[0].Memory!.Entries[0].Value!.Value.GetRawText());
        Assert.Equal("""{"v":"dry"}""", RunMachine.Params(state, 0, -1)!.Value.GetRawText());
        Assert.Equal(1, world.Memory.Reads);
        Assert.Empty(await world.ViolationsAsync());

        var events = world.Journal.Events(run).Select(entry => EventCodec.Decode(run, entry)).ToList();
        var replay = MachineReplay.Of(events, e => Convert.ToHexString(EventCodec.Encode(run, 1, e, ChainHash.Start).Body.Span));
        Assert.Null(replay.Reason);
        Assert.Equal(RootHash.Of(state), RootHash.Of(replay.State));
        Assert.Equal(1, world.Memory.Reads);
    }

    [Fact]
    [Trait("id", "MEMREAD-07")]
    public async Task A_store_that_does_not_answer_is_asked_again_and_a_retry_finds_what_is_there_by_then()
    {
        world.Memory.Outages = 3;
        var run = await world.StartAsync(Plan);
        await world.SettleAsync();
        Assert.Equal(4, world.Memory.Reads);
        Assert.Equal("INVALID_REFERENCE", (await world.ReadAsync(run)).End!.Failure!.Code);

        world.Memory.Put("tone", """{"style":"dry"}""");
        await world.CommandAsync(run, new RetryRun("It is there now."));
        await world.SettleAsync();

        Assert.Equal(RunStatus.Waiting, (await world.ReadAsync(run)).Status);
    }
}
