using Aos.Contracts;
using Aos.Identity;

namespace Aos.Auth.Tests;

/// <summary>The decision itself, and the policy as it is shipped.</summary>
[Trait("store", "none")]
public sealed class Decisions
{
    [Fact]
    [Trait("id", "C8.1-01")]
    [Trait("id", "C8.1-03")]
    [Trait("id", "C8.2-01")]
    public void A_permission_is_its_resource_and_action()
    {
        Assert.True(Permission.TryParse("memory_pin:read", out var permission));
        Assert.Equal(("memory_pin", "read", "memory_pin:read"), (permission.Resource, permission.Action, permission.ToString()));
        Assert.Single(new HashSet<Permission> { permission, new("memory_pin", "read") });
        Assert.NotEqual(permission, new Permission("memory_pin", "write"));
        foreach (var text in new[] { "", "run", "run:", ":read", "run:read:more" }) Assert.False(Permission.TryParse(text, out _));
    }

    [Theory]
    [Trait("id", "C8.1-04")]
    [Trait("id", "C8.1-05")]
    [Trait("id", "C8.1-06")]
    [Trait("id", "C8.1-09")]
    [Trait("id", "C8.1-10")]
    [Trait("id", "C8.2-03")]
    [Trait("id", "C8.2-04")]
    [Trait("id", "C8.2-14")]
    [Trait("id", "C8.2-15")]
    [Trait("id", "C8.2-16")]
    [Trait("id", "C8.2-18")]
    [Trait("id", "C8.2-19")]
    [Trait("id", "C8.2-20")]
    [InlineData("admin", "memory_pin:admin", true, "role:admin")]
    [InlineData("admin", "memory_pin:write", true, "role:admin")]
    [InlineData("infra", "memory_pin:admin", true, "role:infra")]
    [InlineData("infra", "prometheus:reload", true, "role:infra")]
    [InlineData("machine", "memory_pin:read", true, "role:machine")]
    [InlineData("machine", "memory_pin:write", true, "role:machine")]
    [InlineData("machine", "memory_pin:delete", false, "insufficient-permissions")]
    [InlineData("machine", "memory_pin:admin", false, "insufficient-permissions")]
    [InlineData("machine", "policy:approve", false, "insufficient-permissions")]
    [InlineData("machine", "rbac:reload", false, "insufficient-permissions")]
    [InlineData("machine", "key:write", false, "insufficient-permissions")]
    [InlineData("dev", "memory_pin:write", false, "insufficient-permissions")]
    [InlineData("dev", "run:write", true, "role:dev")]
    [InlineData("readonly", "memory_pin:read", true, "role:readonly")]
    [InlineData("readonly", "memory_pin:write", false, "insufficient-permissions")]
    [InlineData("readonly", "memory_pin:delete", false, "insufficient-permissions")]
    [InlineData("readonly", "run:write", false, "insufficient-permissions")]
    [InlineData("readonly", "key:read", false, "insufficient-permissions")]
    [InlineData("readonly,machine", "memory_pin:write", true, "role:machine")]
    [InlineData("traces:read", "trace:read", true, "role:traces:read")]
    [InlineData("traces:read", "run:read", false, "insufficient-permissions")]
    [InlineData("ADMIN", "run:read", false, "insufficient-permissions")]
    [InlineData("nobody", "run:read", false, "insufficient-permissions")]
    [InlineData("", "run:read", false, "insufficient-permissions")]
    public void The_first_role_that_may_decides(string roles, string permission, bool isAllowed, string rule)
    {
        var decision = Decide(Who(roles), permission);

        Assert.Equal((isAllowed, rule, PolicyReader.BuiltIn.Hash), (decision.IsAllowed, decision.Rule, decision.Policy));
    }

    [Fact]
    public void Scopes_narrow_and_never_widen()
    {
        var narrowed = Who("dev") with { Scopes = ScopeSet.Read(["run:read", "trace:*", "key:write"], out _) };

        Assert.True(Decide(narrowed, "run:read").IsAllowed);
        Assert.True(Decide(narrowed, "trace:write").IsAllowed);
        Assert.Equal((false, "scope"), Short(Decide(narrowed, "run:write")));
        Assert.Equal((false, "insufficient-permissions"), Short(Decide(narrowed, "trace:admin")));
        Assert.Equal((false, "insufficient-permissions"), Short(Decide(narrowed, "key:write")));
    }

    [Theory]
    [Trait("id", "C8.1-11")]
    [InlineData(RbacMode.Enforce, false, "insufficient-permissions")]
    [InlineData(RbacMode.Shadow, true, "shadow:insufficient-permissions")]
    [InlineData(RbacMode.Off, true, "off")]
    public void The_mode_says_what_becomes_of_a_missing_permission(RbacMode mode, bool isAllowed, string rule) =>
        Assert.Equal((isAllowed, rule), Short(Access.Decide(PolicyReader.BuiltIn, mode, Who("readonly"), new Permission("run", "write"), ofHouse: false)));

