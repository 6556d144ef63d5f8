using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>An entry as stored.</summary>
internal sealed record PinRow
{
    internal const string Heads =
        "tenant_id AS Tenant, key AS Key, id AS Id, version AS Version, bytes AS Bytes, source AS Source, ttl_seconds AS TtlSeconds, expires_at AS ExpiresAt, created_at AS CreatedAt, updated_at AS UpdatedAt";

    internal const string Columns = $"{Heads}, value AS Value";

    public string Tenant { get; init; } = "";
    public string Key { get; init; } = "";
    public long Id { get; init; }
    public long Version { get; init; }
    public long Bytes { get; init; }
    public string Source { get; init; } = "";
    public long? TtlSeconds { get; init; }
    public long? ExpiresAt { get; init; }
    public long CreatedAt { get; init; }
    public long UpdatedAt { get; init; }

    /// <summary>Canonical JSON; null: it was not asked for.</summary>
    public string? Value { get; init; }

    internal bool IsOver(long now) => ExpiresAt <= now;

    internal Pin ToPin() => new(
        new TenantId(Tenant), Id, Key, Json.Parse(Value!), Source, (int?)TtlSeconds, ExpiresAt is { } end ? Time(end) : null, Time(CreatedAt), Time(UpdatedAt))
    {
        Version = Version, Hash = HashOf(Value!),
    };

    /// <summary>The value is canonical as it stands.</summary>
    internal static string HashOf(string canonical) => ContentHash.Hex(Encoding.UTF8.GetBytes(canonical))[..16];

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
