namespace Aos.E2E.Tests;

/// <summary><c>aos costsim</c> as a process.</summary>
[Trait("store", "none")]
public sealed class CostModelCommands : InFolder
{
    [Fact]
    [Trait("id", "D1.13-01")]
    public async Task Both_models_are_asked_and_judged_from_the_command_line()
    {
        var plan = Aos.Write("plan.yaml", "name: p\nsteps:\n  - { id: a, skill: llm_invoke, params: { prompt: Hello world } }\n  - { id: b, sleep: 1s }\n");
        var status = await Aos.RunAsync("costsim", "status");
        var asked = await Aos.RunAsync("costsim", "simulate", plan, "--budget", "100");
        var poor = await Aos.RunAsync("costsim", "simulate", plan, "--budget", "4");
        var datasets = await Aos.RunAsync("costsim", "datasets");
        var all = await Aos.RunAsync("costsim", "validate");
        var one = await Aos.RunAsync("costsim", "validate", "mixed_city");
        var none = await Aos.RunAsync("costsim", "validate", "nowhere");

        Assert.Equal((0, false), (status.Code, Json.Parse(status.Output).GetProperty("sandbox_enabled").GetBoolean()));
        Assert.Equal((0, 5), (asked.Code, Json.Parse(asked.Output).GetProperty("v1_cost_cents").GetInt32()));
        Assert.Equal(1, poor.Code);
        Assert.Equal(0, datasets.Code);
        Assert.Equal(5, datasets.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(0, all.Code);
        Assert.Contains("low_variance     acceptable", all.Output, StringComparison.Ordinal);
        Assert.Equal((0, "acceptable"), (one.Code, Json.Parse(one.Output).GetText("verdict")));
        Assert.Equal(1, none.Code);
        Assert.Contains("NOT_FOUND", none.Errors, StringComparison.Ordinal);
    }
}
