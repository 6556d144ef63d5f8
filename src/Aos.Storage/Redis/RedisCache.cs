using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>The shared memory in Redis. While Redis does not answer it is skipped.</summary>
internal sealed class RedisCache(RedisDoor redis, StoreLink link, LimitMeter meter) : ISharedCache
{
    internal const int ValueBytesMax = 1024 * 1024;

    public bool IsThere => true;

    public async ValueTask<byte[]?> FindAsync(TenantId tenant, string purpose, string key, CancellationToken cancel)
    {
        var (isAnswered, value) = await AskAsync(async () => (byte[]?)await redis.GetAsync(Key(tenant, purpose, key), cancel), cancel);
        meter.Read(!isAnswered ? "skipped" : value is null ? "miss" : "hit");
        return value;
    }

    public async ValueTask KeepAsync(TenantId tenant, string purpose, string key, ReadOnlyMemory<byte> value, TimeSpan lifetime, CancellationToken cancel)
    {
        if (value.Length <= ValueBytesMax) await AskAsync(() => redis.SetAsync(Key(tenant, purpose, key), value, lifetime, cancel), cancel);
    }

    private string Key(TenantId tenant, string purpose, string key) => redis.Key("cache", LimitKey.Of(tenant, purpose, key).Value);

    private async Task<(bool IsAnswered, T? Value)> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancel)
    {
        if (!await link.IsUpAsync()) return (false, default);
        var spell = link.Spell;
        try
        {
            return (true, await ask());
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            link.Lost(e, spell);
            return (false, default);
        }
    }
}

/// <summary>No shared memory is configured.</summary>
internal sealed class NoSharedCache : ISharedCache
{
    public bool IsThere => false;

    public ValueTask<byte[]?> FindAsync(TenantId tenant, string purpose, string key, CancellationToken cancel) => ValueTask.FromResult<byte[]?>(null);

    public ValueTask KeepAsync(TenantId tenant, string purpose, string key, ReadOnlyMemory<byte> value, TimeSpan lifetime, CancellationToken cancel) =>
        ValueTask.CompletedTask;
}
