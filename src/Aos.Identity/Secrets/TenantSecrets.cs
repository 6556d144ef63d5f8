using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>
/// Gives the values of tenants' secrets to the calls that may have them. Each is read from the store at the call: nothing decrypted is
/// kept, and what was changed or taken away on any node holds at once.
/// </summary>
internal sealed class TenantSecrets(SecretTable table, SecretCipher cipher, TimeProvider clock) : ISecrets, ISecretVersions, IChore
{
    /// <summary>The skill whose deliveries are signed: a secret that is for it is for those that come in, too.</summary>
    private const string Signing = "webhook_send";

    private readonly ConcurrentDictionary<(TenantId Tenant, string Name), DateTimeOffset> uses = new();

    string IChore.Name => "secret-uses";

    TimeSpan IChore.Interval => TimeSpan.FromSeconds(30);

    bool IChore.IsLocal => true;

    public async ValueTask<SecretAnswer?> FindAsync(SecretAsk ask, CancellationToken cancel)
    {
        if (await table.OpenAsync(ask.Tenant, ask.Name, cancel) is not { } found) return null;
        var (secret, values) = found;
        var now = clock.GetUtcNow();
        if (Refusal(secret, ask, now) is { } refusal) return SecretAnswer.Refused(refusal);
        try
        {
            // A node whose clock is ahead may have taken the value before away already.
            var version = IsFormer(secret, ask.Run, now) && values.ContainsKey(secret.Version - 1) ? secret.Version - 1 : secret.Version;
            if (!values.TryGetValue(version, out var stored)) throw new CiphertextRefusedException($"The value of the secret {secret.Name} of {ask.Tenant} is gone from the store.");
            var value = await cipher.OpenAsync(ask.Tenant, ask.Name, version, stored, cancel);
            uses[(ask.Tenant, ask.Name)] = now;
            return SecretAnswer.Of(value);
        }
        catch (CiphertextRefusedException e)
        {
            return SecretAnswer.Refused(FailureCatalog.Fail("TAMPER_DETECTED", e.Message, null, Details(secret, "unreadable")));
        }
        catch (KeyringLockedException e)
        {
            return SecretAnswer.Refused(FailureCatalog.Fail("CONFIG_INVALID", $"The secret {secret.Name} cannot be decrypted: {e.Message}", null, Details(secret, "locked")));
        }
    }

    public async ValueTask<IReadOnlyList<SecretVersion>> GoodAsync(TenantId tenant, string name, CancellationToken cancel)
    {
        if (await table.OpenAsync(tenant, name, cancel) is not { } found) return [];
        var (secret, values) = found;
        var now = clock.GetUtcNow();
        if (secret.Allowed.Agents is not null || secret.Allowed.Skills?.Contains(Signing, StringComparer.Ordinal) == false || secret.ExpiresAt <= now) return [];
        var good = new List<SecretVersion>();
        foreach (var version in secret.FormerUntil > now ? new[] { secret.Version, secret.Version - 1 } : [secret.Version])
        {
            if (await ValueAsync(secret, version, values, cancel) is { } value) good.Add(new SecretVersion(version, value));
        }

        if (good.Count > 0) uses[(tenant, name)] = now;
        return good;
    }

    /// <summary>Notes which secrets were used; without any it asks nothing of the store.</summary>
    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var noted = uses.ToArray();
        if (noted.Length == 0) return 0;
        var count = await table.UsedAsync([.. noted.Select(use => (use.Key.Tenant, use.Key.Name, use.Value))], cancel);
        foreach (var use in noted) uses.TryRemove(use);
        return count;
    }

    private async Task<string?> ValueAsync(Secret secret, long version, IReadOnlyDictionary<long, Ciphertext> values, CancellationToken cancel)
    {
        try
        {
            return values.TryGetValue(version, out var stored) ? await cipher.OpenAsync(secret.Tenant, secret.Name, version, stored, cancel) : null;
        }
        catch (CiphertextRefusedException)
        {
            return null; // Whoever uses it in a run is told; nothing is signed with it.
        }
    }

    private static Failure? Refusal(Secret secret, SecretAsk ask, DateTimeOffset now)
    {
        if (secret.Allowed.Barrier(ask.AgentId, ask.Skill) is { } barrier)
            return FailureCatalog.Fail("PERMISSION_DENIED", $"The secret {secret.Name} is not for the {barrier} {(barrier == "agent" ? ask.AgentId : ask.Skill)}. Whoever may write secrets can allow it.", null, Details(secret, barrier));
        return secret.ExpiresAt <= now
            ? FailureCatalog.Fail("CONFIG_INVALID", string.Create(CultureInfo.InvariantCulture, $"The secret {secret.Name} expired at {secret.ExpiresAt:yyyy-MM-ddTHH:mm:ssZ}. Give it a new value: aos secrets rotate {secret.Name}."), null, Details(secret, "expired"))
            : null;
    }

    /// <summary>A run that began before the rotation goes on with the value it may have begun with, for as long as the overlap lasts.</summary>
    private static bool IsFormer(Secret secret, RunId? run, DateTimeOffset now) =>
        run is { } id && secret.FormerUntil > now && secret.RotatedAt is { } rotated && Began(id) < rotated.ToUnixTimeMilliseconds();

    /// <summary>Unix milliseconds: the first 48 bits of a UUIDv7.</summary>
    private static long Began(RunId run)
    {
        Span<byte> bytes = stackalloc byte[16];
        run.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        return (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16);
    }

    private static JsonElement Details(Secret secret, string reason) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("name", secret.Name);
        writer.WriteString("reason", reason);
        writer.WriteEndObject();
    });
}