    [Theory]
    [InlineData(RbacMode.Enforce)]
    [InlineData(RbacMode.Shadow)]
    [InlineData(RbacMode.Off)]
    public void No_mode_opens_the_house_to_tenants_or_a_credential_beyond_its_scopes(RbacMode mode)
    {
        var admin = Who("admin");

        Assert.Equal((false, "house-only"), Short(Access.Decide(PolicyReader.BuiltIn, mode, admin, new Permission("node", "admin"), ofHouse: true)));
        Assert.True(Access.Decide(PolicyReader.BuiltIn, mode, admin with { IsHouse = true }, new Permission("node", "admin"), ofHouse: true).IsAllowed);
        var narrowed = admin with { Scopes = ScopeSet.None };
        Assert.Equal((false, "scope"), Short(Access.Decide(PolicyReader.BuiltIn, mode, narrowed, new Permission("run", "read"), ofHouse: false)));
    }

    /// <summary>The matrix of the system before, row by row; AOS adds resources and roles to it.</summary>
    [Theory]
    [InlineData("infra", "memory_pin: read write delete admin; prometheus: reload query; costsim: read write admin; policy: read write approve; rbac: reload read; chaos: execute read; memory: read write admin")]
    [InlineData("admin", "memory_pin: read write delete admin; prometheus: reload query; costsim: read write admin; policy: read write approve; rbac: reload read; chaos: execute read; memory: read write admin")]
    [InlineData("machine", "memory_pin: read write; prometheus: reload; costsim: read; policy: read; rbac: read; chaos: ; memory: read write")]
    [InlineData("dev", "memory_pin: read; prometheus: query; costsim: read; policy: read; rbac: read; chaos: read; memory: read")]
    [InlineData("readonly", "memory_pin: read; prometheus: query; costsim: read; policy: read; rbac: read; chaos: ; memory: read")]
    public void The_built_in_policy_has_the_known_matrix(string role, string rows)
    {
        foreach (var row in rows.Split(';', StringSplitOptions.TrimEntries))
        {
            var (resource, actions) = (row[..row.IndexOf(':', StringComparison.Ordinal)], row[(row.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
            var allowed = Permissions.All.Where(permission => permission.Resource == resource && PolicyReader.BuiltIn.Allows(role, permission)).Select(permission => permission.Action);
            Assert.Equal(actions.Order(StringComparer.Ordinal), allowed.Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("""[]""", "object")]
    [InlineData("""{"matrix":{"a":{}}}""", "version")]
    [InlineData("""{"version":"1"}""", "matrix")]
    [InlineData("""{"version":"1","matrix":{}}""", "no role")]
    [InlineData("""{"version":"1","matrix":{"a b":{}}}""", "matrix.a b")]
    [InlineData("""{"version":"1","matrix":{"a":[]}}""", "matrix.a: an object")]
    [InlineData("""{"version":"1","matrix":{"a":{"moon":["read"]}}}""", "matrix.a.moon")]
    [InlineData("""{"version":"1","matrix":{"a":{"run":"read"}}}""", "matrix.a.run")]
    [InlineData("""{"version":"1","matrix":{"a":{"run":["fly"]}}}""", "fly is no action")]
    [InlineData("""{"version":"1","matrix":{"a":{"run":[1]}}}""", "is no action")]
    public void A_policy_that_could_be_misunderstood_is_refused_with_its_place(string document, string words)
    {
        var (policy, problem) = PolicyReader.Read(Json.Parse(document), "test");

        Assert.Null(policy);
        Assert.Contains(words, problem!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stored_policy_of_a_newer_build_is_read_without_what_only_that_one_knows()
    {
        var (policy, _) = PolicyReader.Read(Json.Parse("""{"version":"1","matrix":{"a":{"moon":["read"],"run":["read","fly"]}}}"""), "test", isStored: true);

        Assert.Equal(["read"], policy!.Matrix["a"]["run"]);
        Assert.False(policy.Matrix["a"].ContainsKey("moon"));
    }

    private static AccessDecision Decide(Caller caller, string permission) =>
        Access.Decide(PolicyReader.BuiltIn, RbacMode.Enforce, caller, Permission.TryParse(permission, out var known) ? known : default, ofHouse: false);

    private static Caller Who(string roles) => new(TenantId.Default, "test", [.. roles.Split(',', StringSplitOptions.RemoveEmptyEntries)]);

    private static (bool, string) Short(AccessDecision decision) => (decision.IsAllowed, decision.Rule);
}
