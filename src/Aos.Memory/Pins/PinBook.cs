using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>Implements the doors of the memory room: what is read here, what is written in the other part.</summary>
internal sealed partial class PinBook(
    PinTable table, PinWriter writer, PinRemover remover, PinCache cache, PinAuditBook audit, PinMeter meter, PinOptions options, PinRedaction redaction, IIdempotency keys, ICluster cluster, TimeProvider clock)
    : IPins, IMemory
{
    public bool IsOn => options.IsOn;

    public async Task<Pin?> FindAsync(Caller caller, string key, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        var pin = await FindAsync(caller.Tenant, key, cancel);
        if (pin is null && options.MayReadShared(caller.Tenant)) pin = await FindAsync(IPins.Shared, key, cancel);
        meter.Done("get", pin is null ? "absent" : "success", clock.GetElapsedTime(began), pin is null ? "none" : pin.IsCacheHit ? "hit" : "miss");
        audit.Add(Entry(caller.Tenant, "get", key, caller.Principal, pin is null ? "absent" : "success") with
        {
            Source = pin?.Source, IsCacheHit = pin?.IsCacheHit == true, Version = pin?.Version, After = pin?.Hash, Latency = clock.GetElapsedTime(began),
        });
        return pin;
    }

    public async Task<PinPage> ListAsync(Caller caller, PinFilter filter, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        var page = await table.ListAsync(caller.Tenant, filter, cancel);
        meter.Done("list", "success", clock.GetElapsedTime(began));
        audit.Add(Entry(caller.Tenant, "list", filter.Prefix ?? "", caller.Principal, "success") with { Count = page.Pins.Count, Latency = clock.GetElapsedTime(began) });
        return page;
    }

    public async Task<IReadOnlyList<PinRead?>> ReadAsync(TenantId tenant, string reader, IReadOnlyList<string> keys, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        var found = await table.ReadAsync(tenant, keys, cancel);
        if (found.Count < keys.Count && options.MayReadShared(tenant))
        {
            var shared = await table.ReadAsync(IPins.Shared, [.. keys.Where(key => !found.ContainsKey(key))], cancel);
            foreach (var (key, read) in shared) found[key] = read;
        }

        foreach (var key in keys)
        {
            var read = found.GetValueOrDefault(key);
            meter.Done("run_read", read is null ? "absent" : "success", clock.GetElapsedTime(began));
            audit.Add(Entry(tenant, "run_read", key, reader, read is null ? "absent" : "success") with
            {
                Version = read?.Version, After = read is null ? null : ContentHash.Short(read.Value), Latency = clock.GetElapsedTime(began),
            });
        }

        return [.. keys.Select(key => found.GetValueOrDefault(key))];
    }

    public async Task<PinReading> LookAsync(TenantId tenant, string reader, IReadOnlyList<string> keys, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        try
        {
            return new PinReading(await ReadAsync(tenant, reader, keys, cancel), null);
        }
        catch (JournalUnavailableException)
        {
            foreach (var key in keys) audit.Add(Entry(tenant, "run_read", key, reader, "error") with { Code = "STORE_UNAVAILABLE", Latency = clock.GetElapsedTime(began) });
            meter.Done("run_read", "error", clock.GetElapsedTime(began));
            if (!options.FailsOpen) throw;
            return new PinReading([.. keys.Select(_ => (PinRead?)null)], "The memory does not answer now.");
        }
    }

    private async Task<Pin?> FindAsync(TenantId tenant, string key, CancellationToken cancel)
    {
        var pin = await table.FindAsync(tenant, key, cache.Find(tenant, key), cancel);
        if (pin is null) cache.Drop(tenant, key);
        else if (!pin.IsCacheHit) cache.Keep(pin);
        return pin;
    }

    private PinAuditEntry Entry(TenantId tenant, string operation, string key, string who, string outcome) => new(tenant, cluster.Now, operation, key, who, outcome);
}
