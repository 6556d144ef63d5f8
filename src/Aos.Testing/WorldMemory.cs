using System.Collections.Concurrent;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>The tenants' memory of a <see cref="World"/>: lives on when its process dies.</summary>
public sealed class WorldMemory : IMemory
{
    private readonly ConcurrentDictionary<(TenantId Tenant, string Key), PinRead> pins = new();
    private int reads;
    private long versions;

    public bool IsOn => true;

    /// <summary>How often runs have read so far.</summary>
    public int Reads => Volatile.Read(ref reads);

    /// <summary>So many reads of runs meet a store that does not answer.</summary>
    public int Outages { get; set; }

    /// <summary>Keeps an object for the default tenant.</summary>
    public void Put(string key, string json) => pins[(TenantId.Default, key)] = new PinRead(Json.Parse(json), Interlocked.Increment(ref versions), TenantId.Default);

    /// <summary>Takes an entry of the default tenant away.</summary>
    public void Remove(string key) => pins.TryRemove((TenantId.Default, key), out _);

    public Task<IReadOnlyList<PinRead?>> ReadAsync(TenantId tenant, string reader, IReadOnlyList<string> keys, CancellationToken cancel)
    {
        Interlocked.Increment(ref reads);
        if (Outages-- > 0) return Task.FromException<IReadOnlyList<PinRead?>>(new JournalUnavailableException("The memory does not answer.", TimeSpan.FromMilliseconds(10)));
        return Task.FromResult<IReadOnlyList<PinRead?>>([.. keys.Select(key => pins.GetValueOrDefault((tenant, key)))]);
    }

    public async Task<PinReading> LookAsync(TenantId tenant, string reader, IReadOnlyList<string> keys, CancellationToken cancel)
    {
        try
        {
            return new PinReading(await ReadAsync(tenant, reader, keys, cancel), null);
        }
        catch (JournalUnavailableException e)
        {
            return new PinReading([.. keys.Select(_ => (PinRead?)null)], e.Message);
        }
    }
}
