using System.Collections.Concurrent;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>The tenants' memory of a <see cref="World"/>: lives on when its process dies.</summary>
public sealed class WorldMemory(TimeProvider clock) : IMemory
{
    private readonly ConcurrentDictionary<(TenantId Tenant, string Key), Pin> pins = new();
    private int reads;
    private long ids;

    /// <summary>How often runs have read so far.</summary>
    public int Reads => Volatile.Read(ref reads);

    /// <summary>So many reads of runs meet a store that does not answer.</summary>
    public int Outages { get; set; }

    /// <summary>Keeps an object for the default tenant.</summary>
    public void Put(string key, string json) => Put(TenantId.Default, new PinWish(key, Json.Parse(json), "test", null));

    /// <summary>Takes an entry of the default tenant away.</summary>
    public void Remove(string key) => pins.TryRemove((TenantId.Default, key), out _);

    public Task<(PinMade? Made, Failure? Refusal)> PutAsync(Caller caller, PinWish wish, CancellationToken cancel) =>
        Task.FromResult<(PinMade?, Failure?)>((Put(caller.Tenant, wish), null));

    public Task<Pin?> FindAsync(Caller caller, string key, CancellationToken cancel) => Task.FromResult(pins.GetValueOrDefault((caller.Tenant, key)));

    public Task<PinPage> ListAsync(Caller caller, PinFilter filter, CancellationToken cancel)
    {
        var all = pins.Values.Where(pin => pin.Tenant == caller.Tenant && pin.Key.StartsWith(filter.Prefix ?? "", StringComparison.Ordinal)).OrderByDescending(pin => pin.Id).ToList();
        return Task.FromResult(new PinPage([.. all.Skip(filter.Offset).Take(filter.Limit)], all.Count));
    }

    public Task<Pin?> DeleteAsync(Caller caller, string key, CancellationToken cancel) =>
        Task.FromResult(pins.TryRemove((caller.Tenant, key), out var pin) ? pin : null);

    public Task<int> CleanupAsync(Caller caller, CancellationToken cancel) => Task.FromResult(0);

    public Task<IReadOnlyList<JsonElement?>> ReadAsync(TenantId tenant, IReadOnlyList<string> keys, CancellationToken cancel)
    {
        Interlocked.Increment(ref reads);
        if (Outages-- > 0) return Task.FromException<IReadOnlyList<JsonElement?>>(new JournalUnavailableException("The memory does not answer.", TimeSpan.FromMilliseconds(10)));
        return Task.FromResult<IReadOnlyList<JsonElement?>>([.. keys.Select(key => pins.TryGetValue((tenant, key), out var pin) ? pin.Value : (JsonElement?)null)]);
    }

    private PinMade Put(TenantId tenant, PinWish wish)
    {
        var now = clock.GetUtcNow();
        var before = pins.GetValueOrDefault((tenant, wish.Key));
        var pin = new Pin(tenant, before?.Id ?? Interlocked.Increment(ref ids), wish.Key, wish.Value, wish.Source, null, null, before?.CreatedAt ?? now, now);
        pins[(tenant, wish.Key)] = pin;
        return new PinMade(pin, before);
    }
}
