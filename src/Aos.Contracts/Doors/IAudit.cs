using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Somebody did something, or was kept from it.</summary>
/// <param name="Subject">The principal; of a wrong credential <c>unknown</c>.</param>
/// <param name="IsAllowed">False: it was refused.</param>
/// <param name="Reason">The rule that allowed or refused it.</param>
public sealed record AuditEntry(TenantId Tenant, string Subject, string Resource, string Action, bool IsAllowed, string Reason)
{
    public required DateTimeOffset At { get; init; }

    public IReadOnlyList<string> Roles { get; init; } = [];

    public string Method { get; init; } = "";

    public string Path { get; init; } = "";

    /// <summary>Of the answer; 0: none was given yet.</summary>
    public int Status { get; init; }

    public string RequestId { get; init; } = "";

    public string? Address { get; init; }

    /// <summary>Hash of the policy that decided.</summary>
    public string? Policy { get; init; }

    /// <summary>First 16 hex digits of SHA-256 of what was there before, where something was changed.</summary>
    public string? Before { get; init; }

    /// <summary>The same of what is there now.</summary>
    public string? After { get; init; }

    public TimeSpan Latency { get; init; }
}

/// <summary>An entry in its place of the chain.</summary>
public sealed record AuditRow(long Number, AuditEntry Entry);

/// <param name="Tenant">Null: of all tenants.</param>
public sealed record AuditFilter(TenantId? Tenant)
{
    public string? Resource { get; init; }

    public string? Action { get; init; }

    public string? Subject { get; init; }

    public bool? IsAllowed { get; init; }

    public DateTimeOffset? Since { get; init; }

    /// <summary>1 to 1,000.</summary>
    public int Limit { get; init; } = 100;

    public int Offset { get; init; }
}

/// <summary>What came of checking the record.</summary>
/// <param name="Problem">Null: every entry is as it was written, none is missing, and the seals hold.</param>
public sealed record AuditVerdict(long Entries, long Seals, string? Problem);

/// <summary>
/// The record of what was done and refused: append-only, each entry chained to the one before by its hash, the end of the chain
/// signed every minute.
/// </summary>
public interface IAudit
{
    /// <summary>Returns when the entry is on disk. Throws <see cref="JournalUnavailableException"/> when that takes too long.</summary>
    ValueTask WriteAsync(AuditEntry entry, CancellationToken cancel);

    /// <summary>Newest first, and how many there are in all.</summary>
    Task<(IReadOnlyList<AuditRow> Rows, long Total)> ListAsync(AuditFilter filter, CancellationToken cancel);

    Task<AuditVerdict> VerifyAsync(CancellationToken cancel);

    /// <summary>Takes entries of this age away, from the oldest on; the chain then begins after them. Replies how many.</summary>
    Task<long> ForgetAsync(TimeSpan olderThan, CancellationToken cancel);
}
