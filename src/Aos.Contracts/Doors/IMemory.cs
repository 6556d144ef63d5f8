using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>An entry of a tenant's memory.</summary>
/// <param name="Id">Counts up within the tenant; stays when the value changes.</param>
/// <param name="Value">An object.</param>
/// <param name="Source">Who wrote it, such as <c>api</c>.</param>
/// <param name="TtlSeconds">Seconds to live from its last write; null: without end.</param>
/// <param name="ExpiresAt">From then on it is not there, whether or not it has been cleaned up.</param>
public sealed record Pin(
    TenantId Tenant, long Id, string Key, JsonElement Value, string Source, int? TtlSeconds, DateTimeOffset? ExpiresAt, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <param name="Value">Replaces the value as a whole.</param>
/// <param name="Source">1 to 64 characters.</param>
/// <param name="TtlSeconds">0 (over at once) to 31,536,000, or null: without end.</param>
public sealed record PinWish(string Key, JsonElement Value, string Source, int? TtlSeconds);

/// <param name="Before">Null: the entry is new, or what was there was over.</param>
public sealed record PinMade(Pin After, Pin? Before);

/// <param name="Prefix">Of the key, letter by letter; null: all.</param>
/// <param name="Limit">1 to 1,000.</param>
public sealed record PinFilter(string? Prefix, int Limit, int Offset, bool IncludesExpired);

/// <param name="Total">All that the filter lets through.</param>
public sealed record PinPage(IReadOnlyList<Pin> Pins, long Total);

/// <summary>
/// Door of the memory room: JSON objects by key, each tenant its own. Throws <see cref="JournalUnavailableException"/> when the
/// database does not answer.
/// </summary>
public interface IMemory
{
    /// <summary>Entries of one tenant.</summary>
    public const int PinsMax = 100_000;

    /// <summary>Bytes of one value, as canonical JSON.</summary>
    public const int ValueBytesMax = 1024 * 1024;

    /// <summary>Longest time to live, seconds: a year.</summary>
    public const int TtlSecondsMax = 31_536_000;

    /// <summary>Refused (<c>INVALID_INPUT</c>, <c>INPUT_TOO_LARGE</c>, <c>QUOTA_EXHAUSTED</c>) is what is against <see cref="PinWish"/> or the limits here.</summary>
    Task<(PinMade? Made, Failure? Refusal)> PutAsync(Caller caller, PinWish wish, CancellationToken cancel);

    /// <summary>Null: there is none, or its time is over.</summary>
    Task<Pin?> FindAsync(Caller caller, string key, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    Task<PinPage> ListAsync(Caller caller, PinFilter filter, CancellationToken cancel);

    /// <summary>The entry that is gone now, also one whose time was over; null: there was none.</summary>
    Task<Pin?> DeleteAsync(Caller caller, string key, CancellationToken cancel);

    /// <summary>Removes what is over of the caller's tenant, and tells how much.</summary>
    Task<int> CleanupAsync(Caller caller, CancellationToken cancel);

    /// <summary>
    /// Values for a run, all as they were at one moment: in the order of the keys, null where there is none.
    /// </summary>
    Task<IReadOnlyList<JsonElement?>> ReadAsync(TenantId tenant, IReadOnlyList<string> keys, CancellationToken cancel);
}
