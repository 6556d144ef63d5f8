using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>Secrets of tenants: made, rotated, changed and taken away. No value comes out here.</summary>
internal sealed class SecretBook(SecretTable table, SecretCipher cipher, SecretReencryption reencryption, TimeProvider clock) : ISecretStore
{
    public async Task<IReadOnlyList<Secret>> ListAsync(Caller caller, CancellationToken cancel) => await table.ListAsync(caller.Tenant, cancel);

    public Task<Secret?> FindAsync(Caller caller, string name, CancellationToken cancel) => table.FindAsync(caller.Tenant, name, cancel);

    public async Task<(SecretChange? Made, Failure? Refusal)> PutAsync(Caller caller, SecretWish wish, CancellationToken cancel)
    {
        if (SecretRules.Problem(wish) is { } wrong) return (null, FailureCatalog.Fail("INVALID_INPUT", wrong));
        var before = await table.FindAsync(caller.Tenant, wish.Name, cancel);
        if (before is null && wish.Value is null) return (null, FailureCatalog.Fail("NOT_FOUND", $"There is no secret {wish.Name}; give a value to make it."));
        var after = await NextAsync(caller, before, wish, cancel);
        var value = wish.Value is { } text ? await cipher.SealAsync(after.Tenant, after.Name, after.Version, text, cancel) : null;
        return await table.PutAsync(before, after, value, ISecretStore.SecretsMax, cancel) switch
        {
            true => (new SecretChange(before, after), null),
            false => (null, FailureCatalog.Fail("INVALID_STATE", $"Somebody else changed the secret {wish.Name} at the same time. Look at it and try again.")),
            null => (null, FailureCatalog.Fail("INVALID_STATE", $"{caller.Tenant} has {ISecretStore.SecretsMax} secrets. Remove those that nobody needs.")),
        };
    }

    public async Task<Secret?> DeleteAsync(Caller caller, string name, CancellationToken cancel)
    {
        var before = await table.FindAsync(caller.Tenant, name, cancel);
        return before is not null && await table.DeleteAsync(caller.Tenant, name, cancel) ? before : null;
    }

    public Task<SecretsMoved> ReencryptAsync(CancellationToken cancel) => reencryption.RunAsync(cancel);

    private async Task<Secret> NextAsync(Caller caller, Secret? before, SecretWish wish, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var lifetime = wish.SetsLifetime ? wish.Lifetime : before?.Lifetime;
        var next = new Secret(caller.Tenant, wish.Name, before?.Version ?? 0, before?.Fingerprint ?? "", wish.Allowed ?? before?.Allowed ?? Allowance.Everyone)
        {
            CreatedAt = before?.CreatedAt ?? now,
            CreatedBy = before?.CreatedBy ?? caller.Principal,
            UpdatedAt = now,
            UpdatedBy = caller.Principal,
            RotatedAt = before?.RotatedAt,
            Lifetime = lifetime,
            ExpiresAt = wish.SetsLifetime ? now + lifetime : before?.ExpiresAt,
            FormerUntil = before?.FormerUntil,
            LastUsedAt = before?.LastUsedAt,
        };
        if (wish.Value is not { } value) return next;
        return next with
        {
            Version = next.Version + 1,
            Fingerprint = await cipher.FingerprintAsync(next.Tenant, next.Name, value, cancel),
            RotatedAt = before is null ? null : now,
            ExpiresAt = now + lifetime,
            FormerUntil = FormerUntil(before, now, wish.Overlap),
        };
    }

    /// <summary>An overlap makes no value live longer than it would have.</summary>
    private static DateTimeOffset? FormerUntil(Secret? before, DateTimeOffset now, TimeSpan overlap)
    {
        if (before is null || overlap == TimeSpan.Zero || before.ExpiresAt <= now) return null;
        return before.ExpiresAt < now + overlap ? before.ExpiresAt : now + overlap;
    }
}
