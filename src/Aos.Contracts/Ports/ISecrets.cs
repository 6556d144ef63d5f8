using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Where the value behind <c>secret:NAME</c> comes from. Asked at the call only; what it gives is never stored or logged.</summary>
public interface ISecrets
{
    /// <summary>The secret of a tenant, or null: the tenant has none of this name.</summary>
    ValueTask<string?> FindAsync(TenantId tenant, string name, CancellationToken cancel);
}
