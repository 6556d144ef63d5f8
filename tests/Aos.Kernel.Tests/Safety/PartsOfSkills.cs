namespace Aos.Kernel.Tests.Safety;

/// <summary>A skill that does a part of what another one does is bound by what binds that one.</summary>
public sealed class PartsOfSkills
{
    [Theory]
    [InlineData("http_get", null)]
    [InlineData("http_call", "blocked_skills")]
    [Trait("id", "F5.61-14")]
    public void Who_may_not_use_the_whole_may_not_use_the_part(string blocked, string? whole)
    {
        var rules = new AgentRules(null, [blocked], new DomainRules(null, []));

        Assert.Equal(("blocked_skills", whole), (rules.SkillWall("http_get"), rules.SkillWall("http_call")));
        var refusal = Sandbox.Refusal(new SandboxRules([blocked], null), "http_get", new SandboxTerms(["http"], false, []), Json.EmptyObject);
        Assert.Equal("SANDBOX_REJECTION", refusal?.Code);
    }

    [Fact]
    [Trait("id", "F5.61-14")]
    public void Who_may_use_the_whole_may_use_the_part_and_not_the_other_way_round()
    {
        Assert.Null(new AgentRules(["http_call"], [], new DomainRules(null, [])).SkillWall("http_get"));
        Assert.Equal("allowed_skills", new AgentRules(["http_get"], [], new DomainRules(null, [])).SkillWall("http_call"));
    }
}
