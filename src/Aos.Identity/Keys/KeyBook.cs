using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>API keys: made, found behind what is presented, rotated and revoked.</summary>
internal sealed class KeyBook : IApiKeys, IChore
{
    /// <summary>Keys of a tenant that are listed, in use or not.</summary>
    private const int ListedMax = 10_000;

    private const int NameChars = 128;

    private const string Purpose = "api-keys";

    /// <summary>What a key that was revoked or has expired is answered with, once its secret was found right.</summary>
    private const string Ended = "The API key has expired or was revoked";

    private static readonly TimeSpan LifetimeMax = TimeSpan.FromDays(3_660);
    private static readonly TimeSpan OverlapMax = TimeSpan.FromDays(90);
    private readonly ConcurrentDictionary<(TenantId Tenant, string Id), DateTimeOffset> uses = new();
    private readonly KeyCache cache = new();
    private readonly KeyTable table;
    private readonly Revision revision;
    private readonly PolicyBook policies;
    private readonly IKeyring keyring;
    private readonly TimeProvider clock;

    public KeyBook(KeyTable table, Revision revision, PolicyBook policies, IKeyring keyring, TimeProvider clock)
    {
        (this.table, this.revision, this.policies, this.keyring, this.clock) = (table, revision, policies, keyring, clock);
        revision.Changed += cache.Forget;
    }

    string IChore.Name => "key-uses";

    TimeSpan IChore.Interval => TimeSpan.FromSeconds(30);

    bool IChore.IsLocal => true;

