namespace Aos.Contracts;

/// <summary>Something that may be done to a kind of thing. As text <c>run:write</c>.</summary>
public readonly record struct Permission(string Resource, string Action)
{
    /// <summary>Reads <c>resource:action</c>.</summary>
    public static bool TryParse(string text, out Permission permission)
    {
        permission = text.Split(':') is [{ Length: > 0 } resource, { Length: > 0 } action] ? new Permission(resource, action) : default;
        return permission.Resource is not null;
    }

    public override string ToString() => $"{Resource}:{Action}";
}

/// <summary>What a credential is narrowed to: <c>run:read</c>, <c>run:*</c>, <c>*:read</c> or <c>*:*</c>.</summary>
public sealed class ScopeSet
{
    private const string Any = "*";

    private readonly Permission[] scopes;

    private ScopeSet(Permission[] scopes) => this.scopes = scopes;

    /// <summary>Nothing at all.</summary>
    public static ScopeSet None { get; } = new([]);

    /// <summary>In the order given.</summary>
    public IReadOnlyList<Permission> Scopes => scopes;

    /// <summary>Null and the first text that is no scope: it is neither <c>*</c> nor a known resource with a known action.</summary>
    public static ScopeSet? Read(IEnumerable<string> texts, out string? wrong)
    {
        var scopes = new List<Permission>();
        wrong = null;
        foreach (var text in texts)
        {
            if (!Permission.TryParse(text, out var scope) || !Permissions.All.Any(known => Covers(scope, known)))
            {
                wrong = text;
                return null;
            }

            if (!scopes.Contains(scope)) scopes.Add(scope);
        }

        return new ScopeSet([.. scopes]);
    }

    public bool Has(Permission permission)
    {
        foreach (var scope in scopes)
        {
            if (Covers(scope, permission)) return true;
        }

        return false;
    }

    private static bool Covers(Permission scope, Permission permission) =>
        (scope.Resource == Any || scope.Resource == permission.Resource) && (scope.Action == Any || scope.Action == permission.Action);
}

/// <summary>All that may be done, as policies, scopes and routes name it.</summary>
public static class Permissions
{
    private static readonly (string Resource, string[] Actions)[] Table =
    [
        ("agent", ["read", "write"]),
        ("archive", ["read", "admin"]),
        ("audit", ["read", "admin"]),
        ("chaos", ["execute", "read"]),
        ("connection", ["read", "write", "test"]),
        ("costsim", ["read", "write", "admin"]),
        ("failure", ["read", "write"]),
        ("key", ["read", "write"]),
        ("keyring", ["read", "rotate"]),
        ("killswitch", ["read", "operate"]),
        ("memory", ["read", "write", "admin"]),
        ("memory_pin", ["read", "write", "delete", "admin"]),
        ("metrics", ["read"]),
        ("node", ["read", "admin"]),
        ("outbox", ["read", "operate"]),
        ("policy", ["read", "write", "approve"]),
        ("prometheus", ["reload", "query"]),
        ("rbac", ["reload", "read"]),
        ("run", ["read", "write", "operate"]),
        ("runtime", ["read", "simulate"]),
        ("secret", ["read", "write"]),
        ("skill", ["read"]),
        ("tenant", ["read", "write"]),
        ("trace", ["read", "write", "operate", "delete", "admin"]),
        ("webhook", ["read", "write", "operate"]),
        ("workflow", ["read", "write", "run"]),
    ];

    /// <summary>In the order of their names.</summary>
    public static IReadOnlyList<Permission> All { get; } = [.. Table.SelectMany(row => row.Actions.Select(action => new Permission(row.Resource, action)))];

    /// <summary>Resources with their actions, in the order of their names.</summary>
    public static IReadOnlyList<(string Resource, string[] Actions)> Resources => Table;
}
