using Aos.Contracts;
using Aos.CostSim;
using Aos.Integration.Tests.Codes;
using Aos.Skills;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Measures;

/// <summary>What a call cost is measured against what simulate says of it.</summary>
[Trait("store", "none")]
public sealed class CostsOfCalls
{
    [Theory]
    [Trait("id", "D9-M01")]
    [Trait("id", "D9-M04")]
    [Trait("id", "D9-M05")]
    [Trait("id", "D9-M07")]
    [Trait("id", "D9-M09")]
    [InlineData(5, 0)]
    [InlineData(2, 3)]
    [InlineData(8, -3)]
    public async Task A_call_is_measured_once_with_its_cost_and_its_estimate_and_a_free_one_is_not(int simulated, int drift)
    {
        await using var house = await House.OpenAsync(services =>
        {
            services.AddSingleton(new CostSimOptions { SkillCents = { [Odd.Name] = simulated } });
            new AosBuilder(services, new ConfigurationBuilder().Build()).AddSkill(Odd.Name, _ => new Odd());
        });
        var run = await house.AskAsync("/api/v1/runs?wait=20", """{"plan":{"name":"p","steps":[{"id":"a","skill":"echo","params":{"x":1}},{"id":"b","skill":"odd","params":{"way":"well"}}]}}""");
        var page = new Scrape((await house.AskAsync("/metrics")).Body.GetString()!);
        var odd = ("skill_id", Odd.Name);

        Assert.Equal((201, "succeeded"), (run.Status, run["status"].GetString()));
        Assert.Equal((1d, 1d, 5d), (page["nova_step_cost_cents_count", odd]!.Value, page["nova_cost_simulation_drift_cents_count", odd]!.Value, page["nova_cost_actual_cents_total", odd]!.Value));
        Assert.Equal(((double)drift, (double)simulated), (page["nova_cost_simulation_drift_cents_sum", odd]!.Value, page["nova_cost_simulated_cents_total", odd]!.Value));
        Assert.Null(page["nova_cost_simulation_drift_cents_count", ("skill_id", "echo")]);
        Assert.True(page["nova_skill_duration_seconds_sum", ("skill", "odd")] > 0);
        Assert.Equal(1, page["workflow_step_duration_seconds_count", odd, ("status", "success")]);
        Assert.True(page["workflow_step_duration_seconds_sum", odd, ("status", "success")] > 0);
    }
}
