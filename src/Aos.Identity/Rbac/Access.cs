using Aos.Contracts;

namespace Aos.Identity;

/// <summary>The decision itself: roles, narrowed by scopes, by one policy.</summary>
internal static class Access
{
    internal static AccessDecision Decide(RbacPolicy policy, RbacMode mode, Caller caller, Permission permission, bool ofHouse)
    {
        // What the credential itself is kept from, it is kept from in every mode.
        if (ofHouse && !caller.IsHouse) return new AccessDecision(false, "house-only", policy.Hash);
        if (caller.Scopes?.Has(permission) == false) return new AccessDecision(false, "scope", policy.Hash);
        if (mode == RbacMode.Off) return new AccessDecision(true, "off", policy.Hash);
        if (policy.RoleFor(caller.Roles.AsSpan(), permission) is { } role) return new AccessDecision(true, $"role:{role}", policy.Hash);
        return mode == RbacMode.Shadow
            ? new AccessDecision(true, "shadow:insufficient-permissions", policy.Hash)
            : new AccessDecision(false, "insufficient-permissions", policy.Hash);
    }

    /// <summary>Whether roles and scopes of the caller allow it, whatever the mode.</summary>
    internal static bool Allows(RbacPolicy policy, Caller caller, Permission permission) =>
        caller.Scopes?.Has(permission) != false && policy.RoleFor(caller.Roles.AsSpan(), permission) is not null;

    /// <summary>Whether such a key would be allowed it.</summary>
    internal static bool Rule(RbacPolicy policy, KeyWish wish, Permission permission) =>
        wish.Scopes?.Has(permission) != false && wish.Roles.Any(role => policy.Allows(role, permission));
}
