using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What a request brings along to say who sends it.</summary>
/// <param name="Key">An API key; or an access token, where the house trusts an issuer of them.</param>
/// <param name="MachineToken">The house's machine token.</param>
public readonly record struct Credential(string? Key, string? MachineToken)
{
    public bool IsThere => Key is not null || MachineToken is not null;
}

/// <summary>Who is behind a credential, or why nobody is.</summary>
/// <param name="Problem">For whoever sent the credential; says of a wrong one only that it is wrong.</param>
public readonly record struct Authentication(Caller? Caller, string? Problem)
{
    /// <summary>True: nothing is known against the credential; whoever vouches for it cannot be asked now.</summary>
    public bool IsOutage { get; init; }
}

/// <summary>Whether something is allowed, and by what.</summary>
/// <param name="Rule">
/// <c>role:NAME</c>, <c>off</c>, or what refused: <c>insufficient-permissions</c>, <c>scope</c>, <c>house-only</c>; in shadow mode
/// <c>shadow:insufficient-permissions</c> where it would have.
/// </param>
/// <param name="Policy">Hash of the policy that decided.</param>
public readonly record struct AccessDecision(bool IsAllowed, string Rule, string Policy);

/// <summary>Door of the identity room: who asks, and what they may.</summary>
public interface IIdentity
{
    /// <summary>Whether any key is configured.</summary>
    bool HasKey { get; }

    /// <summary>The caller of a request without a credential, where such requests are let in.</summary>
    Caller Anonymous { get; }

    /// <summary>
    /// Who is behind the credential, as things stood less than a second ago on all nodes. Compared in constant time. Throws
    /// <see cref="JournalUnavailableException"/> when that cannot be found out now.
    /// </summary>
    ValueTask<Authentication> AuthenticateAsync(Credential credential, CancellationToken cancel);

    /// <summary>Decides by one version of the policy, the one in force less than a second ago.</summary>
    /// <param name="ofHouse">What is touched is shared by all tenants.</param>
    ValueTask<AccessDecision> DecideAsync(Caller caller, Permission permission, bool ofHouse, CancellationToken cancel);

    /// <summary>What would be decided, for whoever wants to know: not counted and not logged.</summary>
    ValueTask<AccessDecision> ExplainAsync(Caller caller, Permission permission, bool ofHouse, CancellationToken cancel);

    /// <summary>All that the caller may do to what is its tenant's own, in the order of <see cref="Permissions.All"/>.</summary>
    ValueTask<IReadOnlyList<Permission>> PermissionsOfAsync(Caller caller, CancellationToken cancel);
}

/// <summary>An API key as it is known; the key itself is not.</summary>
/// <param name="Id">16 hex digits, part of the key.</param>
public sealed record ApiKey(TenantId Tenant, string Id, string Name, IReadOnlyList<string> Roles, ScopeSet? Scopes, string Tier, string? AgentId, bool IsHouse)
{
    public required DateTimeOffset CreatedAt { get; init; }

    public required string CreatedBy { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Known within a minute.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The key that took over by rotation.</summary>
    public string? ReplacedBy { get; init; }
}

/// <summary>What a new key is to be.</summary>
/// <param name="Lifetime">Null: until it is revoked.</param>
public sealed record KeyWish(TenantId Tenant, string Name, IReadOnlyList<string> Roles, ScopeSet? Scopes, string Tier, string? AgentId, bool IsHouse, TimeSpan? Lifetime);

/// <summary>A key that was just made: the only time its text is known.</summary>
public sealed record NewKey(ApiKey Key, string Text);

/// <summary>API keys. Everything is of the caller's tenant; changes hold on all nodes within a second.</summary>
public interface IApiKeys
{
    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<ApiKey>> ListAsync(Caller caller, CancellationToken cancel);

    Task<ApiKey?> FindAsync(Caller caller, string id, CancellationToken cancel);

    /// <summary>Refused is what the caller could not do itself, an unknown role or tier, and more than <see cref="KeysMax"/> keys.</summary>
    Task<(NewKey? Made, Failure? Refusal)> CreateAsync(Caller caller, KeyWish wish, CancellationToken cancel);

    /// <summary>A new key in the place of one that goes on working for <paramref name="overlap"/>.</summary>
    Task<(NewKey? Made, Failure? Refusal)> RotateAsync(Caller caller, string id, TimeSpan overlap, CancellationToken cancel);

    /// <summary>The key as it is now; null: there is none.</summary>
    Task<ApiKey?> RevokeAsync(Caller caller, string id, CancellationToken cancel);

    /// <summary>Keys of a tenant that are neither revoked nor expired.</summary>
    public const int KeysMax = 1_000;
}

/// <summary>How strictly the policy is held to.</summary>
public enum RbacMode
{
    Enforce,

    /// <summary>Evaluated and logged, and allowed whatever comes of it.</summary>
    Shadow,

    /// <summary>Whoever has a credential may do what the tenant may.</summary>
    Off,
}

/// <summary>A policy: what each role may do.</summary>
/// <param name="Version">As its author calls it.</param>
/// <param name="Hash">First 16 hex digits of SHA-256 of its canonical JSON.</param>
/// <param name="Source"><c>built-in</c>, or where it came from.</param>
public sealed record RbacPolicyInfo(string Version, string Hash, string Source, DateTimeOffset LoadedAt, RbacMode Mode, IReadOnlyDictionary<string, IReadOnlyDictionary<string, IReadOnlyList<string>>> Matrix);

/// <summary>What came of a new policy.</summary>
/// <param name="Problem">Null: it is in force on all nodes within a second. Else the policy before stays.</param>
public sealed record RbacReload(string PreviousHash, string NewHash, string? Problem, DateTimeOffset At);

/// <summary>Roles and the policy that says what each may do.</summary>
public interface IRbac
{
    ValueTask<RbacPolicyInfo> InfoAsync(CancellationToken cancel);

    /// <summary>Reads the configured policy file, checks it, keeps it as a new version and puts it in force. Without a file nothing changes.</summary>
    Task<RbacReload> ReloadAsync(Caller caller, CancellationToken cancel);

    /// <summary>Checks a policy, keeps it as a new version and puts it in force.</summary>
    Task<RbacReload> PutAsync(Caller caller, System.Text.Json.JsonElement document, CancellationToken cancel);
}
