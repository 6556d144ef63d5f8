using System.Collections.Immutable;
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
    TenantId Tenant, long Id, string Key, JsonElement Value, string Source, int? TtlSeconds, DateTimeOffset? ExpiresAt, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>Counts up with every write of the tenant: no two writes have the same, also not those of a key that was deleted and made anew.</summary>
    public long Version { get; init; }

    /// <summary>The first 16 hex digits of SHA-256 over the value as canonical JSON.</summary>
    public string Hash { get; init; } = "";

    /// <summary>True: the store was asked for the version only, and the value of that version was at hand.</summary>
    public bool IsCacheHit { get; init; }
}

/// <summary>How things must stand for a write to be done; else it is refused with <c>PRECONDITION_FAILED</c>.</summary>
/// <param name="IsThere">True: there is an entry; false: there is none; null: either.</param>
/// <param name="Versions">The entry has one of these; null: any.</param>
public sealed record PinCondition(bool? IsThere, ImmutableArray<long>? Versions = null)
{
    public static PinCondition None { get; } = new((bool?)null);

    /// <param name="version">Of the entry that is there; null: there is none.</param>
    public bool Holds(long? version) => (IsThere is not { } there || there == version is not null) && (Versions is not { } all || (version is { } one && all.Contains(one)));
}

/// <summary>Where the end of an entry comes from.</summary>
public enum PinTtlRule
{
    /// <summary>The write says it.</summary>
    Given,

    /// <summary>The seconds that the entry has, from this write on; a new one is without end.</summary>
    Renewed,

    /// <summary>The end stays when it was; a new one is without end.</summary>
    Kept,
}

/// <summary>What a write does about the time to live.</summary>
/// <param name="Seconds">Where they are given: 0 (over at once) to 31,536,000 from this write on, or null: without end.</param>
public sealed record PinTtl(PinTtlRule Rule, int? Seconds = null);

/// <param name="Value">Replaces the value as a whole.</param>
/// <param name="Source">1 to 64 characters.</param>
/// <param name="TtlSeconds">0 (over at once) to 31,536,000, or null: without end.</param>
public sealed record PinWish(string Key, JsonElement Value, string Source, int? TtlSeconds)
{
    /// <summary>True: an entry that is there ends when it was to end; <see cref="TtlSeconds"/> is not looked at.</summary>
    public bool KeepsTtl { get; init; }

    public PinCondition Condition { get; init; } = PinCondition.None;

    /// <summary>1 to 255 characters: the same write under the same key is done once; null: each time.</summary>
    public string? IdempotencyKey { get; init; }
}

/// <summary>One change of a stored value.</summary>
public abstract record PinEdit
{
    private PinEdit() { }

    /// <summary>RFC 7396: members replace members, null takes one away.</summary>
    /// <param name="Patch">An object.</param>
    public sealed record Merge(JsonElement Patch) : PinEdit;

    /// <summary>Adds to a number, exactly, within the range of <see cref="decimal"/>.</summary>
    /// <param name="Path">JSON pointer (RFC 6901) to the number, for instance <c>/visits</c>.</param>
    public sealed record Increment(string Path, decimal By) : PinEdit;

    /// <summary>Adds to the end of a list.</summary>
    /// <param name="Path">JSON pointer (RFC 6901) to the list.</param>
    /// <param name="Items">A list.</param>
    /// <param name="ItemsMax">So many stay, the oldest go; null: all stay.</param>
    public sealed record Append(string Path, JsonElement Items, int? ItemsMax) : PinEdit;
}

/// <summary>Changes of the value as it is stored when they are made, all of them or none.</summary>
public sealed record PinChange(string Key, ImmutableArray<PinEdit> Edits)
{
    /// <summary>True: what is not there begins as <c>{}</c>, 0 or <c>[]</c>; else it is refused.</summary>
    public bool Creates { get; init; }

    /// <summary>1 to 64 characters; null: stays, and is <c>api</c> for a new entry.</summary>
    public string? Source { get; init; }

    public PinTtl Ttl { get; init; } = new(PinTtlRule.Renewed);

    public PinCondition Condition { get; init; } = PinCondition.None;

    /// <summary>1 to 255 characters: the same change under the same key is made once; null: each time.</summary>
    public string? IdempotencyKey { get; init; }
}

/// <param name="Before">Null: the entry is new, or what was there was over.</param>
public sealed record PinMade(Pin After, Pin? Before)
{
    /// <summary>True: the idempotency key was used before, and this is what came of it then.</summary>
    public bool IsRepeat { get; init; }
}

