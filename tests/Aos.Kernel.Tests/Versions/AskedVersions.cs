using Aos.Kernel.Tests.Machine;

namespace Aos.Kernel.Tests.Versions;

/// <summary>Versions of skills in plans.</summary>
public sealed class AskedVersions
{
    [Fact]
    [Trait("id", "F5.65-03")]
    public void A_plan_asks_for_versions_wherever_it_names_a_skill()
    {
        var reading = PlanReader.Read(Json.Parse("""
            {"name":"p","steps":[
              {"id":"a","skill":"echo@^1.2","compensate":{"skill":"put@2.0.0"}},
              {"id":"b","run":{"plan":{"name":"q","steps":[{"id":"c","skill":"get@1"}]}}},
              {"id":"d","skill":"wait@1","params":{"ms":5}},
              {"id":"e","agent":{"goal":"g","skills":["search@~1.0.0","echo"],"approve":["search"]}}]}
            """), MachineWorld.Skills);

        Assert.Empty(reading.Problems);
        Assert.Equal(
            ["steps[0].compensate.skill put 2.0.0", "steps[0].skill echo ^1.2", "steps[1].run.plan.steps[0].skill get 1", "steps[2].skill wait 1", "steps[3].agent.skills[0] search ~1.0.0"],
            reading.Asks.Select(ask => $"{ask.Path} {ask.Skill} {ask.Range}").Order(StringComparer.Ordinal));
        var plan = reading.Plan!;
        Assert.Equal(("echo", "put", StepKind.Sleep), (plan.Steps[0].Skill, plan.Steps[0].Compensate!.Skill, plan.Steps[2].Kind));
        Assert.Equal(["search", "echo"], plan.Steps[3].Agent!.Skills);
        Assert.Equal(reading.Asks, plan.Asks);
        Assert.Equal("echo@^1.2", plan.Source.GetProperty("steps")[0].GetText("skill"));
    }

    [Theory]
    [InlineData("echo@")]
    [InlineData("echo@newest")]
    [InlineData("echo@>=1")]
    [Trait("id", "F5.65-03")]
    public void What_names_no_versions_is_told_with_what_does(string skill)
    {
        var problem = Assert.Single(PlanReader.Read(Json.Parse($$"""{"steps":[{"skill":"{{skill}}"}]}"""), MachineWorld.Skills).Problems);

        Assert.Equal(("steps[0].skill", "INVALID_PLAN"), (problem.Path, problem.Code));
        Assert.Contains("echo@^1.2", problem.Suggestion, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.65-03")]
    public void A_run_reads_its_plan_again_under_the_version_it_has()
    {
        var source = PlanReader.Read(Json.Parse("""{"name":"p","steps":[{"id":"a","skill":"echo@^1"}]}"""), MachineWorld.Skills).Plan!.Source;
        var pinned = new Dictionary<string, SkillTerms>(StringComparer.Ordinal) { ["echo"] = MachineWorld.Skills["echo"] with { Version = "1.7.0" } };

        Assert.Equal("echo", PlanReader.ReadAccepted(source, pinned).Plan!.Steps[0].Skill);
    }
}
