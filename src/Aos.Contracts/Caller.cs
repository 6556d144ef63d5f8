using System.Collections.Immutable;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Who asks: made from the credential by the identity room, never from the request's body.</summary>
/// <param name="Principal">For audit, for instance <c>key:0f3c…</c>, <c>anonymous</c>, <c>system</c>.</param>
/// <param name="Roles">Names of roles; what each may do is said by the policy in force.</param>
/// <param name="AgentId">The only agent the credential may act as, or null: any of the tenant.</param>
public sealed record Caller(TenantId Tenant, string Principal, ImmutableArray<string> Roles, string? AgentId = null)
{
    /// <summary>The caller may do no more than these, whatever the roles allow; null: no narrowing.</summary>
    public ScopeSet? Scopes { get; init; }

    /// <summary>How often the caller may ask: one of <c>free</c>, <c>dev</c>, <c>pro</c>, <c>enterprise</c>, <c>unlimited</c>.</summary>
    public string Tier { get; init; } = "free";

    /// <summary>True: of the house itself, not of one of its tenants: may act for any tenant and touch what all of them share.</summary>
    public bool IsHouse { get; init; }

    /// <summary>When the credential ends; null: it does not end by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>AOS itself, on behalf of a tenant.</summary>
    public static Caller System(TenantId tenant) => new(tenant, "system", []);
}
