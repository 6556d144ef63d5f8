using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>A secret as it is known; its value is not.</summary>
/// <param name="Version">Of the value: 1 for the first, one more with each rotation.</param>
/// <param name="Fingerprint">12 hex digits of a keyed hash: tells whether the value is the one it was, and says nothing of it.</param>
public sealed record Secret(TenantId Tenant, string Name, long Version, string Fingerprint, Allowance Allowed)
{
    public required DateTimeOffset CreatedAt { get; init; }

    public required string CreatedBy { get; init; }

    /// <summary>When anything about it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    public required string UpdatedBy { get; init; }

    /// <summary>When the value was last replaced; null: it is the first one.</summary>
    public DateTimeOffset? RotatedAt { get; init; }

    /// <summary>How long a value is good for; null: without end.</summary>
    public TimeSpan? Lifetime { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Until when runs that began before the rotation go on with the version before; null: there is none.</summary>
    public DateTimeOffset? FormerUntil { get; init; }

    /// <summary>Known within a minute.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }
}

/// <summary>What a secret is to be. What is null stays as it is; of a new secret it is nobody's limit and no end.</summary>
/// <param name="Value">Null: the value stays.</param>
/// <param name="Overlap">How long the value before goes on for runs that began before.</param>
public sealed record SecretWish(string Name, string? Value, Allowance? Allowed, TimeSpan Overlap)
{
    /// <summary>True: <see cref="Lifetime"/> counts, also when it is null.</summary>
    public bool SetsLifetime { get; init; }

    /// <summary>Null: without end.</summary>
    public TimeSpan? Lifetime { get; init; }

    /// <summary>Never shows the value.</summary>
    public override string ToString() => Name;
}

/// <summary>What came of it.</summary>
/// <param name="Before">Null: the secret is new.</param>
public sealed record SecretChange(Secret? Before, Secret After);

/// <summary>What came of encrypting all secrets anew.</summary>
/// <param name="KeyId">The new key.</param>
/// <param name="Count">Values that are under it now.</param>
/// <param name="Unreadable">Values that are not what was written in their place; they were left alone.</param>
public sealed record SecretsMoved(string KeyId, int Count, int Unreadable);

/// <summary>
/// Named secrets of tenants. Nothing here gives a value back. Everything is of the caller's tenant; changes hold on all nodes at once.
/// </summary>
public interface ISecretStore
{
    /// <summary>Secrets of a tenant.</summary>
    public const int SecretsMax = 1_000;

    /// <summary>By name.</summary>
    Task<IReadOnlyList<Secret>> ListAsync(Caller caller, CancellationToken cancel);

    Task<Secret?> FindAsync(Caller caller, string name, CancellationToken cancel);

    /// <summary>Makes a secret, gives it a new value, or changes who may use it and for how long.</summary>
    Task<(SecretChange? Made, Failure? Refusal)> PutAsync(Caller caller, SecretWish wish, CancellationToken cancel);

    /// <summary>The secret as it was, with all its versions gone; null: there was none.</summary>
    Task<Secret?> DeleteAsync(Caller caller, string name, CancellationToken cancel);

    /// <summary>Makes a new key and encrypts the secrets of all tenants under it.</summary>
    Task<SecretsMoved> ReencryptAsync(CancellationToken cancel);
}
