using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Who asks: made from the credential by the identity room, never from the request's body.</summary>
/// <param name="Principal">For audit, for instance <c>key:first</c>, <c>anonymous</c>, <c>system</c>.</param>
/// <param name="AgentId">The only agent the credential may act as, or null: any of the tenant.</param>
public sealed record Caller(TenantId Tenant, string Principal, IReadOnlySet<Permission> Permissions, string? AgentId = null)
{
    public bool May(Permission permission) => Permissions.Contains(permission);
}

/// <summary>What a route needs.</summary>
public enum Permission
{
    AgentsRead, AgentsWrite, Admin, RunsRead, RunsWrite, RunsOperate, SkillsRead, Simulate, TracesRead, ConfigRead, MetricsRead,
}

/// <summary>The permission a route needs. Every route has this or <see cref="OpenAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsAttribute(Permission permission) : Attribute
{
    public Permission Permission { get; } = permission;

    /// <summary>True on <c>/agents*</c> and <c>/admin*</c>: a missing key answers 422, as clients there expect.</summary>
    public bool KeyIsField { get; init; }

    /// <summary>True on runtime routes: a loopback client of a development server needs no key.</summary>
    public bool OpenInDevelopment { get; init; }
}

/// <summary>A route open to everybody, and why.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OpenAttribute(string why) : Attribute
{
    public string Why { get; } = why;
}
