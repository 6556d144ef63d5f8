using Aos.Runs;
using Aos.Testing;

namespace Aos.Integration.Tests.Limits;

/// <summary>Which rule of runs at once holds, and that a crash leaks no slot.</summary>
[Trait("store", "none")]
public sealed class RunRules
{
    private const string Rules = """
        {"runs":[{"concurrent":50},{"tenant":"acme","concurrent":200},{"tenant":"ops","concurrent":null},{"agent":"*","concurrent":5},
                 {"agent":"solo","concurrent":1},{"tenant":"acme","agent":"solo","concurrent":0}]}
        """;

    [Theory]
    [InlineData("acme", 200)]
    [InlineData("ops", null)]
    [InlineData("other", 50)]
    public void A_tenants_own_rule_holds_before_that_of_every_tenant(string tenant, int? most) => Assert.Equal(most, Read(Rules).Runs.OfTenant(new TenantId(tenant)));

    [Theory]
    [InlineData("acme", "solo", null, 0)]
    [InlineData("other", "solo", 9, 1)]
    [InlineData("other", "label", null, 5)]
    [InlineData("other", "known", 9, 9)]
    public void A_rule_that_names_the_agent_holds_before_its_own_setting_and_that_before_the_rule_of_every_agent(string tenant, string agent, int? own, int? most) =>
        Assert.Equal(most, Read(Rules).Runs.OfAgent(new TenantId(tenant), agent, own));

    [Theory]
    [InlineData("""{"runs":[{"tenant":"acme"}]}""")]
    [InlineData("""{"runs":[{"concurrent":-1}]}""")]
    [InlineData("""{"runs":[{"concurrent":1,"user":"x"}]}""")]
    public void A_mistake_is_told(string rules) => Assert.Contains("AOS_LIMITS", Assert.Single(Read(rules).Problems), StringComparison.Ordinal);

    [Fact]
    public async Task A_process_that_ends_without_warning_leaks_no_slot()
    {
        await using var world = await World.OpenAsync(new RunsOptions { Limits = new RunLimits([new RunLimitRule("*", null, 1)]) });
        world.Skills.Add("put", EffectClass.Idempotent);
        for (var i = 0; i < 5; i++)
        {
            await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"put","params":{}},{"id":"b","sleep":"1m"},{"id":"c","skill":"put","params":{}}]}""");
            await world.CrashAsync();
        }

        await world.SettleAsync();

        Assert.All(world.Journal.Rows, row => Assert.Equal(RunStatus.Succeeded, row.Status));
        Assert.Empty(await world.ViolationsAsync());
    }

    private static FlowOptions Read(string text) => FlowOptions.Read(_ => text, _ => throw new NotSupportedException());
}
