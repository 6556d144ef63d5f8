using Aos.Testing;

namespace Aos.Workflow.Tests.Golden;

/// <summary>A run whose memory, skills or prices changed since: it still replays as it was, and a fork shows what the change makes of it.</summary>
public sealed class ChangedSince
{
    private const string Plan = """
        {"name":"p","steps":[
          {"id":"a","skill":"put","params":{"n":1}},
          {"id":"b","skill":"recall","params":{"key":"rate"}},
          {"id":"c","skill":"work","params":{"of":"${{ steps.b.result.value }}"}}]}
        """;

    private string memory = """{"value":7}""";

    [Fact]
    [Trait("id", "CAMPAIGN-06")]
    public async Task Its_memory_changed()
    {
        await using var world = await OpenAsync();
        var origin = await RunAsync(world);
        memory = """{"value":9}""";

        var (was, now) = await ForkAsync(world, origin, "b");

        var diff = RunComparison.Of(was, now);
        Assert.Equal(("b", "result.value"), (diff.First!.Step, diff.Steps[1].Differences.Single(difference => difference.Stable).Member));
        Assert.Equal(("""{"of":7}""", """{"of":9}"""), (Result(was), Result(now)));
        Assert.NotEqual(was.End!.RootHash, now.End!.RootHash);
        Assert.Equal(was.Spent, now.Spent + now.Start!.Fork!.Cost);
    }

    [Fact]
    [Trait("id", "CAMPAIGN-07")]
    public async Task A_skill_got_another_version()
    {
        await using var world = await OpenAsync();
        var origin = await RunAsync(world);
        world.Skills.Add("work", EffectClass.Idempotent, call => Json.Parse($$"""{"of":{{call.Params.GetProperty("of").GetRawText()}},"by":2}"""), cents: 2, version: "2.0.0");

        var (was, now) = await ForkAsync(world, origin, "c");

        var differences = RunComparison.Of(was, now).Steps[2].Differences;
        Assert.Equal(("1.0.0", "2.0.0"), (was.Start!.Terms["work"].Version, now.Start!.Terms["work"].Version));
        Assert.Contains(differences, difference => difference is { Member: "version", Stable: true } && difference.Right!.Value.GetString() == "work@2.0.0");
        Assert.Contains(differences, difference => difference.Member == "result.by");
        Assert.Equal(("""{"of":7}""", """{"of":7,"by":2}"""), (Result(was), Result(now)));
        Assert.NotEqual(was.End!.RootHash, now.End!.RootHash);
    }

    [Fact]
    [Trait("id", "CAMPAIGN-08")]
    public async Task Its_prices_changed()
    {
        await using var world = await OpenAsync();
        var origin = await RunAsync(world);
        world.Skills.Add("work", EffectClass.Idempotent, cents: 5.25m);

        var (was, now) = await ForkAsync(world, origin, "c");

        Assert.Equal((new Cents(2), new Cents(5.25m)), (was.Steps[2].Cost, now.Steps[2].Cost));
        var cost = RunComparison.Of(was, now).Steps[2].Differences.Single(difference => difference.Member == "cost_cents");
        Assert.Equal(("2", "5.25", false), (cost.Left!.Value.GetString(), cost.Right!.Value.GetString(), cost.Stable));
        Assert.Equal((Result(was), was.End!.RootHash), (Result(now), now.End!.RootHash)); // What it costs is not in the root.
    }

    /// <summary>The origin as its record has it, replayed after the change, and its fork from there.</summary>
    private static async Task<(RunState Was, RunState Now)> ForkAsync(World world, RunId origin, string step)
    {
        var calls = world.Skills.Effects.Count;
        var verdict = await world.VerifyAsync(origin);
        var was = await world.ReadAsync(origin);
        Assert.Equal((true, was.End!.RootHash, calls), (verdict.Ok, verdict.RootHash, world.Skills.Effects.Count));
        var fork = await world.ForkAsync(origin, step);
        await world.SettleAsync();
        var now = await world.ReadAsync(fork);
        Assert.Equal(RunStatus.Succeeded, now.Status);
        Assert.True((await world.VerifyAsync(fork)).Ok);
        return (was, now);
    }

    private static string Result(RunState run) => run.End!.Result!.Value.GetRawText();

    private async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("put", EffectClass.Idempotent, cents: 1).Add("recall", EffectClass.Idempotent, _ => Json.Parse(memory)).Add("work", EffectClass.Idempotent, cents: 2);
        return world;
    }

    private static async Task<RunId> RunAsync(World world)
    {
        var run = await world.StartAsync(Plan);
        await world.SettleAsync();
        return run;
    }
}
