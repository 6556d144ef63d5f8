using System.Globalization;
using System.Text.Json;

namespace Aos.Client;

/// <summary>An entry of the tenant's memory.</summary>
/// <param name="TenantId">The caller's, or <c>global</c> where the server lets its tenants read those entries.</param>
/// <param name="Version">Counts up with every write of the tenant; never used twice.</param>
/// <param name="Hash">The first 16 hex digits of SHA-256 over the value as canonical JSON.</param>
/// <param name="TtlSeconds">Seconds to live from the last write; null: without end.</param>
public sealed record MemoryPin(
    long Id, string TenantId, string Key, JsonElement Value, string Source, long Version, string Hash, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, int? TtlSeconds, DateTimeOffset? ExpiresAt);

/// <summary>An entry to write.</summary>
/// <param name="Key">1 to 512 characters without <c>..</c>, <c>/</c>, <c>\</c> and NUL.</param>
/// <param name="Value">An object, at most 1 MiB as canonical JSON.</param>
/// <param name="Source">Who writes it, 1 to 64 characters; null: <c>api</c>.</param>
/// <param name="TtlSeconds">0 to 31,536,000 from this write; null: without end.</param>
/// <param name="KeepTtl">True: an entry that is there ends when it was to end.</param>
public sealed record NewMemoryPin(string Key, JsonElement Value, string? Source = null, int? TtlSeconds = null, bool? KeepTtl = null);

/// <summary>A page of entries.</summary>
/// <param name="Total">All that the query lets through; with a prefix counted to 10,000.</param>
/// <param name="TotalIsExact">False: there are more.</param>
/// <param name="NextCursor">Where the next page begins; null: this was the last one.</param>
public sealed record MemoryPinPage(IReadOnlyList<MemoryPin> Pins, long Total, bool TotalIsExact, int Limit, int Offset, string? NextCursor);

/// <summary>Which entries are listed.</summary>
/// <param name="Limit">1 to 1,000.</param>
/// <param name="Order"><c>created_at</c> (newest first) or <c>key</c>.</param>
public sealed record MemoryPinQuery(string? Prefix = null, int Limit = 100, string? Cursor = null, string Order = "created_at", bool IncludeExpired = false)
{
    internal string Text() => string.Create(CultureInfo.InvariantCulture, $"?limit={Limit}&order={Uri.EscapeDataString(Order)}&include_expired={(IncludeExpired ? "true" : "false")}")
        + (Prefix is null ? "" : $"&prefix={Uri.EscapeDataString(Prefix)}") + (Cursor is null ? "" : $"&cursor={Uri.EscapeDataString(Cursor)}");
}

internal sealed record MemoryIncrement(string Path, decimal By, bool Create);

internal sealed record MemoryAppend(string Path, IReadOnlyList<JsonElement> Items, int? MaxItems, bool Create);
