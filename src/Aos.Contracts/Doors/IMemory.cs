using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>An entry as a run reads it.</summary>
/// <param name="Version">Of the entry: another value has another one.</param>
/// <param name="Tenant">The tenant asked for, or <see cref="IPins.Shared"/> where the house lets it read those entries.</param>
public sealed record PinRead(JsonElement Value, long Version, TenantId Tenant);

/// <summary>What came of a look that may fail.</summary>
/// <param name="Found">In the order of the keys, null where there is none.</param>
/// <param name="Degraded">Why nothing was found though there may be something; null: the memory answered.</param>
public sealed record PinReading(IReadOnlyList<PinRead?> Found, string? Degraded);

/// <summary>Door of the memory room for whoever only reads: runs and simulations.</summary>
public interface IMemory
{
    /// <summary>False: this house keeps no memory, and nothing may be read.</summary>
    bool IsOn { get; }

    /// <summary>
    /// Values for a run, all of a tenant as they were at one moment: in the order of the keys, null where there is none. Throws
    /// <see cref="JournalUnavailableException"/> when the database does not answer.
    /// </summary>
    /// <param name="reader">Who reads, for the record: <c>run:ID</c>.</param>
    Task<IReadOnlyList<PinRead?>> ReadAsync(TenantId tenant, string reader, IReadOnlyList<string> keys, CancellationToken cancel);

    /// <summary>
    /// The same for who can do without: where the house lets memory fail open, a database that does not answer is told and not thrown.
    /// </summary>
    Task<PinReading> LookAsync(TenantId tenant, string reader, IReadOnlyList<string> keys, CancellationToken cancel);
}