/// <summary>In which order entries are listed. On the wire <c>created_at</c> and <c>key</c>.</summary>
public enum PinOrder
{
    /// <summary>The newest first.</summary>
    Newest,

    /// <summary>By the bytes of the key.</summary>
    Key,
}

/// <summary>The entry after which a page begins.</summary>
/// <param name="CreatedAt">UTC ticks; 0 in the order of keys.</param>
/// <param name="Key">Null in the order of age.</param>
public sealed record PinPlace(long CreatedAt, long Id, string? Key);

/// <param name="Prefix">Of the key, letter by letter; null: all.</param>
/// <param name="Limit">1 to 1,000.</param>
/// <param name="Offset">Costs as much as what is left out; <see cref="After"/> costs nothing.</param>
public sealed record PinFilter(string? Prefix, int Limit, int Offset, bool IncludesExpired)
{
    public PinOrder Order { get; init; }

    /// <summary>Null: from the beginning.</summary>
    public PinPlace? After { get; init; }
}

/// <param name="Total">All that the filter lets through, wherever the page begins.</param>
public sealed record PinPage(IReadOnlyList<Pin> Pins, long Total)
{
    /// <summary>False: there are more than <see cref="Total"/>, which counts to <see cref="IPins.CountMax"/> where there is a prefix.</summary>
    public bool IsTotalExact { get; init; } = true;

    /// <summary>Where the next page begins; null: this was the last one.</summary>
    public PinPlace? Next { get; init; }
}

/// <summary>
/// Door of the memory room: JSON objects by key, each tenant its own. What is refused is <c>INVALID_INPUT</c>, <c>INPUT_TOO_LARGE</c>,
/// <c>QUOTA_EXHAUSTED</c>, <c>PRECONDITION_FAILED</c>, <c>PERMISSION_DENIED</c>, <c>NOT_FOUND</c>, <c>IDEMPOTENCY_CONFLICT</c> or, while the same
/// request is at work, <c>INVALID_STATE</c>. Throws <see cref="JournalUnavailableException"/> when the database does not answer.
/// </summary>
public interface IPins
{
    /// <summary>Longest time to live, seconds: a year.</summary>
    public const int TtlSecondsMax = 31_536_000;

    /// <summary>Entries of one <see cref="PutAllAsync"/>.</summary>
    public const int BatchMax = 500;

    /// <summary>So far entries of a prefix are counted.</summary>
    public const int CountMax = 10_000;

    /// <summary>The tenant whose entries others may read where the house says so. Only callers of the house write them.</summary>
    public static TenantId Shared { get; } = new("global");

    /// <summary>False: this house keeps no memory, and nothing here may be asked.</summary>
    bool IsOn { get; }

    /// <summary>Makes an entry or replaces its value.</summary>
    Task<(PinMade? Made, Failure? Refusal)> PutAsync(Caller caller, PinWish wish, CancellationToken cancel);

    /// <summary>Many at once, at most <see cref="BatchMax"/>, each by itself: what is refused does not keep the others back.</summary>
    /// <param name="dryRun">True: only tells what would be refused; quotas are not looked at.</param>
    Task<IReadOnlyList<(PinMade? Made, Failure? Refusal)>> PutAllAsync(Caller caller, IReadOnlyList<PinWish> wishes, bool dryRun, CancellationToken cancel);

    /// <summary>Changes the stored value: of several at once each finds what the one before it left.</summary>
    Task<(PinMade? Made, Failure? Refusal)> ChangeAsync(Caller caller, PinChange change, CancellationToken cancel);

    /// <summary>Null: there is none, or its time is over; nor has <see cref="Shared"/> one that the caller's tenant may read.</summary>
    Task<Pin?> FindAsync(Caller caller, string key, CancellationToken cancel);

    /// <summary>Entries of the caller's own tenant.</summary>
    Task<PinPage> ListAsync(Caller caller, PinFilter filter, CancellationToken cancel);

    /// <summary>The entry that is gone now, also one whose time was over; null without a refusal: there was none.</summary>
    Task<(Pin? Gone, Failure? Refusal)> DeleteAsync(Caller caller, string key, PinCondition condition, CancellationToken cancel);

    /// <summary>Removes what is over of the caller's tenant, and tells how much.</summary>
    Task<(int Removed, Failure? Refusal)> CleanupAsync(Caller caller, CancellationToken cancel);
}
