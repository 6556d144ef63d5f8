using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>The tenants of the house.</summary>
internal sealed class TenantBook(TenantTable table, Quotas quotas, Revision revision, Lazy<IEnumerable<IHoldsQuotas>> holders, TimeProvider clock) : ITenants
{
    public async Task<IReadOnlyList<Tenant>> ListAsync(TenantId? after, int max, CancellationToken cancel) => await table.ListAsync(after, Math.Clamp(max, 1, 1_000), cancel);

    public Task<Tenant?> FindAsync(TenantId tenant, CancellationToken cancel) => table.FindAsync(tenant, cancel);

    public async Task<(Tenant? Before, Tenant After)> ChangeAsync(TenantId tenant, Func<Tenant, Tenant> change, CancellationToken cancel)
    {
        var changed = await table.ChangeAsync(tenant, clock.GetUtcNow(), change, cancel);
        revision.Tell();
        foreach (var holder in holders.Value) await holder.ChangedAsync(tenant, cancel);
        return changed;
    }

    public Task<TenantUsage> UsageAsync(TenantId tenant, CancellationToken cancel) => quotas.UsageAsync(tenant, cancel);
}
