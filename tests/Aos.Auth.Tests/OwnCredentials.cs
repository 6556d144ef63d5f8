using Aos.Contracts;
using Aos.Identity;

namespace Aos.Auth.Tests;

/// <summary>The first key and the machine token.</summary>
[Trait("store", "none")]
public sealed class OwnCredentials : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("aos-auth-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_given_key_is_the_house_in_the_default_tenant()
    {
        var caller = Keys("let-me-in").Find("let-me-in");

        Assert.Equal(TenantId.Default, caller!.Tenant);
        Assert.True(caller.IsHouse);
        Assert.Equal("unlimited", caller.Tier);
        Assert.All(Permissions.All, permission => Assert.True(Access.Allows(PolicyReader.BuiltIn, caller, permission)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("let-me-i")]
    [InlineData("let-me-in ")]
    [InlineData("LET-ME-IN")]
    [InlineData("let-me-inn")]
    public void Any_other_key_is_nobody(string key) => Assert.Null(Keys("let-me-in").Find(key));

    [Fact]
    public void A_house_without_a_key_makes_one_and_keeps_it_from_others()
    {
        var first = Keys(null);
        var file = Path.Combine(folder, "api.key");
        var key = File.ReadAllText(file).Trim();

        Assert.NotNull(first.Find(key));
        Assert.Equal(48, key["aos_".Length..].Length);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public void The_kept_key_is_the_same_after_a_restart()
    {
        Keys(null);
        var key = File.ReadAllText(Path.Combine(folder, "api.key")).Trim();

        Assert.NotNull(Keys(null).Find(key));
    }

    [Fact]
    [Trait("id", "C8.1-16")]
    [Trait("id", "C8.2-05")]
    public void The_machine_token_is_the_role_machine_and_nothing_else()
    {
        var keys = Keys("k", "a-machine-token-of-this-test");

        Assert.Equal(["machine"], keys.FindMachine("a-machine-token-of-this-test")!.Roles);
        Assert.False(keys.FindMachine("a-machine-token-of-this-test")!.IsHouse);
        Assert.Null(keys.FindMachine("a-machine-token-of-this-tesT"));
        Assert.Null(Keys("k").FindMachine(""));
    }

    [Theory]
    [InlineData("MACHINE_SECRET_TOKEN", "short")]
    [InlineData("AOS_RBAC_MODE", "lenient")]
    [InlineData("AOS_RBAC_MODE", "1")]
    [InlineData("OIDC_ISSUER_URL", "http://id.example.com")]
    [InlineData("OIDC_ISSUER_URL", "id.example.com")]
    [InlineData("AOS_RBAC_POLICY_FILE", "/nowhere/policy.json")]
    public void Settings_that_make_no_sense_are_named(string name, string value)
    {
        var options = IdentityOptions.Of(asked => asked == name ? value : null, file => Json.Parse(File.ReadAllText(file)));

        var problem = Assert.Single(options.Problems);
        Assert.Contains(value, problem.Replace("MACHINE_SECRET_TOKEN has fewer", "short", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, RbacMode.Enforce)]
    [InlineData(null, "true", RbacMode.Enforce)]
    [InlineData(null, "false", RbacMode.Off)]
    [InlineData("enforce", "false", RbacMode.Enforce)]
    [InlineData("Shadow", null, RbacMode.Shadow)]
    [InlineData("off", "true", RbacMode.Off)]
    public void The_mode_is_enforce_unless_a_setting_says_otherwise(string? mode, string? older, RbacMode expected)
    {
        var options = IdentityOptions.Of(name => name switch { "AOS_RBAC_MODE" => mode, "RBAC_ENFORCE" => older, _ => null }, _ => Json.Null);

        Assert.Empty(options.Problems);
        Assert.Equal(expected, options.Mode);
    }

    private StaticKeys Keys(string? key, string? machine = null) => new(new IdentityOptions { Key = key, MachineToken = machine, Data = folder });
}
