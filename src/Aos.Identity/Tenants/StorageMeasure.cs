using Aos.Contracts;

namespace Aos.Identity;

/// <summary>Measures what tenants with a limit to it have stored.</summary>
internal sealed class StorageMeasure(TenantTable tenants, UsageTable usage, IEnumerable<IKeepsBytes> rooms) : IChore
{
    public string Name => "tenant-storage";

    public TimeSpan Interval => TimeSpan.FromMinutes(5);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var limited = await tenants.WithStorageAsync(cancel);
        foreach (var tenant in limited)
        {
            var bytes = 0L;
            foreach (var room in rooms) bytes += await room.BytesAsync(tenant.Id, cancel);
            await usage.SetAsync(Quotas.StorageOf(tenant.Id), bytes, cancel);
        }

        return limited.Count;
    }
}
