using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>
/// Values that all nodes may keep in a shared memory and lose at any time. Keys are hashed together with tenant and purpose. Where
/// there is no such memory, or it does not answer, nothing is found and nothing is kept; calls never throw but when cancelled.
/// </summary>
public interface ISharedCache
{
    /// <summary>False: it never keeps anything, so nothing needs to be prepared for it.</summary>
    bool IsThere { get; }

    ValueTask<byte[]?> FindAsync(TenantId tenant, string purpose, string key, CancellationToken cancel);

    /// <summary>Keeps a value for so long; one of more than 1 MiB is not kept.</summary>
    ValueTask KeepAsync(TenantId tenant, string purpose, string key, ReadOnlyMemory<byte> value, TimeSpan lifetime, CancellationToken cancel);
}
