using Aos.Contracts;
using Aos.Identity;

namespace Aos.Auth.Tests;

/// <summary>The one key of a house.</summary>
public sealed class OneKeys : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("aos-auth-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_given_key_is_the_owner_of_the_default_tenant()
    {
        var caller = Keys("let-me-in").Authenticate("let-me-in");

        Assert.Equal(TenantId.Default, caller!.Tenant);
        Assert.All(Enum.GetValues<Permission>(), permission => Assert.True(caller.May(permission)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("let-me-i")]
    [InlineData("let-me-in ")]
    [InlineData("LET-ME-IN")]
    [InlineData("let-me-inn")]
    public void Any_other_key_is_nobody(string key) => Assert.Null(Keys("let-me-in").Authenticate(key));

    [Fact]
    public void A_house_without_a_key_makes_one_and_keeps_it_from_others()
    {
        var first = Keys(null);
        var file = Path.Combine(folder, "api.key");
        var key = File.ReadAllText(file).Trim();

        Assert.NotNull(first.Authenticate(key));
        Assert.Equal(48, key["aos_".Length..].Length);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public void The_kept_key_is_the_same_after_a_restart()
    {
        Keys(null);
        var key = File.ReadAllText(Path.Combine(folder, "api.key")).Trim();

        Assert.NotNull(Keys(null).Authenticate(key));
    }

    [Fact]
    public void Nobody_without_a_key_administers_or_makes_agents()
    {
        var anonymous = Keys("k").Anonymous;

        Assert.False(anonymous.May(Permission.Admin));
        Assert.False(anonymous.May(Permission.AgentsWrite));
        Assert.True(anonymous.May(Permission.Simulate));
    }

    private OneKey Keys(string? key) => new(new IdentityOptions { Key = key, Data = folder });
}
