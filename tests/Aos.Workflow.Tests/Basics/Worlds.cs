using Aos.Testing;

namespace Aos.Workflow.Tests.Basics;

/// <summary>Worlds with one skill of each kind, and runs in them.</summary>
internal static class Worlds
{
    /// <summary>A pure skill, one that may be repeated, and one that costs 5 cents and may not; each answers with its parameters.</summary>
    internal static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("pure", EffectClass.Pure).Add("put", EffectClass.Idempotent).Add("charge", EffectClass.AtMostOnce, cents: 5);
        return world;
    }

    /// <summary>Runs a plan until it is over or waits for somebody.</summary>
    internal static async Task<RunState> RunAsync(this World world, string plan, ulong seed = 42, Cents? budget = null)
    {
        var run = await world.StartAsync(plan, budget: budget, seed: seed);
        await world.SettleAsync();
        return await world.ReadAsync(run);
    }

    /// <summary>The steps whose calls happened, in order.</summary>
    internal static string Called(this World world) => string.Join(' ', world.Skills.Effects.Select(effect => effect.Call.StepId));

    internal static string Result(this RunState run, int step) => run.Steps[step].Result is { } result ? result.GetRawText() : "none";
}
