using Aos.Contracts;

namespace Aos.Auth.Tests;

/// <summary>How high somebody stands among those who approve.</summary>
[Trait("store", "none")]
public sealed class ApproverLevel
{
    [Theory]
    [InlineData("owner", 5)]
    [InlineData("admin", 5)]
    [InlineData("infra", 5)]
    [InlineData("manager", 4)]
    [InlineData("policy_admin", 4)]
    [InlineData("director", 4)]
    [InlineData("team_lead", 3)]
    [InlineData("senior_engineer", 3)]
    [InlineData("tech_lead", 3)]
    [InlineData("operator", 3)]
    [InlineData("team_member", 2)]
    [InlineData("engineer", 2)]
    [InlineData("developer", 2)]
    [InlineData("dev", 2)]
    [InlineData("guest", 1)]
    [InlineData("readonly", 1)]
    [InlineData("nobody", 1)]
    [InlineData("readonly,Operator", 3)]
    [InlineData("", 1)]
    [Trait("id", "APPR-12")]
    public void The_highest_role_says_the_level(string roles, int level) =>
        Assert.Equal(level, ApproverLevels.Of(new Caller(TenantId.Default, "key:1", [.. roles.Split(',')])));
}
