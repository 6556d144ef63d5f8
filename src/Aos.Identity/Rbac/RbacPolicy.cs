using System.Collections.Frozen;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>One version of what each role may do. Never changes, so a decision never meets two.</summary>
internal sealed class RbacPolicy
{
    private readonly FrozenDictionary<string, FrozenSet<Permission>> roles;

    internal RbacPolicy(string version, string source, JsonElement document, IReadOnlyDictionary<string, IReadOnlyDictionary<string, IReadOnlyList<string>>> matrix)
    {
        (Version, Source, Document, Matrix) = (version, source, document, matrix);
        Hash = ContentHash.Short(document);
        roles = matrix.ToFrozenDictionary(
            role => role.Key,
            role => role.Value.SelectMany(row => row.Value.Select(action => new Permission(row.Key, action))).ToFrozenSet(),
            StringComparer.Ordinal);
    }

    internal string Version { get; }

    /// <summary>First 16 hex digits of SHA-256 of the canonical document.</summary>
    internal string Hash { get; }

    internal string Source { get; }

    internal JsonElement Document { get; }

    /// <summary>Role, resource, actions.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyDictionary<string, IReadOnlyList<string>>> Matrix { get; }

    internal bool HasRole(string role) => roles.ContainsKey(role);

    internal bool Allows(string role, Permission permission) => roles.TryGetValue(role, out var allowed) && allowed.Contains(permission);

    /// <summary>The first of the roles that may; null: none.</summary>
    internal string? RoleFor(ReadOnlySpan<string> held, Permission permission)
    {
        foreach (var role in held)
        {
            if (Allows(role, permission)) return role;
        }

        return null;
    }
}