    /// <summary>Notes which keys were used; without any it asks nothing of the store.</summary>
    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var noted = uses.ToArray();
        if (noted.Length == 0) return 0;
        var count = await table.UsedAsync([.. noted.Select(use => (use.Key.Tenant, use.Key.Id, use.Value))], cancel);
        foreach (var use in noted) uses.TryRemove(use);
        return count;
    }

    /// <summary>Who presents this key. It has the form of one.</summary>
    internal async ValueTask<Authentication> PresentedAsync(string id, string text, CancellationToken cancel)
    {
        var digest = KeyText.Digest(text);
        var found = cache.Find(id, digest) ?? await ReadAsync(id, text, digest, cancel);
        if (found is not { } key) return new Authentication(null, "Invalid API key");
        var now = clock.GetUtcNow();
        if (key.RevokedAt is not null || key.ExpiresAt <= now) return new Authentication(null, Ended);
        uses[(key.Tenant, key.Id)] = now;
        return new Authentication(Caller(key), null);
    }

    public Task<IReadOnlyList<ApiKey>> ListAsync(Caller caller, CancellationToken cancel) => table.ListAsync(caller.Tenant, ListedMax, cancel);

    public Task<ApiKey?> FindAsync(Caller caller, string id, CancellationToken cancel) => table.FindAsync(caller.Tenant, id, cancel);

    public async Task<(NewKey? Made, Failure? Refusal)> CreateAsync(Caller caller, KeyWish wish, CancellationToken cancel)
    {
        if (Wrong(wish) is { } wrong) return (null, FailureCatalog.Fail("INVALID_INPUT", wrong));
        if (await RefusalAsync(caller, wish, cancel) is { } refusal) return (null, refusal);
        var (key, text) = Make(wish, caller.Principal);
        if (!await table.InsertAsync(key, await MacAsync(text, cancel), IApiKeys.KeysMax, cancel))
            return (null, FailureCatalog.Fail("INVALID_STATE", $"{wish.Tenant} has {IApiKeys.KeysMax} keys in use. Revoke those that nobody needs."));
        revision.Tell();
        return (new NewKey(key, text), null);
    }

    public async Task<(NewKey? Made, Failure? Refusal)> RotateAsync(Caller caller, string id, TimeSpan overlap, CancellationToken cancel)
    {
        if (overlap < TimeSpan.Zero || overlap > OverlapMax) return (null, FailureCatalog.Fail("INVALID_INPUT", $"The overlap is from 0 to {OverlapMax.TotalHours:0} hours."));
        if (await table.FindAsync(caller.Tenant, id, cancel) is not { } before) return (null, Unknown(id));
        var lifetime = before.ExpiresAt - before.CreatedAt;
        var wish = new KeyWish(before.Tenant, before.Name, before.Roles, before.Scopes, before.Tier, before.AgentId, before.IsHouse, lifetime);
        if (await RefusalAsync(caller, wish, cancel) is { } refusal) return (null, refusal);
        var (key, text) = Make(wish, caller.Principal);
        if (!await table.ReplaceAsync(before, key, await MacAsync(text, cancel), key.CreatedAt + overlap, cancel))
            return (null, FailureCatalog.Fail("INVALID_STATE", $"The key {id} was revoked, has expired, or was rotated already."));
        revision.Tell();
        return (new NewKey(key, text), null);
    }

    public async Task<ApiKey?> RevokeAsync(Caller caller, string id, CancellationToken cancel)
    {
        if (await table.RevokeAsync(caller.Tenant, id, clock.GetUtcNow(), cancel)) revision.Tell();
        return await table.FindAsync(caller.Tenant, id, cancel);
    }

    internal static Caller Caller(ApiKey key) => new(key.Tenant, $"key:{key.Id}", [.. key.Roles], key.AgentId)
    {
        Scopes = key.Scopes, Tier = key.Tier, IsHouse = key.IsHouse, ExpiresAt = key.ExpiresAt,
    };

    internal static Failure Unknown(string id) => FailureCatalog.Fail("NOT_FOUND", $"There is no key {(id.Length > 64 ? id[..64] : id)}; aos keys list shows them.");

    private async Task<ApiKey?> ReadAsync(string id, string text, byte[] digest, CancellationToken cancel)
    {
        var generation = cache.Generation;
        var stored = await table.PresentedAsync(id, cancel);
        // The same work for an id that nobody has, so that the time says nothing about ids.
        var mac = await MacAsync(text, cancel);
        if (stored is not { } known || !CryptographicOperations.FixedTimeEquals(mac, known.Mac)) return null;
        cache.Keep(generation, id, known.Key, digest);
        return known.Key;
    }

    private Task<byte[]> MacAsync(string text, CancellationToken cancel) => keyring.MacAsync(Purpose, Encoding.UTF8.GetBytes(text), cancel);

    private (ApiKey Key, string Text) Make(KeyWish wish, string by)
    {
        var (id, text) = KeyText.Make();
        var now = clock.GetUtcNow();
        var key = new ApiKey(wish.Tenant, id, wish.Name, [.. wish.Roles.Distinct(StringComparer.Ordinal)], wish.Scopes, wish.Tier, wish.AgentId, wish.IsHouse)
        {
            CreatedAt = now, CreatedBy = by, ExpiresAt = now + wish.Lifetime,
        };
        return (key, text);
    }

    private static string? Wrong(KeyWish wish)
    {
        if (wish.Name.Length is 0 or > NameChars || wish.Name.Any(char.IsControl)) return $"name: 1 to {NameChars} characters that can be seen.";
        if (wish.Roles.Count == 0) return "roles: at least one; aos auth roles shows them.";
        if (!Tiers.IsKnown(wish.Tier)) return $"tier: one of {string.Join(", ", Tiers.Names)}.";
        if (wish.Lifetime is { } lifetime && (lifetime < TimeSpan.FromMinutes(1) || lifetime > LifetimeMax)) return $"expires_in_days: up to {LifetimeMax.TotalDays:0}.";
        return wish.AgentId is { Length: 0 or > 256 } ? "agent_id: 1 to 256 characters." : null;
    }

    private async Task<Failure?> RefusalAsync(Caller caller, KeyWish wish, CancellationToken cancel)
    {
        var policy = await policies.CurrentAsync(cancel);
        if (wish.Roles.FirstOrDefault(role => !policy.HasRole(role)) is { } unknown)
            return FailureCatalog.Fail("INVALID_INPUT", $"roles: the policy knows no role {(unknown.Length > 64 ? unknown[..64] : unknown)}; aos auth roles shows them.");
        return Beyond(policy, caller, wish) is { } beyond ? FailureCatalog.Fail("PERMISSION_DENIED", beyond) : null;
    }

    /// <summary>Why the caller may not make such a key: nobody hands on what they don't have themselves.</summary>
    private static string? Beyond(RbacPolicy policy, Caller caller, KeyWish wish)
    {
        if (wish.IsHouse && !caller.IsHouse) return "is_house: only a caller of the house makes keys of the house.";
        if (caller.AgentId is { } own && wish.AgentId != own) return $"agent_id: this caller acts as {own} only, and so do the keys it makes.";
        if (!caller.IsHouse && Tiers.Rank(wish.Tier) > Tiers.Rank(caller.Tier)) return $"tier: {wish.Tier} is above this caller's own, {caller.Tier}.";
        var gained = Permissions.All.FirstOrDefault(permission => Access.Rule(policy, wish, permission) && !Access.Allows(policy, caller, permission));
        return gained.Resource is null ? null : $"roles: this caller itself lacks {gained}, and so would not give it to a key.";
    }
}
